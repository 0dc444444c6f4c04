import SQLite

/// Connections for reading, lent to one caller at a time; opened when none is idle.
final class ReaderPool: @unchecked Sendable {
    // Sendable: `idle` is touched only under `lock`.
    private let lock = Lock()
    private var idle: [Connection] = []
    private let path: String
    private let fileSystem: FileSystem?
    private static let mostIdle = 4

    init(path: String, fileSystem: FileSystem?) {
        self.path = path
        self.fileSystem = fileSystem
    }

    func withReader<Value>(_ body: (Connection) throws -> Value) throws -> Value {
        let connection = try takeIdle() ?? connect()
        defer { giveBack(connection) }
        return try body(connection)
    }

    func removeIdle() {
        lock.lock()
        idle.removeAll()
        lock.unlock()
    }

    private func takeIdle() -> Connection? {
        lock.lock()
        defer { lock.unlock() }
        return idle.popLast()
    }

    private func giveBack(_ connection: Connection) {
        lock.lock()
        defer { lock.unlock() }
        if idle.count < Self.mostIdle { idle.append(connection) }
    }

    private func connect() throws -> Connection {
        // Not opened read-only: a reader may be the one that has to recover the WAL after a crash.
        let connection = try Connection(path: path, mayCreate: false, on: fileSystem)
        connection.setBusyHandler(Store.busyHandler)
        try connection.execute("PRAGMA query_only=ON; PRAGMA temp_store=MEMORY")
        return connection
    }
}
