import JSON
import StatesLanguage
import Store

/// The engine without its thread: a simulation calls each turn, runs its Swift tasks (`EngineOptions.taskExecutor`), and owns the
/// clock. Everything between (deciding, storing, loading, replaying, recovering, conducting Maps) is the engine's own code.
package final class ManualEngine {
    private let engine: ExecutionEngine
    private let thread: EngineThread
    /// Whether a commit has failed: the engine is over.
    package private(set) var isOver = false

    package init(store: Store, options: EngineOptions, mistake: EngineMistake? = nil) throws {
        engine = try ExecutionEngine(manually: store, options: options)
        thread = EngineThread(engine: engine)
        thread.mistake = mistake
    }

    /// Takes what has arrived and what is due, commits, performs. False: the commit failed.
    @discardableResult
    package func turn() -> Bool {
        guard !isOver else { return false }
        isOver = !thread.turn(engine.mailbox.take(until: 0, most: engine.options.messagesPerCommit))
        return !isOver
    }

    /// Whether a turn now would only look for what is due.
    package var isIdle: Bool { engine.mailbox.isEmpty && thread.unfinished.isEmpty }

    /// The process is gone. `settle` lets its Swift tasks come to their ends, where they can do nothing any more.
    package func die(settle: () -> Void) {
        isOver = true
        while true {
            thread.fail(EngineError.storeFailed("the process is gone"), engine.mailbox.take(until: 0))
            settle()
            if engine.mailbox.isEmpty { return }
        }
    }

    // MARK: what others ask, in the next turn

    package func start(_ request: StartRequest, _ answer: @escaping @Sendable (Result<StartedExecution, any Error>) -> Void) {
        engine.mailbox.post(.start(request, Reply(answer)))
    }

    package func complete(_ token: String, _ outcome: TokenOutcome, _ answer: @escaping @Sendable (Result<Void, any Error>) -> Void) {
        Self.ask(engine, answer) { turn in try turn.complete(token, outcome) }
    }

    /// A worker that is there at once or not at all.
    package func activityTask(_ arn: String, worker: String, _ answer: @escaping @Sendable (Result<ActivityTask?, any Error>) -> Void) {
        Self.ask(engine, answer) { turn in try turn.take(arn, worker) }
    }

    package func stop(_ arn: String, _ answer: @escaping @Sendable (Result<Timestamp, any Error>) -> Void) {
        Self.ask(engine, answer) { turn in try turn.stop(arn, error: "Stopped", cause: nil) }
    }

    package func resume(_ arn: String, _ answer: @escaping @Sendable (Result<StartedExecution, any Error>) -> Void) throws {
        try engine.adoptDeadEngines(onlyReleasing: true)
        Self.ask(engine, answer) { turn in try turn.resume(arn, ResumeOptions()) }
    }

    /// Takes over what dead engines left.
    package func recover(_ answer: @escaping @Sendable (Result<Recovered, any Error>) -> Void) throws {
        try engine.adoptDeadEngines()
        Self.recover(engine, after: nil, answer)
    }

    /// In parts, as the engine does it.
    private static func recover(
        _ engine: ExecutionEngine, after: ExecutionID?, _ answer: @escaping @Sendable (Result<Recovered, any Error>) -> Void
    ) {
        let limit = engine.options.recoveredPerCommit
        ask(
            engine,
            { [unowned engine] part in
                if case .success((_, let next?)) = part { return recover(engine, after: next, answer) }
                answer(part.map(\.found))
            }
        ) { turn in try turn.recoverOwned(after: after, limit: limit) }
    }

    /// Its doorbell.
    package func ring() { engine.mailbox.post(.rung) }

    private static func ask<Value: Sendable>(
        _ engine: ExecutionEngine, _ answer: @escaping @Sendable (Result<Value, any Error>) -> Void, _ body: @escaping @Sendable (EngineTurn) throws -> Value
    ) {
        let reply = Reply(answer)
        engine.mailbox.post(
            .perform(
                { turn in
                    let value = try body(turn)
                    turn.afterCommit { reply.succeed(value) }
                }, { reply.fail($0) }))
    }

    // MARK: looking

    /// When something is due by itself.
    package var nextDue: Int64? { thread.nextDue }
    /// The executions in memory.
    package var executions: [(id: ExecutionID, execution: Execution)] {
        thread.live.values.map { ($0.id, $0.execution) }.sorted { $0.id < $1.id }
    }
    package var registration: EngineRegistration { engine.registration }
}

/// A mistake that a durable engine could make, put in on purpose, for the simulator to find.
package enum EngineMistake: String, CaseIterable, Sendable {
    /// Tasks are started before the events that ask for them are durable.
    case performsBeforeCommit = "performs-before-commit"
    /// Recovery does not set timers again.
    case forgetsTimers = "forgets-timers"
    /// A restarted `.sync` task is not told what it had submitted.
    case forgetsSubmissions = "forgets-submissions"
    /// Tokens that came in at another engine are not looked at.
    case ignoresMessages = "ignores-messages"
    /// What a token brings back to memory goes on without its other tasks and timers.
    case leavesOrphansAlone = "leaves-orphans-alone"
    /// More tasks at once than the process may run.
    case overrunsTaskLimit = "overruns-task-limit"
    /// What a commit had no room for is never gone on with.
    case forgetsTheRest = "forgets-the-rest"
}
