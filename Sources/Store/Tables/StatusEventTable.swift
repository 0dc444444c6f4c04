import SQLite

/// A status change that a sink (file, webhook) has not taken yet.
package struct StatusEventRow: Sendable, Equatable {
    package let id: Int64
    /// JSON, as EventBridge would deliver it
    package let event: String
}

private enum Statements {
    static let insert = SQL("INSERT INTO status_event (event, created_ms) VALUES (?, ?)")
    static let list = SQL("SELECT id, event FROM status_event ORDER BY id LIMIT ?")
    static let delete = SQL("DELETE FROM status_event WHERE id <= ?")
}

extension Reading {
    /// The status changes to deliver, oldest first.
    package func statusEvents(limit: Int) throws -> [StatusEventRow] {
        try connection.rows(Statements.list, limit) { StatusEventRow(id: $0.integer(0), event: $0.text(1)) }
    }
}

extension WriteTransaction {
    package func insertStatusEvent(_ event: String, at now: Milliseconds) throws {
        try connection.run(Statements.insert, event, now)
    }

    /// Forgets what has been delivered, up to and including this one.
    package func removeStatusEvents(through id: Int64) throws { try connection.run(Statements.delete, id) }
}
