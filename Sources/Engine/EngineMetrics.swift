import Synchronization

/// What the engine has done since it started. Written by its thread, read by anybody.
package struct EngineMetrics: Sendable {
    package var transitions = 0
    package var events = 0
    package var commits = 0
    package var commitNanoseconds: UInt64 = 0
    package var liveExecutions = 0
    package var runningTasks = 0
    package var waitingTasks = 0
}

extension ExecutionEngine {
    package var metrics: EngineMetrics { counted.withLock { $0 } }
}
