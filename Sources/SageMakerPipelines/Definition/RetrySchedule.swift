import JSON

/// When a policy lets a failed attempt be tried again: spec 2.4 as a pure function.
///
/// - `MaxAttempts` counts retries.
/// - `ExpireAfterMin` is tested when the error occurs, counting from the first attempt's start.
/// - Counters are kept for each policy; the first policy that names the class applies.
public struct RetrySchedule: Sendable {
    public let policies: [RetryPolicy]
    private var retriesUsed: [Int64]

    /// With the default policy for what SageMaker retries by itself appended.
    /// `type`: those that never retry a class leave it out.
    public init(policies: [RetryPolicy], of type: StepType? = nil) {
        self.policies = RetryPolicy.inForce(policies, of: type)
        retriesUsed = Array(repeating: 0, count: self.policies.count)
    }

    /// Seconds to wait before the next attempt, nil where the step fails now.
    ///
    /// `secondsSinceStart`: from the start of the first attempt to the error.
    public mutating func waitBeforeRetry(after error: RetryClass?, secondsSinceStart: Double) -> Double? {
        guard let error, let index = policies.firstIndex(where: { $0.exceptionTypes.contains(error.rawValue) }) else { return nil }
        let policy = policies[index]
        if let limit = policy.maxAttempts, retriesUsed[index] >= limit { return nil }
        if let minutes = policy.expireAfterMin, secondsSinceStart > Double(minutes) * 60 || minutes == 0 { return nil }
        var wait = Double(policy.intervalSeconds)
        var power = retriesUsed[index]
        while power > 0, wait.isFinite {
            wait *= policy.backoffRate
            power -= 1
        }
        retriesUsed[index] += 1
        return wait
    }
}

extension RetryPolicy {
    /// The policies of a step as they count: without the classes that its type never retries, and with the defaults.
    static func inForce(_ policies: [RetryPolicy], of type: StepType?) -> [RetryPolicy] {
        var own = policies
        if type == .tuning || type == .autoML {
            // Spec 2.4: these two do not retry a job's internal error, whoever asks.
            own = policies.compactMap { policy in
                let left = policy.exceptionTypes.filter { $0 != RetryClass.jobInternalError.rawValue }
                if left.count == policy.exceptionTypes.count { return policy }
                guard !left.isEmpty else { return nil }
                var policy = policy
                policy.document["ExceptionType"] = .array(left.map { .string($0) })
                return policy
            }
        }
        return own + defaults(besides: own)
    }

    /// What is retried without being asked for. AWS does not publish the numbers; these are the documented defaults of a policy.
    static func defaults(besides policies: [RetryPolicy]) -> [RetryPolicy] {
        let named = Set(policies.flatMap(\.exceptionTypes))
        let missing = RetryClass.retriedByDefault.map(\.rawValue).filter { !named.contains($0) }
        guard !missing.isEmpty else { return [] }
        return [RetryPolicy(document: JSONObject([("ExceptionType", JSONValue.array(missing.map { .string($0) }))]))]
    }
}
