import JSON
import LocalJobs
import ServiceIntegrations
import StatesLanguage
import Store

/// A machine that executions are started of, parsed once.
public final class Machine: Sendable {
    public let arn: String
    public let name: String
    public let roleARN: String
    public let isExpress: Bool
    public let definition: StateMachine
    /// As it was given.
    public let text: String
    /// Its loggingConfiguration where that writes anything.
    package let logging: JSONValue?

    public convenience init(arn: String, name: String, roleARN: String, isExpress: Bool = false, definition: StateMachine, text: String) {
        self.init(arn: arn, name: name, roleARN: roleARN, isExpress: isExpress, definition: definition, text: text, logging: nil)
    }

    package init(
        arn: String, name: String, roleARN: String, isExpress: Bool, definition: StateMachine, text: String, logging: JSONValue?
    ) {
        self.logging = logging
        self.arn = arn
        self.name = name
        self.roleARN = roleARN
        self.isExpress = isExpress
        self.definition = definition
        self.text = text
    }
}

/// What StartExecution says.
public struct StartRequest: Sendable {
    public var machine: Machine
    public var input: JSONValue
    /// nil: a UUID.
    public var name: String?
    public var versionARN: String?
    public var aliasARN: String?
    public var traceHeader: String?
    /// Waits and retry delays run so many times faster.
    public var timeScale: Double = 1
    /// AWS's quotas do not count.
    public var isUnlimited = false
    /// What the caller wants to find again with the execution (kept as JSON).
    public var parameters = JSONObject()
    /// For the children of a distributed Map.
    package var mapRun: MapRunID?
    package var itemIndex: Int?
    package var item: JSONValue?
    package var parent: ExecutionID?
    /// Gets every event once it is durable, before anything that follows from it.
    package var observer: EventObserver?

    public init(machine: Machine, input: JSONValue, name: String? = nil) {
        self.machine = machine
        self.input = input
        self.name = name
    }
}

/// Called on the engine's thread after each commit that concerns the execution; must return soon.
package typealias EventObserver = @Sendable (_ events: [HistoryEvent], _ execution: ObservedExecution) -> Void

/// What an observer may know beyond the events.
package struct ObservedExecution: Sendable {
    package let id: ExecutionID
    package let arn: String
    package let machine: StateMachine
    package let status: ExecutionStatus
}

public struct StartedExecution: Sendable {
    public let arn: String
    public let startedAt: Timestamp
    package let id: ExecutionID
    /// An execution with this name and input was there.
    public let wasRunning: Bool
}

/// How an execution ended.
public struct ExecutionResult: Sendable {
    public let arn: String
    public let name: String
    public let status: ExecutionStatus
    public let startedAt: Timestamp
    public let stoppedAt: Timestamp
    public let input: JSONValue
    public let output: JSONValue?
    public let error: String?
    public let cause: String?
    /// The state that failed, where one did.
    public let failedState: State?
}

/// What the engine refuses, in AWS's words.
public enum EngineError: Error, Sendable, Equatable {
    case executionAlreadyExists(arn: String)
    case executionDoesNotExist(arn: String)
    case invalidName(String)
    case invalidToken(String)
    case taskDoesNotExist
    case taskTimedOut
    case notRedrivable(String)
    /// Another process runs it.
    case ownedElsewhere(arn: String)
    case shuttingDown
    case storeFailed(String)
}

package struct EngineOptions: Sendable {
    /// For people: what this process is ("run order", "serve").
    package var name = "sfn-run"
    package var region = "us-east-1"
    package var account = "000000000000"
    /// What a Task's resource calls; nil: nothing here does.
    package var integration: @Sendable (TaskResource) -> (any Integration)? = { _ in nil }
    /// Asked first: what a task of this execution calls instead (mocks).
    package var replacement: (@Sendable (ReplacedTask) -> (any Integration)?)?
    /// Tasks at once.
    package var limits = TaskLimits()
    /// About so many events and no more are decided before they are committed, so that nobody waits long for his turn.
    package var eventsPerCommit = 20_000
    /// How many children of a resumed distributed Map are in memory at once.
    package var knownChildrenPerPage = 1000
    /// Executions that are taken up again in one commit.
    package var recoveredPerCommit = 2000
    /// So many callers are served by one commit, for the same reason; the others by the next, in the order they came.
    package var messagesPerCommit = 1_000
    /// AWS's quotas count for nothing that is started here.
    package var liftsQuotas = false
    package var clock: @Sendable () -> Timestamp = EngineClock.now
    /// The clock stands still until somebody moves it and then calls `checkMailbox`.
    package var isClockManual = false
    /// Every change of an execution's status, once durable.
    package var statusChanged: (@Sendable (StatusChange) -> Void)?
    /// The events of executions whose machine logs, once durable.
    package var logged: (@Sendable (LoggedEvents) -> Void)?
    /// For ItemReader and ResultWriter.
    package var buckets = LocalBuckets(root: ".sfn-run/data/buckets")
    /// S3 in their place, where it is called.
    package var remoteBuckets: RemoteBuckets?
    /// Whether a task of an activity that is not there fails at once, as at AWS; else it waits for a worker.
    package var requiresActivities = false
    package var logBytesPerAttempt = 1 << 20
    /// This process only leaves word (a callback): it takes up no execution that nobody owns.
    package var isPassingBy = false
    /// Where tasks and Map runs run; nil: where Swift runs its tasks. A simulation runs them itself, one after the other.
    package var taskExecutor: (any TaskExecutor)?
    /// Names, seeds and keys come from here.
    package var randomBytes: @Sendable (_ count: Int) -> [UInt8] = SecureRandom.bytes
    /// The store refused a commit: the engine has ended, and its process should, so that others may take over.
    package var ended: (@Sendable (EngineError) -> Void)?
    /// How Task states with `Cache` are served; nil: they run every time.
    package var stepCaching: StepCaching?

    package init() {}
}

/// A task that might be answered by something else.
package struct ReplacedTask: Sendable {
    package let stateMachineName: String
    package let stateName: String
    package let retryCount: Int
    /// What the execution was started with.
    package let parameters: JSONObject
}

/// What an execution whose machine logs has just done.
package struct LoggedEvents: Sendable {
    package let arn: String
    package let machineName: String
    package let machine: StateMachine
    package let redriveCount: Int
    package let events: [HistoryEvent]
    /// `loggingConfiguration`
    package let configuration: JSONValue
}

/// For EventBridge-style events and metrics.
package struct StatusChange: Sendable {
    package let arn: String
    package let stateMachineARN: String
    package let name: String
    package let status: ExecutionStatus
    /// Running again, after a redrive.
    package let isRedrive: Bool
    package let startedAt: Timestamp
    package let stoppedAt: Timestamp?
    package let input: JSONValue
    package let output: JSONValue?
    package let error: String?
    package let cause: String?
    package let isExpress: Bool
    /// A child of a distributed Map.
    package let isMapChild: Bool
    package let versionARN: String?
    package let aliasARN: String?
    package let redriveCount: Int
    package let redrivenAt: Timestamp?
}
