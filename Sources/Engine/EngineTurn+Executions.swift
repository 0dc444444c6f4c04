import JSON
import StatesLanguage
import Store

extension EngineTurn {
    // MARK: starting

    func start(_ request: StartRequest) throws -> StartedExecution {
        guard !thread.isShuttingDown else { throw EngineError.shuttingDown }
        let machine = request.machine
        let name = request.name ?? SecureRandom.uuid(of: thread.options.randomBytes(16))
        let arn = executionARN(machine, name)
        if request.name != nil, !machine.isExpress, let known = try tx.execution(arn: arn) {
            let sameInput = try tx.payload(of: known.id).map { $0.input == request.input.text() } ?? false
            guard known.status == .running, sameInput else { throw EngineError.executionAlreadyExists(arn: arn) }
            return StartedExecution(
                arn: arn, startedAt: Timestamp(milliseconds: known.startMilliseconds), id: known.id, wasRunning: true)
        }
        let known = try ids(of: machine)
        let tokenKey = thread.options.randomBytes(16)
        let seed = thread.options.randomBytes(8).reduce(0) { $0 << 8 | UInt64($1) }
        var parameters = request.parameters
        parameters["tokenKey"] = .string(Self.text(ofTokenKey: tokenKey))
        parameters["seed"] = .string(String(seed))
        parameters["roleArn"] = .string(machine.roleARN)
        if let item = request.item { parameters["mapItem"] = item }
        if let logging = machine.logging { parameters["logging"] = logging }
        let header = ExecutionHeader(
            arn: arn, name: name, stateMachineARN: machine.arn, stateMachineName: machine.name, roleARN: machine.roleARN,
            tokenKey: tokenKey, seed: seed, timeScale: request.timeScale)
        var new = NewExecution(
            arn: arn, name: name, stateMachine: known.stateMachine, definition: known.definition,
            type: machine.isExpress ? .express : .standard, startMilliseconds: now.milliseconds, input: request.input.text(),
            owner: thread.engine.registration.id)
        new.versionARN = request.versionARN
        new.aliasARN = request.aliasARN
        new.traceHeader = request.traceHeader
        new.timeScale = request.timeScale == 1 ? nil : request.timeScale
        let isUnlimited = request.isUnlimited || thread.options.liftsQuotas
        new.isUnlimited = isUnlimited
        new.mapRun = request.mapRun
        new.itemIndex = request.itemIndex
        new.parent = request.parent
        new.parameters = JSONValue.object(parameters).text()
        let id = try thread.nextExecutionID(tx)
        var execution = Execution(machine: machine.definition, header: header, quotas: isUnlimited ? .lifted : .aws)
        execution.childItem = request.item
        let live = LiveExecution(id: id, execution: execution, stateMachineARN: machine.arn, parameters: parameters)
        live.new = new
        live.versionARN = request.versionARN
        live.aliasARN = request.aliasARN
        live.isMapChild = request.mapRun != nil
        if let observer = request.observer { live.observers.append(observer) }
        thread.live[id] = live
        thread.idByARN[arn] = id
        deliver(.start(input: request.input), to: id)
        return StartedExecution(arn: arn, startedAt: now, id: id, wasRunning: false)
    }

    /// Its bytes in hexadecimal with dots between.
    private static func text(ofTokenKey key: [UInt8]) -> String {
        let digits = SecureRandom.digits
        var text: [UInt8] = []
        text.reserveCapacity(key.count * 3)
        for byte in key {
            if !text.isEmpty { text.append(UInt8(ascii: ".")) }
            if byte >= 16 { text.append(digits[Int(byte >> 4)]) }
            text.append(digits[Int(byte & 15)])
        }
        return String(decoding: text, as: UTF8.self)
    }

    private func executionARN(_ machine: Machine, _ name: String) -> String {
        let prefix = "arn:aws:states:\(thread.options.region):\(thread.options.account)"
        return machine.isExpress
            ? "\(prefix):express:\(machine.name):\(name):\(SecureRandom.uuid(of: thread.options.randomBytes(16)))"
            : "\(prefix):execution:\(machine.name):\(name)"
    }

    private func ids(of machine: Machine) throws -> (definition: DefinitionID, stateMachine: StateMachineID) {
        if let known = thread.definitionIDs[ObjectIdentifier(machine)] { return (known.definition, known.stateMachine) }
        let definition = try tx.definitionID(of: machine.text)
        let stateMachine = try tx.stateMachineID(
            forARN: machine.arn, name: machine.name, type: machine.isExpress ? .express : .standard, at: now.milliseconds)
        if thread.definitionIDs.count > 10_000 { thread.definitionIDs = [:] }
        thread.definitionIDs[ObjectIdentifier(machine)] = (machine, definition, stateMachine)
        return (definition, stateMachine)
    }

    // MARK: finding

    /// The execution in memory, or replayed from its history.
    func load(_ row: ExecutionRow) throws -> LiveExecution {
        if let live = thread.live[row.id] { return live }
        let machine = try thread.machine(row.definition, tx)
        let payload = try tx.payload(of: row.id)
        let parameters = (try? JSONValue(parsing: payload?.parameters ?? "{}"))?.object ?? JSONObject()
        let header = header(row, parameters)
        let events = try tx.storedEvents(of: row.id, in: machine)
        var execution = Execution(replaying: events, machine: machine, header: header, quotas: row.isUnlimited ? .lifted : .aws)
        execution.childItem = parameters["mapItem"]
        let live = LiveExecution(id: row.id, execution: execution, stateMachineARN: row.stateMachineARN, parameters: parameters)
        live.versionARN = row.versionARN
        live.aliasARN = row.aliasARN
        live.isMapChild = row.mapRun != nil
        live.redrivenAt = row.redriveMilliseconds.map { Timestamp(milliseconds: $0) }
        thread.live[row.id] = live
        thread.idByARN[row.arn] = row.id
        return live
    }

    func header(_ row: ExecutionRow, _ parameters: JSONObject) -> ExecutionHeader {
        ExecutionHeader(
            arn: row.arn, name: row.name, stateMachineARN: row.stateMachineARN,
            stateMachineName: String(row.stateMachineARN.split(separator: ":", omittingEmptySubsequences: false).last ?? ""),
            roleARN: parameters["roleArn"]?.string ?? "",
            tokenKey: (parameters["tokenKey"]?.string ?? "").split(separator: ".").compactMap { UInt8($0, radix: 16) },
            seed: UInt64(parameters["seed"]?.string ?? "") ?? 0, timeScale: row.timeScale ?? 1)
    }

    private func row(_ arn: String) throws -> ExecutionRow {
        guard let row = try tx.execution(arn: arn) else { throw EngineError.executionDoesNotExist(arn: arn) }
        return row
    }

    @discardableResult
    func run(_ request: StartRequest, _ reply: Reply<ExecutionResult>) throws -> StartedExecution {
        let started = try start(request)
        if let live = thread.live[started.id] { live.waiters.append(reply) } else { try `await`(started.arn, reply) }
        return started
    }

    func `await`(_ arn: String, _ reply: Reply<ExecutionResult>) throws {
        if let id = thread.idByARN[arn], let live = thread.live[id] {
            live.waiters.append(reply)
            return
        }
        let row = try row(arn)
        guard row.status.isEnded else { throw EngineError.ownedElsewhere(arn: arn) }
        let live = try load(row)
        let result = live.result
        thread.forget(live)
        afterCommit { reply.succeed(result) }
    }

    /// The end of an execution, whichever process runs it.
    func awaitAnywhere(_ arn: String, _ reply: Reply<ExecutionResult>) throws {
        do { try `await`(arn, reply) } catch EngineError.ownedElsewhere {
            thread.elsewhere.append((try row(arn).id, reply))
            thread.looksElsewhereAt = now.milliseconds + EngineThread.elsewhereMilliseconds
        }
    }

    /// Looks after executions of other processes that somebody here waits for; what nobody owns any more goes on here.
    func lookElsewhere() throws {
        guard !thread.elsewhere.isEmpty, now.milliseconds >= thread.looksElsewhereAt else { return }
        thread.looksElsewhereAt = now.milliseconds + EngineThread.elsewhereMilliseconds
        var waiting: [(ExecutionID, Reply<ExecutionResult>)] = []
        for (id, reply) in thread.elsewhere {
            guard let row = try tx.execution(id) else {
                afterCommit { reply.fail(EngineError.executionDoesNotExist(arn: "execution \(id.rawValue)")) }
                continue
            }
            if row.status.isEnded || thread.live[id] != nil {
                try `await`(row.arn, reply)
            } else if row.owner == nil || row.owner == thread.engine.registration.id {
                try tx.claim(id, by: thread.engine.registration.id)
                try takeUp(try self.row(row.arn)).waiters.append(reply)
            } else {
                waiting.append((id, reply))
            }
        }
        thread.elsewhere = waiting
    }

    // MARK: stopping and resuming

    func stop(_ arn: String, error: String?, cause: String?) throws -> Timestamp {
        let row = try row(arn)
        guard row.status == .running else { return Timestamp(milliseconds: row.stopMilliseconds ?? now.milliseconds) }
        if thread.live[row.id] != nil {
            deliver(.stop(error: error, cause: cause), to: row.id)
        } else if row.owner == nil, !thread.options.isPassingBy, try tx.claim(row.id, by: thread.engine.registration.id) {
            _ = try takeUp(row)
            deliver(.stop(error: error, cause: cause), to: row.id)
        } else {
            var body = JSONObject()
            body["error"] = error.map { .string($0) }
            body["cause"] = cause.map { .string($0) }
            try send("stop", .object(body), to: row)
        }
        return now
    }

    func resume(_ arn: String, _ options: ResumeOptions) throws -> StartedExecution {
        guard !thread.isShuttingDown else { throw EngineError.shuttingDown }
        let row = try row(arn)
        if let scale = options.timeScale { try tx.setLimits(of: row.id, timeScale: scale, isUnlimited: row.isUnlimited) }
        let started = StartedExecution(
            arn: arn, startedAt: Timestamp(milliseconds: row.startMilliseconds), id: row.id, wasRunning: row.status == .running)
        switch row.status {
        case .running:
            if let live = thread.live[row.id] {
                if let observer = options.observer { live.observers.append(observer) }
                return started
            }
            guard row.owner == nil || row.owner == thread.engine.registration.id else { throw EngineError.ownedElsewhere(arn: arn) }
            try tx.claim(row.id, by: thread.engine.registration.id)
            let live = try load(try self.row(arn))
            if let observer = options.observer { live.observers.append(observer) }
            goOn(live)
            try readMailbox()
        case .failed, .timedOut, .aborted, .pendingRedrive:
            if let reason = try notRedrivable(row) { throw EngineError.notRedrivable(reason) }
            guard try tx.redrive(row.id, at: now.milliseconds, owner: thread.engine.registration.id) else {
                throw EngineError.notRedrivable("The execution is already running.")
            }
            let live = try load(try self.row(arn))
            live.recoveredUpTo = live.execution.lastEventID
            if let observer = options.observer { live.observers.append(observer) }
            deliver(.redrive, to: row.id)
        case .succeeded:
            throw EngineError.notRedrivable("Execution is SUCCEEDED and cannot be redriven")
        }
        if let most = options.maxParallel { deliver(.limitTasks(most), to: row.id) }
        return started
    }

    private func notRedrivable(_ row: ExecutionRow) throws -> String? {
        if row.type == .express { return "Execution is EXPRESS and cannot be redriven" }
        guard !row.isUnlimited else { return nil }
        if RedriveLimits.isPast(row, at: now.milliseconds) { return RedriveLimits.periodExceeded }
        if try tx.lastEventID(of: row.id) >= RedriveLimits.events { return RedriveLimits.historyExceeded }
        return nil
    }

    /// What a replayed execution waits for is asked for again, after the commit.
    private func goOn(_ live: LiveExecution) {
        guard !live.isToGoOn else { return }
        live.isToGoOn = true
        live.recoveredUpTo = live.execution.lastEventID
        touch(live.id)
        // What was due while nobody was here comes before what arrives now: an answer after the time limit is late.
        if thread.mistake != .forgetsTimers {
            for case .wake(let frame, let at) in live.execution.outstandingCommands where at <= now { deliver(.wake(frame), to: live.id) }
        }
        afterCommit { [thread] in
            live.isToGoOn = false
            for command in live.execution.outstandingCommands { thread.again(command, live) }
        }
    }

    /// An execution of this engine that is not in memory: it goes on here, whatever brought it back.
    func takeUp(_ row: ExecutionRow) throws -> LiveExecution {
        if let live = thread.live[row.id] { return live }
        let live = try load(row)
        if thread.mistake != .leavesOrphansAlone { goOn(live) }
        return live
    }

    /// Goes on with all that this engine owns or nobody does, by id: `next` is where to go on, nil at the end. One that is
    /// damaged holds up no other.
    func recoverOwned(after: ExecutionID? = nil, limit: Int = .max) throws -> (found: Recovered, next: ExecutionID?) {
        if after == nil { try tx.claimAll(by: thread.engine.registration.id) }
        var recovered = Recovered()
        let rows = try tx.executions(ownedBy: thread.engine.registration.id, after: after ?? ExecutionID(rawValue: 0), limit: limit)
        for row in rows where thread.live[row.id] == nil {
            do {
                goOn(try load(row))
                recovered.count += 1
            } catch EngineError.storeFailed(let reason) {
                try tx.disown(row.id)
                recovered.damaged.append(reason)
            }
        }
        if rows.count == limit, let last = rows.last { return (recovered, last.id) }
        try readMailbox()
        return (recovered, nil)
    }

    /// `ending`: is given the tasks that nobody wants any more and that are ending.
    func shutDown(_ ending: @escaping @Sendable ([Task<Void, Never>]) -> Void) {
        thread.isShuttingDown = true
        afterCommit { [thread] in
            // What is unwanted is to be ended, not to be left for another engine.
            for (key, report) in thread.reports where !thread.tasks.isUnwanted(key) { report.shutDown() }
            ending(thread.tasks.ending)
            thread.tasks.cancelAll()
            for run in thread.runs.values { run.cancel() }
            for worker in thread.workers { worker.reply.succeed(nil) }
            thread.workers = []
            for live in thread.live.values {
                for waiter in live.waiters { waiter.fail(EngineError.shuttingDown) }
            }
            for (_, waiter) in thread.elsewhere { waiter.fail(EngineError.shuttingDown) }
            thread.elsewhere = []
            thread.live = [:]
            try? thread.store.deregister(thread.engine.registration)
        }
    }
}

extension EngineThread {
    func forget(_ live: LiveExecution) {
        self.live[live.id] = nil
        idByARN[live.execution.header.arn] = nil
    }

    func machine(_ id: DefinitionID, _ tx: WriteTransaction) throws -> StateMachine {
        if let known = machines[id] { return known }
        let text = try tx.definition(id) ?? ""
        let (machine, diagnostics) = StateMachine.read(text: text)
        guard let machine else {
            throw EngineError.storeFailed("definition \(id.rawValue) cannot be read: \(diagnostics.first?.message ?? "it is missing")")
        }
        machines[id] = machine
        return machine
    }

    func again(_ command: Command, _ live: LiveExecution) {
        switch command {
        case .wake where mistake == .forgetsTimers: break
        case .wake(let frame, let at): timers.add(.init(at: at.milliseconds, execution: live.id, frame: frame))
        case .invoke(let invocation): invoke(live, invocation)
        case .runMap(let request): startMapRun(live, request)
        // Its offer is a row that is still there.
        case .offerActivity: break
        case .cancelTask, .cancelMapRun: break
        }
    }
}
