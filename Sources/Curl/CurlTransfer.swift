import CCurl
import Glibc

/// One exchange on one easy handle. Belongs to the worker's thread.
final class CurlTransfer {
    let easy: UnsafeMutableRawPointer
    let continuation: CurlWorker.Continuation
    private let limits: HTTPLimits
    private var lines: OpaquePointer?
    private let sent: UnsafeMutablePointer<UInt8>?
    private let errorText: UnsafeMutablePointer<CChar>
    private var collected = CollectedResponse()
    private static let errorTextSize = 256

    init(
        _ request: HTTPRequest, _ continuation: CurlWorker.Continuation, _ easy: UnsafeMutableRawPointer,
        _ authorities: CertificateAuthorities, userAgent: String
    ) throws(HTTPFailure) {
        try request.check()
        self.easy = easy
        self.continuation = continuation
        limits = request.limits
        collected.maximumBodyBytes = limits.maximumBodyBytes
        collected.maximumHeaderBytes = limits.maximumHeaderBytes
        errorText = .allocate(capacity: Self.errorTextSize)
        errorText.initialize(repeating: 0, count: Self.errorTextSize)
        if request.body.isEmpty {
            sent = nil
        } else {
            let copy = UnsafeMutablePointer<UInt8>.allocate(capacity: request.body.count)
            copy.initialize(from: request.body, count: request.body.count)
            sent = copy
        }
        setRequest(request, userAgent: userAgent)
        setLimits()
        setConnection(authorities)
        if let own = request.authorities {
            let code = ccurl_set_blob(easy, CCURL_CAINFO_BLOB, own, own.count)
            guard code == 0 else {
                release()
                throw HTTPFailure(.other, "this libcurl takes no certificate authority for a single request")
            }
        }
        setReceivers()
    }

    /// Frees what the handle pointed at; the handle itself is the worker's. Called once, after its removal.
    func release() {
        ccurl_slist_free_all(lines)
        sent?.deallocate()
        errorText.deallocate()
    }

    private func setRequest(_ request: HTTPRequest, userAgent: String) {
        ccurl_set_text(easy, CCURL_URL, request.url)
        ccurl_set_long(easy, CCURL_PATH_AS_IS, 1)
        let sendsBody = sent != nil || ["POST", "PUT", "PATCH"].contains(request.method)
        if sendsBody {
            ccurl_set_long(easy, CCURL_POST, 1)
            ccurl_set_offset(easy, CCURL_POSTFIELDSIZE_LARGE, Int64(request.body.count))
            if let sent {
                ccurl_set_pointer(easy, CCURL_POSTFIELDS, sent)
            } else {
                ccurl_set_pointer(easy, CCURL_POSTFIELDS, UnsafeRawPointer(errorText))
            }
        } else if request.method == "HEAD" {
            ccurl_set_long(easy, CCURL_NOBODY, 1)
        } else {
            ccurl_set_long(easy, CCURL_HTTPGET, 1)
        }
        if request.method != "HEAD" || sendsBody { ccurl_set_text(easy, CCURL_CUSTOMREQUEST, request.method) }
        var headers = request.headers
        if headers.first("User-Agent") == nil { headers.append(HTTPHeader("User-Agent", userAgent)) }
        for header in headers {
            // libcurl reads "Name;" as a header without a value and "Name:" as one it must not send.
            append(line: header.value.isEmpty ? "\(header.name);" : "\(header.name): \(header.value)")
        }
        append(line: "Expect:")
        if sendsBody, headers.first("Content-Type") == nil { append(line: "Content-Type:") }
        ccurl_set_pointer(easy, CCURL_HTTPHEADER, UnsafeRawPointer(lines))
    }

    private func append(line: String) {
        // Out of memory leaves the list as it was.
        lines = ccurl_slist_append(lines, line) ?? lines
    }

    private func setLimits() {
        func milliseconds(_ seconds: Double) -> Int {
            Int(min(max(seconds * 1000, 1), Double(Int32.max)))
        }
        if let seconds = limits.connectSeconds {
            ccurl_set_long(easy, CCURL_CONNECTTIMEOUT_MS, milliseconds(seconds))
        }
        if let seconds = limits.totalSeconds { ccurl_set_long(easy, CCURL_TIMEOUT_MS, milliseconds(seconds)) }
        if let seconds = limits.stalledSeconds {
            ccurl_set_long(easy, CCURL_LOW_SPEED_LIMIT, 1)
            ccurl_set_long(easy, CCURL_LOW_SPEED_TIME, max(1, milliseconds(seconds) / 1000))
        }
        ccurl_set_long(easy, CCURL_FOLLOWLOCATION, limits.redirects > 0 ? 1 : 0)
        ccurl_set_long(easy, CCURL_MAXREDIRS, max(0, limits.redirects))
    }

    private func setConnection(_ authorities: CertificateAuthorities) {
        ccurl_set_long(easy, CCURL_NOSIGNAL, 1)
        ccurl_set_long(easy, CCURL_TCP_NODELAY, 1)
        ccurl_set_long(easy, CCURL_TCP_KEEPALIVE, 1)
        // CURL_HTTP_VERSION_2TLS: HTTP/2 where TLS negotiates it, HTTP/1.1 elsewhere.
        ccurl_set_long(easy, CCURL_HTTP_VERSION, 4)
        // CURLPROTO_HTTP | CURLPROTO_HTTPS
        ccurl_set_long(easy, CCURL_PROTOCOLS, 3)
        ccurl_set_long(easy, CCURL_REDIR_PROTOCOLS, 3)
        ccurl_set_long(easy, CCURL_SSL_VERIFYPEER, 1)
        ccurl_set_long(easy, CCURL_SSL_VERIFYHOST, 2)
        ccurl_set_long(easy, CCURL_SUPPRESS_CONNECT_HEADERS, 1)
        if let file = authorities.file { ccurl_set_text(easy, CCURL_CAINFO, file) }
        if let folder = authorities.folder { ccurl_set_text(easy, CCURL_CAPATH, folder) }
    }

    private func setReceivers() {
        ccurl_set_pointer(easy, CCURL_ERRORBUFFER, errorText)
        let context = Unmanaged.passUnretained(self).toOpaque()
        ccurl_set_pointer(easy, CCURL_HEADERDATA, context)
        ccurl_set_pointer(easy, CCURL_WRITEDATA, context)
        ccurl_set_function(easy, CCURL_HEADERFUNCTION) { bytes, size, count, context in
            guard let bytes, let context else { return 0 }
            let length = size * count
            let line = UnsafeRawBufferPointer(start: bytes, count: length)
            let transfer = Unmanaged<CurlTransfer>.fromOpaque(context).takeUnretainedValue()
            return transfer.collected.take(line: line) ? length : 0
        }
        ccurl_set_function(easy, CCURL_WRITEFUNCTION) { bytes, size, count, context in
            guard let context else { return 0 }
            let length = size * count
            guard let bytes, length > 0 else { return length }
            let transfer = Unmanaged<CurlTransfer>.fromOpaque(context).takeUnretainedValue()
            return transfer.collected.take(body: UnsafeRawBufferPointer(start: bytes, count: length)) ? length : 0
        }
    }

    /// The outcome once libcurl has reported the end.
    func result(_ code: Int32) -> Result<HTTPResponse, HTTPFailure> {
        if let excess = collected.excess { return .failure(excess) }
        guard code == 0 else { return .failure(failure(code)) }
        return .success(
            HTTPResponse(
                status: Int(ccurl_get_number(easy, CCURL_INFO_RESPONSE_CODE)), reason: collected.reason,
                headers: collected.headers, body: collected.body, version: version,
                newConnections: Int(ccurl_get_number(easy, CCURL_INFO_NUM_CONNECTS))))
    }

    private var version: HTTPVersion {
        switch ccurl_get_number(easy, CCURL_INFO_HTTP_VERSION) {
        case 3: .http2
        case 30: .http3
        default: .http1
        }
    }

    private func failure(_ code: Int32) -> HTTPFailure {
        let detail = String(cString: errorText)
        let message = detail.isEmpty ? String(cString: ccurl_easy_strerror(code)) : detail
        return HTTPFailure(kind(code, detail), message)
    }

    private func kind(_ code: Int32, _ detail: String) -> HTTPFailure.Kind {
        switch UInt32(bitPattern: code) {
        // libcurl says the same of an answer that is no HTTP.
        case CCURL_UNSUPPORTED_PROTOCOL.rawValue: detail.hasPrefix("Received HTTP") ? .other : .invalidRequest
        case CCURL_URL_MALFORMAT.rawValue: .invalidRequest
        case CCURL_COULDNT_RESOLVE_HOST.rawValue, CCURL_COULDNT_RESOLVE_PROXY.rawValue: .cannotResolve
        case CCURL_COULDNT_CONNECT.rawValue: .cannotConnect
        case CCURL_OPERATION_TIMEDOUT.rawValue:
            if ccurl_get_number(easy, CCURL_INFO_PRETRANSFER_TIME_T) == 0 {
                .connectTimeout
            } else {
                detail.hasPrefix("Operation too slow") ? .stalled : .totalTimeout
            }
        case CCURL_SSL_CONNECT_ERROR.rawValue, CCURL_PEER_FAILED_VERIFICATION.rawValue,
            CCURL_SSL_CACERT_BADFILE.rawValue:
            .tls
        case CCURL_PARTIAL_FILE.rawValue, CCURL_GOT_NOTHING.rawValue, CCURL_RECV_ERROR.rawValue,
            CCURL_SEND_ERROR.rawValue:
            .closedEarly
        case CCURL_TOO_MANY_REDIRECTS.rawValue: .tooManyRedirects
        default: .other
        }
    }
}

extension HTTPRequest {
    /// libcurl takes C strings and header lines as they are, so nothing that would end one may be in them.
    func check() throws(HTTPFailure) {
        func isToken(_ text: String) -> Bool {
            !text.isEmpty
                && text.utf8.allSatisfy { byte in
                    byte > 0x20 && byte < 0x7F && !"()<>@,;:\\\"/[]?={}".utf8.contains(byte)
                }
        }
        guard isToken(method) else { throw HTTPFailure(.invalidRequest, "the method '\(method)' is not a token") }
        guard url.utf8.allSatisfy({ $0 > 0x20 && $0 != 0x7F }) else {
            throw HTTPFailure(.invalidRequest, "the URL holds a space or a control character")
        }
        for header in headers {
            guard isToken(header.name) else {
                throw HTTPFailure(.invalidRequest, "the header name '\(header.name)' is not a token")
            }
            guard header.value.utf8.allSatisfy({ $0 != 0 && $0 != 0x0A && $0 != 0x0D }) else {
                throw HTTPFailure(.invalidRequest, "the value of the header '\(header.name)' holds a line end")
            }
        }
    }
}
