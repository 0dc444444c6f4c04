import JSON

/// What happens to an execution. A late, repeated or unknown one changes nothing.
public enum Stimulus: Sendable {
    case start(input: JSONValue)
    /// An activity's worker took the task.
    case taskStarted(FrameID, scheduled: Int64, worker: String?)
    /// The service took the work of a `.sync` or `.waitForTaskToken` task.
    case taskSubmitted(FrameID, scheduled: Int64, output: JSONValue)
    case taskSucceeded(FrameID, scheduled: Int64, output: JSONValue)
    case taskFailed(FrameID, scheduled: Int64, error: String?, cause: String?)
    /// The task could not be started at all: what it was to get is not what its service takes.
    case taskRefused(FrameID, scheduled: Int64, Failure)
    case taskHeartbeat(FrameID, scheduled: Int64)
    /// No earlier success stands for the task (extension `Cache`): it is about to run.
    case taskCacheMissed(FrameID, scheduled: Int64, decision: JSONValue)
    /// An earlier success stands for the task: it does not run.
    case taskReused(FrameID, scheduled: Int64, output: JSONValue, decision: JSONValue)
    /// The time that a command asked for has come.
    case wake(FrameID)
    /// A distributed Map's run ended with these results, or failed.
    case mapRunEnded(FrameID, started: Int64, Result<JSONValue, Failure>)
    case stop(error: String?, cause: String?)
    case redrive
    /// From here on at most so many Task states at once.
    case limitTasks(Int)
}

/// What an execution wants done, after its events are durable.
public enum Command: Sendable {
    case invoke(TaskInvocation)
    /// For workers of an activity.
    case offerActivity(TaskInvocation)
    case wake(FrameID, at: Timestamp)
    case runMap(MapRunRequest)
    /// The result is not wanted any more.
    case cancelTask(FrameID, scheduled: Int64)
    case cancelMapRun(FrameID, started: Int64)
}

/// One attempt of a Task state.
public struct TaskInvocation: Sendable {
    public let frame: FrameID
    /// Id of the …Scheduled event: names the attempt.
    public let scheduled: Int64
    public let state: StateID
    public let stateName: String
    public let resource: TaskResource
    public let schedule: TaskSchedule
    public let retryCount: Int
    public let taskToken: String?
    /// What the service said when it took the work of this attempt (TaskSubmitted), if that is in the history.
    public let submitted: JSONValue?
    public let cache: JSONValue?
    /// The cache was asked already, and had nothing: what runs may have been started.
    public let hasMissedCache: Bool

    public var isSubmitted: Bool { submitted != nil }
}

/// A distributed Map that is to run.
public struct MapRunRequest: Sendable {
    public let frame: FrameID
    /// Id of the MapRunStarted event.
    public let started: Int64
    public let arn: String
    public let state: StateID
    public let redriveCount: Int
}

public enum ExecutionStatus: String, Sendable {
    case running = "RUNNING"
    case succeeded = "SUCCEEDED"
    case failed = "FAILED"
    case timedOut = "TIMED_OUT"
    case aborted = "ABORTED"
}

/// What an execution is called; given from outside, the same on every replay.
public struct ExecutionHeader: Sendable, Equatable {
    public let arn: String
    public let name: String
    public let stateMachineARN: String
    public let stateMachineName: String
    public let roleARN: String
    /// Nobody outside may guess it: task tokens are made from it.
    public let tokenKey: [UInt8]
    /// What random functions start from.
    public let seed: UInt64
    /// Waits and retry delays are divided by this (`--time-scale`).
    public let timeScale: Double

    /// `arn:aws:states:REGION:ACCOUNT:express:…`
    package var isExpress: Bool { arn.split(separator: ":", maxSplits: 6, omittingEmptySubsequences: false).dropFirst(5).first == "express" }

    public init(
        arn: String, name: String, stateMachineARN: String, stateMachineName: String, roleARN: String,
        tokenKey: [UInt8], seed: UInt64, timeScale: Double = 1
    ) {
        self.arn = arn
        self.name = name
        self.stateMachineARN = stateMachineARN
        self.stateMachineName = stateMachineName
        self.roleARN = roleARN
        self.tokenKey = tokenKey
        self.seed = seed
        self.timeScale = timeScale
    }
}

/// Limits of AWS, on by default, each of which can be lifted for local use. nil: no limit.
public struct Quotas: Sendable, Equatable {
    /// A state's data, a task's result, a payload: bytes of UTF-8.
    public var payloadBytes: Int? = 262_144
    /// Events in one history; the last one is ExecutionFailed.
    public var historyEvents: Int64? = 25_000
    /// One variable, and one Assign.
    public var variableBytes: Int? = 262_144
    /// All variables of an execution.
    public var allVariablesBytes: Int? = 10_485_760
    /// What `MaxConcurrency` 0 means to an inline Map.
    public var inlineMapConcurrency = 40
    public init() {}
    public static let aws = Quotas()
    public static var lifted: Quotas {
        var quotas = Quotas()
        quotas.payloadBytes = nil
        quotas.historyEvents = nil
        quotas.variableBytes = nil
        quotas.allVariablesBytes = nil
        quotas.inlineMapConcurrency = 0
        return quotas
    }
}
