import SQLite

/// What one commit appended to one execution: a JSON array of consecutive events.
package struct HistorySegment: Sendable, Equatable {
    package let firstEventID: Int64
    package let lastEventID: Int64
    /// The JSON array, in UTF-8.
    package let events: [UInt8]

    package init(firstEventID: Int64, lastEventID: Int64, events: [UInt8]) {
        self.firstEventID = firstEventID
        self.lastEventID = lastEventID
        self.events = events
    }
}

private enum Statements {
    static let append = SQL(
        "INSERT INTO history_segment (execution, first_event, last_event, events) VALUES (?, ?, ?, ?)")
    static let all = SQL(
        """
        SELECT first_event, last_event, events FROM history_segment WHERE execution = ? ORDER BY first_event, id
        """)
    // The segment that holds an id is the last one that begins at or before it.
    static let range = SQL(
        """
        SELECT first_event, last_event, events FROM history_segment
        WHERE execution = ?1 AND first_event <= ?3 AND first_event >= ifnull(
            (SELECT max(first_event) FROM history_segment WHERE execution = ?1 AND first_event <= ?2), 0)
        ORDER BY first_event, id
        """)
    static let reversed = SQL(
        """
        SELECT first_event, last_event, events FROM history_segment
        WHERE execution = ? AND first_event <= ? ORDER BY first_event DESC, id DESC
        """)
    static let last = SQL(
        "SELECT last_event FROM history_segment WHERE execution = ? ORDER BY first_event DESC, id DESC LIMIT 1")
}

extension Reading {
    /// Visits the history of an execution in order, one segment at a time, until `body` returns false.
    package func forEachHistorySegment(of execution: ExecutionID, _ body: (HistorySegment) throws -> Bool) throws {
        try connection.forEach(Statements.all, [execution]) { try body(HistorySegment(row: $0)) }
    }

    /// Visits it from the segment that holds event `last` back to the first, until `body` returns false.
    package func forEachHistorySegmentReversed(
        of execution: ExecutionID, from last: Int64 = .max, _ body: (HistorySegment) throws -> Bool
    ) throws {
        try connection.forEach(Statements.reversed, [execution, last]) { try body(HistorySegment(row: $0)) }
    }

    /// The whole history of an execution.
    package func historySegments(of execution: ExecutionID) throws -> [HistorySegment] {
        try connection.rows(Statements.all, execution) { HistorySegment(row: $0) }
    }

    /// The segments that hold the events `first` to `last`; those at the ends may hold more.
    package func historySegments(of execution: ExecutionID, from first: Int64, to last: Int64) throws -> [HistorySegment] {
        try connection.rows(Statements.range, execution, first, last) { HistorySegment(row: $0) }
    }

    /// The id of an execution's latest event; 0 when there is none.
    package func lastEventID(of execution: ExecutionID) throws -> Int64 {
        try connection.first(Statements.last, execution) { $0.integer(0) } ?? 0
    }
}

extension WriteTransaction {
    /// Appends consecutive events; refused unless they go on where the history ends.
    package func append(_ segment: HistorySegment, to execution: ExecutionID) throws {
        try connection.run(
            Statements.append, execution, segment.firstEventID, segment.lastEventID,
            SQLValue.encodedText(segment.events))
    }
}

extension HistorySegment {
    fileprivate init(row: Row) {
        self.init(firstEventID: row.integer(0), lastEventID: row.integer(1), events: row.bytes(2))
    }
}
