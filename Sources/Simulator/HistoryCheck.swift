import StatesLanguage

/// What must hold for any history, whatever happened to the engine that wrote it.
struct HistoryCheck {
    private let machine: StateMachine
    private(set) var problems: [String] = []
    /// Attempts by the id of their …Scheduled event.
    private(set) var attempts: [Int64: Attempt] = [:]
    private(set) var wasRedriven = false
    private(set) var hasTimedOut = false
    private(set) var hasFailedTask = false

    struct Attempt {
        let frame: Int
        let state: StateID
        /// Retries of the state before it.
        let retryCount: Int
        var isStarted = false
        var isSubmitted = false
        var ends = 0
        var isGivenUp = false
    }

    private struct Group {
        var limit: Int
        var running: Set<Int> = []
    }

    private var last: Int64 = 0
    private var entered: Set<[Int]> = []
    private var isEnded = false
    private var current: [Int: Int64] = [:]
    private var retries: [Int: Int] = [:]
    private var groups: [Int: Group] = [:]
    private var owners: [Int: (parent: Int, index: Int)] = [:]

    private let checksStates: Bool

    /// `checksStates` false: only the attempts are of interest, whatever the machine is.
    init(_ events: [HistoryEvent], _ machine: StateMachine, checksStates: Bool = true) {
        self.machine = machine
        self.checksStates = checksStates
        for event in events { look(event) }
    }

    private mutating func look(_ event: HistoryEvent) {
        if checksStates, let reason = event.misfit(in: machine, after: last) { problems.append(reason) }
        if event.id > 0 {
            last = event.id
            if isEnded, !event.kind.isRedriven { problems.append("event \(event.id) follows the end") }
        }
        let frame = event.frame.index
        switch event.kind {
        case .executionSucceeded, .executionFailed, .executionAborted: isEnded = true
        case .executionTimedOut: (isEnded, hasTimedOut) = (true, true)
        case .executionRedriven:
            isEnded = false
            wasRedriven = true
            groups = [:]
            owners = [:]
            for id in current.values { attempts[id]?.isGivenUp = true }
            current = [:]
        case .stateEntered(let state, _):
            entered.insert([frame, state.index])
            retries[frame] = 0
        case .stateExited(let state, _, _, let next):
            if !entered.contains([frame, state.index]) { problems.append("event \(event.id) leaves a state that was not entered") }
            groups[frame] = nil
            if next == nil, let owner = owners[frame], isBranch(state) { end(owner.index, of: owner.parent, frame) }
        case .note(.retry):
            retries[frame, default: 0] += 1
            groups[frame] = nil
        default:
            lookAtAttempt(event, frame)
            if checksStates { lookAtChildren(event, frame) }
        }
    }

    /// Iterations have an event for their ends, branches have not.
    private func isBranch(_ state: StateID) -> Bool {
        machine.states.contains { outer in
            guard case .parallel(let parallel) = outer.kind else { return false }
            return parallel.branches.contains {
                machine[state].pointer.hasPrefix($0.pointer + "/") && !machine[state].pointer.dropFirst($0.pointer.count + 8).contains("/")
            }
        }
    }

    private mutating func lookAtAttempt(_ event: HistoryEvent, _ frame: Int) {
        switch event.kind {
        case .taskScheduled(let state, _):
            if let before = current[frame], attempts[before]?.ends == 0, attempts[before]?.isGivenUp == false {
                problems.append("attempt \(event.id) begins before attempt \(before) has ended")
            }
            attempts[event.id] = Attempt(frame: frame, state: state, retryCount: retries[frame] ?? 0)
            current[frame] = event.id
        case .taskStarted: if let id = current[frame] { attempts[id]?.isStarted = true }
        case .taskSubmitted: if let id = current[frame] { attempts[id]?.isSubmitted = true }
        case .taskSucceeded, .taskFailed, .taskTimedOut:
            if case .taskTimedOut = event.kind { hasTimedOut = true }
            if case .taskFailed = event.kind { hasFailedTask = true }
            guard let id = current[frame], attempts[id]?.isGivenUp == false else {
                problems.append("event \(event.id) ends no attempt")
                return
            }
            attempts[id]?.ends += 1
            if attempts[id]?.ends ?? 0 > 1 { problems.append("attempt \(id) ends twice") }
        case .stateAborted, .note(.stopped), .mapIterationAborted: if let id = current[frame] { attempts[id]?.isGivenUp = true }
        default: break
        }
    }

    private mutating func lookAtChildren(_ event: HistoryEvent, _ frame: Int) {
        switch event.kind {
        case .parallelStateStarted(let state):
            guard case .parallel(let parallel) = machine[state].kind else { return }
            groups[frame] = Group(limit: parallel.maxConcurrency ?? 0)
        case .mapStateStarted: groups[frame] = Group(limit: 0)
        case .note(.mapLimits(let limit, _, _)): groups[frame]?.limit = limit > 0 ? limit : Quotas.aws.inlineMapConcurrency
        case .note(.branchStarted(let index, _, let parent)), .mapIterationStarted(_, let index, _, let parent):
            // A frame in a place that was free: nothing of it is known.
            current[frame] = nil
            groups[frame] = nil
            owners[frame] = (parent.index, index)
            guard groups[parent.index] != nil else { return }
            groups[parent.index]?.running.insert(index)
            if let group = groups[parent.index], group.limit > 0, group.running.count > group.limit {
                problems.append("after event \(last) \(group.running.count) run at once, \(group.limit) may")
            }
        case .mapIterationSucceeded(_, let index), .mapIterationFailed(_, let index), .mapIterationAborted(_, let index):
            if let owner = owners[frame] { end(index, of: owner.parent, frame) }
        case .note(.childFailed(let index, _, _, _)), .note(.branchHeld(let index)): groups[frame]?.running.remove(index)
        case .note(.childrenFailed): groups[frame] = nil
        default: break
        }
    }

    private mutating func end(_ index: Int, of parent: Int, _ frame: Int) {
        groups[parent]?.running.remove(index)
        owners[frame] = nil
    }
}

extension HistoryEvent.Kind {
    fileprivate var isRedriven: Bool {
        if case .executionRedriven = self { return true }
        return false
    }
}
