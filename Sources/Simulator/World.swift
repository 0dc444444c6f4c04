import Engine
import ExecutionDriver
import FaultyDisk
import JSON
import StatesLanguage
import Store
import Synchronization

/// The state of one simulation.
struct World {
    private let seed: UInt64
    private let machine: Machine
    private let bug: SeededBug?
    private let mostFaults: Int
    private let disk: FaultyDisk
    private let clock = SimulatedClock()
    private var numbers: SeededNumbers
    private var engine: ManualEngine?
    /// Tasks under way in the world outside: they go on whatever becomes of the engine.
    private var tasks: [PendingTask] = []
    private var delivering: [PendingTask] = []
    /// Attempts whose results were durable.
    private var finished: Set<String> = []
    /// Every attempt that was asked for.
    private var known: [String: (execution: ExecutionID, invocation: TaskInvocation)] = [:]
    private var faults = 0
    private let executionCount: Int
    private let answers: SeededAnswers
    private(set) var problems: [String] = []
    private(set) var crashes = 0
    private(set) var steps = 0

    private struct PendingTask {
        let execution: ExecutionID
        var scheduled: Int64 = 0
        /// A worker's or a token holder's: it knows nothing of the engine's death, and tries again when it is not heard.
        let isOutside: Bool
        let stimuli: [Stimulus]
        let at: Int64
    }

    init(seed: UInt64, machine: StateMachine, text: String, bug: SeededBug?, mostFaults: Int) {
        self.seed = seed
        self.bug = bug
        self.mostFaults = mostFaults
        self.machine = Machine(
            arn: "arn:aws:states:us-east-1:000000000000:stateMachine:simulated", name: "simulated", roleARN: "arn:aws:iam::000000000000:role/r",
            definition: machine, text: text)
        disk = FaultyDisk(seed: seed)
        numbers = SeededNumbers(seed: seed &* 31 &+ 7)
        executionCount = 1 + Int(seed % 3)
        answers = SeededAnswers(seed: seed, failures: 10, silences: 10)
    }

    mutating func run() {
        let expected = undisturbed()
        guard open() else { return }
        while problems.isEmpty, steps < 3000 {
            steps += 1
            if step() { break }
        }
        guard problems.isEmpty else { return }
        if steps >= 3000 { problems.append("it does not end") }
        compare(with: expected)
    }

    // MARK: one step

    /// True: everything has ended.
    private mutating func step() -> Bool {
        if engine == nil, !open() { return !problems.isEmpty }
        maybeFault()
        deliverDue()
        guard let engine else { return false }
        let alive = engine.turn()
        take(engine.invocations, isDurable: alive)
        engine.invocations = []
        guard alive else {
            tasks += delivering.filter(\.isOutside)
            die(.someUnsyncedWritesSurvive)
            return false
        }
        check()
        if isOver() { return true }
        if numbers.percent(4), faults < mostFaults {
            faults += 1
            die(numbers.percent(50) ? .everythingUnsyncedIsLost : .someUnsyncedWritesSurvive)
            return false
        }
        passTime()
        return false
    }

    /// The next thing in virtual time; now and then the clock jumps.
    private mutating func passTime() {
        let dues = tasks.map(\.at) + [engine?.nextDue].compactMap { $0 }
        guard let next = dues.min() else { return }
        clock.set(max(clock.now, next))
        if numbers.percent(2), faults < mostFaults {
            faults += 1
            clock.set(clock.now + Int64(numbers.number(1...5)))
        }
    }

    private mutating func maybeFault() {
        guard faults < mostFaults, numbers.percent(8) else { return }
        faults += 1
        let operation = numbers.pick(FaultyDisk.Operation.allCases)
        let manners: [FaultyDisk.Manner] = operation == .write ? FaultyDisk.Manner.allCases : [.before]
        disk.fail(operation, at: numbers.number(1...6), numbers.pick(manners))
    }

    private mutating func deliverDue() {
        let due = tasks.filter { $0.at <= clock.now }
        tasks.removeAll { $0.at <= clock.now }
        delivering = due
        for task in due {
            for stimulus in task.stimuli { engine?.post(stimulus, to: task.execution) }
            // Answers come twice now and then.
            if numbers.percent(10) { for stimulus in task.stimuli { engine?.post(stimulus, to: task.execution) } }
        }
    }

    private mutating func take(_ invocations: [(execution: ExecutionID, invocation: TaskInvocation)], isDurable: Bool) {
        if !isDurable, !invocations.isEmpty { problems.append("a task was started although its events were not durable") }
        for (execution, invocation) in invocations {
            let key = "\(execution.rawValue)#\(invocation.scheduled)"
            known[key] = (execution, invocation)
            if finished.contains(key) { problems.append("attempt \(key) ran again though its result was stored") }
            if tasks.contains(where: { $0.execution == execution && $0.scheduled == invocation.scheduled }) { continue }
            let answer = answers.answer(invocation)
            let at = clock.now + Int64(answer.afterSeconds * 1000)
            let stimuli = Self.stimuli(answer, invocation)
            let isOutside = invocation.resource.kind == .activity || invocation.resource.pattern == .waitForTaskToken
            if !stimuli.isEmpty { tasks.append(PendingTask(execution: execution, scheduled: invocation.scheduled, isOutside: isOutside, stimuli: stimuli, at: at)) }
        }
    }

    private static func stimuli(_ answer: ExecutionDriver.Answer, _ invocation: TaskInvocation) -> [Stimulus] {
        let (frame, scheduled) = (invocation.frame, invocation.scheduled)
        var stimuli: [Stimulus] = []
        if invocation.resource.kind == .activity { stimuli.append(.taskStarted(frame, scheduled: scheduled, worker: "w")) }
        if let submitted = answer.submitted { stimuli.append(.taskSubmitted(frame, scheduled: scheduled, output: submitted)) }
        switch answer.outcome {
        case .success(let output): stimuli.append(.taskSucceeded(frame, scheduled: scheduled, output: output))
        case .failure(let error, let cause): stimuli.append(.taskFailed(frame, scheduled: scheduled, error: error, cause: cause))
        case nil: break
        }
        return stimuli
    }

    // MARK: life and death

    private mutating func open() -> Bool {
        for _ in 0..<20 {
            do {
                let store = try Store(path: "sfn.db", options: disk.options)
                var options = EngineOptions()
                options.clock = { [clock] in Timestamp(milliseconds: clock.now) }
                let engine = try ManualEngine(store: store, options: options)
                engine.performsBeforeCommit = bug == .performsBeforeCommit
                engine.forgetsTimers = bug == .forgetsTimers
                try engine.recover()
                // Names make a repeated start harmless: who got no answer asks again.
                for index in 0..<executionCount {
                    engine.start(StartRequest(machine: machine, input: MachineGenerator.input, name: "e\(index)"))
                }
                if bug == .runsFinishedTasksAgain, crashes > 0, let again = known.first(where: { finished.contains($0.key) })?.value { engine.invocations.append(again) }
                self.engine = engine
                self.store = store
                return true
            } catch {
                // The fault that was set struck here; the power is cut once more.
                disk.fail(.read, at: nil, .before)
                disk.fail(.write, at: nil, .before)
                disk.fail(.sync, at: nil, .before)
                disk.cutPower(.everythingUnsyncedIsLost)
            }
        }
        problems.append("the store cannot be opened again")
        return false
    }

    private var store: Store?

    private mutating func die(_ loss: FaultyDisk.Loss) {
        crashes += 1
        engine = nil
        store = nil
        disk.cutPower(loss)
        for operation in FaultyDisk.Operation.allCases { disk.fail(operation, at: nil, .before) }
        // What was being computed outside goes on or is lost; recovery asks for all that is not stored.
        tasks.removeAll { !$0.isOutside }
    }

    // MARK: what must hold

    private mutating func check() {
        guard let engine, let store else { return }
        for (id, execution) in engine.executions {
            let events: [HistoryEvent]
            do { events = try read(id, store) } catch { continue }
            checkHistory(events, id)
            var replayed = Execution(replaying: events, machine: execution.machine, header: execution.header, quotas: execution.quotas)
            replayed.childItem = execution.childItem
            if replayed != execution { problems.append("execution \(id.rawValue): what is replayed differs from what lives, after event \(execution.lastEventID)") }
        }
    }

    private func read(_ id: ExecutionID, _ store: Store) throws -> [HistoryEvent] {
        let events = try store.read { try $0.storedEvents(of: id) }
        return bug?.tamper(events) ?? events
    }

    private mutating func checkHistory(_ events: [HistoryEvent], _ id: ExecutionID) {
        let numbered = events.filter { $0.id > 0 }
        var last: Int64 = 0
        var entered: Set<String> = []
        var terminal = 0
        for event in numbered {
            if event.id != last + 1 { problems.append("execution \(id.rawValue): event \(event.id) follows \(last)") }
            last = event.id
            switch event.kind {
            case .stateEntered(let state, _): entered.insert("\(event.frame.index)/\(state.index)")
            case .stateExited(let state, _, _, _):
                if !entered.contains("\(event.frame.index)/\(state.index)") { problems.append("execution \(id.rawValue): event \(event.id) leaves a state that was not entered") }
            case .executionSucceeded, .executionFailed, .executionAborted, .executionTimedOut: terminal += 1
            default: break
            }
        }
        if terminal > 1 { problems.append("execution \(id.rawValue): \(terminal) terminal events") }
        var scheduled: [Int: Int64] = [:]
        for event in numbered {
            if case .taskScheduled = event.kind { scheduled[event.frame.index] = event.id }
            switch event.kind {
            case .taskSucceeded, .taskFailed, .taskTimedOut:
                if let attempt = scheduled[event.frame.index] {
                    finished.insert("\(id.rawValue)#\(attempt)")
                }
            default: break
            }
        }
    }

    private func isOver() -> Bool {
        guard let store, let engine, engine.executions.isEmpty else { return false }
        let rows = (try? store.read { try $0.executions(limit: 100) }) ?? []
        return rows.count == executionCount && rows.allSatisfy(\.status.isEnded)
    }

    // MARK: the outcome

    private func undisturbed() -> Execution {
        let answers = answers
        var driver = ExecutionDriver(machine: machine.definition) { answers.answer($0) }
        driver.run(MachineGenerator.input)
        return driver.execution
    }

    private mutating func compare(with expected: Execution) {
        guard let store else { return }
        for operation in FaultyDisk.Operation.allCases { disk.fail(operation, at: nil, .before) }
        do {
            let rows = try store.read { try $0.executions(limit: 100) }
            for row in rows {
                let events = try read(row.id, store)
                checkHistory(events, row.id)
                // A task that was asked for again after a crash, or a clock that jumped, may pass a timeout: that is no fault of the engine's.
                if events.contains(where: { if case .taskTimedOut = $0.kind { true } else { false } }) { continue }
                // Which of several failures comes first decides what catches it, and may depend on how long a crash took.
                if events.contains(where: { if case .taskFailed = $0.kind { $0.frame != .root } else { false } }) { continue }
                if row.status.rawValue != expected.status?.rawValue {
                    problems.append("\(row.name) ended \(row.status.rawValue), without faults \(expected.status?.rawValue ?? "?")")
                } else if row.status == .succeeded {
                    let output = try store.read { try $0.payload(of: row.id)?.output }.flatMap { try? JSONValue(parsing: $0) }
                    if output != expected.output { problems.append("\(row.name) has another output than without faults") }
                }
            }
            try store.integrityProblems().first.map { problems.append("the store is damaged: \($0)") }
        } catch {
            problems.append("the store cannot be read: \(error)")
        }
    }
}

/// Virtual time.
final class SimulatedClock: Sendable {
    private let milliseconds = Mutex<Int64>(1_700_000_000_000)
    var now: Int64 { milliseconds.withLock { $0 } }
    func set(_ time: Int64) { milliseconds.withLock { $0 = time } }
}
