import Synchronization

/// Virtual time.
final class SimulatedClock: Sendable {
    private let milliseconds = Mutex<Int64>(1_700_000_000_000)
    var now: Int64 { milliseconds.withLock { $0 } }
    func set(_ time: Int64) { milliseconds.withLock { $0 = time } }
}
