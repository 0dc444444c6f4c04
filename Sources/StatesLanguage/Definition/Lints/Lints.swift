import JSON

extension StateMachine {
    /// What is allowed and yet likely a mistake: what AWS warns of (`NO_DOLLAR`, `PASS_RESULT_IS_STATIC`) and more.
    public func lints() -> [Diagnostic] {
        let graph = TransitionGraph(self)
        var found: [Diagnostic] = []
        for state in states {
            let view = LintView(
                machine: self, graph: graph, state: state, definition: JSONPointer.value(state.pointer, in: definition) ?? .null)
            for lint in Lint.all { lint(view) { found.append($0) } }
        }
        found += LoopLints.endless(self, graph)
        return found
    }
}

/// A state as lints look at it.
struct LintView {
    let machine: StateMachine
    let graph: TransitionGraph
    let state: State
    /// The state as it stands.
    let definition: JSONValue

    func warning(_ code: String, _ message: String, at path: String = "") -> Diagnostic {
        let pointer = state.pointer + path
        return Diagnostic(.warning, code, message, location: Lint.location(of: pointer), pointer: pointer)
    }
}

/// The table of lints of one state; a new one is a function and a line here.
enum Lint {
    typealias Check = @Sendable (LintView, (Diagnostic) -> Void) -> Void

    static let all: [Check] = [
        WaitingLints.tokenWithoutLimit, ErrorLints.retriers, ErrorLints.catchers, MapLints.readerWithoutTolerance, LoopLints.growth,
        LoopLints.counter, SecretLints.literals, PathLints.missingDollar, PathLints.staticResult,
    ]

    /// `/States/P/Branches/0/States/X` → `/States/P/Branches[0]/States/X`
    static func location(of pointer: String) -> String {
        var location = ""
        var previous = ""
        for token in JSONPointer.tokens(pointer) {
            let isIndex = ["Branches", "Choices", "Catch", "Retry", "And", "Or"].contains(previous) && Int(token) != nil
            location += isIndex ? "[\(token)]" : "/" + token
            previous = token
        }
        return location
    }
}

/// Who can go to whom, for all workflows of a machine.
struct TransitionGraph {
    /// By state: the states it can go to.
    let next: [[Int]]
    /// By state: the number of the loop it is in; nil: it is in none.
    let loop: [Int?]
    /// The states of each loop.
    let loops: [[Int]]
    /// Whether an end can be reached.
    let canEnd: [Bool]

    init(_ machine: StateMachine) {
        var edges = machine.states.map { state in Self.targets(of: state).map(\.index) }
        for index in edges.indices { edges[index] = Array(Set(edges[index])).sorted() }
        next = edges
        loops = Self.loops(edges)
        var loop = [Int?](repeating: nil, count: edges.count)
        for (number, members) in loops.enumerated() {
            for member in members { loop[member] = number }
        }
        self.loop = loop
        canEnd = Self.reachingEnds(machine, edges)
    }

    static func targets(of state: State) -> [StateID] {
        var targets: [StateID] = []
        if case .next(let id) = state.transition { targets.append(id) }
        switch state.kind {
        case .choice(let choice):
            targets += choice.rules.map(\.next)
            if let id = choice.defaultNext { targets.append(id) }
        case .task(let task): targets += task.catchers.map(\.next)
        case .parallel(let parallel): targets += parallel.catchers.map(\.next)
        case .map(let map): targets += map.catchers.map(\.next)
        case .pass, .wait, .succeed, .fail: break
        }
        return targets
    }

    private static func reachingEnds(_ machine: StateMachine, _ edges: [[Int]]) -> [Bool] {
        var incoming = [[Int]](repeating: [], count: edges.count)
        for (from, targets) in edges.enumerated() {
            for to in targets { incoming[to].append(from) }
        }
        var reaches = [Bool](repeating: false, count: edges.count)
        var open: [Int] = machine.states.indices.filter { index in
            let state = machine.states[index]
            switch state.kind {
            case .fail, .succeed: return true
            // Without Default a Choice may fail, which is an end of a kind, but not one that anybody means.
            default: return state.transition == .end
            }
        }
        for index in open { reaches[index] = true }
        while let index = open.popLast() {
            for from in incoming[index] where !reaches[from] {
                reaches[from] = true
                open.append(from)
            }
        }
        return reaches
    }

    /// Strongly connected components of more than one state, or of one that goes to itself (Tarjan, without recursion).
    private static func loops(_ edges: [[Int]]) -> [[Int]] {
        var index = [Int](repeating: -1, count: edges.count)
        var low = index
        var isOpen = [Bool](repeating: false, count: edges.count)
        var stack: [Int] = []
        var counter = 0
        var found: [[Int]] = []
        for start in edges.indices where index[start] < 0 {
            var path: [(node: Int, edge: Int)] = [(start, 0)]
            while let (node, edge) = path.last {
                if edge == 0 {
                    index[node] = counter
                    low[node] = counter
                    counter += 1
                    stack.append(node)
                    isOpen[node] = true
                }
                if edge < edges[node].count {
                    path[path.count - 1].edge += 1
                    let target = edges[node][edge]
                    if index[target] < 0 {
                        path.append((target, 0))
                    } else if isOpen[target] {
                        low[node] = min(low[node], index[target])
                    }
                    continue
                }
                path.removeLast()
                if let parent = path.last?.node { low[parent] = min(low[parent], low[node]) }
                guard low[node] == index[node] else { continue }
                var members: [Int] = []
                while let member = stack.popLast() {
                    isOpen[member] = false
                    members.append(member)
                    if member == node { break }
                }
                if members.count > 1 || edges[node].contains(node) { found.append(members.sorted()) }
            }
        }
        return found
    }
}
