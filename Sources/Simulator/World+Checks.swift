import Engine
import ExecutionDriver
import JSON
import ServiceIntegrations
import StatesLanguage
import Store

/// What must hold after every step, and at the end.
extension World {
    /// How an execution ended.
    struct End {
        let name: String
        let text: String
        /// Not where a task was asked for again after a crash and passed its time limit, or somebody stopped it: that is no fault of the engine's.
        let isComparable: Bool
    }

    /// A task begins in a process.
    func begin(_ request: TaskRequest, _ process: Int) {
        for (name, most) in limits(of: request) {
            running[process, default: [:]][name, default: 0] += 1
            let count = running[process]?[name] ?? 0
            if most > 0, count > most { problem("\(count) tasks of \(name) at once, \(most) may") }
        }
        guard let scheduled = request.taskID.split(separator: "-").last.flatMap({ Int64($0) }) else { return }
        begun[request.executionARN, default: []].insert(scheduled)
        // The process may be dying: what was durable is so for all.
        guard let store = (living.first { $0.number == process } ?? living.first)?.store,
            let events = try? store.read({ tx in try tx.execution(arn: request.executionARN).map { try tx.storedEvents(of: $0.id) } ?? [] })
        else { return }
        let check = HistoryCheck(events, plan.definition, checksStates: false)
        guard let attempt = check.attempts[scheduled] else {
            return problem("attempt \(scheduled) of \(request.executionARN) was begun although it is not stored")
        }
        if attempt.ends > 0 { problem("attempt \(scheduled) of \(request.executionARN) ran again though its result was stored") }
        if attempt.isSubmitted, request.submitted == nil {
            problem("attempt \(scheduled) of \(request.executionARN) was not told what it had submitted")
        }
    }

    func end(_ request: TaskRequest, _ process: Int) {
        for (name, _) in limits(of: request) { running[process]?[name, default: 1] -= 1 }
    }

    private func limits(of request: TaskRequest) -> [(name: String, most: Int)] {
        [
            ("the process", plan.taskLimit), ("the machine \(request.stateMachineName.prefix { $0 != "/" })", plan.machineLimit),
            ("the function \(request.resource.arn)", plan.functionLimit),
        ]
    }

    func check(_ process: Process) {
        for (id, execution) in process.engine.executions {
            guard let events = try? process.store.read({ try $0.storedEvents(of: id) }) else { continue }
            let seen = plan.bug?.tamper(events) ?? events
            let check = HistoryCheck(seen, execution.machine)
            for text in check.problems { problem("execution \(id.rawValue): \(text)") }
            checkBegun(execution.header.arn, check)
            var replayed = Execution(replaying: seen, machine: execution.machine, header: execution.header, quotas: execution.quotas)
            replayed.childItem = execution.childItem
            if replayed != execution { problem("execution \(id.rawValue): what is replayed differs from what lives, after event \(execution.lastEventID)") }
            if hasDistributedMaps { checkMapRuns(id, process.store) }
        }
    }

    private func checkBegun(_ arn: String, _ check: HistoryCheck) {
        for scheduled in begun[arn] ?? [] where check.attempts[scheduled] == nil {
            problem("attempt \(scheduled) of \(arn) was begun, and is not in the history")
        }
    }

    private func checkMapRuns(_ id: ExecutionID, _ store: Store) {
        guard let runs = try? store.read({ try $0.mapRuns(of: id, limit: 100) }) else { return }
        for run in runs where run.maxConcurrency > 0 && run.redriveCount == 0 {
            let count = (try? store.read { try $0.childCounts(of: run.id)[.running] ?? 0 }) ?? 0
            if count > run.maxConcurrency { problem("\(count) children of \(run.arn) run at once, \(run.maxConcurrency) may") }
        }
    }

    func isOver() -> Bool {
        guard let process = living.first, living.allSatisfy(\.engine.executions.isEmpty), started.count == plan.executionCount else { return false }
        // Somebody stopped it and will start it again.
        if errands.contains(where: { if case .redrive = $0.kind { true } else { false } }) { return false }
        return (0..<plan.executionCount).allSatisfy { index in
            (try? process.store.read { try $0.execution(arn: arn(index)) })?.status.isEnded ?? false
        }
    }

    /// What has not ended, for people.
    func stillRunning() -> String {
        guard let process = living.first, let rows = try? process.store.read({ try $0.executions(limit: 1000) }) else { return "no engine lives" }
        let running = rows.filter { !$0.status.isEnded }.map { row in
            let owner = living.first { $0.engine.registration.id == row.owner }
            let isHere = owner?.engine.executions.contains { $0.id == row.id } ?? false
            let last = stored(row.arn)?.events.last { $0.id > 0 }
            return
                "\(row.name) \(owner == nil ? "of nobody" : isHere ? "in memory" : "not in memory") after \(last.map { "\($0.id) \($0.kind)".prefix(120) } ?? "nothing")"
        }
        return running.joined(separator: ", ")
    }

    // MARK: the end

    func checkPromises() {
        guard let process = living.first else { return }
        do {
            if let damage = try process.store.integrityProblems().first { problem("the store is damaged: \(damage)") }
            for arn in Set(begun.keys).union(acknowledged.keys.compactMap { TaskToken.parse($0)?.executionARN }).sorted() {
                guard let stored = stored(arn) else {
                    problem("\(arn) is lost")
                    continue
                }
                checkBegun(arn, stored.check)
                for (token, outcome) in acknowledged {
                    guard let (of, scheduled) = TaskToken.parse(token), of == arn else { continue }
                    checkAcknowledged(scheduled, outcome, stored, arn)
                }
            }
        } catch { problem("the store cannot be read: \(error)") }
    }

    /// A token's answer that was taken is in the history, unless the attempt was over before its owner saw it.
    private func checkAcknowledged(_ scheduled: Int64, _ outcome: TokenOutcome, _ stored: StoredFacts, _ arn: String) {
        guard let attempt = stored.check.attempts[scheduled] else { return problem("\(arn): attempt \(scheduled), which was completed, is lost") }
        if attempt.ends > 0 || attempt.isGivenUp { return }
        if case .executionSucceeded? = stored.events.last(where: { $0.id > 0 })?.kind, attempt.frame == 0 {
            problem("\(arn): the completion of attempt \(scheduled) was taken and is lost")
        }
    }

    func finalEnds() -> [End] {
        guard let process = living.first else { return [] }
        let rows = (try? process.store.read { try $0.executions(limit: 10_000) }) ?? []
        let all = rows.compactMap { stored($0.arn) }
        let someChildTimedOut = hasDistributedMaps && all.contains { $0.check.hasTimedOut }
        return (0..<plan.executionCount).compactMap { index in
            guard let row = rows.first(where: { $0.arn == arn(index) }), let facts = stored(row.arn) else { return nil }
            let output = try? process.store.read { try $0.payload(of: row.id)?.output }
            let isDisturbed =
                facts.check.hasTimedOut || someChildTimedOut || row.status == .aborted || row.status == .timedOut || facts.check.wasRedriven
            return End(
                name: row.name, text: "\(row.status.rawValue) \(row.error ?? "") \(output.flatMap { $0 } ?? "")", isComparable: !isDisturbed)
        }
    }
}
