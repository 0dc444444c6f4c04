/// A part of the graph being arranged: steps and folded Conditions with the edges between them.
struct Region {
    struct Edge: Hashable {
        let from: Int
        let to: Int
        /// The one waits for the other to succeed; anything else must stay visible between branches.
        let trigger: StepDependency.Trigger
    }

    enum Member {
        case step(Int)
        /// The branches of a Condition, folded into one member.
        case arms(condition: Int, members: [Int])
    }

    var members: [Member]
    /// Outcomes that a member needs and that are not established around the region.
    var guards: [[Literal]]
    /// Predecessors of each member, without repetition.
    var predecessors: [[Edge]]
    var successors: [[Edge]]

    init(members: [Member], guards: [[Literal]], edges: Set<Edge>) {
        self.members = members
        self.guards = guards
        predecessors = Array(repeating: [], count: members.count)
        successors = predecessors
        for edge in edges.sorted(by: { ($0.from, $0.to, $0.trigger.rawValue) < ($1.from, $1.to, $1.trigger.rawValue) }) {
            predecessors[edge.to].append(edge)
        }
        dropImplied()
        for edge in predecessors.joined() { successors[edge.from].append(edge) }
    }

    /// Leaves out the edges that others imply. Members are in topological order. Only of use for a smaller machine,
    /// so it is not tried where its square memory would cost more than it gives.
    private mutating func dropImplied() {
        let count = members.count
        guard count <= 6_000, predecessors.contains(where: { $0.count > 1 }) else { return }
        let words = (count + 63) / 64
        var ancestors = [UInt64](repeating: 0, count: count * words)
        for member in 0..<count {
            let edges = predecessors[member].filter { $0.trigger == .succeeded }
            for edge in edges {
                for word in 0..<words { ancestors[member * words + word] |= ancestors[edge.from * words + word] }
            }
            // Before the direct ones are added: whatever is in the set is reached through another predecessor.
            if edges.count > 1 {
                let row = member * words
                predecessors[member].removeAll { edge in
                    edge.trigger == .succeeded && ancestors[row + edge.from / 64] >> UInt64(edge.from % 64) & 1 == 1
                }
            }
            for edge in edges { ancestors[member * words + edge.from / 64] |= 1 << UInt64(edge.from % 64) }
        }
    }
}

extension Region {
    /// Positions in `order`, a topological order of a part of the region, at which the part falls into two halves of
    /// which everything in the second waits for everything in the first.
    ///
    /// Every such half is a prefix of any topological order, so one walk finds them all: a prefix is one if each of its
    /// last members has an edge to each of the first members of the rest. Linear in edges.
    func seriesCuts(of order: [Int], local: [Int: Int], mayCross: (Edge) -> Bool) -> [Int] {
        let count = order.count
        var isLast = Array(repeating: false, count: count)
        var isFirst = Array(repeating: false, count: count)
        var pendingPredecessors = Array(repeating: 0, count: count)
        var before: [[Int]] = Array(repeating: [], count: count)
        var after: [[Int]] = Array(repeating: [], count: count)
        var blockedFrom = count
        for (position, member) in order.enumerated() {
            var seen: Set<Int> = []
            for edge in predecessors[member] {
                guard let from = local[edge.from] else { continue }
                // Once an edge that only branches can say has begun, no barrier may stand after it.
                if !mayCross(edge) { blockedFrom = min(blockedFrom, from) }
                if seen.insert(from).inserted {
                    before[position].append(from)
                    after[from].append(position)
                    pendingPredecessors[position] += 1
                }
            }
        }
        var firstCount = 0
        var lastCount = 0
        var pairs = 0
        func enterFirst(_ position: Int) {
            isFirst[position] = true
            firstCount += 1
            for from in before[position] where isLast[from] { pairs += 1 }
        }
        for position in 0..<count where pendingPredecessors[position] == 0 { enterFirst(position) }
        var cuts: [Int] = []
        for position in 0..<count {
            // `position` moves from the rest to the prefix.
            if isFirst[position] {
                isFirst[position] = false
                firstCount -= 1
                for from in before[position] where isLast[from] { pairs -= 1 }
            }
            for from in before[position] where isLast[from] {
                isLast[from] = false
                lastCount -= 1
                for to in after[from] where isFirst[to] { pairs -= 1 }
            }
            isLast[position] = true
            lastCount += 1
            for to in after[position] where isFirst[to] { pairs += 1 }
            for to in after[position] {
                pendingPredecessors[to] -= 1
                if pendingPredecessors[to] == 0 { enterFirst(to) }
            }
            if position + 1 < count, position < blockedFrom, pairs == firstCount * lastCount { cuts.append(position + 1) }
        }
        return cuts
    }

    /// The parts of `order` that no edge connects, each in order, by their first members.
    func components(of order: [Int], local: [Int: Int]) -> [[Int]] {
        var root = Array(order.indices)
        func find(_ start: Int) -> Int {
            var node = start
            while root[node] != node {
                root[node] = root[root[node]]
                node = root[node]
            }
            return node
        }
        for (position, member) in order.enumerated() {
            for edge in predecessors[member] {
                guard let from = local[edge.from] else { continue }
                let (a, b) = (find(from), find(position))
                if a != b { root[max(a, b)] = min(a, b) }
            }
        }
        var groups: [Int: [Int]] = [:]
        var firsts: [Int] = []
        for (position, member) in order.enumerated() {
            let head = find(position)
            if groups[head] == nil { firsts.append(head) }
            groups[head, default: []].append(member)
        }
        return firsts.compactMap { groups[$0] }
    }

    /// The groups of an indivisible part that may stay together in one branch: chains, and members that wait for the same
    /// and are waited for by the same. What is left is as small as these two rules make it.
    func contracted(_ order: [Int], local: [Int: Int], chainsOnly: Bool, mayCross: (Edge) -> Bool) -> (groups: [[Int]], groupOf: [Int]) {
        var groupOf = Array(order.indices)
        var groups: [[Int]?] = order.map { [$0] }
        var before: [Set<Int>] = Array(repeating: [], count: order.count)
        var after = before
        var isFixed = Array(repeating: false, count: order.count)
        for (position, member) in order.enumerated() {
            for edge in predecessors[member] {
                guard let from = local[edge.from] else { continue }
                before[position].insert(from)
                after[from].insert(position)
                if !mayCross(edge) {
                    isFixed[position] = true
                    isFixed[from] = true
                }
            }
        }
        func merge(_ kept: Int, _ gone: Int) {
            groups[kept] = (groups[kept] ?? []) + (groups[gone] ?? [])
            groups[gone] = nil
            for from in before[gone] where from != kept {
                after[from].remove(gone)
                after[from].insert(kept)
                before[kept].insert(from)
            }
            for to in after[gone] where to != kept {
                before[to].remove(gone)
                before[to].insert(kept)
                after[kept].insert(to)
            }
            before[kept].remove(gone)
            after[kept].remove(gone)
        }
        var changed = true
        while changed {
            changed = false
            for position in order.indices where groups[position] != nil && !isFixed[position] {
                while after[position].count == 1, let next = after[position].first, before[next].count == 1, !isFixed[next] {
                    merge(position, next)
                    changed = true
                }
            }
            if chainsOnly { continue }
            var twins: [[Set<Int>]: Int] = [:]
            for position in order.indices where groups[position] != nil && !isFixed[position] {
                let key = [before[position], after[position]]
                if let twin = twins[key] {
                    merge(twin, position)
                    changed = true
                } else {
                    twins[key] = position
                }
            }
        }
        var result: [[Int]] = []
        for position in order.indices {
            guard let group = groups[position] else { continue }
            let rank = Dictionary(uniqueKeysWithValues: group.map { ($0, local[$0] ?? 0) })
            for member in group { groupOf[local[member] ?? 0] = result.count }
            result.append(group.sorted { (rank[$0] ?? 0) < (rank[$1] ?? 0) })
        }
        return (result, groupOf)
    }
}
