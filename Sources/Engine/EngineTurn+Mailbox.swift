import JSON
import StatesLanguage
import Store

extension EngineTurn {
    // MARK: messages between processes

    func send(_ kind: String, _ body: JSONValue, to row: ExecutionRow) throws {
        try tx.send(kind, body.text(), to: row.id, at: now.milliseconds)
    }

    /// What other processes left for executions of this engine. Read and consumed in this turn's transaction.
    func readMailbox() throws {
        for message in try tx.drainMailbox(for: thread.engine.registration.id) {
            guard let id = message.execution, let body = try? JSONValue(parsing: message.body), let live = try owned(id) else { continue }
            switch message.kind {
            case "stop": deliver(.stop(error: body["error"]?.string, cause: body["cause"]?.string), to: id)
            case "token" where thread.mistake == .ignoresMessages: continue
            case "token":
                guard let token = body["token"]?.string, let scheduled = TaskToken.parse(token)?.scheduled else { continue }
                // Whether it is genuine and in time is checked here; the sender has been told that it was taken.
                do { try complete(live, token, scheduled, TokenOutcome(message: body)) } catch is EngineError { continue }
            case "activityStarted":
                guard let scheduled = body["event"]?.wholeNumber, let frame = live.execution.frameOfTask(scheduled: scheduled) else { continue }
                deliver(.taskStarted(frame, scheduled: scheduled, worker: body["worker"]?.string), to: id)
            default: continue
            }
        }
    }

    private func owned(_ id: ExecutionID) throws -> LiveExecution? {
        if let live = thread.live[id] { return live }
        guard let row = try tx.execution(id), row.status == .running, row.owner == thread.engine.registration.id else { return nil }
        do { return try takeUp(row) } catch EngineError.storeFailed { return nil }
    }

    // MARK: activities

    /// In the transaction that schedules the task: there is no moment in which it is scheduled and not offered.
    func offer(_ live: LiveExecution, _ invocation: TaskInvocation) throws {
        guard let token = invocation.taskToken else { return }
        try tx.openToken(token, execution: live.id, event: invocation.scheduled)
        let schedule = invocation.schedule
        try tx.offerActivityTask(
            token: token, activityARN: invocation.resource.arn, execution: live.id, event: invocation.scheduled, input: schedule.input.text(),
            at: now.milliseconds, timeoutAt: schedule.timeoutSeconds.map { now.milliseconds + Int64($0) * 1000 },
            heartbeatSeconds: schedule.heartbeatSeconds)
        thread.hasNewOffers = true
    }

    func withdraw(_ live: LiveExecution, scheduled: Int64) throws {
        try tx.removeActivityTask(of: live.id, event: scheduled)
    }

    /// Gives offered tasks to workers that wait for them, the first come first.
    func serveWorkers() throws {
        guard thread.hasNewOffers, !thread.workers.isEmpty else { return }
        thread.hasNewOffers = false
        for arn in Set(thread.workers.map(\.activityARN)) {
            while let index = thread.workers.firstIndex(where: { $0.activityARN == arn }) {
                let worker = thread.workers[index]
                guard let task = try take(arn, worker.name) else { break }
                thread.workers.remove(at: index)
                afterCommit { worker.reply.succeed(task) }
            }
        }
    }

    func take(_ arn: String, _ worker: String?) throws -> ActivityTask? {
        guard let row = try tx.takeActivityTask(activityARN: arn, worker: worker, at: now.milliseconds) else { return nil }
        if let live = thread.live[row.execution], let frame = live.execution.frameOfTask(scheduled: row.eventID) {
            deliver(.taskStarted(frame, scheduled: row.eventID, worker: worker), to: live.id)
        } else {
            var body = JSONObject()
            body["event"] = .integer(row.eventID)
            body["worker"] = worker.map { .string($0) }
            try tx.send("activityStarted", JSONValue.object(body).text(), to: row.execution, at: now.milliseconds)
        }
        return ActivityTask(token: row.token, input: row.input)
    }

    // MARK: logs

    func append(_ printed: (bytes: [UInt8], dropped: Int), of key: TaskKey) throws {
        guard !printed.bytes.isEmpty else { return }
        // A straggler's last words may come after its execution was deleted.
        if thread.live[key.execution] == nil, try tx.execution(key.execution) == nil { return }
        try tx.appendLog(
            of: key.execution, event: key.scheduled, bytes: printed.bytes, dropped: printed.dropped, limit: thread.options.logBytesPerAttempt)
    }
}

/// What a worker of an activity works on.
package struct ActivityTask: Sendable {
    package let token: String
    /// JSON
    package let input: String
}

/// A worker that waits for a task.
struct WaitingWorker {
    let id: UInt64
    let activityARN: String
    let name: String?
    let reply: Reply<ActivityTask?>
}

extension ExecutionEngine {
    /// GetActivityTask: the next task of an activity, or nil when none comes in time.
    package func activityTask(_ arn: String, worker: String?, waitingSeconds: Double) async throws -> ActivityTask? {
        let id = UInt64.random(in: .min ... .max)
        let timer = Task {
            try? await Task.sleep(nanoseconds: UInt64(max(0, waitingSeconds) * 1e9))
            giveUp(worker: id)
        }
        defer { timer.cancel() }
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let reply = Reply<ActivityTask?>(continuation)
                mailbox.post(
                    .perform(
                        { turn in
                            turn.thread.workers.append(WaitingWorker(id: id, activityARN: arn, name: worker, reply: reply))
                            turn.thread.hasNewOffers = true
                        }, { reply.fail($0) }))
            }
        } onCancel: {
            giveUp(worker: id)
        }
    }

    private func giveUp(worker id: UInt64) {
        mailbox.post(
            .perform(
                { turn in
                    guard let index = turn.thread.workers.firstIndex(where: { $0.id == id }) else { return }
                    let worker = turn.thread.workers.remove(at: index)
                    turn.afterCommit { worker.reply.succeed(nil) }
                }, { _ in }))
    }
}
