import AWSAPI
import ArgumentParser
import Engine
import Glibc
import JSON
import LocalJobs
import LocalPipelines
import SageMakerPipelines
import StatesLanguage
import Store

/// `sfn-run [run] FILE`
struct RunCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Runs a state machine to its end (the default: `run` may be left out).",
        discussion: """
            Every transition is stored before anything that follows from it is done, so an execution that was \
            interrupted, killed or failed goes on with `sfn-run resume NAME`. The output goes to standard output, \
            everything else to standard error.
            """)

    @Argument(help: "The definition; - is standard input.")
    var file: String

    @Option(name: .shortAndLong, help: "The input: JSON, a file, or - for standard input.")
    var input: String?

    @Option(name: .shortAndLong, help: "What the execution is called; otherwise the machine's name and the time.")
    var name: String?

    @Option(name: .shortAndLong, help: "A pipeline's parameter: Name=Value; may be given several times.")
    var parameter: [String] = []

    @OptionGroup var selection: SelectionOptions

    @Option(help: "A pipeline: at most so many steps at once.")
    var maxParallel: Int?

    @OptionGroup var options: RunOptions
    @OptionGroup var place: StorePlace

    @Flag(help: "Run as an Express machine.")
    var express = false

    @Flag(help: "Lift AWS's quotas: 256 KiB of data, 25,000 events and the like.")
    var unlimited = false

    func validate() throws {
        guard name.map(Names.isAllowed) ?? true else {
            throw ValidationError("--name: expected 1 to 80 characters without blanks and without <>{}[]?*\"#%\\^|~`$&,;:/")
        }
        guard file == "-" || file.contains(".") || file.contains("/") || Files.exists(file) else {
            throw ValidationError("\(file) is neither a verb nor a file")
        }
    }

    func run() async throws {
        try await Refusal.reporting {
            let file = try DefinitionFile.read(file)
            let given = try input.map { try InputArgument.read($0, name: "--input") }
            let folder = file.path == "-" ? "." : Files.parent(file.path)
            let machineName = ExecutionName.sanitized(file.name, limit: 80)
            if let most = maxParallel, most < 1 { throw Refusal("--max-parallel: expected a number above 0") }
            let runnable = try Runnable(file, isExpress: express, parameters: parameter, input: given, maxParallel: maxParallel) { definition in
                guard !selection.isEmpty else { return nil }
                return try PipelineSelection(selection, of: definition, name: machineName, in: try place.open(from: folder, creating: true).store)
            }
            let machine = runnable.machine
            let (store, location) = try place.open(from: folder, creating: true)
            let configuration = try ConfigurationFile.read(location.configuration, folder: folder)
            if let pipeline = runnable.selection?.definition ?? runnable.pipeline {
                let missing = LocalReadiness(configuration).problems(of: pipeline).filter { runnable.selection?.reused[$0.step ?? ""] == nil }
                missing.forEach { printNote(Problem($0, in: file).text) }
                if !missing.isEmpty { throw ExitCode.invalidDefinition }
            }
            let display = options.quiet ? nil : ProgressDisplay(machine: machine, pipeline: runnable.pipeline, terminal: .standardError())
            let engine = try ExecutionEngine(
                store: store,
                options: .running("run \(file.name)", configuration, maxConcurrency: options.maxConcurrency, cache: options.cache, log: display?.taskLog))

            let prefix = "arn:aws:states:\(configuration.services.region):\(configuration.services.account)"
            var request = StartRequest(
                machine: Machine(
                    arn: "\(prefix):stateMachine:\(machineName)", name: machineName,
                    roleARN: "arn:aws:iam::\(configuration.services.account):role/sfn-run", isExpress: express, definition: machine,
                    text: runnable.text),
                input: runnable.input, name: name ?? ExecutionName.new(for: machineName))
            request.timeScale = options.timeScale ?? 1
            request.isUnlimited = unlimited || runnable.pipeline != nil || !configuration.limits.quotas
            request.parameters["file"] = .string(file.path == "-" ? "-" : NamedFile.absolute(file.path))
            if let pipeline = runnable.pipeline { request.parameters[PipelineRun.definitionKey] = pipeline.json }
            if let selection = runnable.selection {
                request.parameters[PipelineRun.selectionKey] = selection.config
                if !options.quiet, let reference = selection.reference {
                    printNote("the results of steps that are not selected, and parameters that are not given, are those of \(reference.row.name)")
                }
            }
            if let path = location.configuration { request.parameters["configuration"] = .string(path) }
            if let display { request.observer = { events, _ in display.show(events) } }

            let executionName = request.name ?? ""
            let session = RunSession(
                engine: engine, options: options, display: display, machine: machine, pipeline: runnable.pipeline, file: file.path,
                line: { runnable.line(of: $0) },
                resumeCommand: { [place] in place.command("resume \($0)", reaching: location.store) })
            let started: StartedExecution
            do {
                started = try await engine.start(request)
            } catch EngineError.executionAlreadyExists {
                throw Refusal(
                    "an execution named \(executionName) is there already; `\(session.resumeCommand(executionName))` goes on with it, another --name starts a new one"
                )
            }
            let workers = ConfiguredWorkers.start(for: machine, configuration, engine)
            let code = try await session.finish(started, name: executionName)
            workers.forEach { $0.cancel() }
            await engine.shutDown()
            if code != .success { throw code }
        }
    }
}

/// What `run` is given, ready to start: a machine, or a pipeline compiled to one.
struct Runnable: Sendable {
    let machine: StateMachine
    /// What is stored as the definition.
    let text: String
    let input: JSONValue
    /// nil: a machine.
    let pipeline: PipelineDefinition?
    var selection: PipelineSelection?
    private let file: DefinitionFile

    init(
        _ file: DefinitionFile, isExpress: Bool, parameters: [String], input: JSONValue?, maxParallel: Int? = nil,
        select: (PipelineDefinition) throws -> PipelineSelection? = { _ in nil }
    ) throws {
        self.file = file
        guard file.content == .pipeline else {
            if maxParallel != nil { throw Refusal("--max-parallel is for pipelines; a Parallel or Map has MaxConcurrency") }
            guard parameters.isEmpty else { throw Refusal("--parameter is for pipelines; a machine takes --input") }
            let (machine, diagnostics) = StateMachine.read(file.definition, options: ReadOptions(isExpress: isExpress))
            guard let machine else {
                diagnostics.forEach { printNote(Problem($0, in: file).text) }
                throw ExitCode.invalidDefinition
            }
            self.machine = machine
            text = String(decoding: file.bytes, as: UTF8.self)
            self.input = input ?? .object(JSONObject())
            pipeline = nil
            return
        }
        let pipeline = try PipelineFile.definition(of: file)
        let selection = try select(pipeline)
        var compiling = CompileOptions(maxParallelExecutionSteps: maxParallel, name: file.name)
        compiling.reused = selection?.reused ?? [:]
        let compiled = (selection?.definition ?? pipeline).compile(compiling).machine
        let (machine, diagnostics) = StateMachine.read(compiled)
        guard let machine else {
            diagnostics.forEach { printNote("\(file.path): the compiled machine is not valid: \($0.pointer): \($0.message)") }
            throw ExitCode.invalidDefinition
        }
        self.machine = machine
        text = compiled.text()
        self.input = try PipelineFile.input(of: pipeline, parameters: parameters, input: Self.merged(selection?.reference, pipeline, input))
        self.pipeline = pipeline
        self.selection = selection
    }

    /// The parameters of the reference execution that the pipeline still declares, below those that are given.
    private static func merged(_ reference: StoredPipeline?, _ pipeline: PipelineDefinition, _ given: JSONValue?) -> JSONValue? {
        guard let reference else { return given }
        let declared = Set(pipeline.parameters.map(\.name))
        var merged = JSONObject()
        for (name, value) in reference.input.object ?? JSONObject() where declared.contains(name) { merged[name] = value }
        for (name, value) in given?.object ?? JSONObject() { merged[name] = value }
        return .object(merged)
    }

    /// The line in the file; a pipeline's states have none there, its steps do.
    func line(of pointer: String) -> Int { pipeline != nil && !pointer.hasPrefix("/Steps/") ? 1 : file.line(of: pointer) }
}
