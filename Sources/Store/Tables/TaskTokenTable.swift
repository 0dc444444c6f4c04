import SQLite

/// What a task token stands for.
package struct TaskTokenRow: Sendable, Equatable {
    package let execution: ExecutionID
    /// The …Scheduled event of the task.
    package let eventID: Int64
    /// False once the task has ended, or is not wanted any more: AWS then says TaskTimedOut.
    package let isOpen: Bool
}

private enum Statements {
    static let find = SQL("SELECT execution, event, is_open FROM task_token WHERE token = ?")
    static let byEvent = SQL("SELECT token FROM task_token WHERE execution = ? AND event = ?")
    static let open = SQL("INSERT INTO task_token (token, execution, event) VALUES (?, ?, ?)")
    static let close = SQL("UPDATE task_token SET is_open = 0 WHERE execution = ? AND event = ?")
    static let closeAll = SQL("UPDATE task_token SET is_open = 0 WHERE execution = ?")
}

extension Reading {
    /// What `token` stands for; nil if nobody was ever given it.
    package func taskToken(_ token: String) throws -> TaskTokenRow? {
        try connection.first(Statements.find, token) {
            TaskTokenRow(execution: ExecutionID(rawValue: $0.integer(0)), eventID: $0.integer(1), isOpen: $0.bool(2))
        }
    }

    /// The token that was given out for an event.
    package func taskToken(of execution: ExecutionID, event: Int64) throws -> String? {
        try connection.first(Statements.byEvent, execution, event) { $0.text(0) }
    }
}

extension WriteTransaction {
    /// Stores a token before it is given out. The caller makes it, unguessable.
    package func openToken(_ token: String, execution: ExecutionID, event: Int64) throws {
        try connection.run(Statements.open, token, execution, event)
    }

    package func closeToken(of execution: ExecutionID, event: Int64) throws {
        try connection.run(Statements.close, execution, event)
    }

    /// Closes every token of an execution that has ended.
    package func closeTokens(of execution: ExecutionID) throws { try connection.run(Statements.closeAll, execution) }
}
