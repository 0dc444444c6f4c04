import Curl
import JSON

/// The request and the answer of an HTTP Task, as TestState shows them at inspection level TRACE:
/// `{"request": {"protocol", "method", "url", "headers", "body"}, "response": {"protocol", "statusCode", "statusMessage", "headers", "body"}}`.
package struct HTTPExchange: Sendable {
    /// As it was sent.
    package let request: HTTPRequest
    /// Without what the connection added.
    package let open: HTTPRequest
    /// nil: there was none.
    package var response: HTTPResponse?

    /// `revealSecrets`: with what the connection added.
    package func inspection(revealSecrets: Bool) -> (request: JSONValue, response: JSONValue?) {
        let shown = revealSecrets ? request : open
        var sent = JSONObject()
        sent["protocol"] = .string(Self.scheme(shown.url))
        sent["method"] = .string(shown.method)
        sent["url"] = .string(shown.url)
        sent["headers"] = .string(Self.text(shown.headers))
        if !shown.body.isEmpty { sent["body"] = .string(String(decoding: shown.body, as: UTF8.self)) }
        guard let response else { return (.object(sent), nil) }
        var got = JSONObject()
        got["protocol"] = .string(Self.scheme(shown.url))
        got["statusCode"] = .string(String(response.status))
        got["statusMessage"] = .string(response.reason)
        got["headers"] = .string(Self.text(response.headers))
        got["body"] = .string(String(decoding: response.body, as: UTF8.self))
        return (.object(sent), .object(got))
    }

    private static func scheme(_ url: String) -> String { url.lowercased().hasPrefix("http://") ? "http" : "https" }

    /// `[Accept: text/plain, Range: bytes=0-262144]`
    private static func text(_ headers: [HTTPHeader]) -> String {
        "[\(headers.map { "\($0.name): \($0.value)" }.joined(separator: ", "))]"
    }
}
