import Glibc
import SQLite

private enum Statements {
    static let beginWriting = SQL("BEGIN IMMEDIATE")
    static let beginReading = SQL("BEGIN")
    static let commit = SQL("COMMIT")
    static let rollBack = SQL("ROLLBACK")
    // Whoever commits later with a sync makes this commit durable too, since the WAL is one file in the order of the commits.
    static let syncLater = SQL("PRAGMA synchronous=NORMAL")
    static let syncAtCommit = SQL("PRAGMA synchronous=FULL")
}

/// The durable memory of sfn-run: one SQLite file that several processes share.
///
/// `write` is one `BEGIN IMMEDIATE … COMMIT`, durable when it returns (WAL, `synchronous=FULL`). Writers of all
/// processes take turns in the order they came; readers never wait for them. Nobody sees "database is locked".
///
///     let store = try Store(path: ".sfn-run/sfn.db")
///     let id = try store.write { tx in try tx.insert(newExecution) }
///     let row = try store.read { tx in try tx.execution(arn: arn) }
///
/// Both may be called from any thread and block it for as long as the disk takes. `write` does not nest.
/// They throw `StoreError`, or what their closure throws.
package final class Store: Sendable {
    package let path: String
    package let options: StoreOptions
    let locks: any EngineLocks
    private let writer: Writer
    private let readers: ReaderPool?

    /// Opens the store at `path`, creating or migrating it where needed.
    package init(path: String, options: StoreOptions = StoreOptions()) throws(StoreError) {
        self.path = path
        self.options = options
        locks = options.engineLocks ?? EngineLockFiles(storePath: path)
        let connection = try StoreError.wrapping(path) { try Store.connect(path: path, options: options) }
        writer = Writer(connection: connection, turn: options.isShared ? try WriterTurn(storePath: path) : nil)
        readers = options.isShared || options.fileSystem != nil ? ReaderPool(path: path, fileSystem: options.fileSystem) : nil
        try StoreError.wrapping(path) { try migrate() }
    }

    /// A store in memory, for tests and for runs that need not outlive the process.
    package static func inMemory() throws(StoreError) -> Store {
        var options = StoreOptions()
        options.isShared = false
        options.engineLocks = EngineLocksInProcess()
        return try Store(path: ":memory:", options: options)
    }

    /// Does everything in `body` in one transaction; durable when this returns, undone if it throws.
    package func write<Value>(_ body: (WriteTransaction) throws -> Value) throws -> Value {
        try write(isMigration: false, isSynced: true, body)
    }

    /// `isSynced` false: a power cut may undo it, unless something that follows it was synced; the death of the process does not.
    func write<Value>(isMigration: Bool = false, isSynced: Bool, _ body: (WriteTransaction) throws -> Value) throws -> Value {
        let bells = WriteTransaction.Bells()
        let value = try translated {
            try writer.withTurn { connection in
                if !isSynced { try connection.run(Statements.syncLater) }
                defer { if !isSynced { _ = try? connection.run(Statements.syncAtCommit) } }
                try connection.run(Statements.beginWriting)
                do {
                    let before = connection.totalChanges
                    let value = try body(WriteTransaction(connection: connection, bells: bells))
                    // Only rows are counted as changes, not tables.
                    let changes = isMigration || connection.totalChanges != before
                    if changes { options.killSwitch?.commitBegins() }
                    try connection.run(Statements.commit)
                    if changes { options.killSwitch?.commitEnded() }
                    return value
                } catch {
                    // After some failures SQLite has rolled back already.
                    if connection.isInTransaction { _ = try? connection.run(Statements.rollBack) }
                    throw error
                }
            }
        }
        ring(bells)
        return value
    }

    /// Asks questions of one consistent view of the store; never waits for a writer.
    package func read<Value>(_ body: (ReadTransaction) throws -> Value) throws -> Value {
        try translated {
            guard let readers else {
                return try writer.withConnection { try body(ReadTransaction(connection: $0)) }
            }
            return try readers.withReader { connection in
                try connection.run(Statements.beginReading)
                defer { _ = try? connection.run(Statements.commit) }
                return try body(ReadTransaction(connection: connection))
            }
        }
    }

    /// True when another process (or another `Store` on the file) has committed since the last time this was asked.
    package func othersHaveCommitted() throws -> Bool {
        try translated { try writer.othersHaveCommitted() }
    }

    /// Closes the idle connections. The file stays usable by others; engine locks are not touched.
    package func releaseIdleReaders() { readers?.removeIdle() }

    /// Lends the writing connection for what is not a transaction.
    func withConnection<Value>(_ body: (Connection) throws -> Value) throws -> Value {
        try translated { try writer.withConnection(body) }
    }

    func translated<Value>(_ body: () throws -> Value) throws -> Value {
        do {
            return try body()
        } catch let error as SQLiteError {
            throw StoreError(error, path: path)
        }
    }

    private func ring(_ bells: WriteTransaction.Bells) {
        for engine in bells.engines { locks.ring(engine) }
        guard bells.ringsAll, let engines = try? read({ try $0.engines() }) else { return }
        for engine in engines where !bells.engines.contains(engine.id) { locks.ring(engine.id) }
    }
}

/// How a store is opened.
package struct StoreOptions: Sendable {
    /// False: nobody else has the file (a database in memory, a simulated disk): one connection, no locks.
    package var isShared = true
    /// Nil: the system's own; else a simulated disk.
    package var fileSystem: FileSystem?
    /// Nil: lock files beside the database.
    package var engineLocks: (any EngineLocks)?
    /// Nil outside tests: ends the process at a chosen commit.
    package var killSwitch: CommitKillSwitch? = CommitKillSwitch.fromEnvironment
    /// False refuses to create a file that is not there.
    package var mayCreate = true

    package init() {}
}
