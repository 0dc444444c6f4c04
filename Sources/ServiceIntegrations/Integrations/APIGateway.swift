import AWSClient
import Curl
import JSON
import StatesLanguage

/// `arn:aws:states:::apigateway:invoke[.waitForTaskToken]`
package struct APIGateway: Integration {
    private let client: AWSClient
    private static let methods: Set<String> = ["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS"]

    package init(_ client: AWSClient) { self.client = client }

    package func perform(_ request: TaskRequest, report: any TaskReport) async throws(Failure) -> JSONValue {
        let input = request.input
        var call = try Self.request(input)
        if let seconds = client.configuration.told.requestSeconds { call.limits.totalSeconds = seconds }
        let answer: HTTPResponse
        do throws(AWSFailure) {
            switch input["AuthType"]?.string ?? "NO_AUTH" {
            case "NO_AUTH": answer = try await client.send(call, signedFor: nil, roleARN: nil)
            default: answer = try await client.send(call, signedFor: "execute-api", roleARN: request.credentialsRoleARN)
            }
        } catch {
            throw Failure.service(
                error, ErrorNaming(prefix: "ApiGateway", base: "ApiGatewayException", label: "ApiGateway"), nil, request)
        }
        let text = String(decoding: answer.body, as: UTF8.self)
        guard answer.status < 400 else { throw Failure("ApiGateway.\(answer.status)", text.isEmpty ? answer.reason : text) }
        var headers = JSONObject()
        for header in answer.headers { headers[header.name] = .array((headers[header.name]?.array ?? []) + [.string(header.value)]) }
        return [
            "Headers": .object(headers), "ResponseBody": (try? JSONValue(parsing: text)) ?? .string(text),
            "StatusCode": .integer(Int64(answer.status)), "StatusText": .string(answer.reason),
        ]
    }

    /// `ApiEndpoint` is a host name, or for a local server a URL.
    package static func request(_ input: JSONValue) throws(Failure) -> HTTPRequest {
        guard let endpoint = input["ApiEndpoint"]?.string, !endpoint.isEmpty else { throw .missing("ApiEndpoint", input) }
        guard let method = input["Method"]?.string else { throw .missing("Method", input) }
        guard methods.contains(method) else {
            throw .unusable(input, ["The value of the field 'Method' has an invalid format"])
        }
        var url = endpoint.contains("://") ? endpoint : "https://" + endpoint
        while url.hasSuffix("/") { url.removeLast() }
        for part in [input["Stage"]?.string, input["Path"]?.string] {
            guard let part, !part.isEmpty else { continue }
            url += (part.hasPrefix("/") ? "" : "/") + URLEncoding.encode(part, keeping: "/%")
        }
        var pairs: [String] = []
        for (name, value) in input["QueryParameters"]?.object ?? JSONObject() {
            for one in value.array ?? [value] {
                pairs.append(URLEncoding.encode(name) + "=" + URLEncoding.encode(FormEncoding.scalar(one)))
            }
        }
        if !pairs.isEmpty { url += "?" + pairs.joined(separator: "&") }
        var headers: [HTTPHeader] = []
        for (name, value) in input["Headers"]?.object ?? JSONObject() {
            for one in value.array ?? [value] { headers.append(HTTPHeader(name, FormEncoding.scalar(one))) }
        }
        var body: [UInt8] = []
        if let value = input["RequestBody"], !value.isNull {
            // JSON, a text too: recorded for an empty one, which reaches a function behind the gateway as "".
            let type = headers.first("Content-Type")?.lowercased() ?? "application/json"
            if case .string(let text) = value, !type.contains("json") { body = Array(text.utf8) } else { body = value.bytes() }
            if headers.first("Content-Type") == nil { headers.set("Content-Type", "application/json") }
        }
        var limits = HTTPLimits()
        limits.totalSeconds = 30
        limits.maximumBodyBytes = 10 << 20
        return HTTPRequest(method, url, headers: headers, body: body, limits: limits)
    }
}
