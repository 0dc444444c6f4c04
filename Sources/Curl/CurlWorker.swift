import CCurl
import Glibc
import Synchronization

/// The thread that owns the multi handle and every transfer.
///
/// `@unchecked`: the mutable members under "only the thread" are touched by the one thread that `start`
/// creates, everything that other threads hand over goes through `inbox`, and `curl_multi_wakeup` is the
/// one libcurl call that may come from any thread (the inbox's lock keeps it from a freed handle).
final class CurlWorker: @unchecked Sendable {
    typealias Continuation = CheckedContinuation<Result<HTTPResponse, HTTPFailure>, Never>
    typealias Ticket = UInt64

    private struct Submission {
        let request: HTTPRequest
        let ticket: Ticket
        let continuation: Continuation
    }

    private struct Inbox {
        var nextTicket: Ticket = 1
        var submissions: [Submission] = []
        /// Tickets that were handed in and have not been answered.
        var live: Set<Ticket> = []
        var cancelled: [Ticket] = []
        /// Cancelled before their submission arrived.
        var cancelledEarly: Set<Ticket> = []
        var stopping = false
        /// nil once the thread has freed it.
        var multi: UnsafeMutableRawPointer?
        var handles = 0
    }

    private let inbox: Mutex<Inbox>
    private let configuration: HTTPClientConfiguration
    private let authorities: CertificateAuthorities

    // only the thread:
    private let multi: UnsafeMutableRawPointer
    private var active: [Ticket: CurlTransfer] = [:]
    private var tickets: [UnsafeMutableRawPointer: Ticket] = [:]
    private var waiting: [Submission] = []
    private var waitingHead = 0
    private var spare: [UnsafeMutableRawPointer] = []
    private static let maximumSpare = 32

    static func start(_ configuration: HTTPClientConfiguration) throws(HTTPFailure) -> CurlWorker {
        if let problem = ccurl_load() { throw HTTPFailure(.other, String(cString: problem)) }
        guard let multi = ccurl_multi_init() else { throw HTTPFailure(.other, "out of memory") }
        let worker = CurlWorker(multi, configuration)
        let context = Unmanaged.passRetained(worker)
        var thread = pthread_t()
        var attributes = pthread_attr_t()
        pthread_attr_init(&attributes)
        pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
        defer { pthread_attr_destroy(&attributes) }
        let code = pthread_create(
            &thread, &attributes,
            { context in
                if let context { Unmanaged<CurlWorker>.fromOpaque(context).takeRetainedValue().run() }
                return nil
            }, context.toOpaque())
        guard code == 0 else {
            context.release()
            ccurl_multi_cleanup(multi)
            throw HTTPFailure(.other, "no thread: \(String(cString: strerror(code)))")
        }
        return worker
    }

    private init(_ multi: UnsafeMutableRawPointer, _ configuration: HTTPClientConfiguration) {
        self.multi = multi
        self.configuration = configuration
        authorities = CertificateAuthorities(configured: configuration.authorities)
        inbox = Mutex(Inbox())
        let address = UInt(bitPattern: multi)
        inbox.withLock { $0.multi = UnsafeMutableRawPointer(bitPattern: address) }
        ccurl_multi_set_long(multi, CCURL_MULTI_MAXCONNECTS, Int(clamping: configuration.maximumIdleConnections))
    }

    // MARK: from any thread

    var inFlight: Int { inbox.withLock { $0.live.count } }
    var handles: Int { inbox.withLock { $0.handles } }

    func newTicket() -> Ticket {
        inbox.withLock { inbox in
            defer { inbox.nextTicket += 1 }
            return inbox.nextTicket
        }
    }

    func submit(_ request: HTTPRequest, _ ticket: Ticket, _ continuation: Continuation) {
        let accepted = inbox.withLock { inbox in
            if inbox.stopping || inbox.cancelledEarly.remove(ticket) != nil { return false }
            inbox.live.insert(ticket)
            inbox.submissions.append(Submission(request: request, ticket: ticket, continuation: continuation))
            if let multi = inbox.multi { ccurl_multi_wakeup(multi) }
            return true
        }
        if !accepted { continuation.resume(returning: .failure(HTTPFailure(.cancelled, "cancelled"))) }
    }

    func cancel(_ ticket: Ticket) {
        inbox.withLock { inbox in
            guard inbox.live.contains(ticket) else {
                inbox.cancelledEarly.insert(ticket)
                return
            }
            inbox.cancelled.append(ticket)
            if let multi = inbox.multi { ccurl_multi_wakeup(multi) }
        }
    }

    /// After the answer: a cancellation that came too late leaves nothing behind.
    func forget(_ ticket: Ticket) {
        inbox.withLock { inbox in
            if !inbox.cancelledEarly.isEmpty { inbox.cancelledEarly.remove(ticket) }
        }
    }

    func stop() {
        inbox.withLock { inbox in
            inbox.stopping = true
            if let multi = inbox.multi { ccurl_multi_wakeup(multi) }
        }
    }

    // MARK: on the thread

    private func run() {
        while takeOrders() {
            var running: Int32 = 0
            ccurl_multi_perform(multi, &running)
            finishDone()
            startWaiting()
            ccurl_multi_poll(multi, 60_000)
        }
        for ticket in Array(active.keys) { end(ticket, .failure(HTTPFailure(.cancelled, "the client was shut down"))) }
        for submission in waiting[waitingHead...] {
            answer(submission, .failure(HTTPFailure(.cancelled, "the client was shut down")))
        }
        for easy in spare { ccurl_easy_cleanup(easy) }
        spare = []
        inbox.withLock {
            $0.multi = nil
            $0.handles = 0
        }
        ccurl_multi_cleanup(multi)
    }

    /// False once the thread is to end.
    private func takeOrders() -> Bool {
        let (submissions, cancelled, stopping) = inbox.withLock { inbox in
            defer {
                inbox.submissions = []
                inbox.cancelled = []
            }
            return (inbox.submissions, inbox.cancelled, inbox.stopping)
        }
        waiting.append(contentsOf: submissions)
        if !cancelled.isEmpty { cancelAll(Set(cancelled)) }
        startWaiting()
        return !stopping
    }

    private func cancelAll(_ cancelled: Set<Ticket>) {
        let failure = HTTPFailure(.cancelled, "cancelled")
        for ticket in cancelled where active[ticket] != nil { end(ticket, .failure(failure)) }
        let line = waiting[waitingHead...]
        waiting = line.filter { !cancelled.contains($0.ticket) }
        waitingHead = 0
        for submission in line where cancelled.contains(submission.ticket) { answer(submission, .failure(failure)) }
    }

    private func startWaiting() {
        while active.count < configuration.maximumTransfers, waitingHead < waiting.count {
            let submission = waiting[waitingHead]
            waitingHead += 1
            begin(submission)
        }
        if waitingHead == waiting.count, waitingHead > 0 {
            waiting.removeAll(keepingCapacity: waiting.count < 1024)
            waitingHead = 0
        }
    }

    private func begin(_ submission: Submission) {
        guard let easy = newHandle() else {
            answer(submission, .failure(HTTPFailure(.other, "out of memory")))
            return
        }
        do {
            let transfer = try CurlTransfer(
                submission.request, submission.continuation, easy, authorities, userAgent: configuration.userAgent)
            active[submission.ticket] = transfer
            tickets[easy] = submission.ticket
            let code = ccurl_multi_add(multi, easy)
            if code != 0 { end(submission.ticket, .failure(HTTPFailure(.other, "curl_multi_add_handle: \(code)"))) }
        } catch {
            recycle(easy)
            answer(submission, .failure(error))
        }
    }

    private func finishDone() {
        var code: Int32 = 0
        while let easy = ccurl_multi_next_done(multi, &code) {
            guard let ticket = tickets[easy], let transfer = active[ticket] else { continue }
            end(ticket, transfer.result(code))
        }
    }

    private func end(_ ticket: Ticket, _ result: Result<HTTPResponse, HTTPFailure>) {
        guard let transfer = active.removeValue(forKey: ticket) else { return }
        ccurl_multi_remove(multi, transfer.easy)
        tickets[transfer.easy] = nil
        let continuation = transfer.continuation
        transfer.release()
        recycle(transfer.easy)
        inbox.withLock { _ = $0.live.remove(ticket) }
        continuation.resume(returning: result)
    }

    private func answer(_ submission: Submission, _ result: Result<HTTPResponse, HTTPFailure>) {
        inbox.withLock { _ = $0.live.remove(submission.ticket) }
        submission.continuation.resume(returning: result)
    }

    private func newHandle() -> UnsafeMutableRawPointer? {
        if let easy = spare.popLast() { return easy }
        guard let easy = ccurl_easy_init() else { return nil }
        inbox.withLock { $0.handles += 1 }
        return easy
    }

    private func recycle(_ easy: UnsafeMutableRawPointer) {
        if spare.count < Self.maximumSpare {
            ccurl_easy_reset(easy)
            spare.append(easy)
        } else {
            ccurl_easy_cleanup(easy)
            inbox.withLock { $0.handles -= 1 }
        }
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
