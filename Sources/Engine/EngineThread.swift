import Glibc
import JSON
import ServiceIntegrations
import StatesLanguage
import Store

/// The engine's state. Touched only on its own thread.
final class EngineThread {
    unowned let engine: ExecutionEngine
    let mailbox: Mailbox<EngineMessage>
    let store: Store
    let options: EngineOptions

    var live: [ExecutionID: LiveExecution] = [:]
    var idByARN: [String: ExecutionID] = [:]
    var timers = TimerHeap()
    /// Executions whose turn was cut: they go on with the next commit.
    var unfinished: [ExecutionID] = []
    /// The same, to look one up.
    var isUnfinished: Set<ExecutionID> = []
    var tasks = TaskGate()
    var isShuttingDown = false
    var machines: [DefinitionID: StateMachine] = [:]
    var definitionIDs: [ObjectIdentifier: (machine: Machine, definition: DefinitionID, stateMachine: StateMachineID)] = [:]
    /// Ids given in this turn, before their rows are there.
    var lastTurnID: Int64 = 0
    var reports: [TaskKey: EngineReport] = [:]
    /// Who waits here for executions that other processes run.
    var elsewhere: [(ExecutionID, Reply<ExecutionResult>)] = []
    var looksElsewhereAt: Int64 = 0
    static let elsewhereMilliseconds: Int64 = 300
    /// Runs of distributed Maps.
    var runs: [TaskKey: Task<Void, Never>] = [:]
    /// Workers of activities that wait for a task.
    var workers: [WaitingWorker] = []
    /// Whether an activity may have a task that nobody has taken.
    var hasNewOffers = false
    private var watcher: ChangeWatcher?
    /// Only simulations switch one on.
    var mistake: EngineMistake?

    init(engine: ExecutionEngine) {
        self.engine = engine
        mailbox = engine.mailbox
        store = engine.store
        options = engine.options
    }

    /// Runs until the engine shuts down. The thread keeps the engine alive until then.
    static func start(engine: ExecutionEngine) {
        var attributes = pthread_attr_t()
        pthread_attr_init(&attributes)
        // Evaluating deep expressions needs room; it is address space, not memory.
        pthread_attr_setstacksize(&attributes, 64 << 20)
        var thread = pthread_t()
        let box = Unmanaged.passRetained(engine)
        pthread_create(
            &thread, &attributes,
            { argument in
                guard let argument else { return nil }
                let engine = Unmanaged<ExecutionEngine>.fromOpaque(argument).takeRetainedValue()
                withExtendedLifetime(engine) { EngineThread(engine: engine).run() }
                return nil
            }, box.toOpaque())
        pthread_detach(thread)
        pthread_attr_destroy(&attributes)
    }

    private func run() {
        let engine = engine
        withExtendedLifetime(engine) {
            watch()
            while true {
                guard turn(mailbox.take(until: wakeTime, most: options.messagesPerCommit)) else { break }
                if isShuttingDown, live.isEmpty { break }
            }
            mailbox.close()
        }
    }

    /// When to look again though nothing has arrived.
    private var wakeTime: Int64? {
        guard unfinished.isEmpty else { return 0 }
        guard options.isClockManual, let due = nextDue else { return nextDue }
        // Whoever moves such a clock rings.
        return due <= options.clock().milliseconds ? 0 : nil
    }

    /// When something is to be done although nothing arrives.
    var nextDue: Int64? {
        guard !elsewhere.isEmpty else { return timers.nextDue }
        return min(timers.nextDue ?? .max, looksElsewhereAt)
    }

    /// Other processes ring when they leave a message.
    private func watch() {
        let mailbox = mailbox
        watcher = store.watchDoorbell(of: engine.registration.id, fallbackSeconds: 5) { mailbox.post(.rung) }
    }

    /// Decides and commits everything that has arrived, then performs. False: the commit failed, the engine is over.
    func turn(_ messages: [EngineMessage]) -> Bool {
        var current: EngineTurn?
        let clock = ContinuousClock()
        var decidedAt = clock.now
        do {
            try store.write { tx in
                let turn = EngineTurn(thread: self, tx: tx)
                current = turn
                try turn.run(messages)
                decidedAt = clock.now
                if mistake == .performsBeforeCommit { turn.perform(committedIn: 0) }
            }
        } catch {
            fail(error, messages)
            return false
        }
        if mistake == .performsBeforeCommit { return true }
        let spent = (clock.now - decidedAt).components
        current?.perform(committedIn: UInt64(max(0, spent.seconds)) * 1_000_000_000 + UInt64(spent.attoseconds / 1_000_000_000))
        return true
    }

    func fail(_ error: any Error, _ messages: [EngineMessage]) {
        isShuttingDown = true
        tasks.cancelAll()
        let failure = EngineError.storeFailed("\(error)")
        for message in messages { message.refuse(failure) }
        for run in runs.values { run.cancel() }
        for worker in workers { worker.reply.fail(failure) }
        for execution in live.values {
            for waiter in execution.waiters { waiter.fail(failure) }
        }
        for (_, waiter) in elsewhere { waiter.fail(failure) }
        elsewhere = []
        live = [:]
        engine.isOver.store(true, ordering: .releasing)
        options.ended?(failure)
    }
}

/// An execution in memory.
final class LiveExecution {
    let id: ExecutionID
    var execution: Execution
    let stateMachineARN: String
    /// Not inserted into the store yet: it began in this turn.
    var new: NewExecution?
    var observers: [EventObserver] = []
    var waiters: [Reply<ExecutionResult>] = []
    /// The shell's own interest in the end: a distributed Map's run, a nested execution.
    var onEnd: [(ExecutionResult) -> Void] = []
    var parameters: JSONObject
    /// The loggingConfiguration it was started under.
    let logging: JSONValue?
    /// The activities that its tasks name.
    let activities: [String]
    /// Its tasks scheduled up to this event were started by an engine that died.
    var recoveredUpTo: Int64 = 0
    /// What it waits for will be asked for after this turn's commit.
    var isToGoOn = false
    // What only its status events tell.
    var versionARN: String?
    var aliasARN: String?
    var isMapChild = false
    var redrivenAt: Timestamp?

    init(id: ExecutionID, execution: Execution, stateMachineARN: String, parameters: JSONObject) {
        self.id = id
        self.execution = execution
        self.stateMachineARN = stateMachineARN
        self.parameters = parameters
        logging = parameters["logging"]
        activities = execution.machine.activities
    }

    var result: ExecutionResult {
        ExecutionResult(
            arn: execution.header.arn, name: execution.header.name, status: execution.status ?? .running,
            startedAt: execution.startedAt, stoppedAt: execution.stoppedAt ?? execution.startedAt, input: execution.input,
            output: execution.output, error: execution.error, cause: execution.cause,
            failedState: execution.failedState.map { execution.machine[$0] })
    }
}
