import JSON
import ServiceIntegrations
import StatesLanguage
import Store

/// One transaction's worth of work: what arrived, what was decided, what is to be done once it is durable.
///
/// Lives on the engine's thread only; closures that get it must not keep it.
final class EngineTurn {
    let thread: EngineThread
    let tx: WriteTransaction
    let now: Timestamp
    private var order: [ExecutionID] = []
    private var stimuli: [ExecutionID: [Stimulus]] = [:]
    private var decided: [(LiveExecution, [HistoryEvent], [Command])] = []
    private var effects: [() -> Void] = []
    private var logs: [(TaskKey, EngineReport)] = []
    /// What this commit may still hold, so that nobody waits long for it; each execution may add a little all the same.
    private var eventsLeft: Int
    private static let mostEvents = 4000
    private let leastEvents: Int
    private let mostGoingOn: Int

    init(thread: EngineThread, tx: WriteTransaction) {
        self.thread = thread
        self.tx = tx
        now = thread.options.clock()
        eventsLeft = thread.options.eventsPerCommit
        leastEvents = min(50, eventsLeft)
        mostGoingOn = min(50, eventsLeft)
    }

    func afterCommit(_ effect: @escaping () -> Void) { effects.append(effect) }

    // MARK: deciding

    func run(_ messages: [EngineMessage]) throws {
        let goingOn = thread.unfinished
        thread.unfinished = []
        // Those that only go on take turns: with many of them each commit serves a few, and what has just arrived.
        for (place, id) in goingOn.enumerated() {
            if place < mostGoingOn {
                thread.isUnfinished.remove(id)
                touch(id)
            } else {
                thread.unfinished.append(id)
            }
        }
        while let due = thread.timers.popDue(at: now.milliseconds) { deliver(.wake(due.frame), to: due.execution) }
        for message in messages { try receive(message) }
        for (key, report) in logs { try append(report.takePrinted(), of: key) }
        try lookElsewhere()
        // Deciding may touch others (a child's end its parent): go on until nothing is left.
        while true {
            try serveWorkers()
            guard !order.isEmpty else { break }
            let batch = order
            order = []
            for id in batch { try decide(id) }
        }
    }

    private func receive(_ message: EngineMessage) throws {
        switch message {
        case .start(let request, let reply):
            do {
                let started = try start(request)
                afterCommit { reply.succeed(started) }
            } catch let error as EngineError {
                afterCommit { reply.fail(error) }
            }
        case .stimulus(let id, let stimulus): deliver(stimulus, to: id)
        case .taskEnded(let key, let stimulus, let success):
            afterCommit { [thread] in
                thread.tasks.ended(key)
                thread.reports[key] = nil
            }
            if let success { try tx.put(success) }
            if let stimulus { deliver(stimulus, to: key.execution) }
        case .log(let key, let report): logs.append((key, report))
        case .mapRunEnded(let key, let stimulus):
            thread.runs[key] = nil
            thread.reports[key] = nil
            if let stimulus { deliver(stimulus, to: key.execution) }
        case .rung:
            thread.hasNewOffers = true
            try readMailbox()
        case .perform(let body, let failed):
            do {
                try body(self)
            } catch let error where StoreError.isOfTheDisk(error) {
                failed(EngineError.storeFailed("\(error)"))
                throw error
            } catch {
                // Told after the commit: if that fails, everybody who waits is told of that.
                afterCommit { failed(error) }
            }
        case .storeFailed(let error): throw error
        }
    }

    func touch(_ id: ExecutionID) {
        if stimuli[id] == nil {
            stimuli[id] = []
            order.append(id)
        }
    }

    func deliver(_ stimulus: Stimulus, to id: ExecutionID) {
        touch(id)
        stimuli[id]?.append(stimulus)
    }

    private func decide(_ id: ExecutionID) throws {
        let arrived = stimuli.removeValue(forKey: id) ?? []
        guard let live = thread.live[id] else { return }
        if thread.options.requiresActivities, !live.activities.isEmpty {
            live.execution.absentActivities = Set(try live.activities.filter { try tx.activity(arn: $0) == nil })
        }
        let (events, commands) = live.execution.advance(on: arrived, at: now, upTo: max(leastEvents, min(Self.mostEvents, eventsLeft)))
        eventsLeft -= events.count
        try store(live, events)
        for command in commands {
            switch command {
            case .offerActivity(let invocation): try offer(live, invocation)
            case .cancelTask(_, let scheduled): try withdraw(live, scheduled: scheduled)
            default: break
            }
        }
        if live.execution.hasReadyWork, thread.mistake != .forgetsTheRest, thread.isUnfinished.insert(id).inserted { thread.unfinished.append(id) }
        decided.append((live, events, commands))
    }

    private func store(_ live: LiveExecution, _ events: [HistoryEvent]) throws {
        let ending = !live.execution.isRunning && events.contains { $0.kind.isEnding } ? live.ending : nil
        if var new = live.new {
            live.new = nil
            new.ending = ending
            try tx.insert(new, id: live.id)
        } else if let ending {
            try tx.end(live.id, ending)
        }
        // Who reads a page of a history reads whole segments: they are kept short.
        var before = live.execution.lastEventID - Int64(events.count { $0.id > 0 })
        for start in stride(from: 0, to: events.count, by: Self.mostInSegment) {
            let part = events[start..<min(start + Self.mostInSegment, events.count)]
            var bytes: [UInt8] = []
            bytes.reserveCapacity(part.count * 96)
            var separator = UInt8(ascii: "[")
            for event in part {
                bytes.append(separator)
                event.write(to: &bytes)
                separator = UInt8(ascii: ",")
            }
            bytes.append(UInt8(ascii: "]"))
            let first = before + 1
            before = part.last { $0.id > 0 }?.id ?? before
            try tx.append(HistorySegment(firstEventID: first, lastEventID: before, events: bytes), to: live.id)
        }
    }

    private static let mostInSegment = 500

    // MARK: performing

    /// After the commit: everything is durable, so it may be done.
    func perform(committedIn nanoseconds: UInt64) {
        for (live, events, commands) in decided {
            for command in commands { perform(command, live) }
            notify(live, events)
        }
        // What callers are told of is counted when they are told.
        count(nanoseconds)
        thread.timers.forgetEnded { [thread] in thread.live[$0] != nil }
        for effect in effects { effect() }
    }

    private func count(_ nanoseconds: UInt64) {
        var events = 0
        var transitions = 0
        for (_, own, _) in decided {
            for event in own where event.id > 0 {
                events += 1
                if case .stateExited = event.kind { transitions += 1 }
            }
        }
        let thread = thread
        thread.engine.counted.withLock { counted in
            counted.events += events
            counted.transitions += transitions
            counted.commits += 1
            counted.commitNanoseconds += nanoseconds
            counted.countCommit(nanoseconds)
            counted.timers = thread.timers.count
            counted.waitingWorkers = thread.workers.count
            counted.liveExecutions = thread.live.count
            counted.runningTasks = thread.tasks.runningCount
            counted.waitingTasks = thread.tasks.waitingCount
        }
    }

    private func perform(_ command: Command, _ live: LiveExecution) {
        switch command {
        case .wake(let frame, let at): thread.timers.add(.init(at: at.milliseconds, execution: live.id, frame: frame))
        case .invoke(let invocation): thread.invoke(live, invocation)
        // Its offer is a row, stored with the event.
        case .offerActivity: break
        case .cancelTask(_, let scheduled):
            let key = TaskKey(execution: live.id, scheduled: scheduled)
            if thread.tasks.cancel(key) { thread.reports[key] = nil }
        case .runMap(let request): thread.startMapRun(live, request)
        case .cancelMapRun(_, let started): thread.runs[TaskKey(execution: live.id, scheduled: started)]?.cancel()
        }
    }

    private func notify(_ live: LiveExecution, _ events: [HistoryEvent]) {
        let status = live.execution.status ?? .running
        if !events.isEmpty, !live.observers.isEmpty {
            let observed = ObservedExecution(
                id: live.id, arn: live.execution.header.arn, machine: live.execution.machine, status: status)
            for observer in live.observers { observer(events, observed) }
        }
        if let logging = live.logging, !events.isEmpty, let logged = thread.options.logged {
            logged(
                LoggedEvents(
                    arn: live.execution.header.arn, machineName: live.execution.header.stateMachineName, machine: live.execution.machine,
                    redriveCount: live.execution.redriveCount, events: events, configuration: logging))
        }
        if let changed = thread.options.statusChanged { tell(changed, live, events, status) }
        guard !live.execution.isRunning else { return }
        thread.live[live.id] = nil
        thread.idByARN[live.execution.header.arn] = nil
        let result = live.result
        for waiter in live.waiters { waiter.succeed(result) }
        for action in live.onEnd { action(result) }
        live.waiters = []
        live.onEnd = []
    }
}

extension EngineTurn {
    /// A short execution starts and ends in one turn: both are told.
    private func tell(
        _ changed: @Sendable (StatusChange) -> Void, _ live: LiveExecution, _ events: [HistoryEvent], _ status: ExecutionStatus
    ) {
        let start = events.first { $0.kind.isBeginning }
        guard start != nil || events.contains(where: \.kind.isEnding) else { return }
        let result = live.result
        func change(_ status: ExecutionStatus, isRedrive: Bool = false) -> StatusChange {
            let hasEnded = status != .running
            return StatusChange(
                arn: result.arn, stateMachineARN: live.stateMachineARN, name: result.name, status: status, isRedrive: isRedrive,
                startedAt: result.startedAt, stoppedAt: hasEnded ? result.stoppedAt : nil, input: result.input,
                output: hasEnded ? result.output : nil, error: hasEnded ? result.error : nil, cause: hasEnded ? result.cause : nil,
                isExpress: live.execution.header.isExpress, isMapChild: live.isMapChild, versionARN: live.versionARN, aliasARN: live.aliasARN,
                redriveCount: live.execution.redriveCount, redrivenAt: live.redrivenAt)
        }
        if let start {
            var isRedrive = false
            if case .executionRedriven = start.kind { isRedrive = true }
            changed(change(.running, isRedrive: isRedrive))
        }
        if status != .running { changed(change(status)) }
    }
}

extension HistoryEvent.Kind {
    var isEnding: Bool {
        switch self {
        case .executionSucceeded, .executionFailed, .executionAborted, .executionTimedOut: true
        default: false
        }
    }

    var isBeginning: Bool {
        switch self {
        case .executionStarted, .executionRedriven: true
        default: false
        }
    }
}

extension LiveExecution {
    var ending: StoredEnding? {
        guard !execution.isRunning, let status = execution.status.flatMap({ StoredStatus(rawValue: $0.rawValue) }) else { return nil }
        return StoredEnding(
            status: status, stopMilliseconds: execution.stoppedAt?.milliseconds ?? 0,
            output: status == .succeeded ? execution.output?.text() : nil, error: execution.error, cause: execution.cause)
    }
}
