import SQLite

/// Which executions to list; nil does not restrict.
package struct ExecutionFilter: Sendable {
    package var stateMachine: StateMachineID?
    package var mapRun: MapRunID?
    package var status: StoredStatus?
    /// ListExecutions' redriveFilter: true REDRIVEN, false NOT_REDRIVEN.
    package var isRedriven: Bool?
    package var versionARN: String?
    package var aliasARN: String?
    package var name: String?
    /// Those of a machine that was deleted and made again are not the new one's.
    package var startedSince: Milliseconds?
    /// False leaves out the children of Map Runs, when no Map Run is asked for.
    package var includesChildren = true

    package init() {}
}

extension Reading {
    /// Executions from the newest to the oldest. A page goes on where the last one ended: `before` is its last id.
    /// New executions do not shift the pages.
    package func executions(
        _ filter: ExecutionFilter = ExecutionFilter(), before: ExecutionID? = nil, limit: Int
    ) throws -> [ExecutionRow] {
        var conditions: [String] = []
        var values: [any SQLBindable] = []
        func require(_ condition: String, _ value: (any SQLBindable)?) {
            guard let value else { return }
            conditions.append(condition)
            values.append(value)
        }
        require("e.id < ?", before)
        require("e.state_machine = ?", filter.stateMachine)
        require("e.map_run = ?", filter.mapRun)
        require("e.status = ?", filter.status)
        require("e.version_arn = ?", filter.versionARN)
        require("e.alias_arn = ?", filter.aliasARN)
        require("e.name = ?", filter.name)
        require("e.start_ms >= ?", filter.startedSince)
        require("(e.redrive_count > 0) = ?", filter.isRedriven)
        // The partial index serves only a query that says its condition.
        if let status = filter.status, status != .succeeded { conditions.append("e.status <> 'SUCCEEDED'") }
        if !filter.includesChildren && filter.mapRun == nil { conditions.append("e.map_run IS NULL") }
        let condition = conditions.isEmpty ? "" : "WHERE " + conditions.joined(separator: " AND ")
        values.append(limit)
        let sql = SQL("\(ExecutionRow.select) \(condition) ORDER BY e.id DESC LIMIT ?", isKept: false)
        var rows: [ExecutionRow] = []
        try connection.forEach(sql, values) { row in
            rows.append(ExecutionRow(row: row))
            return true
        }
        return rows
    }
}
