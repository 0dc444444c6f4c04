import Curl
import JSON
import StatesLanguage

extension HTTPTask {
    /// The result of the state, or the failure that its status, its type or its size means.
    package static func result(_ response: HTTPResponse) throws(Failure) -> JSONValue {
        let type = response.header("Content-Type")?.split(separator: ";").first.map { $0.lowercased() } ?? ""
        let media = type.filter { $0 != " " }
        for refused in ["image/", "video/", "audio/", "application/octet-stream"] where media.hasPrefix(refused) {
            throw Failure.runtime("The HTTP response has the content type '\(media)', which is not supported.")
        }
        guard response.body.count <= maximumBodyBytes else { throw tooLarge }
        guard let text = String(validating: response.body, as: UTF8.self) else {
            throw Failure.runtime("The HTTP response body is not valid UTF-8 text.")
        }
        guard (200..<300).contains(response.status) else {
            throw Failure("States.Http.StatusCode.\(response.status)", text.isEmpty ? response.reason : text)
        }
        var headers = JSONObject()
        for header in response.headers {
            let name = header.name.lowercased()
            headers[name] = .array((headers[name]?.array ?? []) + [.string(header.value)])
        }
        var body = JSONValue.string(text)
        if media == "application/json" || media.hasSuffix("+json"), let parsed = try? JSONValue(parsing: text) {
            body = parsed
        }
        return [
            "Headers": .object(headers), "ResponseBody": body, "StatusCode": .integer(Int64(response.status)),
            "StatusText": .string(response.reason),
        ]
    }

    /// What the lack of an answer means.
    package static func failure(_ failure: HTTPFailure) -> Failure {
        switch failure.kind {
        case .bodyTooLarge: tooLarge
        case .invalidRequest: Failure.runtime("The HTTP request could not be made: \(failure.message)")
        default: Failure(ErrorName.httpSocket, failure.message)
        }
    }

    private static var tooLarge: Failure {
        Failure(
            ErrorName.dataLimitExceeded,
            "The state/task 'http' returned a result with a size exceeding the maximum number of bytes service limit.")
    }
}
