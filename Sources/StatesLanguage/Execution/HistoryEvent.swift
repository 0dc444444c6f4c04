import JSON

/// One line of control: the root, a Parallel's branch, a Map's iteration. A place in the execution's table of frames.
public struct FrameID: Hashable, Sendable {
    public let index: Int
    public init(_ index: Int) { self.index = index }
    public static let root = FrameID(0)
}

/// One fact of an execution. Those with an id are AWS's events (GetExecutionHistory); those without are notes
/// that replay needs and AWS does not have.
public struct HistoryEvent: Sendable, Equatable {
    /// 1, 2, 3, …; 0 for a note.
    public let id: Int64
    public let previousEventID: Int64
    public let timestamp: Timestamp
    public let frame: FrameID
    public let kind: Kind

    public enum Kind: Sendable, Equatable {
        case executionStarted(input: JSONValue, roleARN: String)
        case executionSucceeded(output: JSONValue)
        case executionFailed(error: String?, cause: String?)
        case executionAborted(error: String?, cause: String?)
        case executionTimedOut(error: String?, cause: String?)
        case executionRedriven(redriveCount: Int)

        case stateEntered(StateID, input: JSONValue)
        /// `next` nil: the workflow ends here. `assigned` empty: nothing was assigned.
        case stateExited(StateID, output: JSONValue, assigned: JSONObject, next: StateID?)
        case stateAborted(StateID)
        indirect case evaluationFailed(StateID, error: String, cause: String, location: String?)

        indirect case taskScheduled(StateID, TaskSchedule)
        /// `worker`: an activity's.
        case taskStarted(StateID, worker: String?)
        case taskSubmitted(StateID, output: JSONValue)
        case taskSucceeded(StateID, output: JSONValue)
        case taskFailed(StateID, error: String?, cause: String?)
        case taskTimedOut(StateID, error: String, cause: String?)

        case parallelStateStarted(StateID)
        case parallelStateSucceeded(StateID)
        case parallelStateFailed(StateID)
        case mapStateStarted(StateID, length: Int)
        case mapStateSucceeded(StateID)
        case mapStateFailed(StateID)
        /// The frame is the iteration's, new with this event.
        case mapIterationStarted(StateID, index: Int, input: JSONValue, parent: FrameID)
        case mapIterationSucceeded(StateID, index: Int)
        case mapIterationFailed(StateID, index: Int)
        case mapIterationAborted(StateID, index: Int)
        case mapRunStarted(StateID, arn: String)
        case mapRunSucceeded(StateID)
        case mapRunFailed(StateID, error: String?, cause: String?)
        case mapRunAborted(StateID)
        case mapRunRedriven(StateID, arn: String, redriveCount: Int)

        case note(Note)
    }

    /// Facts without an event of AWS's.
    public enum Note: Sendable, Equatable {
        /// A Wait goes on at this time.
        case waiting(until: Timestamp)
        /// The retrier that took the failure, and when the next attempt starts.
        case retry(retrier: Int, at: Timestamp)
        /// A Map's items, where an expression made them; `keys` for those of an object.
        case items([JSONValue], keys: [String]?)
        /// A Map's limits, once evaluated.
        case mapLimits(maxConcurrency: Int, toleratedCount: Int?, toleratedPercentage: Double?)
        /// A Parallel's branch begins; the frame is the branch's, new with this note.
        case branchStarted(index: Int, input: JSONValue, parent: FrameID)
        /// A branch cannot start any more (extension `DependsOn`).
        case branchSkipped(index: Int)
        /// A branch stands still where it is, because something beside it failed (`OnFailure: "FinishRunning"`): what ran has
        /// ended, and nothing else starts. A redrive goes on there.
        case branchHeld(index: Int)
        /// The interpreter's failure, or that of a Fail state: what the state ends with.
        case failed(error: String?, cause: String?, isCatchable: Bool)
        /// A child's failure ended in this frame: `index` is the child's, `last` the failing event.
        case childFailed(index: Int, error: String?, cause: String?, last: Int64)
        /// So many children failed that the state fails.
        case childrenFailed(error: String?, cause: String?, last: Int64)
        /// A frame is given up whose state has no Aborted event.
        case stopped
        /// The result of a distributed Map.
        case mapRunResult(JSONValue)
        case heartbeat
        /// Whether an earlier success stands for the task (extension `Cache`), and why: what `explain` shows.
        case cacheDecided(JSONValue)
        /// From here on at most so many Task states are at work, whatever the machine's Parallels say (a resume asked for it).
        case parallelism(Int)
    }
}

/// What a Task asks for: the facts of LambdaFunctionScheduled, ActivityScheduled or TaskScheduled.
public struct TaskSchedule: Sendable, Equatable {
    public let input: JSONValue
    public let timeoutSeconds: Int?
    public let heartbeatSeconds: Int?
    public let credentialsRoleARN: String?

    public init(input: JSONValue, timeoutSeconds: Int? = nil, heartbeatSeconds: Int? = nil, credentialsRoleARN: String? = nil) {
        self.input = input
        self.timeoutSeconds = timeoutSeconds
        self.heartbeatSeconds = heartbeatSeconds
        self.credentialsRoleARN = credentialsRoleARN
    }
}
