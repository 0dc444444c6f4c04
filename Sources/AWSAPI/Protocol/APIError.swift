import JSON

/// What a client gets instead of an answer: HTTP 400 (500 for our own faults) and `{"__type": code, "message": …}`.
package struct APIError: Error, Equatable, Sendable {
    package let code: String
    package let message: String
    package let status: Int
    /// Members beyond `message`.
    package var members = JSONObject()

    package init(_ code: String, _ message: String, status: Int = 400) {
        self.code = code
        self.message = message
        self.status = status
    }

    package var body: JSONValue {
        var object = JSONObject()
        object["__type"] = .string(code)
        object["message"] = .string(message)
        for (key, value) in members { object[key] = value }
        return .object(object)
    }

    static func validation(_ message: String) -> APIError { APIError("ValidationException", message) }

    /// The model's ValidationExceptionReason, where one fits.
    enum ValidationReason: String {
        case labeledARN = "API_DOES_NOT_SUPPORT_LABELED_ARNS"
        case completedMapRun = "CANNOT_UPDATE_COMPLETED_MAP_RUN"
        case routing = "INVALID_ROUTING_CONFIGURATION"
    }

    static func validation(_ message: String, _ reason: ValidationReason) -> APIError {
        var error = validation(message)
        error.members["reason"] = .string(reason.rawValue)
        return error
    }
    static func invalidARN(_ arn: String) -> APIError {
        APIError("InvalidArn", arn.hasPrefix("arn:") ? "Invalid Arn: '\(arn)'" : "Invalid Arn: 'Invalid ARN prefix: \(arn)'")
    }
    static func invalidName(_ name: String) -> APIError { APIError("InvalidName", "Invalid Name: '\(name)'") }
    static func machineDoesNotExist(_ arn: String) -> APIError {
        APIError("StateMachineDoesNotExist", "State Machine Does Not Exist: '\(arn)'")
    }
    static func machineIsDeleted(_ arn: String) -> APIError {
        APIError("StateMachineDeleting", "State Machine is being deleted: '\(arn)'")
    }
    static func executionDoesNotExist(_ arn: String) -> APIError {
        APIError("ExecutionDoesNotExist", "Execution Does Not Exist: '\(arn)'")
    }
    static func activityDoesNotExist(_ arn: String) -> APIError {
        APIError("ActivityDoesNotExist", "Activity Does Not Exist: '\(arn)'")
    }
    static func resourceNotFound(_ arn: String) -> APIError { about(arn, "ResourceNotFound", "Resource not found: '\(arn)'") }

    static func tooManyTags(_ arn: String) -> APIError { about(arn, "TooManyTags", "'\(arn)' has too many tags: at most 50 are allowed") }

    /// An error that names its resource.
    private static func about(_ arn: String, _ code: String, _ message: String) -> APIError {
        var error = APIError(code, message)
        error.members["resourceName"] = .string(arn)
        return error
    }
    static func conflict(_ message: String) -> APIError { APIError("ConflictException", message) }
    static let invalidToken = APIError("InvalidToken", "Invalid Token: 'Invalid token'")
}
