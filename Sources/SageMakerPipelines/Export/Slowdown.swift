import Glibc

/// How much longer a strict machine takes than the pipeline, where barriers were added.
struct Slowdown: Sendable {
    let graph: StepGraph
    let plan: Plan
    /// Seconds of each node.
    let expected: [Double]

    /// 1: nothing is lost. Branches of a Condition count as if both were taken, here and there.
    func ratio(_ seconds: [Double]) -> Double {
        let free = freePath(seconds, order: graph.topologicalOrder())
        return free > 0 ? planned(seconds) / free : 1
    }

    func mean(draws: Int, spread: Double, seed: UInt64) -> Double {
        let order = graph.topologicalOrder()
        var dice = SplitMix(state: seed)
        var (free, taken) = (0.0, 0.0)
        for _ in 0..<max(draws, 1) {
            let seconds = expected.map { $0 * exp(spread * dice.normal()) }
            free += freePath(seconds, order: order)
            taken += planned(seconds)
        }
        return free > 0 ? taken / free : 1
    }

    private func freePath(_ seconds: [Double], order: [Int]) -> Double {
        var end = Array(repeating: 0.0, count: graph.nodes.count)
        for node in order {
            let start = graph.predecessors(of: node).map { end[$0] }.max() ?? 0
            end[node] = start + seconds[node]
        }
        return end.max() ?? 0
    }

    /// Sequences are worked off from the innermost, which have the highest numbers.
    private func planned(_ duration: [Double]) -> Double {
        var seconds = Array(repeating: 0.0, count: plan.sequences.count)
        for id in plan.sequences.indices.reversed() {
            for item in plan.sequences[id].items {
                switch item {
                case .step(let node): seconds[id] += duration[node]
                case .arms(_, let a, let b): seconds[id] += max(seconds[a], seconds[b])
                case .guarded(_, let inner): seconds[id] += seconds[inner]
                case .parallel(let branches): seconds[id] += branches.map { seconds[$0] }.max() ?? 0
                case .network(let branches): seconds[id] += branches.map { seconds[$0.sequence] }.max() ?? 0
                }
            }
        }
        return seconds[plan.root]
    }
}

/// Numbers from a seed (SplitMix64), normal ones by Box and Muller.
struct SplitMix {
    var state: UInt64

    mutating func unit() -> Double {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return (Double((mixed ^ mixed >> 31) >> 11) + 0.5) / 9_007_199_254_740_992
    }

    mutating func normal() -> Double { (-2 * log(unit())).squareRoot() * cos(2 * .pi * unit()) }
}
