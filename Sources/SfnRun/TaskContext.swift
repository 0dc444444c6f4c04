import JSON
import ServiceIntegrations
import StatesLanguage

/// Which attempt of which task a handler works on.
public struct TaskContext: Sendable {
    private let request: TaskRequest
    private let report: any TaskReport

    init(_ request: TaskRequest, _ report: any TaskReport) {
        self.request = request
        self.report = report
    }

    public var executionARN: String { request.executionARN }
    public var executionName: String { request.executionName }
    public var stateMachineName: String { request.stateMachineName }
    public var stateName: String { request.stateName }
    /// As the state's `Resource` has it.
    public var resource: String { request.resource.arn }
    /// 0 for the first attempt.
    public var retryCount: Int { request.retryCount }
    /// The same for this attempt after a restart: use it as an idempotency key. Letters, digits and `-`.
    public var attemptID: String { request.taskID }
    /// For a resource that ends in `.waitForTaskToken`: what `sendTaskSuccess` needs. The state waits for it after the handler
    /// has returned.
    public var taskToken: String? { request.taskToken }
    /// The process that ran this attempt before has died while it did: it may have had its effect.
    public var isRepeated: Bool { request.isReattached }

    /// Tells the engine that the task is alive, where the state has `HeartbeatSeconds`.
    public func heartbeat() { report.heartbeat() }

    /// Adds to the attempt's log, which `sfn-run logs` shows.
    public func log(_ text: String) { report.log(Array(text.utf8)) }

    /// Whether a cancelled handler is cancelled because the program ends: the attempt will run again. Otherwise its result is
    /// unwanted (a stop, a timeout, a failed sibling).
    public var isShuttingDown: Bool { report.isShuttingDown }
}

/// An error that says what `Retry` and `Catch` know it by. Other errors are known by the name of their type.
public protocol NamedTaskError: Error {
    /// `"PaymentDeclined"`
    var errorName: String { get }
    var errorCause: String? { get }
}

extension NamedTaskError {
    public var errorCause: String? { nil }
}

/// The simplest named error.
public struct TaskFailure: NamedTaskError, Equatable {
    public let errorName: String
    public let errorCause: String?

    public init(_ name: String, _ cause: String? = nil) {
        errorName = name
        errorCause = cause
    }
}
