import CCurl
import Glibc
import Synchronization

/// The multi handle, and who drives it: one at a time, a thread of its own or the caller of a request that is alone.
///
/// A request that is alone and whose server answers at once is driven by its own caller, for some hundred microseconds:
/// handing it to the thread and back costs more than the request. Everything else is driven by the thread.
///
/// `@unchecked`: the members under "the driver's" are touched by the driver alone, whom the inbox names under its lock, and
/// `curl_multi_wakeup` is the one libcurl call that may come from any thread.
final class CurlWorker: @unchecked Sendable {
    private enum Driver { case nobody, caller, thread }

    private struct Inbox {
        var submissions: [CurlTransfer] = []
        var cancelled: [CurlTransfer] = []
        /// Handed in and not answered.
        var inFlight = 0
        var stopping = false
        var driver = Driver.nobody
        /// The driver is in `curl_multi_poll`, or about to be, and has not been woken.
        var sleeps = false
        /// Requests to come before a caller drives again.
        var patience = 2

        var isEmpty: Bool { submissions.isEmpty && cancelled.isEmpty && !stopping }

        /// True: whoever gets this is to wake the driver.
        mutating func takeSleep() -> Bool {
            defer { sleeps = false }
            return sleeps
        }
    }

    let pool: CurlHandlePool
    private let inbox = Mutex(Inbox())
    private let maximumTransfers: Int
    private let multi: UnsafeMutableRawPointer
    /// Posted when the thread is to drive.
    private let toThread: UnsafeMutablePointer<sem_t>

    // the driver's:
    private var active: [CurlTransfer] = []
    private var waiting: [CurlTransfer] = []
    private var waitingHead = 0
    private var ended: [CurlTransfer] = []

    /// A caller drives for so long at most, and only where the answers come faster.
    private static let callersNanoseconds: Int64 = 2_000_000
    /// After an answer that took longer so many requests go by before a caller drives again.
    private static let patienceAfterSlow = 8
    /// The same after others have come while a caller drove: where many come together the thread is there sooner.
    private static let patienceAfterOthers = 100

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
            throw HTTPFailure(.other, "no thread: \(String(cString: strerror(code)))")
        }
        return worker
    }

    private init(_ multi: UnsafeMutableRawPointer, _ configuration: HTTPClientConfiguration) {
        self.multi = multi
        pool = CurlHandlePool(configuration)
        maximumTransfers = configuration.maximumTransfers
        toThread = .allocate(capacity: 1)
        sem_init(toThread, 0, 0)
        ccurl_multi_set_long(multi, CCURL_MULTI_MAXCONNECTS, Int(clamping: configuration.maximumIdleConnections))
    }

    deinit {
        ccurl_multi_cleanup(multi)
        sem_destroy(toThread)
        toThread.deallocate()
    }

    // MARK: from any thread

    var inFlight: Int { inbox.withLock { $0.inFlight } }

    /// Returns when the transfer has ended.
    func perform(_ transfer: CurlTransfer) async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { submit(transfer, $0) }
        } onCancel: {
            cancel(transfer)
        }
        // The continuation orders both sides; the thread sanitizer sees only what is said with a lock.
        inbox.withLock { _ in }
    }

    private func submit(_ transfer: CurlTransfer, _ continuation: CurlTransfer.Continuation) {
        enum Next { case refused, nothing, wake, drive, callThread }
        let next = inbox.withLock { inbox -> Next in
            if inbox.stopping || transfer.state == .cancelledEarly { return .refused }
            transfer.state = .live
            transfer.continuation = continuation
            inbox.inFlight += 1
            inbox.submissions.append(transfer)
            switch inbox.driver {
            case .caller, .thread: return inbox.takeSleep() ? .wake : .nothing
            case .nobody:
                inbox.patience -= 1
                inbox.driver = inbox.patience <= 0 ? .caller : .thread
                return inbox.driver == .caller ? .drive : .callThread
            }
        }
        switch next {
        case .refused:
            transfer.end(HTTPFailure(.cancelled, "cancelled"))
            continuation.resume()
        case .nothing: break
        case .wake: ccurl_multi_wakeup(multi)
        case .drive: drive(forCallerOf: transfer)
        case .callThread: sem_post(toThread)
        }
    }

    private func cancel(_ transfer: CurlTransfer) {
        let wakes = inbox.withLock { inbox in
            switch transfer.state {
            case .new: transfer.state = .cancelledEarly
            case .live:
                inbox.cancelled.append(transfer)
                return inbox.takeSleep()
            case .cancelledEarly, .ended: break
            }
            return false
        }
        if wakes { ccurl_multi_wakeup(multi) }
    }

    func stop() {
        let (callsThread, wakes) = inbox.withLock { inbox in
            inbox.stopping = true
            let isIdle = inbox.driver == .nobody
            if isIdle { inbox.driver = .thread }
            return (isIdle, inbox.takeSleep())
        }
        if callsThread { sem_post(toThread) }
        if wakes { ccurl_multi_wakeup(multi) }
    }

    // MARK: driving

    /// The thread: drives when it is asked to, until nothing is left to do.
    private func run() {
        while true {
            while sem_wait(toThread) != 0 {}
            repeat {
                while takeOrders() {
                    drive()
                    guard !active.isEmpty || waitingHead < waiting.count else { break }
                    if sleeps() { ccurl_multi_poll(multi, 60_000) }
                }
                if inbox.withLock({ $0.stopping }) { return endAll() }
            } while !rests()
        }
    }

    /// In the place of the thread, for a short time; whatever is left then is the thread's.
    private func drive(forCallerOf transfer: CurlTransfer) {
        let deadline = Self.now() + Self.callersNanoseconds
        while takeOrders() {
            drive()
            let isAnswered = transfer.continuation == nil
            let others = active.count + waiting.count - waitingHead - (isAnswered ? 0 : 1)
            if others > 0 {
                inbox.withLock { $0.patience = Self.patienceAfterOthers }
                break
            }
            if isAnswered { break }
            if Self.now() > deadline {
                inbox.withLock { $0.patience = Self.patienceAfterSlow }
                break
            }
            // The shortest time that it knows.
            if sleeps() { ccurl_multi_poll(multi, 1) }
        }
        if !rests() { sem_post(toThread) }
    }

    /// True: there is nothing to do, and nobody drives from here on. False: the thread is to go on.
    private func rests() -> Bool {
        let isIdle = active.isEmpty && waitingHead == waiting.count
        return inbox.withLock { inbox in
            let rests = isIdle && inbox.isEmpty
            inbox.driver = rests ? .nobody : .thread
            return rests
        }
    }

    /// False: something has arrived meanwhile.
    private func sleeps() -> Bool {
        inbox.withLock { inbox in
            inbox.sleeps = inbox.isEmpty
            return inbox.sleeps
        }
    }

    private func drive() {
        startWaiting()
        var running: Int32 = 0
        ccurl_multi_perform(multi, &running)
        finishDone()
        startWaiting()
        answerEnded()
    }

    /// False once all is to end.
    private func takeOrders() -> Bool {
        let (submissions, cancelled, stopping) = inbox.withLock { inbox in
            defer {
                inbox.submissions.removeAll(keepingCapacity: inbox.submissions.count < 1024)
                inbox.cancelled = []
                inbox.sleeps = false
            }
            return (inbox.submissions, inbox.cancelled, inbox.stopping)
        }
        waiting.append(contentsOf: submissions)
        if !cancelled.isEmpty { cancelAll(cancelled) }
        return !stopping
    }

    private func cancelAll(_ cancelled: [CurlTransfer]) {
        let failure = HTTPFailure(.cancelled, "cancelled")
        for transfer in cancelled {
            transfer.isCancelled = true
            if transfer.isActive { end(transfer, failure) }
        }
        let line = waiting[waitingHead...]
        waiting = line.filter { !$0.isCancelled }
        waitingHead = 0
        for transfer in line where transfer.isCancelled { end(transfer, failure) }
        answerEnded()
    }

    private func startWaiting() {
        while active.count < maximumTransfers, waitingHead < waiting.count {
            begin(waiting[waitingHead])
            waitingHead += 1
        }
        if waitingHead == waiting.count, waitingHead > 0 {
            waiting.removeAll(keepingCapacity: waiting.count < 1024)
            waitingHead = 0
        }
    }

    private func begin(_ transfer: CurlTransfer) {
        do throws(HTTPFailure) {
            try transfer.prepare(pool)
        } catch {
            return end(transfer, error)
        }
        guard let easy = transfer.handle?.easy else { return }
        transfer.place = active.count
        transfer.isActive = true
        transfer.began = Self.now()
        active.append(transfer)
        let code = ccurl_multi_add(multi, easy)
        if code != 0 { end(transfer, HTTPFailure(.other, "curl_multi_add_handle: \(code)")) }
    }

    private func finishDone() {
        var code: Int32 = 0
        while let easy = ccurl_multi_next_done(multi, &code) {
            guard let context = ccurl_get_private(easy) else { continue }
            // `active` keeps it.
            let transfer = Unmanaged<CurlTransfer>.fromOpaque(context).takeUnretainedValue()
            transfer.end(code)
            leave(transfer)
            ended.append(transfer)
        }
    }

    private func end(_ transfer: CurlTransfer, _ failure: HTTPFailure) {
        transfer.end(failure)
        if transfer.isActive { leave(transfer) }
        ended.append(transfer)
    }

    /// Takes it from the active ones; the last of them takes its place.
    private func leave(_ transfer: CurlTransfer) {
        if let easy = transfer.handle?.easy { ccurl_multi_remove(multi, easy) }
        transfer.isActive = false
        guard let last = active.popLast(), last !== transfer else { return }
        last.place = transfer.place
        active[transfer.place] = last
    }

    private func answerEnded() {
        guard !ended.isEmpty else { return }
        let answered = ended
        ended.removeAll(keepingCapacity: ended.count < 1024)
        let now = Self.now()
        let isSlow = answered.contains { $0.began > 0 && now - $0.began > Self.callersNanoseconds }
        inbox.withLock { inbox in
            inbox.inFlight -= answered.count
            if isSlow { inbox.patience = Self.patienceAfterSlow }
            for transfer in answered { transfer.state = .ended }
        }
        for transfer in answered {
            let continuation = transfer.continuation
            transfer.continuation = nil
            continuation?.resume()
        }
    }

    private func endAll() {
        _ = takeOrders()
        let failure = HTTPFailure(.cancelled, "the client was shut down")
        for transfer in Array(active) { end(transfer, failure) }
        for transfer in waiting[waitingHead...] { end(transfer, failure) }
        waiting = []
        waitingHead = 0
        answerEnded()
    }

    private static func now() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }
}
