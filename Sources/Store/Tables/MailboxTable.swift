import SQLite

/// Something a process wants of the engine that runs an execution, or of one engine.
package struct MailboxMessage: Sendable, Equatable {
    package let id: Int64
    /// Nil for a message to an engine itself.
    package let execution: ExecutionID?
    /// The sender's and the engine's word: `stop`, `taskSucceeded` …
    package let kind: String
    /// JSON
    package let body: String
    package let createdMilliseconds: Milliseconds
}

private enum Statements {
    static let insert = SQL("INSERT INTO mailbox (execution, engine, kind, body, created_ms) VALUES (?, ?, ?, ?, ?)")
    static let owner = SQL("SELECT owner FROM execution WHERE id = ?")
    static let waiting = SQL(
        """
        SELECT m.id, m.execution, m.kind, m.body, m.created_ms
        FROM mailbox AS m LEFT JOIN execution AS e ON e.id = m.execution
        WHERE m.engine = ?1 OR e.owner = ?1 ORDER BY m.id LIMIT ?2
        """)
    static let waitingForExecution = SQL(
        "SELECT id, execution, kind, body, created_ms FROM mailbox WHERE execution = ? ORDER BY id")
    static let delete = SQL("DELETE FROM mailbox WHERE id = ?")
}

extension Reading {
    /// The messages for an engine, and for the executions it owns now, oldest first.
    package func messages(for engine: EngineID, limit: Int) throws -> [MailboxMessage] {
        try connection.rows(Statements.waiting, engine, limit) { MailboxMessage(row: $0) }
    }

    /// The messages that wait for an execution, whoever owns it.
    package func messages(for execution: ExecutionID) throws -> [MailboxMessage] {
        try connection.rows(Statements.waitingForExecution, execution) { MailboxMessage(row: $0) }
    }
}

extension WriteTransaction {
    /// Leaves a message for whoever owns the execution; its owner is woken after the commit. Without an owner the
    /// message waits for the one that claims the execution.
    package func send(_ kind: String, _ body: String, to execution: ExecutionID, at now: Milliseconds) throws {
        try connection.run(Statements.insert, execution, Int64?.none, kind, body, now)
        if let owner = try connection.first(Statements.owner, execution, read: { $0.optionalInteger(0) }) ?? nil {
            bells.engines.insert(EngineID(rawValue: owner))
        }
    }

    /// Leaves a message for an engine, which is woken after the commit. It is dropped if the engine ends first.
    package func send(_ kind: String, _ body: String, toEngine engine: EngineID, at now: Milliseconds) throws {
        try connection.run(Statements.insert, ExecutionID?.none, engine, kind, body, now)
        bells.engines.insert(engine)
    }

    /// Wakes an engine after the commit, without a message.
    package func wake(_ engine: EngineID) { bells.engines.insert(engine) }

    /// Wakes every engine after the commit: something has appeared that any of them may want.
    package func wakeAllEngines() { bells.ringsAll = true }

    /// Takes the messages for an engine and the executions it owns, oldest first. They are gone when this commits:
    /// store their consequences in the same transaction.
    package func drainMailbox(for engine: EngineID, limit: Int = 1_000) throws -> [MailboxMessage] {
        let messages = try messages(for: engine, limit: limit)
        for message in messages { try connection.run(Statements.delete, message.id) }
        return messages
    }

    /// Takes one message that was read before.
    package func remove(_ message: MailboxMessage) throws { try connection.run(Statements.delete, message.id) }
}

extension MailboxMessage {
    fileprivate init(row: Row) {
        id = row.integer(0)
        execution = row.optionalInteger(1).map(ExecutionID.init)
        kind = row.text(2)
        body = row.text(3)
        createdMilliseconds = row.integer(4)
    }
}
