import SQLite

/// AWS's execution status.
package enum StoredStatus: String, Sendable, CaseIterable, SQLBindable {
    case running = "RUNNING"
    case succeeded = "SUCCEEDED"
    case failed = "FAILED"
    case timedOut = "TIMED_OUT"
    case aborted = "ABORTED"
    case pendingRedrive = "PENDING_REDRIVE"

    package var isEnded: Bool { self != .running && self != .pendingRedrive }
}

/// AWS's type of a state machine.
package enum StoredType: String, Sendable, SQLBindable {
    case standard = "STANDARD"
    case express = "EXPRESS"
}

/// How an execution ended.
package struct StoredEnding: Sendable, Equatable {
    package let status: StoredStatus
    package let stopMilliseconds: Milliseconds
    package let output: String?
    package let error: String?
    package let cause: String?

    package init(
        status: StoredStatus, stopMilliseconds: Milliseconds, output: String? = nil, error: String? = nil,
        cause: String? = nil
    ) {
        self.status = status
        self.stopMilliseconds = stopMilliseconds
        self.output = output
        self.error = error
        self.cause = cause
    }
}

/// An execution about to be stored. With an `ending` it began and ended in one commit, which costs one row less.
package struct NewExecution: Sendable {
    package var arn: String
    package var name: String
    package var stateMachine: StateMachineID
    package var definition: DefinitionID
    package var type: StoredType
    package var startMilliseconds: Milliseconds
    /// JSON
    package var input: String
    /// Who runs it; nil leaves it to whoever claims it.
    package var owner: EngineID?
    package var versionARN: String?
    package var aliasARN: String?
    package var mapRun: MapRunID?
    /// The item (or batch) of the Map Run that it works on, from 0.
    package var itemIndex: Int?
    package var parent: ExecutionID?
    package var traceHeader: String?
    /// JSON: what the engine or the CLI wants to find again (parameters, paths of machine and config file …).
    package var parameters: String?
    package var timeScale: Double?
    /// AWS's quotas are lifted for it.
    package var isUnlimited = false
    package var isPendingRedrive = false
    package var ending: StoredEnding?

    package init(
        arn: String, name: String, stateMachine: StateMachineID, definition: DefinitionID, type: StoredType,
        startMilliseconds: Milliseconds, input: String, owner: EngineID? = nil
    ) {
        self.arn = arn
        self.name = name
        self.stateMachine = stateMachine
        self.definition = definition
        self.type = type
        self.startMilliseconds = startMilliseconds
        self.input = input
        self.owner = owner
    }
}

/// An execution without its large values.
package struct ExecutionRow: Sendable, Equatable {
    package let id: ExecutionID
    package let arn: String
    package let name: String
    package let stateMachine: StateMachineID
    package let stateMachineARN: String
    package let definition: DefinitionID
    package let type: StoredType
    package let status: StoredStatus
    package let startMilliseconds: Milliseconds
    package let stopMilliseconds: Milliseconds?
    package let owner: EngineID?
    package let parkedUntilMilliseconds: Milliseconds?
    package let redriveCount: Int
    package let redriveMilliseconds: Milliseconds?
    package let versionARN: String?
    package let aliasARN: String?
    package let mapRun: MapRunID?
    package let mapRunARN: String?
    package let itemIndex: Int?
    package let parent: ExecutionID?
    package let timeScale: Double?
    package let isUnlimited: Bool
    package let error: String?
    package let cause: String?
}

/// The large values of an execution.
package struct ExecutionPayload: Sendable, Equatable {
    /// JSON
    package let input: String
    /// JSON
    package let output: String?
    package let traceHeader: String?
    /// JSON
    package let parameters: String?
}

private enum Statements {
    static let insert = SQL(
        """
        INSERT INTO execution (id, arn, arn_hash, name, state_machine, definition, type, status, start_ms, stop_ms, owner,
            version_arn, alias_arn, map_run, item_index, parent, time_scale, is_unlimited, error, cause, output)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """)
    static let lastID = SQL("SELECT id FROM execution ORDER BY id DESC LIMIT 1")
    static let insertInput = SQL(
        "INSERT INTO execution_input (execution, input, trace_header, parameters) VALUES (?, ?, ?, ?)")
    static let byID = SQL("\(ExecutionRow.select) WHERE e.id = ?")
    static let byARN = SQL("\(ExecutionRow.select) WHERE e.arn_hash = ? AND e.arn = ?")
    static let payload = SQL(
        """
        SELECT i.input, e.output, i.trace_header, i.parameters
        FROM execution AS e JOIN execution_input AS i ON i.execution = e.id WHERE e.id = ?
        """)
    static let owned = SQL("\(ExecutionRow.select) WHERE e.owner = ? AND e.id > ? ORDER BY e.id LIMIT ?")
    static let unowned = SQL(
        """
        \(ExecutionRow.select) WHERE e.status = 'RUNNING' AND e.status <> 'SUCCEEDED' AND e.owner IS NULL
        ORDER BY e.id LIMIT ?
        """)
    static let children = SQL(
        """
        \(ExecutionRow.select) WHERE e.map_run = ? AND e.item_index >= ?
        AND NOT EXISTS (SELECT 1 FROM execution later WHERE later.map_run = e.map_run AND later.item_index = e.item_index AND later.id > e.id)
        ORDER BY e.item_index LIMIT ?
        """)
    static let childrenOfParent = SQL("\(ExecutionRow.select) WHERE e.parent = ? ORDER BY e.id")
    static let end = SQL(
        """
        UPDATE execution SET status = ?, stop_ms = ?, output = ?, error = ?, cause = ?, owner = NULL, parked_until_ms = NULL
        WHERE id = ?
        """)
    static let redrive = SQL(
        """
        UPDATE execution SET status = 'RUNNING', stop_ms = NULL, output = NULL, error = NULL, cause = NULL, owner = ?,
            redrive_count = redrive_count + 1, redrive_ms = ?
        WHERE id = ? AND status NOT IN ('RUNNING', 'SUCCEEDED')
        """)
    static let awaitRedrive = SQL(
        """
        UPDATE execution SET status = 'PENDING_REDRIVE', stop_ms = NULL, error = NULL, cause = NULL,
            redrive_count = redrive_count + 1, redrive_ms = ?
        WHERE id = ? AND status IN ('FAILED', 'TIMED_OUT', 'ABORTED')
        """)
    static let begin = SQL("UPDATE execution SET status = 'RUNNING', owner = ? WHERE id = ? AND status = 'PENDING_REDRIVE'")
    static let claim = SQL("UPDATE execution SET owner = ? WHERE id = ? AND status = 'RUNNING' AND owner IS NULL")
    static let claimAll = SQL(
        "UPDATE execution SET owner = ? WHERE status = 'RUNNING' AND status <> 'SUCCEEDED' AND owner IS NULL")
    static let disown = SQL("UPDATE execution SET owner = NULL WHERE id = ?")
    static let park = SQL("UPDATE execution SET parked_until_ms = ? WHERE id = ?")
    static let due = SQL(
        """
        SELECT id FROM execution WHERE parked_until_ms <= ? AND owner = ? ORDER BY parked_until_ms LIMIT ?
        """)
    static let nextDue = SQL(
        "SELECT parked_until_ms FROM execution WHERE parked_until_ms IS NOT NULL AND owner = ? ORDER BY parked_until_ms LIMIT 1")
    static let setLimits = SQL("UPDATE execution SET time_scale = ?, is_unlimited = ? WHERE id = ?")
    static let delete = SQL("DELETE FROM execution WHERE id = ? AND (status <> 'RUNNING' OR owner IS NULL)")
    static let countByStatus = SQL("SELECT status, count(*) FROM execution WHERE map_run = ? GROUP BY status")
    static let countAll = SQL("SELECT status, count(*) FROM execution GROUP BY status")
}

extension Reading {
    package func execution(_ id: ExecutionID) throws -> ExecutionRow? {
        try connection.first(Statements.byID, id) { ExecutionRow(row: $0) }
    }

    /// The execution with this ARN. Names of STANDARD executions are unique in their machine, and so are ARNs.
    package func execution(arn: String) throws -> ExecutionRow? {
        try connection.first(Statements.byARN, arn.contentHash, arn) { ExecutionRow(row: $0) }
    }

    package func payload(of execution: ExecutionID) throws -> ExecutionPayload? {
        try connection.first(Statements.payload, execution) { row in
            ExecutionPayload(
                input: row.text(0), output: row.optionalText(1), traceHeader: row.optionalText(2),
                parameters: row.optionalText(3))
        }
    }

    /// The running executions of an engine, oldest first, in pages: those after `after`.
    package func executions(
        ownedBy engine: EngineID, after: ExecutionID = ExecutionID(rawValue: 0), limit: Int
    ) throws -> [ExecutionRow] {
        try connection.rows(Statements.owned, engine, after, limit) { ExecutionRow(row: $0) }
    }

    /// Running executions that no engine owns: left by an engine that ended, or stored for others to run.
    package func unownedExecutions(limit: Int) throws -> [ExecutionRow] {
        try connection.rows(Statements.unowned, limit) { ExecutionRow(row: $0) }
    }

    /// The children of a Map Run in the order of their items, from item `first` on; of an item that was begun again, the last one.
    package func children(of mapRun: MapRunID, from first: Int = 0, limit: Int) throws -> [ExecutionRow] {
        try connection.rows(Statements.children, mapRun, first, limit) { ExecutionRow(row: $0) }
    }

    /// The executions that this one started and that know it as their parent.
    package func children(of parent: ExecutionID) throws -> [ExecutionRow] {
        try connection.rows(Statements.childrenOfParent, parent) { ExecutionRow(row: $0) }
    }

    /// How many children of a Map Run have each status.
    package func childCounts(of mapRun: MapRunID) throws -> [StoredStatus: Int] {
        try counts(Statements.countByStatus, mapRun)
    }

    /// How many executions there are of each status.
    package func executionCounts() throws -> [StoredStatus: Int] {
        try counts(Statements.countAll)
    }

    private func counts(_ sql: SQL, _ values: any SQLBindable...) throws -> [StoredStatus: Int] {
        var result: [StoredStatus: Int] = [:]
        try connection.forEach(sql, values) { row in
            if let status = StoredStatus(rawValue: row.text(0)) { result[status] = Int(row.integer(1)) }
            return true
        }
        return result
    }

    /// Parked executions of an engine that are due at `now`, earliest first.
    package func dueExecutions(of engine: EngineID, at now: Milliseconds, limit: Int) throws -> [ExecutionID] {
        try connection.rows(Statements.due, now, engine, limit) { ExecutionID(rawValue: $0.integer(0)) }
    }

    /// When the next parked execution of an engine is due.
    package func nextDue(of engine: EngineID) throws -> Milliseconds? {
        try connection.first(Statements.nextDue, engine) { $0.integer(0) }
    }
}

extension WriteTransaction {
    /// The id that the next execution gets: nobody else can take it while this transaction lasts.
    package func nextExecutionID() throws -> ExecutionID {
        ExecutionID(rawValue: try connection.first(Statements.lastID) { $0.integer(0) }.map { $0 + 1 } ?? 1)
    }

    /// Stores a new execution. A second one with the same ARN is refused (`StoreError.Kind.constraint`).
    @discardableResult
    package func insert(_ new: NewExecution, id: ExecutionID? = nil) throws -> ExecutionID {
        let status = new.ending?.status ?? (new.isPendingRedrive ? .pendingRedrive : .running)
        try connection.run(
            Statements.insert, id, new.arn, new.arn.contentHash, new.name, new.stateMachine, new.definition, new.type, status,
            new.startMilliseconds, new.ending?.stopMilliseconds, status == .running ? new.owner : nil, new.versionARN,
            new.aliasARN, new.mapRun, new.itemIndex, new.parent, new.timeScale, new.isUnlimited, new.ending?.error,
            new.ending?.cause, new.ending?.output)
        let id = ExecutionID(rawValue: connection.lastInsertRowID)
        try connection.run(Statements.insertInput, id, new.input, new.traceHeader, new.parameters)
        return id
    }

    /// Ends a running execution. An ended one is refused: its end is final.
    package func end(_ execution: ExecutionID, _ ending: StoredEnding) throws {
        try connection.run(
            Statements.end, ending.status, ending.stopMilliseconds, ending.output, ending.error, ending.cause, execution)
    }

    /// Sets an execution that did not succeed running again; false if it runs or has succeeded.
    @discardableResult
    package func redrive(_ execution: ExecutionID, at now: Milliseconds, owner: EngineID?) throws -> Bool {
        try connection.run(Statements.redrive, owner, now, execution) == 1
    }

    /// Marks a child of a Map Run that did not succeed as waiting for its turn in a redrive; false if it cannot be.
    @discardableResult
    package func awaitRedrive(_ execution: ExecutionID, at now: Milliseconds) throws -> Bool {
        try connection.run(Statements.awaitRedrive, now, execution) == 1
    }

    /// Starts a child that waited for its redrive; false if it did not wait.
    @discardableResult
    package func beginRedrive(_ execution: ExecutionID, owner: EngineID) throws -> Bool {
        try connection.run(Statements.begin, owner, execution) == 1
    }

    /// Makes `engine` the owner of a running execution that has none; false if it has one or is not running.
    @discardableResult
    package func claim(_ execution: ExecutionID, by engine: EngineID) throws -> Bool {
        try connection.run(Statements.claim, engine, execution) == 1
    }

    /// Makes `engine` the owner of every running execution that has none. Returns how many.
    @discardableResult
    package func claimAll(by engine: EngineID) throws -> Int { try connection.run(Statements.claimAll, engine) }

    /// Leaves an execution to whoever claims it.
    package func disown(_ execution: ExecutionID) throws { try connection.run(Statements.disown, execution) }

    /// Notes that nothing happens to an execution before a time (nil: no longer), so that it need not be in memory.
    package func park(_ execution: ExecutionID, until: Milliseconds?) throws {
        try connection.run(Statements.park, until, execution)
    }

    package func setLimits(of execution: ExecutionID, timeScale: Double?, isUnlimited: Bool) throws {
        try connection.run(Statements.setLimits, timeScale, isUnlimited, execution)
    }

    /// Deletes an execution with all that belongs to it; false if it is not there or an engine is running it.
    @discardableResult
    package func delete(_ execution: ExecutionID) throws -> Bool { try connection.run(Statements.delete, execution) == 1 }
}

extension ExecutionRow {
    static let columns = """
        e.id, e.arn, e.name, e.state_machine, m.arn, e.definition, e.type, e.status, e.start_ms, e.stop_ms, e.owner,
        e.parked_until_ms, e.redrive_count, e.redrive_ms, e.version_arn, e.alias_arn, e.map_run, r.arn, e.item_index,
        e.parent, e.time_scale, e.is_unlimited, e.error, e.cause
        """
    static let source = """
        execution AS e JOIN state_machine AS m ON m.id = e.state_machine LEFT JOIN map_run AS r ON r.id = e.map_run
        """
    static let select = "SELECT \(columns) FROM \(source)"

    /// Reads its columns, the first 24 of the row.
    init(row: Row) {
        id = ExecutionID(rawValue: row.integer(0))
        arn = row.text(1)
        name = row.text(2)
        stateMachine = StateMachineID(rawValue: row.integer(3))
        stateMachineARN = row.text(4)
        definition = DefinitionID(rawValue: row.integer(5))
        // The table's CHECKs allow no other texts.
        type = StoredType(rawValue: row.text(6)) ?? .standard
        status = StoredStatus(rawValue: row.text(7)) ?? .failed
        startMilliseconds = row.integer(8)
        stopMilliseconds = row.optionalInteger(9)
        owner = row.optionalInteger(10).map(EngineID.init)
        parkedUntilMilliseconds = row.optionalInteger(11)
        redriveCount = Int(row.integer(12))
        redriveMilliseconds = row.optionalInteger(13)
        versionARN = row.optionalText(14)
        aliasARN = row.optionalText(15)
        mapRun = row.optionalInteger(16).map(MapRunID.init)
        mapRunARN = row.optionalText(17)
        itemIndex = row.optionalInteger(18).map(Int.init)
        parent = row.optionalInteger(19).map(ExecutionID.init)
        timeScale = row.optionalReal(20)
        isUnlimited = row.bool(21)
        error = row.optionalText(22)
        cause = row.optionalText(23)
    }
}
