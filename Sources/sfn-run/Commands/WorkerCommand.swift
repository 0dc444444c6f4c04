import ArgumentParser
import Engine
import Glibc
import JSON
import LocalJobs
import Store

/// `sfn-run worker ACTIVITY -- COMMAND…`
struct WorkerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "worker",
        abstract: "Works on the tasks of an activity with a command.",
        discussion: """
            sfn-run worker arn:aws:states:us-east-1:123456789012:activity:shrink -- python3 shrink.py

            The command gets a task's input as JSON on its standard input and SFN_TASK_TOKEN in its environment; its \
            standard output is the task's output. If it ends with another exit code than 0, the task fails. Start \
            as many workers as you like, on any terminal; Ctrl-C ends one.

            With --remote the tasks are those of Step Functions itself (or of any server with its API): the machine \
            runs there, the work is done here.
            """)

    @Argument(help: "The activity's ARN or name.")
    var activity: String

    @Argument(parsing: .postTerminator, help: "The command, after --.")
    var command: [String]

    @Flag(help: "Serve an activity of Step Functions instead of one of this store.")
    var remote = false

    @Flag(help: "With --remote: create the activity if there is none of this name.")
    var create = false

    @OptionGroup var place: StorePlace

    @OptionGroup var remotePlace: RemotePlace

    @Option(help: "Tasks at once.")
    var concurrency = 1

    @Option(help: "End after so many tasks.")
    var tasks: Int?

    @Option(help: "Seconds that the command may take for one task.")
    var timeout: Double?

    @Option(help: "Seconds between the heartbeats of a running task.")
    var heartbeat = 5.0

    @Option(help: "What ActivityStarted calls this worker.")
    var name: String?

    @Flag(name: .shortAndLong, help: "Do not pass on what the command prints.")
    var quiet = false

    func validate() throws {
        if command.isEmpty { throw ValidationError("say the command after --, such as: sfn-run worker \(activity) -- python3 work.py") }
        if concurrency < 1 || (tasks ?? 1) < 1 { throw ValidationError("--concurrency and --tasks: expected a number above 0") }
        if !(heartbeat >= 0.1 && heartbeat <= 86_400) { throw ValidationError("--heartbeat: expected 0.1 to 86400 seconds") }
    }

    func run() async throws {
        try await RemotePlace.reporting {
            if remote { return try await serveRemote() }
            let (store, location) = try place.open(creating: true)
            let configuration = try ConfigurationFile.read(location.configuration, folder: ".")
            let arn = ActivityWorkers.arn(of: activity, configuration)
            let engine = try ExecutionEngine(store: store, options: .named("worker \(activity)"))
            try await serve(LocalActivitySource(engine: engine), arn) { await engine.shutDown() }
        }
    }

    private func serveRemote() async throws {
        let service = try remotePlace.open(place.location().configuration)
        if create { _ = try await service.createActivity(activity.split(separator: ":").last.map(String.init) ?? activity) }
        guard let arn = try await service.activityARN(named: activity) else {
            throw Refusal("there is no activity \(activity); --create makes it", .executionFailed)
        }
        try await serve(RemoteActivitySource(service: service, note: { printNote($0) }), arn) {}
    }

    private func serve(_ source: any ActivitySource, _ arn: String, end: @escaping @Sendable () async -> Void) async throws {
        let isQuiet = quiet
        let log: @Sendable ([UInt8]) -> Void = { bytes in
            if !isQuiet { printNote(ProgressStyle.safe(String(decoding: bytes, as: UTF8.self))) }
        }
        let workers = ActivityWorkers(
            source: source, arn: arn, worker: CommandWorker(command: command, timeoutSeconds: timeout),
            name: name ?? "sfn-run-\(getpid())", heartbeatSeconds: heartbeat, log: log)
        let (concurrency, mostTasks) = (concurrency, tasks)
        let work = Task { try await workers.run(concurrency: concurrency, mostTasks: mostTasks) }
        Interruption.handle {
            // What runs is killed with its group; its task is taken by another worker after its heartbeat or timeout.
            work.cancel()
            _ = try? await work.value
            await end()
        }
        printNote("working on \(arn)")
        try await work.value
        if Interruption.hasBegun { await Interruption.waitForever() }
        await end()
    }
}
