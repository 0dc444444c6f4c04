import Synchronization

/// Tells the Map runs of this process that their limits were changed (UpdateMapRun). Runs of other processes see it when a
/// child ends.
final class MapRunSignals: Sendable {
    /// One run's: `changes` until it is ended; several changes that nobody has seen are one.
    struct Signal: Sendable {
        let changes: AsyncStream<Void>
        fileprivate let arn: String
        fileprivate let number: UInt64
        fileprivate let continuation: AsyncStream<Void>.Continuation
    }
    private struct State {
        var signals: [String: Signal] = [:]
        var count: UInt64 = 0
    }

    private let state = Mutex(State())

    func begin(_ arn: String) -> Signal {
        let (changes, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        return state.withLock { state in
            state.count &+= 1
            let signal = Signal(changes: changes, arn: arn, number: state.count, continuation: continuation)
            state.signals[arn] = signal
            return signal
        }
    }

    func change(_ arn: String) { state.withLock { $0.signals[arn] }?.continuation.yield() }

    func end(_ signal: Signal) {
        signal.continuation.finish()
        // A redrive may have begun the same run anew.
        state.withLock { if $0.signals[signal.arn]?.number == signal.number { $0.signals[signal.arn] = nil } }
    }
}
