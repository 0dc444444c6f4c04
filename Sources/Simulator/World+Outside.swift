import Engine
import ExecutionDriver
import JSON
import ServiceIntegrations
import StatesLanguage
import Store

/// What every Task state calls.
struct SimulatedIntegration: Integration {
    let world: World
    let process: Int

    func perform(_ request: TaskRequest, report: any TaskReport) async throws(Failure) -> JSONValue {
        try await world.perform(request, report, process)
    }

    func limit(of request: TaskRequest) -> TaskLimit? {
        TaskLimit(name: "function \(request.resource.arn)", most: world.plan.functionLimit)
    }
}

/// Functions, services, workers and people.
extension World {
    func perform(_ request: TaskRequest, _ report: any TaskReport, _ process: Int) async throws(Failure) -> JSONValue {
        begin(request, process)
        defer { end(request, process) }
        let answer = answer(
            SimulatedTask(
                stateName: request.stateName, resource: request.resource, input: request.input, retryCount: request.retryCount,
                timesOut: request.timeoutSeconds != nil))
        let end = answer.outcome == nil ? nil : clock.now + Int64(answer.afterSeconds * 1000)
        switch request.resource.pattern {
        case .waitForTaskToken:
            if let token = request.taskToken { promise(answer, token) }
            return answer.submitted ?? ["taken": true]
        case .requestResponse: await rest(until: end)
        case .sync, .sync2:
            if request.submitted == nil { report.submitted(answer.submitted ?? ["taken": true]) }
            // The job goes on whatever becomes of the engine, and is found again.
            let ends = jobs[request.taskID] ?? end
            jobs[request.taskID] = ends
            await rest(until: ends)
        }
        switch answer.outcome {
        case .success(let output): return output
        case .failure(let error, let cause): throw Failure(error, cause)
        case nil: throw Failure("Cancelled", nil)
        }
    }

    func answer(_ task: SimulatedTask) -> ExecutionDriver.Answer {
        let seed = plan.seed
        guard let own = plan.machine.answer else {
            return SeededAnswers(seed: seed, failures: 10, silences: 10).answer(
                task.stateName, task.input, retryCount: task.retryCount, timesOut: task.timesOut, pattern: task.resource.pattern, pace: plan.pace)
        }
        var answer = own(task, seed)
        var numbers = SeededNumbers(seed: SeededNumbers.hash("\(task.stateName) \(task.retryCount)", seed ^ plan.pace))
        answer.afterSeconds = Double(numbers.number(0...90)) / 10
        if task.resource.pattern != .requestResponse { answer.submitted = ["taken": true] }
        return answer
    }

    /// In virtual time; a cancelled task goes on at once.
    private func rest(until at: Int64?) async {
        tickets += 1
        let ticket = tickets
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                if Task.isCancelled { return continuation.resume() }
                parked[ticket] = Parked(at: at, continuation: continuation)
            }
        } onCancel: { [unowned self] in
            parked.removeValue(forKey: ticket)?.continuation.resume()
        }
    }

    // MARK: tokens

    /// Somebody has the token and will answer: in time, late, twice or never.
    func promise(_ answer: ExecutionDriver.Answer, _ token: String) {
        guard promisedTokens.insert(token).inserted else { return }
        let at = clock.now + Int64(answer.afterSeconds * 1000)
        switch answer.outcome {
        case .success(let output): errands.append(Errand(at: at, kind: .complete(token: token, .success(output))))
        case .failure(let error, let cause): errands.append(Errand(at: at, kind: .complete(token: token, .failure(error: error, cause: cause))))
        case nil:
            if numbers.percent(50) { errands.append(Errand(at: at + 400_000, kind: .complete(token: token, .success("too late")))) }
        }
        if numbers.percent(30) { errands.append(Errand(at: clock.now + 4000, kind: .complete(token: token, .heartbeat))) }
    }

    func doErrands() {
        let now = clock.now
        let due = errands.filter { $0.at <= now }
        errands.removeAll { $0.at <= now }
        for errand in due { run(errand) }
    }

    private func run(_ errand: Errand) {
        guard let process = living.isEmpty ? nil : numbers.pick(living) else { return again(errand) }
        switch errand.kind {
        case .complete(let token, let outcome):
            process.engine.complete(token, outcome) { [unowned self] result in
                switch result {
                case .success: heard(errand, token, outcome)
                case .failure(EngineError.storeFailed), .failure(EngineError.shuttingDown): again(errand)
                case .failure: break
                }
            }
        case .redrive(let arn):
            do {
                try process.engine.resume(arn) { [unowned self] result in
                    switch result {
                    case .failure(EngineError.storeFailed), .failure(EngineError.shuttingDown): again(errand)
                    case .success, .failure: break
                    }
                }
            } catch { again(errand) }
        }
    }

    private func again(_ errand: Errand) {
        var errand = errand
        errand.at = clock.now + 1000
        errands.append(errand)
    }

    private func heard(_ errand: Errand, _ token: String, _ outcome: TokenOutcome) {
        if case .heartbeat = outcome { return }
        if acknowledged[token] == nil { acknowledged[token] = outcome }
        sent.append(errand)
        guard errand.copies < 2, numbers.percent(15) else { return }
        errands.append(Errand(at: clock.now + Int64(numbers.number(0...3000)), kind: errand.kind, copies: errand.copies + 1))
    }

    // MARK: workers of activities

    func hasWorkForWorkers() -> Bool {
        guard !activityARNs.isEmpty, let process = living.first else { return false }
        let now = clock.now
        return activityARNs.contains { arn in (try? process.store.read { try $0.queuedActivityTask(activityARN: arn, at: now) }) != nil }
    }

    func askForWork() {
        guard hasWorkForWorkers(), !living.isEmpty else { return }
        for arn in activityARNs where isCalm || numbers.percent(60) {
            numbers.pick(living).engine.activityTask(arn, worker: "w") { [unowned self] result in
                if case .success(let task?) = result { work(task.token) }
            }
        }
    }

    private func work(_ token: String) {
        guard let (arn, scheduled) = TaskToken.parse(token), let stored = stored(arn), let attempt = stored.check.attempts[scheduled],
            case .task(let task) = stored.machine[attempt.state].kind
        else { return }
        let input = stored.events.first { $0.id == scheduled }.flatMap { event in
            if case .taskScheduled(_, let schedule) = event.kind { schedule.input } else { nil }
        }
        let name = stored.machine[attempt.state].name
        promise(
            answer(SimulatedTask(stateName: name, resource: task.resource, input: input ?? .null, retryCount: attempt.retryCount, timesOut: true)),
            token)
    }

    /// A worker may have died with its task, or its answer to GetActivityTask was lost: without a time limit somebody must look.
    func rescueActivities() {
        for process in living {
            for (_, execution) in process.engine.executions {
                guard let stored = stored(execution.header.arn) else { continue }
                for (scheduled, attempt) in stored.check.attempts.sorted(by: { $0.key < $1.key })
                where attempt.isStarted && attempt.ends == 0 && !attempt.isGivenUp {
                    guard case .task(let task) = stored.machine[attempt.state].kind, task.resource.kind == .activity else { continue }
                    let token = TaskToken.make(execution.header, scheduled: scheduled)
                    promisedTokens.remove(token)
                    work(token)
                }
            }
        }
    }

    struct StoredFacts {
        let machine: StateMachine
        let events: [HistoryEvent]
        let check: HistoryCheck
    }

    /// An execution as the store has it.
    func stored(_ arn: String) -> StoredFacts? {
        guard let process = living.first else { return nil }
        return try? process.store.read { tx in
            guard let row = try tx.execution(arn: arn) else { return nil }
            let machine: StateMachine
            if let known = machines[row.definition] {
                machine = known
            } else {
                guard let text = try tx.definition(row.definition), let read = StateMachine.read(text: text).machine else { return nil }
                machines[row.definition] = read
                machine = read
            }
            let events = try tx.storedEvents(of: row.id)
            return StoredFacts(machine: machine, events: events, check: HistoryCheck(events, machine))
        }
    }
}
