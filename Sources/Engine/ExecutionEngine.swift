import Glibc
import JSON
import ServiceIntegrations
import StatesLanguage
import Store
import Synchronization

/// Runs executions: decide → commit → perform, on one thread of its own.
///
/// Whatever has arrived is decided together and committed in one transaction; only then are tasks started, timers set,
/// callers answered. A commit that fails is treated as a crash: the engine ends, and recovery is the only rollback.
public final class ExecutionEngine: Sendable {
    package let store: Store
    package let options: EngineOptions
    let mailbox = Mailbox<EngineMessage> { $0.refuse(EngineError.shuttingDown) }
    package let registration: EngineRegistration
    package let machines: MachineRegistry
    let counted = Mutex(EngineMetrics())
    /// A commit has failed: this engine does nothing any more.
    let isOver = Atomic(false)
    let mapRunSignals = MapRunSignals()
    let definitions = Mutex<[DefinitionID: StateMachine]>([:])

    package init(store: Store, options: EngineOptions = EngineOptions()) throws {
        self.store = store
        self.options = options
        machines = MachineRegistry(store: store)
        registration = try store.registerEngine(name: options.name, at: options.clock().milliseconds)
        EngineThread.start(engine: self)
    }

    /// Without a thread: for `ManualEngine`.
    init(manually store: Store, options: EngineOptions) throws {
        self.store = store
        self.options = options
        machines = MachineRegistry(store: store)
        registration = try store.registerEngine(name: options.name, at: options.clock().milliseconds)
    }

    // MARK: executions

    /// Starts an execution; it is durable when this returns.
    package func start(_ request: StartRequest) async throws -> StartedExecution {
        try await answer { .start(request, $0) }
    }

    /// Starts an execution and waits for its end.
    package func run(_ request: StartRequest) async throws -> ExecutionResult {
        try await answer { reply in .perform({ turn in try turn.run(request, reply) }, { reply.fail($0) }) }
    }

    /// The same; `started` gets its ARN on the engine's thread, before the start is durable.
    func run(_ request: StartRequest, started: @escaping @Sendable (String) -> Void) async throws -> ExecutionResult {
        try await answer { reply in .perform({ turn in started(try turn.run(request, reply).arn) }, { reply.fail($0) }) }
    }

    /// Ends a running execution as ABORTED. Returns when it stopped.
    @discardableResult
    package func stop(_ arn: String, error: String? = nil, cause: String? = nil) async throws -> Timestamp {
        try await inTurn { turn in try turn.stop(arn, error: error, cause: cause) }
    }

    /// How an execution of this engine ends; returns at once for one that has ended.
    package func result(of arn: String) async throws -> ExecutionResult {
        try await answer { reply in .perform({ turn in try turn.await(arn, reply) }, { reply.fail($0) }) }
    }

    /// How an execution ends, whichever process runs it; one that loses its process goes on here.
    func resultAnywhere(of arn: String) async throws -> ExecutionResult {
        try await answer { reply in .perform({ turn in try turn.awaitAnywhere(arn, reply) }, { reply.fail($0) }) }
    }

    /// Takes up an execution that has no living owner: a running one goes on where it was, a failed, timed out or aborted one
    /// is redriven from the states that did not succeed.
    @discardableResult
    package func resume(_ arn: String, options: ResumeOptions = ResumeOptions()) async throws -> StartedExecution {
        try adoptDeadEngines(onlyReleasing: true)
        return try await inTurn { turn in try turn.resume(arn, options) }
    }

    /// Completes a task that waits for its token, from anywhere.
    package func completeTask(token: String, _ outcome: TokenOutcome) async throws {
        try await inTurn { turn in try turn.complete(token, outcome) }
    }

    /// Does something in the next transaction. Durable when it returns.
    package func write<Value: Sendable>(_ body: @escaping @Sendable (WriteTransaction) throws -> Value) async throws -> Value {
        try await inTurn { turn in try body(turn.tx) }
    }

    /// The limits of a Map run are others now.
    package func mapRunChanged(_ arn: String) { mapRunSignals.change(arn) }

    // MARK: life

    /// Takes over what engines left whose processes are gone. `onlyReleasing`: they are only marked as nobody's.
    @discardableResult
    package func adoptDeadEngines(onlyReleasing: Bool = false) throws -> Int {
        var count = 0
        let found = try store.deadEngines()
        for (position, dead) in found.enumerated() {
            do {
                if onlyReleasing { try store.release(dead) } else { count += try store.takeOver(dead, by: registration.id) }
            } catch {
                // Others may have more luck.
                for left in found[position...] { store.giveBack(left) }
                throw error
            }
        }
        return count
    }

    /// Goes on with every running execution that no living engine owns. Returns how many.
    @discardableResult
    package func recover() async throws -> Recovered {
        try adoptDeadEngines()
        var recovered = Recovered()
        var next: ExecutionID?
        // In parts: what arrives meanwhile does not wait for a hundred thousand.
        repeat {
            let part = try await inTurn { [next] turn in try turn.recoverOwned(after: next, limit: turn.thread.options.recoveredPerCommit) }
            recovered.count += part.found.count
            recovered.damaged += part.found.damaged
            next = part.next
        } while next != nil
        return recovered
    }

    /// Stops taking work, lets go of running tasks in a way that they can be resumed, and leaves the store. Tasks whose
    /// execution has ended without them have a few seconds to stop what they have started: a process that ended sooner
    /// would leave a job running, which nobody waits for and somebody pays.
    package func shutDown() async {
        let ending = Mutex<[Task<Void, Never>]>([])
        try? await inTurn { turn in turn.shutDown { tasks in ending.withLock { $0 = tasks } } }
        await Self.end(of: ending.withLock { $0 }, withinSeconds: 5)
    }

    /// A task that does not end is not waited for any longer: `value` knows no time limit.
    private static func end(of tasks: [Task<Void, Never>], withinSeconds seconds: Int64) async {
        guard !tasks.isEmpty else { return }
        await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
            let waiting = Mutex<CheckedContinuation<Void, Never>?>(continuation)
            let go: @Sendable () -> Void = {
                waiting.withLock { waiting in
                    defer { waiting = nil }
                    return waiting
                }?.resume()
            }
            let limit = Task.detached {
                try? await Task.sleep(for: .seconds(seconds))
                go()
            }
            Task.detached {
                for task in tasks { await task.value }
                go()
                limit.cancel()
            }
        }
    }

    /// Somebody else has written to the store: look for messages.
    package func checkMailbox() { mailbox.post(.rung) }

    // MARK: asking the thread

    func inTurn<Value: Sendable>(_ body: @escaping @Sendable (EngineTurn) throws -> Value) async throws -> Value {
        try await answer { (reply: Reply<Value>) in
            .perform(
                { turn in
                    let value = try body(turn)
                    turn.afterCommit { reply.succeed(value) }
                }, { reply.fail($0) })
        }
    }

    /// What a Task or a Map's run could not do because the store refused is no failure of the execution: the engine ends, as it
    /// does when a commit fails, and whoever recovers does it again. True: it was that.
    func ends(because error: any Error) -> Bool {
        switch error {
        case EngineError.storeFailed, EngineError.shuttingDown: return true
        case let error where StoreError.isOfTheDisk(error):
            mailbox.post(.storeFailed(error))
            return true
        default: return false
        }
    }

    private func answer<Value: Sendable>(_ message: (Reply<Value>) -> EngineMessage) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in mailbox.post(message(Reply(continuation))) }
    }
}

/// What a new engine found.
package struct Recovered: Sendable {
    /// Executions that go on.
    package var count = 0
    /// A sentence for each that cannot be read: it stays in the store as it is.
    package var damaged: [String] = []
}

package struct ResumeOptions: Sendable {
    package var timeScale: Double?
    /// At most so many Task states at once from here on; nil: as before.
    package var maxParallel: Int?
    package var observer: EventObserver?
    package init() {}
}

/// SendTaskSuccess, SendTaskFailure, SendTaskHeartbeat.
package enum TokenOutcome: Sendable {
    case success(JSONValue)
    case failure(error: String?, cause: String?)
    case heartbeat
}

/// Answers a caller once, the first time: when a commit fails, a caller may be known both by its message and as a waiter.
final class Reply<Value: Sendable>: Sendable {
    typealias Answer = @Sendable (Result<Value, any Error>) -> Void
    private let waiting: Mutex<Answer?>

    init(_ answer: @escaping Answer) { waiting = Mutex(answer) }
    convenience init(_ continuation: CheckedContinuation<Value, any Error>) { self.init { continuation.resume(with: $0) } }

    func succeed(_ value: Value) { take()?(.success(value)) }
    func fail(_ error: any Error) { take()?(.failure(error)) }

    private func take() -> Answer? {
        waiting.withLock { waiting in
            defer { waiting = nil }
            return waiting
        }
    }
}

enum EngineMessage: Sendable {
    case start(StartRequest, Reply<StartedExecution>)
    case stimulus(ExecutionID, Stimulus)
    /// A task's Swift task ended; nil: it was cancelled and nobody wants its result.
    /// The entry: a success that may be used again.
    case taskEnded(TaskKey, Stimulus?, StepCacheEntry?)
    /// A distributed Map's run ended; nil: given up.
    case mapRunEnded(TaskKey, Stimulus?)
    /// An attempt has printed something.
    case log(TaskKey, EngineReport)
    case rung
    /// Runs in the turn's transaction; the second closure gets the error if it throws or the commit fails.
    case perform(@Sendable (EngineTurn) throws -> Void, @Sendable (any Error) -> Void)
    /// The store failed under somebody who works for the engine.
    case storeFailed(any Error)

    /// Tells whoever waits for an answer.
    func refuse(_ error: any Error) {
        switch self {
        case .start(_, let reply): reply.fail(error)
        case .perform(_, let failed): failed(error)
        case .stimulus, .taskEnded, .mapRunEnded, .log, .rung, .storeFailed: break
        }
    }
}

/// One attempt of one task.
struct TaskKey: Hashable, Sendable {
    let execution: ExecutionID
    let scheduled: Int64
}
