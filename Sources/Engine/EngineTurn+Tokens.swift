import JSON
import StatesLanguage
import Store

extension EngineTurn {
    /// SendTaskSuccess and its relatives. A token whose attempt is over is `taskTimedOut`; one that was never made, `invalidToken`.
    func complete(_ token: String, _ outcome: TokenOutcome) throws {
        guard let (arn, scheduled) = TaskToken.parse(token) else { throw EngineError.invalidToken("Invalid Token: 'Invalid token'") }
        if let id = thread.idByARN[arn], let live = thread.live[id] {
            try complete(live, token, scheduled, outcome)
            return
        }
        guard let row = try tx.execution(arn: arn) else { throw EngineError.taskDoesNotExist }
        guard row.status == .running else { throw EngineError.taskTimedOut }
        if row.owner == thread.engine.registration.id || (row.owner == nil && !thread.options.isPassingBy) {
            try tx.claim(row.id, by: thread.engine.registration.id)
            let live = try takeUp(row)
            try complete(live, token, scheduled, outcome)
        } else {
            // Whether the attempt is over is seen by the owner; a forged token is refused here.
            let parameters = try tx.payload(of: row.id).flatMap { try? JSONValue(parsing: $0.parameters ?? "{}") }?.object ?? JSONObject()
            guard TaskToken.isGenuine(token, header(row, parameters)) else { throw EngineError.invalidToken("Invalid Token: 'Invalid token'") }
            try send("token", outcome.message(token), to: row)
        }
    }

    func complete(_ live: LiveExecution, _ token: String, _ scheduled: Int64, _ outcome: TokenOutcome) throws {
        guard TaskToken.isGenuine(token, live.execution.header) else { throw EngineError.invalidToken("Invalid Token: 'Invalid token'") }
        guard let frame = live.execution.frameOfTask(scheduled: scheduled) else { throw EngineError.taskTimedOut }
        if outcome.isEnd {
            // A restarted engine may be about to call again what has answered already.
            afterCommit { [thread] in thread.tasks.dropWaiting(TaskKey(execution: live.id, scheduled: scheduled)) }
        }
        switch outcome {
        case .success(let output): deliver(.taskSucceeded(frame, scheduled: scheduled, output: output), to: live.id)
        case .failure(let error, let cause): deliver(.taskFailed(frame, scheduled: scheduled, error: error, cause: cause), to: live.id)
        case .heartbeat: deliver(.taskHeartbeat(frame, scheduled: scheduled), to: live.id)
        }
    }
}

extension TokenOutcome {
    var isEnd: Bool {
        if case .heartbeat = self { return false }
        return true
    }

    func message(_ token: String) -> JSONValue {
        var body = JSONObject()
        body["token"] = .string(token)
        switch self {
        case .success(let output): body["output"] = output
        case .failure(let error, let cause):
            body["failed"] = true
            body["error"] = error.map { .string($0) }
            body["cause"] = cause.map { .string($0) }
        case .heartbeat: body["heartbeat"] = true
        }
        return .object(body)
    }

    init(message: JSONValue) {
        if message["heartbeat"] != nil {
            self = .heartbeat
        } else if message["failed"] != nil {
            self = .failure(error: message["error"]?.string, cause: message["cause"]?.string)
        } else {
            self = .success(message["output"] ?? .null)
        }
    }
}
