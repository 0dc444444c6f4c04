import JSON

/// The steps as a graph: what each waits for and which branches it stands in.
///
/// Steps of a ForEach body are not nodes: what they read from outside counts for the ForEach.
public struct StepGraph: Sendable {
    public struct Edge: Sendable, Hashable {
        public let from: Int
        public let trigger: StepDependency.Trigger
    }

    public struct Node: Sendable {
        public let step: PipelineStep
        public let pointer: String
        /// The Condition whose branch holds the step, and whether that is the branch taken when it holds.
        public let container: (condition: Int, outcome: Bool)?
        /// What must have ended before, the container not included.
        public internal(set) var dependencies: [Edge]
        /// Steps of a ForEach body, in order.
        public let body: [PlacedStep]
    }

    public private(set) var nodes: [Node] = []
    public private(set) var index: [String: Int] = [:]
    /// Names that are referred to or depended on but that no step bears.
    private(set) var unknown: [(node: Int, name: String)] = []

    public init(_ definition: PipelineDefinition) {
        self.init(steps: definition.allSteps)
    }

    init(steps: [PlacedStep]) {
        var nodeOfPlaced: [Int?] = []
        var bodyOfPlaced: [[PlacedStep]] = Array(repeating: [], count: steps.count)
        for placed in steps where placed.branch == "ForEachBody" {
            if let parent = placed.parent { bodyOfPlaced[parent].append(placed) }
        }
        for (position, placed) in steps.enumerated() {
            // A copy of a step already seen is that step.
            guard Self.isNode(placed, steps), index[placed.step.name].map({ !nodes[$0].step.isSameFunctionCall(as: placed.step) }) ?? true else {
                nodeOfPlaced.append(nil)
                continue
            }
            let container = placed.parent.flatMap { parent in nodeOfPlaced[parent].map { ($0, placed.branch == "IfSteps") } }
            nodeOfPlaced.append(nodes.count)
            if index[placed.step.name] == nil { index[placed.step.name] = nodes.count }
            nodes.append(Node(step: placed.step, pointer: placed.pointer, container: container, dependencies: [], body: bodyOfPlaced[position]))
        }
        for node in nodes.indices { connect(node) }
    }

    /// The graph without some steps, and with every dependency one on success.
    func keeping(without left: Set<Int>) -> StepGraph {
        var copy = self
        var places: [Int?] = []
        var kept = 0
        for node in nodes.indices {
            places.append(left.contains(node) ? nil : kept)
            if !left.contains(node) { kept += 1 }
        }
        copy.nodes = nodes.indices.compactMap { node in
            guard places[node] != nil else { return nil }
            let own = nodes[node]
            let container = own.container.flatMap { container in places[container.condition].map { ($0, container.outcome) } }
            var edges: [Edge] = []
            for edge in own.dependencies {
                guard let from = places[edge.from] else { continue }
                let plain = Edge(from: from, trigger: .succeeded)
                if !edges.contains(plain) { edges.append(plain) }
            }
            return Node(step: own.step, pointer: own.pointer, container: container, dependencies: edges, body: own.body)
        }
        copy.index = [:]
        for (node, own) in copy.nodes.enumerated() where copy.index[own.step.name] == nil { copy.index[own.step.name] = node }
        return copy
    }

    /// A step of a ForEach body, or of a Condition inside one, is no node.
    private static func isNode(_ placed: PlacedStep, _ steps: [PlacedStep]) -> Bool {
        var current: PlacedStep? = placed
        while let step = current {
            if step.branch == "ForEachBody" { return false }
            // Validation refuses Conditions in bodies, so one look at the parent's branch is enough there.
            current = step.parent.map { steps[$0] }
            if current?.branch == "IfSteps" || current?.branch == "ElseSteps" { break }
        }
        return true
    }

    private mutating func connect(_ node: Int) {
        let own = nodes[node]
        var edges: [Edge] = []
        var seen: Set<Edge> = []
        func add(_ edge: Edge) {
            if seen.insert(edge).inserted { edges.append(edge) }
        }
        for dependency in own.step.dependsOn {
            if let from = index[dependency.step] {
                add(Edge(from: from, trigger: dependency.trigger))
            } else {
                unknown.append((node, dependency.step))
            }
        }
        let inBody = Set(own.body.map(\.step.name))
        let readers = [(own.step, own.pointer)] + own.body.map { ($0.step, $0.pointer) }
        for (step, pointer) in readers {
            for found in step.expressions(at: pointer).found {
                guard let name = found.expression.stepRead, !inBody.contains(name) else { continue }
                if let from = index[name] {
                    add(Edge(from: from, trigger: .succeeded))
                } else {
                    unknown.append((node, name))
                }
            }
        }
        nodes[node].dependencies = edges
    }

    /// Everything that must come before `node`: dependencies and the Condition around it.
    func predecessors(of node: Int) -> [Int] {
        var result = nodes[node].dependencies.map(\.from)
        if let container = nodes[node].container { result.append(container.condition) }
        return result
    }

    /// The nodes so that each comes after what it waits for, in the document's order where that is free;
    /// the nodes of a cycle, and those behind one, are missing.
    func topologicalOrder() -> [Int] {
        var waiting = Array(repeating: 0, count: nodes.count)
        var successors: [[Int]] = Array(repeating: [], count: nodes.count)
        for node in nodes.indices {
            for from in Set(predecessors(of: node)) {
                waiting[node] += 1
                successors[from].append(node)
            }
        }
        var ready = nodes.indices.filter { waiting[$0] == 0 }
        var order: [Int] = []
        var head = 0
        while head < ready.count {
            let node = ready[head]
            head += 1
            order.append(node)
            for next in successors[node] {
                waiting[next] -= 1
                if waiting[next] == 0 { ready.append(next) }
            }
        }
        return order
    }

    /// The names of one cycle, nil where there is none.
    func cycle() -> [String]? {
        let order = topologicalOrder()
        guard order.count < nodes.count else { return nil }
        var done = Array(repeating: false, count: nodes.count)
        for node in order { done[node] = true }
        guard var current = done.firstIndex(of: false) else { return nil }
        var visited: [Int: Int] = [:]
        var path: [Int] = []
        while visited[current] == nil {
            visited[current] = path.count
            path.append(current)
            // Every node left has a predecessor that is left, else it would have been ordered.
            guard let before = predecessors(of: current).first(where: { !done[$0] }) else { return nil }
            current = before
        }
        return path[(visited[current] ?? 0)...].reversed().map { nodes[$0].step.name }
    }
}

/// That a Condition came out one way.
public struct Literal: Sendable, Hashable, Comparable {
    public let condition: Int
    public let outcome: Bool

    public static func < (left: Literal, right: Literal) -> Bool {
        left.condition != right.condition ? left.condition < right.condition : !left.outcome && right.outcome
    }
}

extension StepGraph {
    /// For each node the outcomes without which it cannot start: those of the branches around it and of everything it
    /// waits for. nil: two of them contradict each other, or it waits for a step of which that is true.
    func requirements() -> [[Literal]?] {
        var result: [[Literal]?] = Array(repeating: [], count: nodes.count)
        for node in topologicalOrder() {
            var literals: [Literal]? = []
            func merge(_ other: [Literal]?) {
                guard let known = literals, let other else {
                    literals = nil
                    return
                }
                literals = other.isEmpty ? known : known.isEmpty ? other : Array(Set(known).union(other)).sorted()
            }
            for edge in nodes[node].dependencies { merge(result[edge.from]) }
            if let container = nodes[node].container {
                merge(result[container.condition])
                merge([Literal(condition: container.condition, outcome: container.outcome)])
            }
            if let known = literals, known.count > 1 {
                for index in known.indices.dropFirst() where known[index].condition == known[index - 1].condition {
                    literals = nil
                    break
                }
            }
            result[node] = literals
        }
        return result
    }
}
