import Glibc
import SQLite

/// A process that runs executions of this store.
package struct EngineRow: Sendable, Equatable {
    package let id: EngineID
    package let processID: Int64
    package let name: String
    package let startedMilliseconds: Milliseconds
}

/// This process's place among the engines: its id and the lock that proves it is alive.
package struct EngineRegistration: Sendable {
    package let id: EngineID
    let lock: any HeldEngineLock
}

/// An engine whose process is gone. Its lock is held now, so that nobody else takes it over.
package struct DeadEngine: Sendable {
    package let row: EngineRow
    let lock: any HeldEngineLock
}

private enum Statements {
    static let all = SQL("SELECT id, process_id, name, started_ms FROM engine ORDER BY id")
    static let insert = SQL("INSERT INTO engine (process_id, name, started_ms) VALUES (?, ?, ?)")
    static let delete = SQL("DELETE FROM engine WHERE id = ?")
    static let takeOver = SQL("UPDATE execution SET owner = ? WHERE owner = ?")
}

extension Reading {
    /// Every registered engine, living or dead.
    package func engines() throws -> [EngineRow] {
        try connection.rows(Statements.all) { row in
            EngineRow(
                id: EngineID(rawValue: row.integer(0)), processID: row.integer(1), name: row.text(2),
                startedMilliseconds: row.integer(3))
        }
    }
}

extension Store {
    /// Registers this process as an engine. `name` is for people ("serve", "run order").
    package func registerEngine(name: String, at now: Milliseconds) throws -> EngineRegistration {
        var taken: (any HeldEngineLock)?
        do {
            // Lost, it takes nothing with it: what this engine commits makes it durable too.
            return try write(isSynced: false) { tx in
                try tx.connection.run(Statements.insert, Int(getpid()), name, now)
                let id = EngineID(rawValue: tx.connection.lastInsertRowID)
                // Nobody sees the row before the commit, so nobody finds it without its lock.
                guard let lock = locks.take(id) else {
                    throw StoreError(.cannotOpen, path: path, "\(path): the lock file of engine \(id.rawValue) cannot be made")
                }
                taken = lock
                return EngineRegistration(id: id, lock: lock)
            }
        } catch {
            taken?.release(isForgotten: true)
            throw error
        }
    }

    /// Ends a registration in good order: what the engine still owned has no owner and can be claimed at once.
    package func deregister(_ engine: EngineRegistration) throws {
        // Lost, it leaves an engine that is dead, as a crash does.
        try write(isSynced: false) { tx in _ = try tx.connection.run(Statements.delete, engine.id) }
        engine.lock.release(isForgotten: true)
    }

    /// The registered engines whose processes are gone. Each must be given to `takeOver`, `release` or `giveBack`.
    package func deadEngines() throws -> [DeadEngine] {
        try read { try $0.engines() }.compactMap { row in
            locks.take(row.id).map { DeadEngine(row: row, lock: $0) }
        }
    }

    /// Makes `engine` the owner of everything a dead engine left, and forgets the dead one.
    /// Returns how many executions changed hands.
    @discardableResult
    package func takeOver(_ dead: DeadEngine, by engine: EngineID) throws -> Int {
        let count = try write { tx in
            let count = try tx.connection.run(Statements.takeOver, engine, dead.row.id)
            try tx.connection.run(Statements.delete, dead.row.id)
            return count
        }
        dead.lock.release(isForgotten: true)
        return count
    }

    /// Forgets a dead engine; its executions have no owner and wait to be claimed or resumed.
    package func release(_ dead: DeadEngine) throws {
        try write { tx in _ = try tx.connection.run(Statements.delete, dead.row.id) }
        dead.lock.release(isForgotten: true)
    }

    /// Leaves a dead engine as it was found.
    package func giveBack(_ dead: DeadEngine) { dead.lock.release(isForgotten: false) }
}
