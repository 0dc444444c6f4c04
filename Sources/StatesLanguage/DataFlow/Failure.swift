/// Why a state, a task or an execution failed: the only error the core throws.
public struct Failure: Error, Equatable, Sendable {
    /// `States.Runtime`, a Lambda's error type, what a Fail state says; nil: a Fail state without Error.
    public var error: String?
    public var cause: String?
    /// Set where JSONata failed: the field, as `EvaluationFailed.location` names it (`Output/a`), or `""` where AWS gives none.
    public var evaluationLocation: String?
    /// Whether AWS puts "An error occurred while executing the state …" before the cause.
    public var isPrefixed: Bool

    public init(_ error: String?, _ cause: String? = nil, evaluationLocation: String? = nil, isPrefixed: Bool = false) {
        self.error = error
        self.cause = cause
        self.evaluationLocation = evaluationLocation
        self.isPrefixed = isPrefixed
    }

    /// A mistake that the interpreter finds: `States.Runtime`, its cause behind AWS's prefix.
    public static func runtime(_ cause: String) -> Failure { Failure(ErrorName.runtime, cause, isPrefixed: true) }
}

/// Every error name of the States Language, once.
public enum ErrorName {
    public static let all = "States.ALL"
    public static let timeout = "States.Timeout"
    public static let heartbeatTimeout = "States.HeartbeatTimeout"
    public static let taskFailed = "States.TaskFailed"
    public static let permissions = "States.Permissions"
    public static let runtime = "States.Runtime"
    public static let dataLimitExceeded = "States.DataLimitExceeded"
    public static let queryEvaluationError = "States.QueryEvaluationError"
    public static let branchFailed = "States.BranchFailed"
    public static let noChoiceMatched = "States.NoChoiceMatched"
    public static let parameterPathFailure = "States.ParameterPathFailure"
    public static let resultPathMatchFailure = "States.ResultPathMatchFailure"
    public static let referencePathConflict = "States.ReferencePathConflict"
    public static let intrinsicFailure = "States.IntrinsicFailure"
    public static let exceedToleratedFailureThreshold = "States.ExceedToleratedFailureThreshold"
    public static let itemReaderFailed = "States.ItemReaderFailed"
    public static let resultWriterFailed = "States.ResultWriterFailed"
    public static let httpSocket = "States.Http.Socket"
}
