import CCurl
import Glibc

/// One exchange. Set up and read on its caller's side; in between it belongs to the driver of the multi handle.
///
/// `@unchecked`: the worker's inbox hands it over under its lock, to the driver by `submit` and back by resuming the
/// continuation; `state` alone is touched from elsewhere, under that lock.
final class CurlTransfer: @unchecked Sendable {
    typealias Continuation = CheckedContinuation<Void, Never>
    enum State { case new, cancelledEarly, live, ended }

    /// Under the lock of the worker's inbox.
    var state = State.new
    var continuation: Continuation?

    // the driver's:
    /// Where it stands among the active ones.
    var place = 0
    var isActive = false
    var began: Int64 = 0
    var isCancelled = false
    var collected = CollectedResponse()
    private var code: Int32 = 0
    private var failure: HTTPFailure?

    private let request: HTTPRequest
    private(set) var handle: CurlHandle?
    private var lines: OpaquePointer?
    private var sent: UnsafeMutablePointer<UInt8>?

    init(_ request: HTTPRequest) throws(HTTPFailure) {
        try request.check()
        self.request = request
        collected.maximumBodyBytes = request.limits.maximumBodyBytes
        collected.maximumHeaderBytes = request.limits.maximumHeaderBytes
    }

    deinit {
        ccurl_slist_free_all(lines)
        sent?.deallocate()
    }

    /// On the caller's side, so that the driver only needs to add it; not where many wait already.
    func prepareEarly(_ pool: CurlHandlePool) throws(HTTPFailure) {
        if let handle = pool.take(unlessMany: true) { try set(handle) }
    }

    func prepare(_ pool: CurlHandlePool) throws(HTTPFailure) {
        guard handle == nil else { return }
        guard let handle = pool.take() else { throw HTTPFailure(.other, "out of memory") }
        try set(handle)
    }

    private func set(_ handle: CurlHandle) throws(HTTPFailure) {
        self.handle = handle
        handle.errorText.pointee = 0
        let context = Unmanaged.passUnretained(self).toOpaque()
        ccurl_set_pointer(handle.easy, CCURL_PRIVATE, context)
        ccurl_set_pointer(handle.easy, CCURL_HEADERDATA, context)
        ccurl_set_pointer(handle.easy, CCURL_WRITEDATA, context)
        setRequest(handle)
        setLimits(handle.easy)
        if let own = request.authorities {
            guard ccurl_set_blob(handle.easy, CCURL_CAINFO_BLOB, own, own.count) == 0 else {
                throw HTTPFailure(.other, "this libcurl takes no certificate authority for a single request")
            }
        }
    }

    /// After the end, on the caller's side.
    func giveBack(to pool: CurlHandlePool) {
        guard let handle else { return }
        self.handle = nil
        // A handle that failed or that was given something of its own is not used again.
        pool.giveBack(handle, isPlain: failure == nil && code == 0 && request.authorities == nil)
    }

    private func setRequest(_ handle: CurlHandle) {
        let easy = handle.easy
        ccurl_set_text(easy, CCURL_URL, request.url)
        let sendsBody = !request.body.isEmpty || ["POST", "PUT", "PATCH"].contains(request.method)
        ccurl_set_long(easy, CCURL_NOBODY, 0)
        if sendsBody {
            if request.body.isEmpty {
                ccurl_set_pointer(easy, CCURL_POSTFIELDS, UnsafeRawPointer(handle.errorText))
            } else {
                let copy = UnsafeMutablePointer<UInt8>.allocate(capacity: request.body.count)
                copy.initialize(from: request.body, count: request.body.count)
                sent = copy
                ccurl_set_pointer(easy, CCURL_POSTFIELDS, copy)
            }
            ccurl_set_long(easy, CCURL_POST, 1)
            ccurl_set_offset(easy, CCURL_POSTFIELDSIZE_LARGE, Int64(request.body.count))
        } else {
            ccurl_set_pointer(easy, CCURL_POSTFIELDS, nil)
            ccurl_set_offset(easy, CCURL_POSTFIELDSIZE_LARGE, -1)
            ccurl_set_long(easy, CCURL_HTTPGET, 1)
            if request.method == "HEAD" { ccurl_set_long(easy, CCURL_NOBODY, 1) }
        }
        if request.method == "GET" && !sendsBody || request.method == "HEAD" && !sendsBody {
            ccurl_set_text(easy, CCURL_CUSTOMREQUEST, nil)
        } else {
            ccurl_set_text(easy, CCURL_CUSTOMREQUEST, request.method)
        }
        for header in request.headers {
            // libcurl reads "Name;" as a header without a value and "Name:" as one it must not send.
            append(line: header.value.isEmpty ? "\(header.name);" : "\(header.name): \(header.value)")
        }
        if sendsBody {
            append(line: "Expect:")
            if request.headers.first("Content-Type") == nil { append(line: "Content-Type:") }
        }
        ccurl_set_pointer(easy, CCURL_HTTPHEADER, UnsafeRawPointer(lines))
    }

    private func append(line: String) {
        // Out of memory leaves the list as it was.
        lines = ccurl_slist_append(lines, line) ?? lines
    }

    private func setLimits(_ easy: UnsafeMutableRawPointer) {
        let limits = request.limits
        func milliseconds(_ seconds: Double?) -> Int {
            seconds.map { Int(min(max($0 * 1000, 1), Double(Int32.max))) } ?? 0
        }
        // Without a bound libcurl gives a connection 300 s.
        ccurl_set_long(easy, CCURL_CONNECTTIMEOUT_MS, milliseconds(limits.connectSeconds))
        ccurl_set_long(easy, CCURL_TIMEOUT_MS, milliseconds(limits.totalSeconds))
        ccurl_set_long(easy, CCURL_LOW_SPEED_LIMIT, limits.stalledSeconds == nil ? 0 : 1)
        ccurl_set_long(easy, CCURL_LOW_SPEED_TIME, limits.stalledSeconds == nil ? 0 : max(1, milliseconds(limits.stalledSeconds) / 1000))
        ccurl_set_long(easy, CCURL_FOLLOWLOCATION, limits.redirects > 0 ? 1 : 0)
        ccurl_set_long(easy, CCURL_MAXREDIRS, max(0, limits.redirects))
    }

    // MARK: the end

    /// libcurl has reported the end.
    func end(_ code: Int32) { self.code = code }

    /// It ends without libcurl's report.
    func end(_ failure: HTTPFailure) { self.failure = failure }

    /// The outcome, once it has ended.
    func result() throws(HTTPFailure) -> HTTPResponse {
        if let failure { throw failure }
        if let excess = collected.excess { throw excess }
        guard code == 0, let easy = handle?.easy else { throw failure(code) }
        let (reason, headers) = collected.head()
        return HTTPResponse(
            status: Int(ccurl_get_number(easy, CCURL_INFO_RESPONSE_CODE)), reason: reason, headers: headers, body: collected.body,
            version: version(easy), newConnections: Int(ccurl_get_number(easy, CCURL_INFO_NUM_CONNECTS)))
    }

    private func version(_ easy: UnsafeMutableRawPointer) -> HTTPVersion {
        switch ccurl_get_number(easy, CCURL_INFO_HTTP_VERSION) {
        case 3: .http2
        case 30: .http3
        default: .http1
        }
    }

    private func failure(_ code: Int32) -> HTTPFailure {
        let detail = handle.map { String(cString: $0.errorText) } ?? ""
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
            if let handle, ccurl_get_number(handle.easy, CCURL_INFO_PRETRANSFER_TIME_T) == 0 {
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
        func isToken(_ text: String) -> Bool { !text.isEmpty && text.utf8.allSatisfy(\.isOfAToken) }
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

extension UInt8 {
    fileprivate var isOfAToken: Bool {
        switch self {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
            UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."), UInt8(ascii: "!"), UInt8(ascii: "#"), UInt8(ascii: "$"),
            UInt8(ascii: "%"), UInt8(ascii: "&"), UInt8(ascii: "'"), UInt8(ascii: "*"), UInt8(ascii: "+"), UInt8(ascii: "^"),
            UInt8(ascii: "`"), UInt8(ascii: "|"), UInt8(ascii: "~"):
            true
        default: false
        }
    }
}
