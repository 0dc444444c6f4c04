import Engine
import StatesLanguage
import Synchronization

/// A moment, in milliseconds since 1970.
public typealias Timestamp = StatesLanguage.Timestamp

/// What an engine takes the time from.
public struct EngineTime: Sendable {
    let manual: ManualClock?

    /// The machine's clock.
    public static let system = EngineTime(manual: nil)

    /// A clock that the program moves: a `Wait` of a day passes when the clock is moved by a day.
    public static func manual(_ clock: ManualClock) -> EngineTime { EngineTime(manual: clock) }

    var now: Timestamp { manual?.now ?? EngineClock.now() }
}

/// A clock that stands still until it is moved: for tests of machines that wait, retry or time out.
public final class ManualClock: Sendable {
    private struct State {
        var now: Timestamp
        var listeners: [@Sendable () -> Void] = []
    }
    private let state: Mutex<State>

    public init(_ start: Timestamp = Timestamp(milliseconds: 0)) { state = Mutex(State(now: start)) }

    public var now: Timestamp { state.withLock { $0.now } }

    /// Moves the clock forward and wakes the engines that use it. What becomes due starts from the new time, so a second
    /// wait in a row needs a second move.
    public func advance(bySeconds seconds: Double) {
        let milliseconds = Int64(max(0, min(seconds, 1e12)) * 1000)
        let listeners = state.withLock { state in
            state.now.milliseconds = state.now.milliseconds.addingReportingOverflow(milliseconds).partialValue
            return state.listeners
        }
        for listener in listeners { listener() }
    }

    func onMove(_ listener: @escaping @Sendable () -> Void) { state.withLock { $0.listeners.append(listener) } }
}
