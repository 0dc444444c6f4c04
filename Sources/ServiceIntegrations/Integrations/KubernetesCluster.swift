import AWSClient
import Curl
import JSON
import StatesLanguage

/// One cluster's API server, called for one task.
struct KubernetesCluster: Sendable {
    private let client: AWSClient
    private let name: String
    private let endpoint: String
    private let authorities: [UInt8]?
    private let roleARN: String?
    private let isLocal: Bool

    struct Answer: Sendable {
        var response: HTTPResponse
        var text: String { String(decoding: response.body, as: UTF8.self) }
        var body: JSONValue { (try? JSONValue(parsing: response.body)) ?? .string(text) }

        /// As `eks:call` and `eks:runJob` hand it out.
        var shown: JSONValue {
            var headers = JSONObject()
            for header in response.headers { headers[header.name] = .array((headers[header.name]?.array ?? []) + [.string(header.value)]) }
            return [
                "Headers": .object(headers), "ResponseBody": body, "StatusCode": .integer(Int64(response.status)),
                "StatusText": .string(response.reason),
            ]
        }
    }

    init(_ client: AWSClient, _ request: TaskRequest) throws(Failure) {
        let input = request.input
        func text(_ field: String) throws(Failure) -> String {
            guard let text = input[field]?.string, !text.isEmpty else { throw .missing(field, input) }
            return text
        }
        self.client = client
        name = try text("ClusterName")
        let authority = try text("CertificateAuthority")
        var endpoint = try text("Endpoint")
        while endpoint.hasSuffix("/") { endpoint.removeLast() }
        guard let found = Endpoint(override: endpoint, region: "") else {
            throw .unusable(input, ["The value of the field 'Endpoint' has an invalid format"])
        }
        self.endpoint = endpoint
        isLocal = found.isLocal
        roleARN = request.credentialsRoleARN
        if found.scheme == "https" {
            guard let certificates = Base64.decode(authority) else {
                throw .unusable(input, ["The value of the field 'CertificateAuthority' has an invalid format"])
            }
            authorities = certificates
        } else {
            authorities = nil
        }
    }

    /// The answer, or `EKS.<status>`. Query parameters are lists of texts; a body is JSON or a text.
    func send(_ method: String, _ path: String, query: JSONValue? = nil, body: JSONValue? = nil) async throws(Failure) -> Answer {
        var url = endpoint + (path.hasPrefix("/") ? "" : "/") + path
        var pairs: [String] = []
        for (name, value) in query?.object ?? JSONObject() {
            for one in value.array ?? [value] { pairs.append(URLEncoding.encode(name) + "=" + URLEncoding.encode(FormEncoding.scalar(one))) }
        }
        if !pairs.isEmpty { url += (url.contains("?") ? "&" : "?") + pairs.joined(separator: "&") }
        var limits = HTTPLimits()
        limits.connectSeconds = 10
        limits.totalSeconds = client.configuration.told.requestSeconds ?? 60
        limits.maximumBodyBytes = 16 << 20
        var request = HTTPRequest(method, url, limits: limits)
        request.authorities = authorities
        request.headers.set("Accept", "application/json, */*")
        if let body, !body.isNull {
            request.body = body.string.map { Array($0.utf8) } ?? body.bytes()
            request.headers.set("Content-Type", method == "PATCH" ? patchType(body) : "application/json")
        }
        do throws(AWSFailure) {
            request.headers.set("Authorization", "Bearer " + (try await client.clusterToken(name, roleARN: roleARN, isLocal: isLocal)))
        } catch {
            throw Failure("EKS.SdkClientException", "There are no credentials for the cluster \(name).")
        }
        let response: HTTPResponse
        do throws(HTTPFailure) {
            response = try await client.http.perform(request)
        } catch {
            throw Failure("EKS.SdkClientException", "Unable to execute HTTP request: \(error.message)")
        }
        let answer = Answer(response: response)
        guard response.status < 400 else { throw Failure("EKS.\(response.status)", answer.text.isEmpty ? response.reason : answer.text) }
        return answer
    }

    /// A list of changes, or an object to merge.
    private func patchType(_ body: JSONValue) -> String {
        let value = body.string.flatMap { try? JSONValue(parsing: $0) } ?? body
        return value.array == nil ? "application/merge-patch+json" : "application/json-patch+json"
    }
}
