import ArgumentParser
import Engine
import Glibc
import JSON
import LocalJobs
import StatesLanguage
import Store

/// `sfn-run resume EXECUTION`
struct ResumeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "resume",
        abstract: "Goes on with an execution that was interrupted, crashed, failed, timed out or was stopped.",
        discussion: """
            A crashed or interrupted one continues where it was: at most the tasks in flight are repeated. One that \
            failed, timed out or was aborted is redriven from the states that did not succeed, as Step Functions \
            does: finished branches and items are kept, retry counters start anew.
            """)

    @Argument(help: "Its name or ARN.")
    var execution: String?

    @Flag(help: "Everything that a dead process left running.")
    var all = false

    @Option(help: "A pipeline: at most so many steps at once from here on.")
    var maxParallel: Int?

    @OptionGroup var options: RunOptions
    @OptionGroup var place: StorePlace

    func validate() throws {
        if let most = maxParallel, most < 1 { throw ValidationError("--max-parallel: expected a number above 0") }
        if all == (execution != nil) { throw ValidationError("name one execution, or say --all") }
    }

    func run() async throws {
        try await Refusal.reporting {
            let (store, location) = try place.open()
            let code: ExitCode
            if let execution {
                code = try await resume(execution, store, location)
            } else {
                code = try await resumeAll(store, location)
            }
            if code != .success { throw code }
        }
    }

    private func resume(_ name: String, _ store: Store, _ location: StoreLocation) async throws -> ExitCode {
        let row = try StoredExecution.find(name, in: store)
        let payload = try store.read { tx in try tx.payload(of: row.id) }
        guard row.status != .succeeded else {
            printNote("\(row.name) has succeeded already")
            if let output = payload?.output { options.output.write(try JSONValue(parsing: output)) }
            return .success
        }
        let pipeline = try StoredPipeline(row, in: store)
        if pipeline == nil, maxParallel != nil { throw Refusal("--max-parallel is for pipelines; \(row.name) runs a state machine") }
        if row.status.isEnded, let reason = pipeline?.steps.retryRefusal { throw Refusal("\(row.name) cannot be resumed: \(reason)") }
        let parameters = (try? JSONValue(parsing: payload?.parameters ?? "{}")) ?? .null
        let (machine, _) = try StoredExecution.machine(of: row, in: store)
        let configuration = try ConfigurationFile.read(
            place.config ?? parameters["configuration"]?.string ?? location.configuration, folder: ".")
        let display = options.quiet ? nil : ProgressDisplay(machine: machine, pipeline: pipeline?.definition, terminal: .standardError())
        let engine = try ExecutionEngine(
            store: store,
            options: .running("resume \(row.name)", configuration, maxConcurrency: options.maxConcurrency, cache: options.cache, log: display?.taskLog))
        var resume = ResumeOptions()
        resume.timeScale = options.timeScale
        resume.maxParallel = maxParallel
        if let display {
            display.showPast(try StoredExecution.allEvents(of: row, in: store))
            resume.observer = { events, _ in display.show(events) }
        }
        let file = parameters["file"]?.string ?? "-"
        // A pipeline's lines are those of its file, as far as it is still there.
        let source = pipeline == nil ? nil : try? DefinitionFile.read(file)
        let lines = pipeline == nil ? try StoredExecution.lines(of: row, in: store) : [:]
        let session = RunSession(
            engine: engine, options: options, display: display, machine: machine, pipeline: pipeline?.definition, file: file,
            line: { source?.line(of: $0) ?? lines[$0] ?? 1 },
            resumeCommand: { [place] in place.command("resume \($0)", reaching: location.store) })
        let started = try await engine.resume(row.arn, options: resume)
        let workers = ConfiguredWorkers.start(for: machine, configuration, engine)
        let code = try await session.finish(started, name: row.name)
        workers.forEach { $0.cancel() }
        await engine.shutDown()
        return code
    }

    /// Each of them with its own machine; what each runs is looked up in the configuration that the first one had.
    private func resumeAll(_ store: Store, _ location: StoreLocation) async throws -> ExitCode {
        let configuration = try ConfigurationFile.read(place.config ?? location.configuration, folder: ".")
        let engine = try ExecutionEngine(
            store: store, options: .running("resume --all", configuration, maxConcurrency: options.maxConcurrency, cache: options.cache))
        try engine.adoptDeadEngines(onlyReleasing: true)
        let rows = try store.read { tx in try tx.unownedExecutions(limit: 100_000) }
        guard !rows.isEmpty else {
            printNote("nothing to resume: no dead process left an execution")
            await engine.shutDown()
            return .success
        }
        Interruption.handle { [place] in
            printNote("stopping; go on with: \(place.command("resume --all", reaching: location.store))")
            await engine.shutDown()
        }
        let quiet = options.quiet
        let failures = try await withThrowingTaskGroup(of: Bool.self) { group in
            for row in rows {
                group.addTask {
                    do {
                        try await engine.resume(row.arn)
                        let result = try await engine.result(of: row.arn)
                        if !quiet { printNote("\(row.name)  \(result.status.rawValue)\(result.error.map { "  " + $0 } ?? "")") }
                        return result.status != .succeeded
                    } catch EngineError.ownedElsewhere {
                        return false
                    }
                }
            }
            return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        if Interruption.hasBegun { await Interruption.waitForever() }
        await engine.shutDown()
        printNote("\(rows.count) resumed, \(failures) did not succeed")
        return failures == 0 ? .success : .executionFailed
    }
}
