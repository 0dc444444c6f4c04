import JSON

/// An element of `RetryPolicies`.
public struct RetryPolicy: Sendable, Equatable {
    public var document: JSONObject
    public init(document: JSONObject) { self.document = document }

    public var exceptionTypes: [String] { (document["ExceptionType"]?.array ?? []).compactMap(\.string) }
    public var intervalSeconds: Int64 { document["IntervalSeconds"]?.wholeNumber ?? 1 }
    public var backoffRate: Double { document["BackoffRate"]?.number ?? 2 }
    /// 5 where neither this nor `ExpireAfterMin` is written.
    public var maxAttempts: Int64? {
        if let written = document["MaxAttempts"]?.wholeNumber { return written }
        return expireAfterMin == nil ? 5 : nil
    }
    public var expireAfterMin: Int64? { document["ExpireAfterMin"]?.wholeNumber }
}

/// The classes of errors that policies name (spec 2.4). They are the error names of the compiled machine.
public enum RetryClass: String, Sendable, CaseIterable {
    case serviceFault = "Step.SERVICE_FAULT"
    case throttling = "Step.THROTTLING"
    case jobInternalError = "SageMaker.JOB_INTERNAL_ERROR"
    case capacityError = "SageMaker.CAPACITY_ERROR"
    case resourceLimit = "SageMaker.RESOURCE_LIMIT"
    case emrResourceLimit = "Emr.RESOURCE_LIMIT"

    /// Retried for every step, without any policy; a policy that names one overrides the default.
    public static let retriedByDefault: [RetryClass] = [.serviceFault, .throttling]

    /// The class of an error of the Create call, nil where no policy can name it.
    ///
    /// `code` is the service's error code, such as `ResourceLimitExceeded`.
    public static func ofCreation(code: String, httpStatus: Int) -> RetryClass? {
        if code == "ResourceLimitExceeded" || code == "ResourceLimitExceededException" { return .resourceLimit }
        let throttlingCodes: Set<String> = [
            "ThrottlingException", "Throttling", "TooManyRequestsException", "RequestLimitExceeded", "SlowDown",
            "ProvisionedThroughputExceededException", "ThrottledException", "RequestThrottled", "RequestThrottledException",
        ]
        if throttlingCodes.contains(code) || httpStatus == 429 { return .throttling }
        return httpStatus >= 500 ? .serviceFault : nil
    }

    /// The class of a job that was created and ended Failed, nil for a script's own error.
    public static func ofFailureReason(_ reason: String) -> RetryClass? {
        if reason.hasPrefix("InternalServerError") { return .jobInternalError }
        if reason.hasPrefix("CapacityError") || mentionsInsufficientCapacity(reason) { return .capacityError }
        return nil
    }

    private static func mentionsInsufficientCapacity(_ reason: String) -> Bool {
        // A script's own message may say anything, so its prefixes come first.
        for prefix in ["AlgorithmError", "ClientError", "ExitCode"] where reason.hasPrefix(prefix) { return false }
        let lowered = reason.lowercased()
        for text in ["insufficientcapacity", "insufficient capacity", "unable to provision requested ml compute capacity"] {
            if containsText(lowered, text) { return true }
        }
        return false
    }
}

/// Whether `text` holds `part`, by bytes.
func containsText(_ text: String, _ part: String) -> Bool {
    let bytes = Array(text.utf8)
    let wanted = Array(part.utf8)
    guard !wanted.isEmpty, bytes.count >= wanted.count else { return wanted.isEmpty }
    for start in 0...(bytes.count - wanted.count) where bytes[start] == wanted[0] {
        if bytes[start..<(start + wanted.count)].elementsEqual(wanted) { return true }
    }
    return false
}
