import Synchronization

/// Performs requests on libcurl: one multi handle, started by the first request and driven by a thread of its own (a request
/// that is alone may be driven by its caller, see `CurlWorker`).
///
/// Connections are kept and reused, HTTP/2 is used where the server offers it over TLS, and TLS is verified.
/// Proxies come from libcurl's own variables (`http_proxy`, `https_proxy`, `no_proxy`), authorities from
/// `AWS_CA_BUNDLE`, `CURL_CA_BUNDLE`, `SSL_CERT_FILE` or `SSL_CERT_DIR`.
package final class HTTPClient: Sendable {
    /// The client of the whole process.
    package static let shared = HTTPClient()

    private let worker: Mutex<CurlWorker?>
    private let configuration: HTTPClientConfiguration

    package init(_ configuration: HTTPClientConfiguration = HTTPClientConfiguration()) {
        self.configuration = configuration
        worker = Mutex(nil)
    }

    deinit { shutDown() }

    /// Sends the request and waits for the whole answer. Cancelling the calling task ends the transfer.
    package func perform(_ request: HTTPRequest) async throws(HTTPFailure) -> HTTPResponse {
        let worker = try startedWorker()
        if Task.isCancelled { throw HTTPFailure(.cancelled, "cancelled before it began") }
        let transfer = try CurlTransfer(request)
        defer { transfer.giveBack(to: worker.pool) }
        try transfer.prepareEarly(worker.pool)
        await worker.perform(transfer)
        return try transfer.result()
    }

    /// Ends what is in flight (it fails as cancelled) and the thread. A later request starts a new one.
    package func shutDown() {
        let stopped = worker.withLock { worker in
            defer { worker = nil }
            return worker
        }
        stopped?.stop()
    }

    /// Transfers that have been handed in and not ended.
    package var inFlight: Int { worker.withLock { $0 }?.inFlight ?? 0 }

    /// libcurl's handles that exist, used or kept for reuse.
    package var handles: Int { worker.withLock { $0 }?.pool.count ?? 0 }

    private func startedWorker() throws(HTTPFailure) -> CurlWorker {
        let result: Result<CurlWorker, HTTPFailure> = worker.withLock { worker in
            if let worker { return .success(worker) }
            return Result { () throws(HTTPFailure) in try CurlWorker.start(configuration) }
                .map { started in
                    worker = started
                    return started
                }
        }
        return try result.get()
    }
}

/// What one client does the same way for all its requests.
package struct HTTPClientConfiguration: Sendable {
    /// Transfers under way at once; more wait in line. Each may need a socket.
    package var maximumTransfers = 512
    /// Idle connections kept for reuse.
    package var maximumIdleConnections = 64
    /// A file of certificate authorities in PEM form, instead of the environment's or libcurl's own.
    package var authorities: String?
    package var userAgent = "sfn-run"

    package init() {}
}
