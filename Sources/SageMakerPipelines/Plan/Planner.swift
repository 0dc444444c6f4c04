/// Arranges the steps of a pipeline: chains stay chains, independent steps become a Parallel, series-parallel graphs
/// nested Parallels, and the rest branches that wait for each other.
///
/// A Condition whose branches only wait for what is done when it decides becomes a Choice with its steps inside; if
/// something points into a branch from elsewhere, the steps stand beside the others and ask for the outcome first.
struct Planner {
    let graph: StepGraph
    private let requirements: [[Literal]?]
    private let topological: [Int]
    /// The nodes that need an outcome of a Condition, in topological order, by Condition.
    private let deciding: [Int: [Int]]
    private let options: Options

    struct Options {
        /// No waiting between branches: barriers are added where the least concurrency is lost.
        var isStrict = false
        /// Every step its own branch (chains aside), so that one limit of concurrency holds for all.
        var isFlat = false
        /// Seconds a step is expected to take; for the choice of barriers.
        var duration: (Int) -> Double = { _ in 1 }
    }

    /// Parallels are not nested deeper than this: what is left is one Parallel with waiting branches.
    private static let deepest = 40

    private(set) var plan = Plan()
    private var work: [Work] = []

    private enum Work {
        /// Steps that need the outcomes of `established` and are to stand in the sequence.
        case region(steps: [Int], established: Set<Literal>, into: Plan.SequenceID)
        /// A part of a region, in topological order.
        case part(Box, order: [Int], established: Set<Literal>, into: Plan.SequenceID)
    }

    /// A region shared by its parts.
    private final class Box {
        let region: Region
        init(_ region: Region) { self.region = region }
    }

    init(_ graph: StepGraph, options: Options = Options()) {
        self.graph = graph
        self.options = options
        requirements = graph.requirements()
        topological = graph.topologicalOrder()
        var deciding: [Int: [Int]] = [:]
        for node in topological {
            var last: Int?
            // Literals are sorted, and none contradicts another.
            for literal in requirements[node] ?? [] where literal.condition != last {
                deciding[literal.condition, default: []].append(node)
                last = literal.condition
            }
        }
        self.deciding = deciding
    }

    mutating func run() -> Plan {
        plan.dead = topological.filter { requirements[$0] == nil }
        work = [.region(steps: topological.filter { requirements[$0] != nil }, established: [], into: plan.root)]
        while let next = work.popLast() {
            switch next {
            case .region(let steps, let established, let sequence): arrangeRegion(steps, established, sequence)
            case .part(let box, let order, let established, let sequence): arrange(box, order, established, sequence)
            }
        }
        return plan
    }

    // MARK: Regions

    private mutating func arrangeRegion(_ steps: [Int], _ established: Set<Literal>, _ sequence: Plan.SequenceID) {
        let box = Box(region(steps, established))
        work.append(.part(box, order: Array(box.region.members.indices), established: established, into: sequence))
    }

    /// Folds the Conditions that can be folded and connects what is left. Members come out in topological order.
    private func region(_ steps: [Int], _ established: Set<Literal>) -> Region {
        let inside = Set(steps)
        var folded: [Int: Int] = [:]
        var armsOf: [Int: [Int]] = [:]
        if !options.isFlat {
            for node in steps where graph.nodes[node].step.type == .condition && folded[node] == nil {
                guard let arms = foldableArms(of: node, inside) else { continue }
                armsOf[node] = arms
                for member in arms { folded[member] = node }
            }
        }
        var members: [Region.Member] = []
        var guards: [[Literal]] = []
        var memberOf: [Int: Int] = [:]
        var armsMember: [Int: Int] = [:]
        func residual(_ node: Int) -> [Literal] { (requirements[node] ?? []).filter { !established.contains($0) } }
        for node in steps where folded[node] == nil {
            memberOf[node] = members.count
            members.append(.step(node))
            guards.append(residual(node))
            if let arms = armsOf[node] {
                armsMember[node] = members.count
                members.append(.arms(condition: node, members: arms))
                guards.append(residual(node))
            }
        }
        var edges: Set<Region.Edge> = []
        for node in steps {
            guard let to = memberOf[node] else { continue }
            for edge in graph.nodes[node].dependencies {
                if let from = memberOf[edge.from] { edges.insert(Region.Edge(from: from, to: to, trigger: edge.trigger)) }
            }
            if let container = graph.nodes[node].container, let from = memberOf[container.condition] {
                edges.insert(Region.Edge(from: from, to: to, trigger: .succeeded))
            }
            if let arms = armsMember[node] { edges.insert(Region.Edge(from: to, to: arms, trigger: .succeeded)) }
        }
        return Region(members: members, guards: guards, edges: edges)
    }

    /// The steps that need an outcome of `condition`, if they may stand inside its Choice: nothing they wait for is
    /// later than the decision, and no other Condition beside it decides about them.
    private func foldableArms(of condition: Int, _ inside: Set<Int>) -> [Int]? {
        let arms = (deciding[condition] ?? []).filter(inside.contains)
        guard !arms.isEmpty else { return nil }
        let members = Set(arms)
        let known = Set(requirements[condition] ?? [])
        var ancestors: Set<Int>?
        for node in arms {
            for literal in requirements[node] ?? [] {
                guard literal.condition == condition || members.contains(literal.condition) || known.contains(literal) else { return nil }
            }
            for edge in graph.nodes[node].dependencies where !members.contains(edge.from) && edge.from != condition && inside.contains(edge.from) {
                if edge.trigger != .succeeded { return nil }
                let before = ancestors ?? self.ancestors(of: condition)
                ancestors = before
                guard before.contains(edge.from) else { return nil }
            }
            // Waiting for the Condition itself to fail cannot be said inside its own Choice.
            for edge in graph.nodes[node].dependencies where edge.from == condition && edge.trigger != .succeeded { return nil }
        }
        return arms
    }

    /// What has succeeded once `node` runs. A step that is waited for with another trigger may have failed.
    private func ancestors(of node: Int) -> Set<Int> {
        var seen: Set<Int> = []
        var pending = [node]
        while let next = pending.popLast() {
            let own = graph.nodes[next]
            for edge in own.dependencies where edge.trigger == .succeeded && seen.insert(edge.from).inserted { pending.append(edge.from) }
            if let condition = own.container?.condition, seen.insert(condition).inserted { pending.append(condition) }
        }
        return seen
    }

    // MARK: Parts

    private mutating func arrange(_ box: Box, _ order: [Int], _ established: Set<Literal>, _ sequence: Plan.SequenceID) {
        guard !order.isEmpty else { return }
        let region = box.region
        let local = Dictionary(uniqueKeysWithValues: order.enumerated().map { ($1, $0) })
        if options.isFlat, order.count > 1, !isChain(region, order, local) {
            network(box, order, local, established, sequence)
            return
        }
        let cuts = region.seriesCuts(of: order, local: local, mayCross: mayCross)
        var parts: [[Int]] = []
        var start = 0
        for cut in cuts + [order.count] {
            parts.append(Array(order[start..<cut]))
            start = cut
        }
        // What needs the same outcomes asks for them once.
        var index = 0
        var items: [(parts: [[Int]], guards: [Literal])] = []
        while index < parts.count {
            let common = commonGuards(region, parts[index], established)
            var end = index + 1
            while end < parts.count, commonGuards(region, parts[end], established) == common { end += 1 }
            items.append((Array(parts[index..<end]), common))
            index = end
        }
        for item in items {
            guard !item.guards.isEmpty else {
                for part in item.parts { place(box, part, established, sequence, partCount: parts.count) }
                continue
            }
            let inner = plan.newSequence(in: sequence, isBranch: false)
            plan.sequences[sequence].items.append(.guarded(item.guards, inner))
            work.append(.part(box, order: item.parts.flatMap { $0 }, established: established.union(item.guards), into: inner))
        }
    }

    private func mayCross(_ edge: Region.Edge) -> Bool { options.isStrict || edge.trigger == .succeeded }

    private func isChain(_ region: Region, _ order: [Int], _ local: [Int: Int]) -> Bool {
        region.seriesCuts(of: order, local: local, mayCross: mayCross).count == order.count - 1
    }

    private func commonGuards(_ region: Region, _ part: [Int], _ established: Set<Literal>) -> [Literal] {
        guard let first = part.first else { return [] }
        var common = region.guards[first].filter { !established.contains($0) }
        for member in part.dropFirst() where !common.isEmpty {
            let own = Set(region.guards[member])
            common.removeAll { !own.contains($0) }
        }
        // A Condition inside the part cannot have decided before it.
        let decidedHere = Set(
            part.compactMap { member -> Int? in
                if case .step(let node) = region.members[member] { return node }
                return nil
            })
        return common.filter { !decidedHere.contains($0.condition) }
    }

    /// One part that no barrier divides: a single member, independent pieces, or something indivisible.
    private mutating func place(_ box: Box, _ part: [Int], _ established: Set<Literal>, _ sequence: Plan.SequenceID, partCount: Int) {
        let region = box.region
        if part.count == 1 {
            placeMember(region.members[part[0]], established, sequence)
            return
        }
        let local = Dictionary(uniqueKeysWithValues: part.enumerated().map { ($1, $0) })
        let pieces = region.components(of: part, local: local)
        if pieces.count > 1 {
            let branches = pieces.map { piece in
                let branch = plan.newSequence(in: sequence, isBranch: true)
                work.append(.part(box, order: piece, established: established, into: branch))
                return branch
            }
            plan.sequences[sequence].items.append(.parallel(branches))
        } else if options.isStrict {
            cut(box, part, local, established, sequence)
        } else {
            network(box, part, local, established, sequence)
        }
    }

    private mutating func placeMember(_ member: Region.Member, _ established: Set<Literal>, _ sequence: Plan.SequenceID) {
        switch member {
        case .step(let node): plan.sequences[sequence].items.append(.step(node))
        case .arms(let condition, let members):
            var sides: [Plan.SequenceID] = []
            for outcome in [true, false] {
                let literal = Literal(condition: condition, outcome: outcome)
                let inner = plan.newSequence(in: sequence, isBranch: false)
                let steps = members.filter { requirements[$0]?.contains(literal) ?? false }
                work.append(.region(steps: steps, established: established.union([literal]).union(requirements[condition] ?? []), into: inner))
                sides.append(inner)
            }
            plan.sequences[sequence].items.append(.arms(condition: condition, ifSteps: sides[0], elseSteps: sides[1]))
        }
    }

    /// Branches that wait for each other, as few as chains and twins allow.
    private mutating func network(_ box: Box, _ part: [Int], _ local: [Int: Int], _ established: Set<Literal>, _ sequence: Plan.SequenceID) {
        let region = box.region
        let (groups, groupOf) = region.contracted(
            part, local: local, chainsOnly: options.isFlat || plan.sequences[sequence].depth >= Self.deepest, mayCross: mayCross)
        if groups.count == 1, !options.isFlat {
            // Cannot be: an indivisible part does not contract to one group. Kept so that a mistake there cannot loop.
            for member in part { placeMember(region.members[member], established, sequence) }
            return
        }
        let branches = groups.map { group in
            let branch = plan.newSequence(in: sequence, isBranch: true)
            var waits: Set<Plan.NetworkBranch.Wait> = []
            var ordered: [Plan.NetworkBranch.Wait] = []
            for member in group {
                for edge in region.predecessors[member] {
                    guard let from = local[edge.from], groupOf[from] != groupOf[local[member] ?? 0] else { continue }
                    let wait = Plan.NetworkBranch.Wait(branch: groupOf[from], trigger: edge.trigger)
                    if waits.insert(wait).inserted { ordered.append(wait) }
                }
            }
            work.append(.part(box, order: group, established: established, into: branch))
            return Plan.NetworkBranch(sequence: branch, waits: ordered)
        }
        plan.sequences[sequence].items.append(.network(branches))
    }

    // MARK: Strict form

    /// Cuts an indivisible part in two with a barrier, where the least concurrency is lost (spec 6.3).
    private mutating func cut(_ box: Box, _ part: [Int], _ local: [Int: Int], _ established: Set<Literal>, _ sequence: Plan.SequenceID) {
        let duration = options.duration
        let first = BarrierChoice(
            region: box.region, part: part, local: local,
            duration: { member in
                switch box.region.members[member] {
                case .step(let node): return duration(node)
                case .arms(_, let members): return members.map(duration).max() ?? 0
                }
            }
        ).best()
        let before = part.filter { first.contains(local[$0] ?? 0) }
        let after = part.filter { !first.contains(local[$0] ?? 0) }
        plan.addedBarriers.append((nodes(box, before), nodes(box, after)))
        // In order, because the items of a sequence are appended when a part is arranged.
        let holder = plan.newSequence(in: sequence, isBranch: false)
        let rest = plan.newSequence(in: sequence, isBranch: false)
        plan.sequences[sequence].items.append(.guarded([], holder))
        plan.sequences[sequence].items.append(.guarded([], rest))
        work.append(.part(box, order: after, established: established, into: rest))
        work.append(.part(box, order: before, established: established, into: holder))
    }

    private func nodes(_ box: Box, _ members: [Int]) -> [Int] {
        members.flatMap { member -> [Int] in
            switch box.region.members[member] {
            case .step(let node): [node]
            case .arms(_, let nodes): nodes
            }
        }
    }
}
