import Glibc

/// Where a part that is not series-parallel is best cut by a barrier: of the down-sets suggested by levels and by each
/// member's ancestors and descendants, the one whose two halves have the least sum of critical paths in the mean, where
/// durations vary: what is equal by the medians alone is not, since a barrier waits for the slowest of many.
struct BarrierChoice {
    let region: Region
    let part: [Int]
    let local: [Int: Int]
    let duration: (Int) -> Double

    /// Positions in `part` of the first half: never empty, never all.
    func best() -> Set<Int> {
        let count = part.count
        var before: [[Int]] = Array(repeating: [], count: count)
        var after = before
        for (position, member) in part.enumerated() {
            for edge in region.predecessors[member] {
                guard let from = local[edge.from] else { continue }
                before[position].append(from)
                after[from].append(position)
            }
        }
        let times = times()
        var best: Set<Int> = [0]
        var bestCost = Double.infinity
        var tried: Set<[Int]> = []
        func consider(_ candidate: Set<Int>) {
            guard !candidate.isEmpty, candidate.count < count, tried.insert(candidate.sorted()).inserted else { return }
            let cost = times.reduce(0) { sum, seconds in
                sum + criticalPath(before, seconds) { candidate.contains($0) } + criticalPath(before, seconds) { !candidate.contains($0) }
            }
            if cost < bestCost {
                bestCost = cost
                best = candidate
            }
        }
        var earliest = Array(repeating: 0, count: count)
        for position in 0..<count { earliest[position] = (before[position].map { earliest[$0] + 1 }.max() ?? 0) }
        let deepest = earliest.max() ?? 0
        var latest = Array(repeating: deepest, count: count)
        for position in (0..<count).reversed() { latest[position] = (after[position].map { latest[$0] - 1 }.min() ?? deepest) }
        // Each candidate costs a walk over the part, so a deep one is tried at some levels only.
        for level in stride(from: 0, to: max(deepest, 1), by: max(1, deepest * count / 20_000)) {
            consider(Set(earliest.indices.filter { earliest[$0] <= level }))
            consider(Set(latest.indices.filter { latest[$0] <= level }))
        }
        // Looking at each member costs the square of the part: beyond some hundreds the levels must do.
        if count <= 120 {
            for position in 0..<count {
                let ancestors = reach(position, before)
                consider(ancestors)
                consider(ancestors.union([position]))
                consider(Set(0..<count).subtracting(reach(position, after)))
                consider(Set(0..<count).subtracting(reach(position, after)).subtracting([position]))
            }
        }
        return best
    }

    private func reach(_ start: Int, _ edges: [[Int]]) -> Set<Int> {
        var seen: Set<Int> = []
        var pending = [start]
        while let next = pending.popLast() {
            for other in edges[next] where seen.insert(other).inserted { pending.append(other) }
        }
        return seen
    }

    /// The seconds of each member: the expected ones, or many draws around them where the part is small enough for that.
    private func times() -> [[Double]] {
        let expected = part.map(duration)
        if part.count > 120 { return [expected] }
        var dice = SplitMix(state: 1)
        return (0..<max(1, min(64, 4000 / part.count))).map { _ in expected.map { $0 * exp(0.5 * dice.normal()) } }
    }

    private func criticalPath(_ before: [[Int]], _ seconds: [Double], _ isIn: (Int) -> Bool) -> Double {
        var end = Array(repeating: 0.0, count: part.count)
        var longest = 0.0
        for position in part.indices where isIn(position) {
            var start = 0.0
            for from in before[position] where isIn(from) { start = max(start, end[from]) }
            end[position] = start + seconds[position]
            longest = max(longest, end[position])
        }
        return longest
    }
}
