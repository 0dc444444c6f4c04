import Synchronization

/// What the engine has done since it started. Written by its thread, read by anybody.
package struct EngineMetrics: Sendable {
    package var transitions = 0
    package var events = 0
    package var commits = 0
    package var commitNanoseconds: UInt64 = 0
    /// How many commits took at most as long as the bound of the same index says; those above all bounds are in none.
    package private(set) var commitsWithin = [Int](repeating: 0, count: commitBoundsSeconds.count)
    package var liveExecutions = 0
    package var runningTasks = 0
    package var waitingTasks = 0
    package var timers = 0
    package var waitingWorkers = 0
    /// Messages that have arrived and not been taken.
    package var messages = 0

    package static let commitBoundsSeconds = [0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1]

    mutating func countCommit(_ nanoseconds: UInt64) {
        let seconds = Double(nanoseconds) / 1e9
        for (index, bound) in Self.commitBoundsSeconds.enumerated() where seconds <= bound { commitsWithin[index] += 1 }
    }
}

extension ExecutionEngine {
    package var metrics: EngineMetrics {
        var metrics = counted.withLock { $0 }
        metrics.messages = mailbox.count
        return metrics
    }

    /// A commit has failed: this engine does nothing any more, and a new one must take over.
    package var hasFailed: Bool { isOver.load(ordering: .acquiring) }
}
