import Glibc

/// Where everything that happens arrives, from any thread; one thread empties it.
final class Mailbox<Message: Sendable>: @unchecked Sendable {
    // Sendable: `messages` and `isRung` are touched only under `mutex`; the C objects stay at their addresses.
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    private var messages: [Message] = []
    private var isClosed = false
    /// Told of what arrives after the end.
    private let refuse: @Sendable (Message) -> Void

    init(refusingWith refuse: @escaping @Sendable (Message) -> Void = { _ in }) {
        self.refuse = refuse
        pthread_mutex_init(mutex, nil)
        pthread_cond_init(condition, nil)
    }

    deinit {
        pthread_mutex_destroy(mutex)
        pthread_cond_destroy(condition)
        mutex.deallocate()
        condition.deallocate()
    }

    func post(_ message: Message) {
        pthread_mutex_lock(mutex)
        if isClosed {
            pthread_mutex_unlock(mutex)
            return refuse(message)
        }
        messages.append(message)
        let first = messages.count == 1
        pthread_mutex_unlock(mutex)
        if first { pthread_cond_signal(condition) }
    }

    var isEmpty: Bool {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        return messages.isEmpty
    }

    /// What has arrived, in order and `most` at a time; waits for something until `deadline` (milliseconds since 1970; nil: for ever).
    func take(until deadline: Int64?, most: Int = .max) -> [Message] {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        if let deadline {
            var time = timespec(tv_sec: Int(deadline / 1000), tv_nsec: Int(deadline % 1000) * 1_000_000)
            while messages.isEmpty {
                if pthread_cond_timedwait(condition, mutex, &time) != 0 { break }
            }
        } else {
            while messages.isEmpty { pthread_cond_wait(condition, mutex) }
        }
        guard messages.count > most else {
            defer { messages = [] }
            return messages
        }
        defer { messages.removeFirst(most) }
        return Array(messages.prefix(most))
    }

    /// What has arrived and not been taken.
    var count: Int {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        return messages.count
    }

    /// Nobody takes any more: what is there and what still arrives is refused.
    func close() {
        pthread_mutex_lock(mutex)
        isClosed = true
        let left = messages
        messages = []
        pthread_mutex_unlock(mutex)
        for message in left { refuse(message) }
    }
}
