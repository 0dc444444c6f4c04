import CProcess
import Glibc
import Synchronization

/// The one thread of this room that waits: for pipes, for the end of processes, for deadlines.
///
/// Handlers run on that thread, one after the other, and must not block. A thread of the cooperative pool never waits
/// for a process (two waiting threads would stop every Swift task of a two-core machine).
final class Reactor: Sendable {
    static let shared = Reactor()

    typealias Handler = @Sendable (_ events: Int16) -> Void

    private struct Watch {
        let id: UInt64
        let events: Int16
        let handler: Handler
    }
    private struct Timer {
        let deadline: UInt64
        let action: @Sendable () -> Void
    }
    private struct State {
        var watches: [Int32: Watch] = [:]
        var timers: [UInt64: Timer] = [:]
        var jobs: [@Sendable () -> Void] = []
        var nextID: UInt64 = 1
        var isStarted = false
    }
    private let state = Mutex(State())
    private let bell: Int32 = cprocess_bell()

    /// Runs `job` on the thread, soon.
    func submit(_ job: @escaping @Sendable () -> Void) {
        let mustStart = state.withLock { state in
            state.jobs.append(job)
            return Self.claimStart(&state)
        }
        wake(mustStart)
    }

    /// Calls `handler` whenever one of `events` (poll's) is there, until `forget`.
    func watch(_ descriptor: Int32, _ events: Int16, _ handler: @escaping Handler) {
        let mustStart = state.withLock { state in
            state.watches[descriptor] = Watch(id: state.nextID, events: events, handler: handler)
            state.nextID += 1
            return Self.claimStart(&state)
        }
        wake(mustStart)
    }

    /// To be called on the thread, before the descriptor is closed.
    func forget(_ descriptor: Int32) {
        _ = state.withLock { $0.watches.removeValue(forKey: descriptor) }
    }

    /// Calls `action` once, `milliseconds` from now, unless cancelled.
    func after(milliseconds: UInt64, _ action: @escaping @Sendable () -> Void) -> UInt64 {
        let (deadline, overflow) = Self.now().addingReportingOverflow(milliseconds)
        let (id, mustStart) = state.withLock { state in
            let id = state.nextID
            state.nextID += 1
            state.timers[id] = Timer(deadline: overflow ? .max : deadline, action: action)
            return (id, Self.claimStart(&state))
        }
        wake(mustStart)
        return id
    }

    func cancelTimer(_ id: UInt64) {
        _ = state.withLock { $0.timers.removeValue(forKey: id) }
    }

    // MARK: the thread

    private static func claimStart(_ state: inout State) -> Bool {
        defer { state.isStarted = true }
        return !state.isStarted
    }

    private func wake(_ mustStart: Bool) {
        if mustStart {
            var thread = pthread_t()
            pthread_create(
                &thread, nil,
                { _ in
                    var signals = sigset_t()
                    sigfillset(&signals)
                    pthread_sigmask(SIG_SETMASK, &signals, nil)
                    Reactor.shared.run()
                    return nil
                }, nil)
            pthread_detach(thread)
        } else {
            var one: UInt64 = 1
            _ = write(bell, &one, 8)
        }
    }

    private func run() {
        while true {
            let jobs = state.withLock { state in
                defer { state.jobs.removeAll(keepingCapacity: true) }
                return state.jobs
            }
            for job in jobs { job() }
            for action in takeDueTimers() { action() }
            let (watched, wait) = state.withLock { state in
                let wait: Int32
                if !state.jobs.isEmpty {
                    wait = 0
                } else if let next = state.timers.values.map(\.deadline).min() {
                    let now = Self.now()
                    wait = next <= now ? 0 : Int32(clamping: next - now)
                } else {
                    wait = -1
                }
                return (state.watches.map { ($0.key, $0.value) }, wait)
            }
            var entries = watched.map { pollfd(fd: $0.0, events: $0.1.events, revents: 0) }
            entries.append(pollfd(fd: bell, events: Int16(POLLIN), revents: 0))
            guard poll(&entries, nfds_t(entries.count), wait) > 0 else { continue }
            if entries[watched.count].revents != 0 {
                var count: UInt64 = 0
                _ = read(bell, &count, 8)
            }
            for (index, (descriptor, watch)) in watched.enumerated() where entries[index].revents != 0 {
                // An earlier handler of this round may have closed it, and the number may be another file's by now.
                let current = state.withLock { $0.watches[descriptor] }
                guard let current, current.id == watch.id else { continue }
                current.handler(entries[index].revents)
            }
        }
    }

    private func takeDueTimers() -> [@Sendable () -> Void] {
        let now = Self.now()
        return state.withLock { state in
            guard !state.timers.isEmpty else { return [] }
            let due = state.timers.filter { $0.value.deadline <= now }.sorted { $0.value.deadline < $1.value.deadline }
            for (id, _) in due { state.timers.removeValue(forKey: id) }
            return due.map(\.value.action)
        }
    }

    /// Milliseconds of the monotonic clock.
    static func now() -> UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return UInt64(time.tv_sec) * 1000 + UInt64(time.tv_nsec) / 1_000_000
    }
}
