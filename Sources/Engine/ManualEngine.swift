import JSON
import StatesLanguage
import Store

/// The engine without its thread and without Swift tasks: a simulation calls each turn, answers each task, and owns the clock.
/// Everything between (deciding, storing, loading, replaying, recovering) is the engine's own code.
package final class ManualEngine {
    private let engine: ExecutionEngine
    private let thread: EngineThread
    /// Asked for since it was last emptied.
    package var invocations: [(execution: ExecutionID, invocation: TaskInvocation)] = []
    /// Whether the commit of a turn has failed: the engine is over.
    package private(set) var isOver = false

    package init(store: Store, options: EngineOptions) throws {
        engine = try ExecutionEngine(manually: store, options: options)
        thread = EngineThread(engine: engine)
        thread.simulatedInvoke = { [unowned self] live, invocation in invocations.append((live.id, invocation)) }
    }

    /// Takes what has arrived and what is due, commits, performs. False: the commit failed.
    @discardableResult
    package func turn() -> Bool {
        guard !isOver else { return false }
        repeat {
            if !thread.turn(engine.mailbox.take(until: 0)) {
                isOver = true
                return false
            }
        } while !thread.unfinished.isEmpty
        return true
    }

    /// A mistake for the simulator to find: commands are performed inside the transaction.
    package var performsBeforeCommit: Bool {
        get { thread.performsBeforeCommit }
        set { thread.performsBeforeCommit = newValue }
    }

    /// A mistake for the simulator to find: recovery does not set timers again.
    package var forgetsTimers: Bool {
        get { thread.forgetsTimers }
        set { thread.forgetsTimers = newValue }
    }

    /// Asks for an execution in the next turn.
    package func start(_ request: StartRequest) {
        engine.mailbox.post(.perform({ turn in _ = try turn.start(request) }, { _ in }))
    }

    package func post(_ stimulus: Stimulus, to execution: ExecutionID) { engine.mailbox.post(.stimulus(execution, stimulus)) }

    /// Takes over what dead engines left, in the next turn.
    package func recover() throws {
        try engine.adoptDeadEngines()
        engine.mailbox.post(.perform({ turn in _ = try turn.recoverOwned() }, { _ in }))
    }

    /// When something is due by itself.
    package var nextDue: Int64? { thread.nextDue }
    /// The executions in memory.
    package var executions: [(id: ExecutionID, execution: Execution)] {
        thread.live.values.map { ($0.id, $0.execution) }.sorted { $0.id < $1.id }
    }
    package var registration: EngineRegistration { engine.registration }
}
