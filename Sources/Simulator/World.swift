import Engine
import ExecutionDriver
import FaultyDisk
import JSON
import StatesLanguage
import Store

/// The state of one simulation: a disk, the processes that share a store on it, and the world outside that works for them.
final class World: @unchecked Sendable {
    // Sendable: a simulation has one thread, and `executor` runs all Swift tasks on it.

    /// A process with an engine.
    struct Process {
        let number: Int
        let store: Store
        let engine: ManualEngine
    }

    /// Something that somebody outside does at a time: it knows nothing of the engines' deaths, and tries again when it is not heard.
    struct Errand {
        enum Kind {
            case complete(token: String, TokenOutcome)
            case redrive(arn: String)
        }
        var at: Int64
        let kind: Kind
        var copies = 0
    }

    /// A Swift task that waits in the engine's process.
    struct Parked {
        /// nil: for ever.
        let at: Int64?
        let continuation: CheckedContinuation<Void, Never>
    }

    let plan: WorldPlan
    let machine: Machine
    let clock = SimulatedClock()
    let executor = SimulatedExecutor()
    let rings = RingQueue()
    let disk: FaultyDisk
    var numbers: SeededNumbers
    /// Names, seeds and keys of the engines.
    var secrets: SeededNumbers
    let activityARNs: [String]
    let hasDistributedMaps: Bool

    var processes: [Process?]
    /// Open files of dead processes; no process closes its files in order when it is killed.
    var graveyard: [Store] = []
    var processCount = 0
    var errands: [Errand] = []
    var parked: [Int: Parked] = [:]
    var tickets = 0
    /// Tasks at work, by process and what limits them.
    var running: [Int: [String: Int]] = [:]
    /// Jobs that outlive engines, by task: when they end.
    var jobs: [String: Int64] = [:]
    var isLying = false
    var hasLied = false
    var isFinished = false
    var needsFallback = false
    var idleRounds = 0
    /// Machines of children, by definition.
    var machines: [DefinitionID: StateMachine] = [:]

    // What was promised, and must be kept after any crash (unless the disk lied).
    /// Attempts that were begun, by execution.
    var begun: [String: Set<Int64>] = [:]
    var asked: Set<Int> = []
    var started: Set<Int> = []
    var promisedTokens: Set<String> = []
    var sent: [Errand] = []
    var acknowledged: [String: TokenOutcome] = [:]

    private(set) var problems: [String] = []
    var crashes = 0
    var faults = 0
    private(set) var steps = 0
    /// The step in which a full disk gets room.
    private var hasRoomAt = 0
    private(set) var ends: [End] = []

    init(_ plan: WorldPlan) {
        self.plan = plan
        machine = Machine(
            arn: "arn:aws:states:us-east-1:000000000000:stateMachine:simulated", name: "simulated", roleARN: "arn:aws:iam::000000000000:role/r",
            definition: plan.definition, text: plan.machine.definition.text())
        let rings = rings
        disk = FaultyDisk(seed: plan.seed) { rings.add($0) }
        numbers = SeededNumbers(seed: plan.seed &* 31 &+ 7 &+ plan.pace)
        secrets = SeededNumbers(seed: plan.seed &* 17 &+ 3)
        processes = Array(repeating: nil, count: plan.mostFaults == 0 ? 1 : plan.engineCount)
        activityARNs = Set(
            plan.definition.states.compactMap { state in
                if case .task(let task) = state.kind, task.resource.kind == .activity { task.resource.arn } else { nil }
            }
        ).sorted()
        hasDistributedMaps = plan.definition.states.contains { state in
            if case .map(let map) = state.kind { map.distributed != nil } else { false }
        }
    }

    var isCalm: Bool { plan.mostFaults == 0 }
    var living: [Process] { processes.compactMap { $0 } }

    func problem(_ text: String) { if problems.count < 10 { problems.append(text) } }

    func run() {
        disk.setLying(plan.bug == .neverSyncs)
        for place in processes.indices { open(place) }
        while problems.isEmpty {
            guard steps < 6_000 else {
                problem("it does not end: \(stillRunning()); \(errands.count) errands wait")
                break
            }
            steps += 1
            if step() { break }
        }
        disk.fail(.read, at: nil, .before)
        if problems.isEmpty { checkPromises() }
        if problems.isEmpty { ends = finalEnds() }
        isFinished = true
        // So that no Swift task is left behind.
        for place in processes.indices { kill(place) }
    }

    // MARK: one step

    /// True: everything has ended.
    private func step() -> Bool {
        reviveSome()
        if !isCalm { maybeFault() }
        // Somebody makes room on a full disk, also while others ask again and again.
        if steps == hasRoomAt { disk.setCapacity(nil) }
        deliverRings()
        startSome()
        doErrands()
        wakeParked()
        askForWork()
        for place in processes.indices {
            executor.settle()
            guard let process = processes[place] else { continue }
            if process.engine.turn() {
                executor.settle()
                check(process)
            } else {
                kill(place)
            }
        }
        executor.settle()
        if isOver() { return true }
        if !isCalm { maybeDie() }
        if living.allSatisfy(\.engine.isIdle) { passTime() }
        return false
    }

    /// The next thing in virtual time.
    private func passTime() {
        guard !hasWorkForWorkers() else { return }
        if asked.count + started.count < plan.executionCount { return }
        var dues = parked.values.compactMap(\.at) + errands.map(\.at) + living.compactMap(\.engine.nextDue)
        if needsFallback { dues.append(clock.now + 5000) }
        guard let next = dues.min(), !isStuck(dues) else { return beIdle() }
        idleRounds = 0
        if needsFallback, next == clock.now + 5000 { ringAll() }
        if next > clock.now { clock.set(next) }
    }

    /// Only time limits are left, far away: whoever could do something earlier should.
    private func isStuck(_ dues: [Int64]) -> Bool {
        parked.values.allSatisfy { $0.at == nil } && errands.isEmpty && idleRounds < 3 && (dues.min() ?? .max) > clock.now + 20_000
    }

    /// Nothing happens by itself: what people and services do then, one after the other.
    private func beIdle() {
        idleRounds += 1
        clock.set(clock.now + 5000)
        for place in processes.indices where processes[place] == nil { open(place) }
        if idleRounds > 2 { disk.setCapacity(nil) }
        ringAll()
        if let process = living.isEmpty ? nil : numbers.pick(living) { try? process.engine.recover { _ in } }
        if idleRounds > 6 { problem("it hangs: \(stillRunning())") }
        if idleRounds > 2 { rescueActivities() }
    }

    private func ringAll() {
        needsFallback = false
        for process in living { process.engine.ring() }
    }

    private func deliverRings() {
        for engine in rings.takeAll() {
            if !isCalm, numbers.percent(10) {
                needsFallback = true
                continue
            }
            living.first { $0.engine.registration.id == engine }?.engine.ring()
        }
    }

    private func wakeParked() {
        let now = clock.now
        for ticket in parked.filter({ $0.value.at ?? .max <= now }).keys.sorted() { parked.removeValue(forKey: ticket)?.continuation.resume() }
    }

    // MARK: faults

    private func maybeFault() {
        guard faults < plan.mostFaults, numbers.percent(10) else { return }
        faults += 1
        switch numbers.number(0...9) {
        case 0...4:
            let operation = numbers.pick(FaultyDisk.Operation.allCases)
            let manners: [FaultyDisk.Manner] = operation == .write ? FaultyDisk.Manner.allCases : operation == .sync ? [.before, .after] : [.before]
            disk.fail(operation, at: numbers.number(1...6), numbers.pick(manners))
        case 5:
            disk.setCapacity(1)
            hasRoomAt = steps + 500
        case 6:
            guard plan.bug == nil else { return }
            isLying = true
            disk.setLying(true)
        case 7: jumpInTime()
        case 8: stopOne()
        default: if let process = living.isEmpty ? nil : numbers.pick(living) { try? process.engine.recover { _ in } }
        }
    }

    private func jumpInTime() {
        let milliseconds = numbers.pick([3, 40, 1_500, 20_000, 20_000, 200_000])
        clock.set(clock.now + Int64(numbers.percent(50) ? milliseconds : -min(milliseconds, 60_000)))
    }

    private func stopOne() {
        guard let process = living.isEmpty ? nil : numbers.pick(living), let index = started.sorted().first else { return }
        let arn = self.arn(index)
        process.engine.stop(arn) { _ in }
        errands.append(Errand(at: clock.now + Int64(numbers.number(0...20_000)), kind: .redrive(arn: arn)))
    }

    private func maybeDie() {
        if isLying, numbers.percent(15) { return cutPower(.everythingUnsyncedIsLost) }
        guard faults < plan.mostFaults, numbers.percent(6) else { return }
        faults += 1
        if processes.count > 1, numbers.percent(60) {
            kill(numbers.number(0...(processes.count - 1)))
        } else {
            cutPower(isLying || numbers.percent(50) ? .everythingUnsyncedIsLost : .someUnsyncedWritesSurvive)
        }
    }
}

/// Doorbells that were rung, in order.
final class RingQueue: @unchecked Sendable {
    // Sendable: a simulation has one thread.
    private var engines: [EngineID] = []
    func add(_ engine: EngineID) { engines.append(engine) }
    func takeAll() -> [EngineID] {
        defer { engines = [] }
        return engines
    }
}
