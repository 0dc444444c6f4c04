import AWSAPI
import Digest
import Engine
import JSON
import StatesLanguage

/// Who may call when the server does not listen on loopback.
package struct ServerAccess: Sendable {
    /// `Authorization: Bearer …`
    package var bearerToken: String?
    /// Access key id → secret key, for SigV4.
    package var keys: [String: String] = [:]
    /// Host headers that are accepted besides loopback's names (DNS rebinding). Where callers need credentials and none is
    /// named, any is accepted: a page of another site has no credentials.
    package var hosts: [String] = []
    package init() {}
    package var isOpen: Bool { bearerToken == nil && keys.isEmpty }
}

/// The routes: the API at `/`, `/healthz`, `/metrics`.
package struct StepFunctionsServer: Sendable {
    private let api: StepFunctionsAPI
    private let access: ServerAccess
    private let metrics: ServerMetrics

    package init(api: StepFunctionsAPI, access: ServerAccess = ServerAccess(), metrics: ServerMetrics = ServerMetrics()) {
        self.api = api
        self.access = access
        self.metrics = metrics
    }

    package func handle(_ request: ServerRequest) async -> ServerResponse {
        guard isAllowedHost(request.header("host")) else {
            return error(APIError("AccessDeniedException", "The Host header names another server", status: 403))
        }
        switch (request.method, request.path) {
        case ("GET", "/healthz"), ("HEAD", "/healthz"): return health()
        case ("GET", "/metrics"), ("HEAD", "/metrics"): return metrics(request)
        case ("POST", "/"): return await call(request)
        default: return error(APIError("UnknownOperationException", "There is nothing at \(request.method) \(request.path)", status: 404))
        }
    }

    private func health() -> ServerResponse {
        let hasFailed = api.engine.hasFailed
        let text = hasFailed ? #"{"status":"failed","reason":"the store has failed"}"# : #"{"status":"ok"}"#
        return ServerResponse(status: hasFailed ? 503 : 200, contentType: "application/json", body: Array(text.utf8))
    }

    /// Who may not call may not look either.
    private func metrics(_ request: ServerRequest) -> ServerResponse {
        do throws(APIError) { try RequestSignature.check(request, access) } catch { return self.error(error) }
        return ServerResponse(contentType: "text/plain; version=0.0.4", body: Array(metrics.text(api.engine).utf8))
    }

    private func call(_ request: ServerRequest) async -> ServerResponse {
        do throws(APIError) {
            try RequestSignature.check(request, access)
            guard let target = request.header("x-amz-target") else {
                throw APIError("MissingActionException", "The header X-Amz-Target is missing")
            }
            let result = try await api.handle(target: target, body: request.body, trace: request.header("x-amzn-trace-id"))
            return ServerResponse(contentType: "application/x-amz-json-1.0", body: result.bytes(), headers: [("x-amzn-RequestId", SecureRandom.uuid())])
        } catch {
            return self.error(error)
        }
    }

    private func error(_ error: APIError) -> ServerResponse {
        ServerResponse(
            status: error.status, contentType: "application/x-amz-json-1.0", body: error.body.bytes(),
            headers: [("x-amzn-RequestId", SecureRandom.uuid()), ("x-amzn-ErrorType", error.code)])
    }

    /// Only names of this machine: a page of another site that resolves to it must not reach it.
    private func isAllowedHost(_ header: String?) -> Bool {
        if !access.isOpen, access.hosts.isEmpty { return true }
        guard var host = header?.lowercased() else { return true }
        if host.hasPrefix("[") {
            host = String(host.prefix { $0 != "]" }) + "]"
        } else if let colon = host.firstIndex(of: ":") {
            host = String(host[..<colon])
        }
        // `sync-` is what SDKs put before the host for StartSyncExecution.
        if host.hasPrefix("sync-") { host = String(host.dropFirst(5)) }
        return ["localhost", "127.0.0.1", "[::1]"].contains(host) || host.hasSuffix(".localhost") || access.hosts.contains(host)
    }
}
