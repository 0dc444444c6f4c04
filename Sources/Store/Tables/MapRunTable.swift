import SQLite

/// A Map Run: the children of one distributed Map state.
package struct MapRunRow: Sendable, Equatable {
    package let id: MapRunID
    package let arn: String
    package let execution: ExecutionID
    /// The machine of the children: `…:stateMachine:NAME/LABEL`.
    package let stateMachineARN: String
    /// RUNNING, SUCCEEDED, FAILED or ABORTED
    package let status: String
    package let maxConcurrency: Int
    package let toleratedFailureCount: Int
    package let toleratedFailurePercentage: Double
    /// JSON: itemCounts and executionCounts of DescribeMapRun
    package let itemCounts: String
    package let executionCounts: String
    /// JSON: what the engine wants to find again (reader, writer, batching …).
    package let configuration: String?
    package let startMilliseconds: Milliseconds
    package let stopMilliseconds: Milliseconds?
    package let redriveCount: Int
    package let redriveMilliseconds: Milliseconds?
}

/// What becomes of one child, for the ResultWriter.
package struct MapRunResult: Sendable, Equatable {
    package let execution: ExecutionRow
    package let payload: ExecutionPayload
}

private enum Statements {
    static let select = """
        SELECT id, arn, execution, state_machine_arn, status, max_concurrency, tolerated_failure_count,
            tolerated_failure_percentage, item_counts, execution_counts, configuration, start_ms, stop_ms, redrive_count,
            redrive_ms
        FROM map_run
        """
    static let byARN = SQL("\(select) WHERE arn = ?")
    static let byID = SQL("\(select) WHERE id = ?")
    static let list = SQL("\(select) WHERE execution = ? AND id < ? ORDER BY id DESC LIMIT ?")
    static let insert = SQL(
        """
        INSERT INTO map_run (arn, execution, state_machine_arn, status, max_concurrency, tolerated_failure_count,
            tolerated_failure_percentage, item_counts, execution_counts, configuration, start_ms)
        VALUES (?, ?, ?, 'RUNNING', ?, ?, ?, '{}', '{}', ?, ?)
        """)
    static let setCounts = SQL("UPDATE map_run SET item_counts = ?, execution_counts = ? WHERE id = ?")
    static let setLimits = SQL(
        """
        UPDATE map_run SET max_concurrency = ?, tolerated_failure_count = ?, tolerated_failure_percentage = ? WHERE id = ?
        """)
    static let end = SQL("UPDATE map_run SET status = ?, stop_ms = ? WHERE id = ?")
    static let redrive = SQL(
        """
        UPDATE map_run SET status = 'RUNNING', stop_ms = NULL, redrive_count = redrive_count + 1, redrive_ms = ?
        WHERE id = ? AND status <> 'RUNNING'
        """)
    static let results = SQL(
        """
        SELECT \(ExecutionRow.columns), i.input, e.output, i.trace_header, i.parameters
        FROM \(ExecutionRow.source) JOIN execution_input AS i ON i.execution = e.id
        WHERE e.map_run = ? AND e.item_index >= ? ORDER BY e.item_index
        """)
}

extension Reading {
    package func mapRun(arn: String) throws -> MapRunRow? {
        try connection.first(Statements.byARN, arn) { MapRunRow(row: $0) }
    }

    package func mapRun(_ id: MapRunID) throws -> MapRunRow? {
        try connection.first(Statements.byID, id) { MapRunRow(row: $0) }
    }

    /// The Map Runs of an execution, newest first; `before` is the last id of the page before.
    package func mapRuns(of execution: ExecutionID, before: MapRunID? = nil, limit: Int) throws -> [MapRunRow] {
        try connection.rows(Statements.list, execution, before?.rawValue ?? .max, limit) { MapRunRow(row: $0) }
    }

    /// Visits the children of a Map Run with their inputs and outputs, by item, in memory that does not grow with
    /// their number, until `body` returns false.
    package func forEachResult(of mapRun: MapRunID, from first: Int = 0, _ body: (MapRunResult) throws -> Bool) throws {
        try connection.forEach(Statements.results, [mapRun, first]) { row in
            let payload = ExecutionPayload(
                input: row.text(24), output: row.optionalText(25), traceHeader: row.optionalText(26),
                parameters: row.optionalText(27))
            return try body(MapRunResult(execution: ExecutionRow(row: row), payload: payload))
        }
    }
}

extension WriteTransaction {
    package func insertMapRun(
        arn: String, execution: ExecutionID, stateMachineARN: String, maxConcurrency: Int, toleratedFailureCount: Int,
        toleratedFailurePercentage: Double, configuration: String?, at now: Milliseconds
    ) throws -> MapRunID {
        try connection.run(
            Statements.insert, arn, execution, stateMachineARN, maxConcurrency, toleratedFailureCount,
            toleratedFailurePercentage, configuration, now)
        return MapRunID(rawValue: connection.lastInsertRowID)
    }

    /// Stores the JSON of itemCounts and executionCounts.
    package func setCounts(of mapRun: MapRunID, items: String, executions: String) throws {
        try connection.run(Statements.setCounts, items, executions, mapRun)
    }

    /// UpdateMapRun
    package func setLimits(
        of mapRun: MapRunID, maxConcurrency: Int, toleratedFailureCount: Int, toleratedFailurePercentage: Double
    ) throws {
        try connection.run(
            Statements.setLimits, maxConcurrency, toleratedFailureCount, toleratedFailurePercentage, mapRun)
    }

    /// `status`: SUCCEEDED, FAILED or ABORTED
    package func endMapRun(_ mapRun: MapRunID, status: String, at now: Milliseconds) throws {
        try connection.run(Statements.end, status, now, mapRun)
    }

    /// Sets an ended Map Run running again; false if it runs.
    @discardableResult
    package func redriveMapRun(_ mapRun: MapRunID, at now: Milliseconds) throws -> Bool {
        try connection.run(Statements.redrive, now, mapRun) == 1
    }
}

extension MapRunRow {
    fileprivate init(row: Row) {
        id = MapRunID(rawValue: row.integer(0))
        arn = row.text(1)
        execution = ExecutionID(rawValue: row.integer(2))
        stateMachineARN = row.text(3)
        status = row.text(4)
        maxConcurrency = Int(row.integer(5))
        toleratedFailureCount = Int(row.integer(6))
        toleratedFailurePercentage = row.real(7)
        itemCounts = row.text(8)
        executionCounts = row.text(9)
        configuration = row.optionalText(10)
        startMilliseconds = row.integer(11)
        stopMilliseconds = row.optionalInteger(12)
        redriveCount = Int(row.integer(13))
        redriveMilliseconds = row.optionalInteger(14)
    }
}
