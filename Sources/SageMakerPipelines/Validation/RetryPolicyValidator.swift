import JSON

/// Checks one element of `RetryPolicies` (spec 1.6).
enum RetryPolicyValidator {
    static func problems(_ object: JSONObject, of type: StepType) -> [(place: String, message: String)] {
        var result: [(place: String, message: String)] = []
        for key in object.keys where !["ExceptionType", "IntervalSeconds", "BackoffRate", "MaxAttempts", "ExpireAfterMin"].contains(key) {
            result.append(("/\(JSONPointer.escape(key))", "Unable to parse pipeline definition. Cannot parse object, unknown property '\(key)'"))
        }
        let classes = object["ExceptionType"]?.array ?? []
        if classes.isEmpty {
            result.append(("/ExceptionType", "found \(object["ExceptionType"]?.text() ?? "nothing"), expected a list of error classes"))
        }
        for (position, element) in classes.enumerated() {
            let place = "/ExceptionType/\(position)"
            guard let known = element.string.flatMap(RetryClass.init(rawValue:)) else {
                result.append((place, "found \(element.text()), expected one of \(RetryClass.allCases.map(\.rawValue).joined(separator: ", "))"))
                continue
            }
            let ofJobs: [RetryClass] = [.jobInternalError, .capacityError, .resourceLimit]
            if ofJobs.contains(known), type == .model || type == .registerModel {
                result.append((place, "found \(known.rawValue): a \(type.rawValue) step starts no job, expected Step.SERVICE_FAULT or Step.THROTTLING"))
            }
        }
        result += range(object, "IntervalSeconds", 0...43_200)
        result += range(object, "MaxAttempts", 0...20)
        result += range(object, "ExpireAfterMin", 0...14_400)
        if let rate = object["BackoffRate"], !((rate.number ?? -1) >= 0) {
            result.append(("/BackoffRate", "found \(rate.text()), expected a number of at least 0"))
        }
        if object["MaxAttempts"] != nil, object["ExpireAfterMin"] != nil {
            result.append(("", "found both MaxAttempts and ExpireAfterMin, expected only one of them"))
        }
        return result
    }

    private static func range(_ object: JSONObject, _ key: String, _ allowed: ClosedRange<Int64>) -> [(place: String, message: String)] {
        guard let value = object[key] else { return [] }
        if let number = value.wholeNumber, allowed.contains(number) { return [] }
        return [("/\(key)", "found \(value.text()), expected an integer from \(allowed.lowerBound) to \(allowed.upperBound)")]
    }
}
