import CCurl
import Glibc
import Synchronization

/// A handle of libcurl with all that is the same for every request, so that a request sets only what is its own.
///
/// Belongs to whoever holds it: the pool, then the caller that sets it up, then the driver of the multi handle, then the
/// caller again; the locks of the pool and of the worker's inbox lie between them.
final class CurlHandle {
    let easy: UnsafeMutableRawPointer
    let errorText: UnsafeMutablePointer<CChar>
    private static let errorTextSize = 256

    init?(_ authorities: CertificateAuthorities, userAgent: String) {
        guard let easy = ccurl_easy_init() else { return nil }
        self.easy = easy
        errorText = .allocate(capacity: Self.errorTextSize)
        errorText.initialize(repeating: 0, count: Self.errorTextSize)
        ccurl_set_pointer(easy, CCURL_ERRORBUFFER, errorText)
        ccurl_set_text(easy, CCURL_USERAGENT, userAgent)
        ccurl_set_long(easy, CCURL_PATH_AS_IS, 1)
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
        setReceivers()
    }

    deinit {
        ccurl_easy_cleanup(easy)
        errorText.deallocate()
    }

    private func setReceivers() {
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
}

/// The handles that are not in use, a few of them.
final class CurlHandlePool: Sendable {
    /// `@unchecked`: a handle in the pool is nobody's, and the lock gives it to one.
    private struct Spare: @unchecked Sendable {
        var handles: [CurlHandle] = []
        var count = 0
    }
    private let spare = Mutex(Spare())
    private let authorities: CertificateAuthorities
    private let userAgent: String
    private let many: Int
    private static let maximumSpare = 32

    init(_ configuration: HTTPClientConfiguration) {
        authorities = CertificateAuthorities(configured: configuration.authorities)
        userAgent = configuration.userAgent
        many = configuration.maximumTransfers
    }

    /// Handles that exist, used or kept.
    var count: Int { spare.withLock { $0.count } }

    /// nil: out of memory, or there are as many as may be used at once.
    func take(unlessMany: Bool = false) -> CurlHandle? {
        let (kept, isNew) = spare.withLock { spare in
            let kept = spare.handles.popLast()
            let isNew = kept == nil && !(unlessMany && spare.count >= many)
            if isNew { spare.count += 1 }
            return (Transferred(value: kept), isNew)
        }
        if let handle = kept.value { return handle }
        guard isNew else { return nil }
        if let handle = CurlHandle(authorities, userAgent: userAgent) { return handle }
        spare.withLock { $0.count -= 1 }
        return nil
    }

    /// `isPlain`: only what every request sets was set.
    func giveBack(_ handle: CurlHandle, isPlain: Bool) {
        let given = Transferred(value: handle)
        spare.withLock { spare in
            if isPlain, spare.handles.count < Self.maximumSpare {
                spare.handles.append(given.value)
            } else {
                spare.count -= 1
            }
        }
    }

    /// `@unchecked`: whoever gets it is the only one that has it.
    private struct Transferred<Value>: @unchecked Sendable {
        let value: Value
    }
}

/// Where certificate authorities are read from, when not from libcurl's own place.
struct CertificateAuthorities: Sendable {
    let file: String?
    let folder: String?

    init(configured: String?) {
        func variable(_ name: String) -> String? {
            guard let value = getenv(name), value.pointee != 0 else { return nil }
            return String(cString: value)
        }
        file = configured ?? variable("AWS_CA_BUNDLE") ?? variable("CURL_CA_BUNDLE") ?? variable("SSL_CERT_FILE")
        folder = configured == nil ? variable("SSL_CERT_DIR") : nil
    }
}
