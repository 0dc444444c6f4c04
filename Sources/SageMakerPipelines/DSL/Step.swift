import JSON

/// A step of a pipeline that is being written in Swift.
public protocol Step: Sendable {
    var name: String { get }
    var common: StepOptions { get }
    /// `Type`, `Arguments` and the members that only this type has, in the SDK's order.
    func members(in pipeline: PipelineContext) -> [(String, JSONValue)]
    /// The steps that it is written as: itself, or those of a collection.
    var flattened: [any Step] { get }
}

/// What every step may have.
public struct StepOptions: Sendable {
    public var displayName: String?
    public var description: String?
    public var dependsOn: [StepDependency]
    public var cache: CacheConfig?
    public var retryPolicies: [RetryPolicy]

    public init(
        displayName: String? = nil, description: String? = nil, dependsOn: [any Step] = [], triggers: [StepDependency] = [],
        cache: CacheConfig? = nil, retryPolicies: [any StepRetryRule] = []
    ) {
        self.displayName = displayName
        self.description = description
        self.dependsOn = dependsOn.flatMap { $0.flattened.map { StepDependency(step: $0.name) } } + triggers
        self.cache = cache
        self.retryPolicies = retryPolicies.map(\.policy)
    }
}

/// What a step knows of the pipeline around it when it is written.
public struct PipelineContext: Sendable {
    public let pipelineName: String
    public let session: PipelineSession
}

extension Step {
    func json(in pipeline: PipelineContext) -> JSONValue {
        var document = JSONObject([("Name", JSONValue.string(name))])
        for (key, value) in members(in: pipeline) { document[key] = value }
        if !common.dependsOn.isEmpty { document["DependsOn"] = .array(common.dependsOn.map(\.json)) }
        document["DisplayName"] = common.displayName.map { .string($0) }
        document["Description"] = common.description.map { .string($0) }
        if !common.retryPolicies.isEmpty { document["RetryPolicies"] = .array(common.retryPolicies.map { .object($0.document) }) }
        document["CacheConfig"] = common.cache.map { .object($0.document) }
        return .object(document)
    }

    var property: Property { Property(path: "Steps.\(name)") }
}

extension StepDependency {
    var json: JSONValue {
        trigger == .succeeded ? .string(step) : ["Step": .string(step), "Trigger": .string(trigger.rawValue)]
    }
}

extension CacheConfig {
    public init(enableCaching: Bool = true, expireAfter: String? = nil) {
        var document = JSONObject([("Enabled", JSONValue.bool(enableCaching))])
        document["ExpireAfter"] = expireAfter.map { .string($0) }
        self.init(document: document)
    }
}

/// How long a retry goes on: SageMaker takes one of the two, and so does Swift.
public enum RetryLimit: Sendable {
    case attempts(Int)
    case expireAfter(minutes: Int)
}

public protocol StepRetryRule: Sendable {
    var policy: RetryPolicy { get }
}

/// Retries of errors at the creation of the job.
public struct StepRetryPolicy: StepRetryRule {
    public enum ExceptionType: String, Sendable {
        case serviceFault = "Step.SERVICE_FAULT"
        case throttling = "Step.THROTTLING"
    }
    public let policy: RetryPolicy
    public init(exceptionTypes: [ExceptionType], intervalSeconds: Int = 1, backoffRate: Double = 2, limit: RetryLimit = .attempts(5)) {
        policy = RetryPolicy(exceptionTypes.map(\.rawValue), intervalSeconds, backoffRate, limit)
    }
}

/// Retries for a job's resource limit, and for the reasons of a job that failed.
public struct SageMakerJobStepRetryPolicy: StepRetryRule {
    public enum ExceptionType: String, Sendable {
        case resourceLimit = "SageMaker.RESOURCE_LIMIT"
    }
    public enum FailureReason: String, Sendable {
        case internalError = "SageMaker.JOB_INTERNAL_ERROR"
        case capacityError = "SageMaker.CAPACITY_ERROR"
    }
    public let policy: RetryPolicy
    public init(
        exceptionTypes: [ExceptionType] = [], failureReasonTypes: [FailureReason] = [], intervalSeconds: Int = 1, backoffRate: Double = 2,
        limit: RetryLimit = .attempts(5)
    ) {
        policy = RetryPolicy(exceptionTypes.map(\.rawValue) + failureReasonTypes.map(\.rawValue), intervalSeconds, backoffRate, limit)
    }
}

extension RetryPolicy {
    fileprivate init(_ types: [String], _ interval: Int, _ rate: Double, _ limit: RetryLimit) {
        var document = JSONObject([("BackoffRate", JSONValue.double(rate)), ("IntervalSeconds", JSONValue.integer(Int64(interval)))])
        switch limit {
        case .attempts(let count): document["MaxAttempts"] = .integer(Int64(count))
        case .expireAfter(let minutes): document["ExpireAfterMin"] = .integer(Int64(minutes))
        }
        document["ExceptionType"] = .array(types.map { .string($0) })
        self.init(document: document)
    }
}
