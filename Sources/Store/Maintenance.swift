import Glibc
import SQLite

private enum Statements {
    static let integrity = SQL("PRAGMA integrity_check(20)")
    static let foreignKeys = SQL("PRAGMA foreign_key_check")
    // A child of a Map Run goes with its parent, never before it.
    static let prunable = SQL(
        """
        SELECT id FROM execution AS e WHERE id > ? AND stop_ms < ? AND map_run IS NULL AND NOT EXISTS (
            SELECT 1 FROM map_run AS r JOIN execution AS c ON c.map_run = r.id
            WHERE r.execution = e.id AND c.status = 'RUNNING')
        ORDER BY id LIMIT 200
        """)
    static let childrenOf = SQL(
        """
        DELETE FROM execution WHERE id IN (
            SELECT c.id FROM map_run AS r JOIN execution AS c ON c.map_run = r.id WHERE r.execution = ? LIMIT 2000)
        """)
    static let delete = SQL("DELETE FROM execution WHERE id = ? AND stop_ms < ?")
    static let deleteEnded = SQL("DELETE FROM execution WHERE id = ? AND stop_ms IS NOT NULL AND status <> 'PENDING_REDRIVE'")
}

extension Store {
    /// Deletes executions that ended before `time`, with everything that belongs to them, in small transactions so
    /// that others go on. Running executions are never touched. Returns how many went.
    package func prune(endedBefore time: Milliseconds) throws -> Int {
        var last: Int64 = 0
        var count = 0
        while true {
            let ids = try read { try $0.connection.rows(Statements.prunable, last, time) { $0.integer(0) } }
            guard let final = ids.last else { break }
            last = final
            for id in ids { while try write({ try $0.connection.run(Statements.childrenOf, id) }) > 0 {} }
            count += try write { tx in
                var deleted = 0
                for id in ids { deleted += try tx.connection.run(Statements.delete, id, time) }
                return deleted
            }
        }
        return count
    }

    /// Deletes one execution that has ended, with everything that belongs to it. False: it is not there or has not ended.
    package func deleteExecution(_ execution: ExecutionID) throws -> Bool {
        guard let row = try read({ try $0.execution(execution) }), row.status.isEnded else { return false }
        while try write({ try $0.connection.run(Statements.childrenOf, execution.rawValue) }) > 0 {}
        return try write { try $0.connection.run(Statements.deleteEnded, execution.rawValue) } == 1
    }

    /// Copies the store to a new file while it is in use.
    package func backUp(to target: String) throws {
        guard access(target, F_OK) != 0 else {
            throw StoreError(.cannotOpen, path: target, "\(target): this file exists; a backup is written to a new one")
        }
        try translated {
            let source = try Connection(path: path, mayCreate: false, on: options.fileSystem)
            source.setBusyHandler(Store.busyHandler)
            do throws(SQLiteError) {
                try source.backUp(to: target)
            } catch {
                throw StoreError(error, path: target)
            }
        }
    }

    /// What SQLite finds wrong with the file; empty when it is sound.
    package func integrityProblems() throws -> [String] {
        try read { tx in
            let problems = try tx.connection.rows(Statements.integrity) { $0.text(0) }.filter { $0 != "ok" }
            let dangling = try tx.connection.rows(Statements.foreignKeys) { row in
                "\(row.text(0)) row \(row.integer(1)) refers to a missing \(row.text(2))"
            }
            return problems + dangling
        }
    }

    /// Writes the WAL into the database file, as far as readers permit.
    package func checkpoint() throws {
        try withConnection { try $0.execute("PRAGMA wal_checkpoint(PASSIVE)") }
    }
}
