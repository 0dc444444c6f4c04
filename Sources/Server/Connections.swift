import Glibc
import NIOCore
import Synchronization

/// The open connections and what they hold, so that slow or many clients cannot use up the process.
final class Connections: Sendable {
    private let limit: Int
    private let bodyLimit: Int
    private let open = Mutex<[ObjectIdentifier: Connection]>([:])
    /// Bytes of bodies that have been received and not been answered.
    private let bodyBytes = Atomic(0)

    /// `limit` connections at once, with `bodyLimit` bytes of unanswered bodies together.
    init(limit: Int, bodyLimit: Int) {
        self.limit = min(limit, max(16, FileLimit.raised() - 256))
        self.bodyLimit = bodyLimit
    }

    /// With too many, the one that has been idle longest makes room; nil: none is idle.
    func add(_ channel: any Channel) -> Connection? {
        let connection = Connection(channel)
        let (isAdded, closing) = open.withLock { open in
            var closing: Connection?
            if open.count >= limit {
                closing = open.values.filter { !$0.isAnswering }.min { $0.lastActive < $1.lastActive }
                guard let closing else { return (false, Connection?.none) }
                open[ObjectIdentifier(closing.channel)] = nil
            }
            open[ObjectIdentifier(channel)] = connection
            return (true, closing)
        }
        closing?.channel.close(promise: nil)
        return isAdded ? connection : nil
    }

    func remove(_ channel: any Channel) { open.withLock { _ = $0.removeValue(forKey: ObjectIdentifier(channel)) } }

    var count: Int { open.withLock { $0.count } }

    /// False: there is no room for so many bytes now.
    func reserve(bodyBytes count: Int) -> Bool {
        let new = bodyBytes.add(count, ordering: .relaxed).newValue
        if new <= bodyLimit { return true }
        bodyBytes.subtract(count, ordering: .relaxed)
        return false
    }

    func release(bodyBytes count: Int) { bodyBytes.subtract(count, ordering: .relaxed) }

    /// Closes what is idle at once, and the rest when it has answered, at the latest after `seconds`.
    func drain(seconds: Double) async {
        let deadline = ContinuousClock.now + .seconds(seconds)
        while true {
            let all = open.withLock { Array($0.values) }
            let isLate = ContinuousClock.now >= deadline
            for connection in all where isLate || !connection.isAnswering { try? await connection.channel.close() }
            if all.isEmpty || isLate { return }
            try? await Task.sleep(nanoseconds: 5_000_000)
        }
    }
}

/// One open connection, as others may see it.
final class Connection: Sendable {
    let channel: any Channel
    private let active = Atomic(Int64(0))
    private let answering = Atomic(false)

    init(_ channel: any Channel) {
        self.channel = channel
        touch()
    }

    /// Nanoseconds of the monotonic clock.
    var lastActive: Int64 { active.load(ordering: .relaxed) }
    func touch() { active.store(Int64(clamping: NIODeadline.now().uptimeNanoseconds), ordering: .relaxed) }

    /// From the moment a request is whole to the last byte of its answer.
    var isAnswering: Bool {
        get { answering.load(ordering: .acquiring) }
        set { answering.store(newValue, ordering: .releasing) }
    }
}

private enum FileLimit {
    /// How many files the process may have open, as many as it is allowed to ask for.
    static func raised() -> Int {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return 1024 }
        if limit.rlim_cur < limit.rlim_max, limit.rlim_cur < 65_536 {
            var wanted = limit
            wanted.rlim_cur = min(limit.rlim_max, 65_536)
            if setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &wanted) == 0 { limit = wanted }
        }
        return Int(clamping: limit.rlim_cur)
    }
}
