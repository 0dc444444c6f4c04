/// A history that was damaged must not be replayed: its numbers are indices.
extension HistoryEvent {
    /// Why this cannot be what followed event `last` of an execution of the machine; nil: it can.
    public func misfit(in machine: StateMachine, after last: Int64) -> String? {
        if id != 0, id != last &+ 1 { return "an event has the id \(id)" }
        if previousEventID < 0 || previousEventID > last { return "event \(id) follows event \(previousEventID)" }
        // From the year 1 to the year 9999.
        if timestamp.milliseconds < -62_135_596_800_000 || timestamp.milliseconds > 253_402_300_799_999 {
            return "event \(id) has the time \(timestamp.milliseconds)"
        }
        let states = kind.states
        for state in [states.0.index, states.1.index] where state < 0 || state >= machine.states.count {
            return "event \(id) names state \(state) of a machine with \(machine.states.count) states"
        }
        let numbers = kind.numbers
        for number in [numbers.0, numbers.1] where number < 0 || number > Self.mostItems { return "event \(id) has the number \(number)" }
        return nil
    }

    /// No Map that fits into memory has more.
    private static let mostItems = 1 << 26
}

extension HistoryEvent.Kind {
    fileprivate var states: (StateID, StateID) {
        switch self {
        case .stateEntered(let state, _), .stateAborted(let state), .evaluationFailed(let state, _, _, _), .taskScheduled(let state, _),
            .taskStarted(let state, _), .taskSubmitted(let state, _), .taskSucceeded(let state, _), .taskFailed(let state, _, _),
            .taskTimedOut(let state, _, _), .parallelStateStarted(let state), .parallelStateSucceeded(let state),
            .parallelStateFailed(let state), .mapStateStarted(let state, _), .mapStateSucceeded(let state), .mapStateFailed(let state),
            .mapIterationStarted(let state, _, _, _), .mapIterationSucceeded(let state, _), .mapIterationFailed(let state, _),
            .mapIterationAborted(let state, _), .mapRunStarted(let state, _), .mapRunSucceeded(let state), .mapRunFailed(let state, _, _),
            .mapRunAborted(let state), .mapRunRedriven(let state, _, _):
            (state, state)
        case .stateExited(let state, _, _, let next): (state, next ?? state)
        case .executionStarted, .executionSucceeded, .executionFailed, .executionAborted, .executionTimedOut, .executionRedriven, .note:
            (StateID(0), StateID(0))
        }
    }

    /// Places and counts.
    fileprivate var numbers: (Int, Int) {
        switch self {
        case .mapStateStarted(_, let length): (length, 0)
        case .mapIterationStarted(_, let index, _, let parent): (index, parent.index)
        case .mapIterationSucceeded(_, let index), .mapIterationFailed(_, let index), .mapIterationAborted(_, let index): (index, 0)
        case .executionRedriven(let count), .mapRunRedriven(_, _, let count): (count, 0)
        case .note(.retry(let retrier, _)): (retrier, 0)
        case .note(.branchStarted(let index, _, let parent)): (index, parent.index)
        case .note(.branchSkipped(let index)), .note(.branchHeld(let index)), .note(.childFailed(let index, _, _, _)): (index, 0)
        default: (0, 0)
        }
    }
}
