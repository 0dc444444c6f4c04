import SQLite

/// A registered activity.
package struct ActivityRow: Sendable, Equatable {
    package let id: Int64
    package let arn: String
    package let name: String
    /// JSON
    package let encryption: String?
    package let createdMilliseconds: Milliseconds
}

/// A task offered to the workers of an activity.
package struct ActivityTaskRow: Sendable, Equatable {
    package let token: String
    package let activityARN: String
    package let execution: ExecutionID
    /// The ActivityScheduled event.
    package let eventID: Int64
    /// JSON
    package let input: String
    package let offeredMilliseconds: Milliseconds
    package let timeoutMilliseconds: Milliseconds?
    package let heartbeatSeconds: Int?
    package let worker: String?
    package let takenMilliseconds: Milliseconds?
}

private enum Statements {
    static let select = "SELECT id, arn, name, encryption, created_ms FROM activity"
    static let byARN = SQL("\(select) WHERE arn = ?")
    static let list = SQL("\(select) WHERE id < ? ORDER BY id DESC LIMIT ?")
    static let insert = SQL(
        "INSERT INTO activity (arn, name, encryption, created_ms) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING")
    static let delete = SQL("DELETE FROM activity WHERE arn = ?")

    static let selectTask = """
        SELECT token, activity_arn, execution, event, input, offered_ms, timeout_ms, heartbeat_seconds, worker, taken_ms
        FROM activity_task
        """
    static let offer = SQL(
        """
        INSERT INTO activity_task
            (token, activity_arn, execution, event, input, offered_ms, timeout_ms, heartbeat_seconds)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?)
        """)
    static let oldest = SQL(
        """
        \(selectTask) WHERE activity_arn = ? AND taken_ms IS NULL AND (timeout_ms IS NULL OR timeout_ms > ?)
        ORDER BY id LIMIT 1
        """)
    static let take = SQL("UPDATE activity_task SET worker = ?, taken_ms = ? WHERE token = ? AND taken_ms IS NULL")
    static let byToken = SQL("\(selectTask) WHERE token = ?")
    static let remove = SQL("DELETE FROM activity_task WHERE execution = ? AND event = ?")
    static let queued = SQL("SELECT count(*) FROM activity_task WHERE activity_arn = ? AND taken_ms IS NULL")
}

extension Reading {
    package func activity(arn: String) throws -> ActivityRow? {
        try connection.first(Statements.byARN, arn) { ActivityRow(row: $0) }
    }

    /// Activities, newest first; `before` is the last id of the page before.
    package func activities(before: Int64 = .max, limit: Int) throws -> [ActivityRow] {
        try connection.rows(Statements.list, before, limit) { ActivityRow(row: $0) }
    }

    package func activityTask(token: String) throws -> ActivityTaskRow? {
        try connection.first(Statements.byToken, token) { ActivityTaskRow(row: $0) }
    }

    /// The oldest task of an activity that nobody has taken and that has not timed out.
    package func queuedActivityTask(activityARN: String, at now: Milliseconds) throws -> ActivityTaskRow? {
        try connection.first(Statements.oldest, activityARN, now) { ActivityTaskRow(row: $0) }
    }

    /// How many tasks of an activity wait for a worker.
    package func queuedActivityTasks(activityARN: String) throws -> Int {
        try connection.first(Statements.queued, activityARN) { Int($0.integer(0)) } ?? 0
    }
}

extension WriteTransaction {
    /// False if the activity exists.
    @discardableResult
    package func createActivity(arn: String, name: String, encryption: String?, at now: Milliseconds) throws -> Bool {
        try connection.run(Statements.insert, arn, name, encryption, now) == 1
    }

    @discardableResult
    package func deleteActivity(arn: String) throws -> Bool { try connection.run(Statements.delete, arn) == 1 }

    /// Offers a task to the workers of an activity, behind those offered before; every engine is woken after the
    /// commit. Its token must have been stored by `openToken`.
    package func offerActivityTask(
        token: String, activityARN: String, execution: ExecutionID, event: Int64, input: String, at now: Milliseconds,
        timeoutAt: Milliseconds? = nil, heartbeatSeconds: Int? = nil
    ) throws {
        try connection.run(
            Statements.offer, token, activityARN, execution, event, input, now, timeoutAt, heartbeatSeconds)
        bells.ringsAll = true
    }

    /// Gives the oldest waiting task of an activity to a worker; nobody else gets it.
    package func takeActivityTask(
        activityARN: String, worker: String?, at now: Milliseconds
    ) throws -> ActivityTaskRow? {
        guard let task = try queuedActivityTask(activityARN: activityARN, at: now) else { return nil }
        try connection.run(Statements.take, worker, now, task.token)
        return task
    }

    /// Withdraws the task of an event: it ended, timed out, or is not wanted any more.
    package func removeActivityTask(of execution: ExecutionID, event: Int64) throws {
        try connection.run(Statements.remove, execution, event)
    }
}

extension ActivityRow {
    fileprivate init(row: Row) {
        id = row.integer(0)
        arn = row.text(1)
        name = row.text(2)
        encryption = row.optionalText(3)
        createdMilliseconds = row.integer(4)
    }
}

extension ActivityTaskRow {
    fileprivate init(row: Row) {
        token = row.text(0)
        activityARN = row.text(1)
        execution = ExecutionID(rawValue: row.integer(2))
        eventID = row.integer(3)
        input = row.text(4)
        offeredMilliseconds = row.integer(5)
        timeoutMilliseconds = row.optionalInteger(6)
        heartbeatSeconds = row.optionalInteger(7).map(Int.init)
        worker = row.optionalText(8)
        takenMilliseconds = row.optionalInteger(9)
    }
}
