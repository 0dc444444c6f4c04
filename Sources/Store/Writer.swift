import Glibc
import SQLite

/// The one writing connection of a process and its turn among the writers of all processes.
final class Writer: Sendable {
    private let lock = Lock()
    private let connection: Connection
    private let turn: WriterTurn?
    private let seen = DataVersion()

    /// Sendable though mutable: read and written only under `Writer.lock`.
    private final class DataVersion: @unchecked Sendable {
        var value: Int64?
    }

    init(connection: Connection, turn: WriterTurn?) {
        self.connection = connection
        self.turn = turn
    }

    func withTurn<Value>(_ body: (Connection) throws -> Value) throws -> Value {
        lock.lock()
        defer { lock.unlock() }
        turn?.take()
        defer { turn?.pass() }
        return try body(connection)
    }

    /// For questions that need no turn; still one thread at a time.
    func withConnection<Value>(_ body: (Connection) throws -> Value) throws -> Value {
        lock.lock()
        defer { lock.unlock() }
        return try body(connection)
    }

    private static let dataVersion = SQL("PRAGMA data_version")

    func othersHaveCommitted() throws -> Bool {
        try withConnection { connection in
            let version = try connection.first(Self.dataVersion) { $0.integer(0) }
            defer { seen.value = version }
            return version != seen.value
        }
    }
}

/// A mutual exclusion for short or blocking sections of the shell; must not be taken twice by one thread.
final class Lock: @unchecked Sendable {
    // Sendable: a pthread mutex at a fixed address, made for being shared.
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)

    init() { pthread_mutex_init(mutex, nil) }

    deinit {
        pthread_mutex_destroy(mutex)
        mutex.deallocate()
    }

    func lock() { pthread_mutex_lock(mutex) }
    func unlock() { pthread_mutex_unlock(mutex) }
}
