import SQLite

/// An earlier success of a step that may be used again.
package struct StepCacheEntry: Sendable, Equatable {
    /// The hash of what counts.
    package let key: String
    /// The pipeline or machine.
    package let scope: String
    package let step: String
    /// JSON: what the hash was made of, so that a miss can say what differed.
    package let fields: String
    /// JSON
    package let result: String
    /// The execution whose success it was.
    package let executionARN: String
    package let createdMilliseconds: Milliseconds

    package init(
        key: String, scope: String, step: String, fields: String, result: String, executionARN: String,
        createdMilliseconds: Milliseconds
    ) {
        self.key = key
        self.scope = scope
        self.step = step
        self.fields = fields
        self.result = result
        self.executionARN = executionARN
        self.createdMilliseconds = createdMilliseconds
    }
}

private enum Statements {
    static let select = "SELECT key, scope, step, fields, result, execution_arn, created_ms FROM step_cache"
    static let find = SQL("\(select) WHERE key = ? AND created_ms >= ?")
    static let latest = SQL("\(select) WHERE scope = ? AND step = ? ORDER BY created_ms DESC LIMIT 1")
    static let put = SQL(
        """
        INSERT INTO step_cache (key, scope, step, fields, result, execution_arn, created_ms)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
        ON CONFLICT (key) DO UPDATE SET scope = ?2, step = ?3, fields = ?4, result = ?5, execution_arn = ?6, created_ms = ?7
        """)
    static let remove = SQL("DELETE FROM step_cache WHERE created_ms < ?")
}

extension Reading {
    /// The success with this key, unless it is older than `notBefore`.
    package func cachedStep(key: String, notBefore: Milliseconds) throws -> StepCacheEntry? {
        try connection.first(Statements.find, key, notBefore) { StepCacheEntry(row: $0) }
    }

    /// The latest success of a step, whatever its key: what a miss is compared with.
    package func latestCachedStep(scope: String, step: String) throws -> StepCacheEntry? {
        try connection.first(Statements.latest, scope, step) { StepCacheEntry(row: $0) }
    }
}

extension WriteTransaction {
    /// Stores a success, in place of an older one with the same key.
    package func put(_ entry: StepCacheEntry) throws {
        try connection.run(
            Statements.put, entry.key, entry.scope, entry.step, entry.fields, entry.result, entry.executionARN,
            entry.createdMilliseconds)
    }

    /// Forgets successes older than `time`; returns how many.
    @discardableResult
    package func removeCachedSteps(olderThan time: Milliseconds) throws -> Int {
        try connection.run(Statements.remove, time)
    }
}

extension StepCacheEntry {
    fileprivate init(row: Row) {
        self.init(
            key: row.text(0), scope: row.text(1), step: row.text(2), fields: row.text(3), result: row.text(4),
            executionARN: row.text(5), createdMilliseconds: row.integer(6))
    }
}
