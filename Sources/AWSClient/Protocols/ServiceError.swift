import Curl
import JSON

/// What a service answered instead of a result.
package struct ServiceError: Error, Sendable, Equatable {
    /// As on the wire, without namespaces: `ResourceNotFoundException`, `NoSuchKey`.
    package var code: String
    package var message: String
    package var status: Int
    package var requestID: String
    /// S3's second one.
    package var extendedRequestID: String?
    /// The answer, for services whose errors carry more.
    package var body: [UInt8] = []

    static func read(_ response: HTTPResponse, _ model: ServiceModel) -> ServiceError {
        var error = ServiceError(
            code: "", message: "", status: response.status,
            requestID: response.header("x-amzn-RequestId") ?? response.header("x-amz-request-id")
                ?? response.header("x-amz-id-1") ?? "",
            extendedRequestID: response.header("x-amz-id-2"), body: response.body)
        switch model.wireProtocol {
        case .json, .restJSON: error.readJSON(response)
        case .query, .ec2, .restXML: error.readXML(response)
        }
        if error.code.isEmpty { error.code = error.code(ofStatus: response.status) }
        return error
    }

    private mutating func readJSON(_ response: HTTPResponse) {
        let json = (try? JSONValue(parsing: response.body)) ?? .null
        // Services that once spoke the query protocol keep its codes there: "AWS.SimpleQueueService.NonExistentQueue;Sender".
        let old = response.header("x-amzn-query-error")?.split(separator: ";").first.map(String.init)
        let raw =
            response.header("x-amzn-ErrorType") ?? json["__type"]?.string ?? json["code"]?.string
            ?? json["Code"]?.string ?? old ?? ""
        code = Self.bare(raw)
        queryCode = old
        message =
            json["message"]?.string ?? json["Message"]?.string ?? json["errorMessage"]?.string
            ?? response.header("x-amzn-error-message") ?? ""
    }

    /// The code of the query protocol, where the service still tells it.
    package var queryCode: String?

    private mutating func readXML(_ response: HTTPResponse) {
        guard let root = XMLReader.read(response.body) else { return }
        let error = root.child("Error") ?? root.child("Errors")?.child("Error") ?? root
        code = Self.bare(error.child("Code")?.text ?? "")
        message = error.child("Message")?.text ?? error.child("message")?.text ?? ""
        if let id = root.child("RequestId")?.text ?? root.child("RequestID")?.text ?? error.child("RequestId")?.text {
            requestID = id
        }
        if let host = error.child("HostId")?.text { extendedRequestID = host }
    }

    /// `com.amazonaws.x#Name:http://…` → `Name`
    private static func bare(_ text: String) -> String {
        var name = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).first ?? ""
        if let hash = name.lastIndex(of: "#") { name = name[name.index(after: hash)...] }
        return String(name)
    }

    private func code(ofStatus status: Int) -> String {
        switch status {
        case 404: "NotFound"
        case 403: "Forbidden"
        case 429: "TooManyRequests"
        case 503: "ServiceUnavailable"
        case 500...599: "InternalFailure"
        default: "UnknownError"
        }
    }

    private static let throttlingCodes: Set<String> = [
        "Throttling", "ThrottlingException", "ThrottledException", "RequestThrottledException",
        "TooManyRequestsException", "ProvisionedThroughputExceededException", "TransactionInProgressException",
        "RequestLimitExceeded", "BandwidthLimitExceeded", "LimitExceededException", "RequestThrottled", "SlowDown",
        "PriorRequestNotComplete", "EC2ThrottledException", "TooManyRequests",
    ]
    private static let transientCodes: Set<String> = ["RequestTimeout", "RequestTimeoutException", "InternalError"]

    package var isThrottling: Bool { Self.throttlingCodes.contains(code) || status == 429 }
    package var isTransient: Bool { Self.transientCodes.contains(code) || [500, 502, 503, 504].contains(status) }
}
