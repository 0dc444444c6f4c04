import JSON
import StatesLanguage

/// What happened in an execution, state by state: a pure fold over its history.
struct ExecutionStory {
    enum Status: String {
        case succeeded, running, caught, failed, aborted

        /// Of several visits of a state the worst is shown.
        var rank: Int {
            switch self {
            case .succeeded: 0
            case .caught: 1
            case .running: 2
            case .aborted: 3
            case .failed: 4
            }
        }
    }

    /// One attempt of a task.
    struct Call {
        /// The id of its …Scheduled event, by which its log is found.
        let scheduled: Int64
        let resource: TaskResource
        let request: JSONValue
        var result: JSONValue?
    }

    /// One time that a state was entered.
    struct Visit {
        let state: String
        let type: String
        /// `TrainEach[3] › Train`
        let title: String
        let entered: Timestamp
        var left: Timestamp?
        var status = Status.running
        var error: String?
        var cause: String?
        var calls: [Call] = []
        /// The execution whose success stood for it (`Cache`).
        var reusedFrom: String?
    }

    private(set) var visits: [Visit] = []
    private(set) var input: JSONValue = .null
    private(set) var output: JSONValue?
    private(set) var lastTime: Timestamp?
    private let machine: StateMachine
    private var progress: ProgressModel
    private var open: [FrameID: Int] = [:]

    init(_ events: [HistoryEvent], machine: StateMachine) {
        self.machine = machine
        progress = ProgressModel(machine: machine)
        for event in events { apply(event) }
    }

    private mutating func apply(_ event: HistoryEvent) {
        _ = progress.apply(event)
        lastTime = event.timestamp
        switch event.kind {
        case .executionStarted(let input, _): self.input = input
        case .executionSucceeded(let output): self.output = output
        case .stateEntered(let state, _):
            open[event.frame] = visits.count
            visits.append(Visit(state: machine[state].name, type: machine[state].typeName, title: progress.title(event.frame), entered: event.timestamp))
        case .taskScheduled(let state, let schedule):
            guard case .task(let task) = machine[state].kind else { return }
            change(event) { visit in
                // A redrive goes on in the state that failed.
                visit.status = .running
                visit.left = nil
                visit.calls.append(Call(scheduled: event.id, resource: task.resource, request: schedule.input))
            }
        case .taskSucceeded(_, let output):
            change(event) { visit in
                visit.error = nil
                visit.cause = nil
                if !visit.calls.isEmpty { visit.calls[visit.calls.count - 1].result = output }
            }
        case .taskFailed(_, let error, let cause), .mapRunFailed(_, let error, let cause), .note(.failed(let error, let cause, _)):
            fail(event, error, cause)
        case .taskTimedOut(_, let error, let cause): fail(event, error, cause)
        case .evaluationFailed(_, let error, let cause, _): fail(event, error, cause)
        case .stateExited:
            change(event) { visit in
                visit.left = event.timestamp
                visit.status = visit.error == nil ? .succeeded : .caught
            }
        case .note(.cacheDecided(let decision)):
            guard decision["Outcome"]?.string == "Hit" else { return }
            change(event) { $0.reusedFrom = decision["SourcePipelineExecutionArn"]?.string ?? "an earlier execution" }
        case .stateAborted: change(event) { $0.end(.aborted, event.timestamp) }
        case .executionFailed(let error, let cause): endAll(event, .failed, error, cause)
        case .executionTimedOut(let error, let cause), .executionAborted(let error, let cause): endAll(event, .aborted, error, cause)
        default: break
        }
    }

    private mutating func change(_ event: HistoryEvent, _ body: (inout Visit) -> Void) {
        if let index = open[event.frame] { body(&visits[index]) }
    }

    private mutating func fail(_ event: HistoryEvent, _ error: String?, _ cause: String?) {
        change(event) { visit in
            visit.error = error ?? "failed"
            visit.cause = cause
        }
    }

    private mutating func endAll(_ event: HistoryEvent, _ status: Status, _ error: String?, _ cause: String?) {
        for index in visits.indices where visits[index].status == .running {
            if visits[index].error == nil, open[.root] == index {
                visits[index].error = error
                visits[index].cause = cause
            }
            visits[index].end(visits[index].error == nil ? .aborted : .failed, event.timestamp)
        }
    }
}

extension ExecutionStory {
    /// What each visit is called: by its state alone where that was entered once.
    func labels() -> [String] {
        var counts: [String: Int] = [:]
        for visit in visits { counts[visit.state, default: 0] += 1 }
        return visits.map { counts[$0.state] == 1 ? $0.state : $0.title }
    }
}

extension ExecutionStory.Visit {
    fileprivate mutating func end(_ status: ExecutionStory.Status, _ time: Timestamp) {
        self.status = status
        left = left ?? time
    }

    /// What the last attempt gave.
    var result: JSONValue? { calls.last?.result }

    /// Whether people ask for it: what passes at once and decides nothing is left out.
    var isStep: Bool { type == "Task" || type == "Map" || type == "Choice" || type == "Fail" || type == "Wait" }
}
