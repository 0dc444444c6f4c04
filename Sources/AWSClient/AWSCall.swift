import Curl
import JSON

/// One call of an operation.
package struct AWSCall: Sendable {
    /// As Step Functions writes it: `dynamodb`, `sfn`, `cloudwatchlogs`.
    package var service: String
    /// `putItem`
    package var operation: String
    package var input: JSONValue
    package var style: ResultStyle
    /// The role to assume for it.
    package var roleARN: String?
    /// Makes repeated calls the same one, where the operation has a member for it.
    package var idempotencyToken: String?
    package var limits: HTTPLimits
    /// Throttled and failed calls are repeated as the SDKs do; false leaves that to the caller.
    package var retries = true

    package init(
        _ service: String, _ operation: String, _ input: JSONValue, style: ResultStyle = .api, roleARN: String? = nil,
        idempotencyToken: String? = nil
    ) {
        self.service = service
        self.operation = operation
        self.input = input
        self.style = style
        self.roleARN = roleARN
        self.idempotencyToken = idempotencyToken
        limits = HTTPLimits()
        limits.connectSeconds = 10
        limits.totalSeconds = nil
        limits.stalledSeconds = 60
    }
}

/// A service's answer.
package struct AWSResult: Sendable {
    package var output: JSONValue
    package var response: HTTPResponse
    package var requestID: String
    package var attempts: Int
}
