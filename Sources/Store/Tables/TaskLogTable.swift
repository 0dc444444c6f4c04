import SQLite

/// Bytes that one attempt of a task printed.
package struct TaskLogChunk: Sendable, Equatable {
    /// The …Scheduled event of the attempt.
    package let eventID: Int64
    package let sequence: Int
    /// How many bytes the attempt had printed before; more than the chunks before hold when the head was dropped.
    package let startOffset: Int64
    package let bytes: [UInt8]
}

private enum Statements {
    static let last = SQL(
        """
        SELECT sequence, start_offset + length(bytes) FROM task_log
        WHERE execution = ? AND event = ? ORDER BY sequence DESC LIMIT 1
        """)
    static let insert = SQL(
        "INSERT INTO task_log (execution, event, sequence, start_offset, bytes) VALUES (?, ?, ?, ?, ?)")
    static let dropHead = SQL(
        "DELETE FROM task_log WHERE execution = ? AND event = ? AND start_offset + length(bytes) <= ? AND sequence < ?")
    static let attempt = SQL(
        """
        SELECT event, sequence, start_offset, bytes FROM task_log
        WHERE execution = ? AND event = ? AND sequence >= ? ORDER BY sequence
        """)
    static let execution = SQL(
        """
        SELECT event, sequence, start_offset, bytes FROM task_log WHERE execution = ? AND id > ? ORDER BY id
        """)
}

extension Reading {
    /// Visits what one attempt printed, in order, from chunk `sequence` on, until `body` returns false.
    package func forEachLogChunk(
        of execution: ExecutionID, event: Int64, from sequence: Int = 0, _ body: (TaskLogChunk) throws -> Bool
    ) throws {
        try connection.forEach(Statements.attempt, [execution, event, sequence]) { try body(TaskLogChunk(row: $0)) }
    }

    /// Visits what all attempts of an execution printed, in the order it was stored, until `body` returns false.
    package func forEachLogChunk(of execution: ExecutionID, _ body: (TaskLogChunk) throws -> Bool) throws {
        try connection.forEach(Statements.execution, [execution, 0]) { try body(TaskLogChunk(row: $0)) }
    }
}

extension WriteTransaction {
    /// Appends what an attempt printed. At least the last `limit` bytes of an attempt are kept, and at most that and
    /// the length of two chunks. `dropped`: so many bytes before these are not kept.
    package func appendLog(
        of execution: ExecutionID, event: Int64, bytes: [UInt8], dropped: Int = 0, limit: Int = 1 << 20
    ) throws {
        let (sequence, before) =
            try connection.first(Statements.last, execution, event) {
                (Int($0.integer(0)) + 1, $0.integer(1))
            } ?? (0, 0)
        let offset = before + Int64(dropped)
        try connection.run(Statements.insert, execution, event, sequence, offset, bytes)
        let end = offset + Int64(bytes.count)
        // Whole chunks that end before the part to keep. Looked for only when a limit may have been crossed.
        if end > Int64(limit) {
            try connection.run(Statements.dropHead, execution, event, end - Int64(limit), sequence)
        }
    }
}

extension TaskLogChunk {
    fileprivate init(row: Row) {
        eventID = row.integer(0)
        sequence = Int(row.integer(1))
        startOffset = row.integer(2)
        bytes = row.bytes(3)
    }
}
