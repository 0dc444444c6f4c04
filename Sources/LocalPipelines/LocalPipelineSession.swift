import Engine
import JSON
import LocalJobs
import SageMakerPipelines
import ServiceIntegrations
import StatesLanguage
import Store

/// Runs pipelines on this machine, durably: what `sfn-run` does with a definition, as a library.
///
///     let local = try LocalPipelineSession(folder: "examples/abalone")
///     try await pipeline.upsert(on: local)
///     let execution = try await pipeline.start(on: local, parameters: ["MaxDepth": 3])
///     print(try await execution.wait())
///
/// Store and configuration are those that `sfn-run` uses in `folder`, so what a program starts here is seen, stopped and
/// resumed by the command too.
public final class LocalPipelineSession: PipelineService, Sendable {
    /// Region, account and role of the configuration; local code is seen from the configuration's folder.
    public let session: PipelineSession
    let store: Store
    let engine: ExecutionEngine
    let records: PipelineRecords
    let configuration: Configuration

    /// `store`: another file than `.sfn-run/sfn.db` beside `sfn-run.json`. The engine lives as long as the session: `close()` ends it.
    public init(folder: String = ".", store storePath: String? = nil) throws {
        let home = Files.resolve(folder, in: Files.currentFolder)
        let file = Configuration.find(from: home)
        if let file {
            let (read, diagnostics) = Configuration.read(file: file)
            if let first = diagnostics.first(where: { !$0.isWarning }) { throw PipelineServiceError("\(file): error at \(first)") }
            configuration = read
        } else {
            configuration = Configuration(folder: home)
        }
        let path = storePath ?? "\(file.map(Files.parent) ?? home)/.sfn-run/sfn.db"
        try Files.makeFolder(Files.parent(path))
        store = try Store(path: path)
        records = PipelineRecords(
            folder: "\(configuration.dataDirectory)/sagemaker/records/pipelines", region: configuration.services.region,
            account: configuration.services.account)
        session = PipelineSession(
            region: configuration.services.region, account: configuration.services.account, isLocal: true, folder: configuration.folder)
        var options = EngineOptions()
        options.name = "pipelines"
        options.region = configuration.services.region
        options.account = configuration.services.account
        options.limits = TaskLimits(configuration.limits)
        options.buckets = LocalBuckets(configuration)
        let table = IntegrationTable(configuration)
        options.integration = { table.integration(for: $0) }
        options.stepCaching = StepCacheRules.caching(configuration, .contents)
        engine = try ExecutionEngine(store: store, options: options)
    }

    /// Lets go of what runs, in a way that `retry` and `sfn-run resume` go on with it.
    public func close() async { await engine.shutDown() }

    /// A file's bytes, for programs without Foundation.
    public static func read(_ path: String) throws -> [UInt8] { try Files.read(Files.resolve(path, in: Files.currentFolder)) }

    // MARK: pipelines

    public func upsert(name: String, definition: PipelineDefinition, roleARN: String, description: String?, parallelism: Int?) async throws -> String {
        let errors = definition.validate().filter { $0.severity == .error }
        guard errors.isEmpty else { throw PipelineServiceError(errors.map(\.description).joined(separator: "\n")) }
        let compiled = definition.compile(CompileOptions(maxParallelExecutionSteps: parallelism, name: name))
        if let first = StateMachine.read(compiled.machine).diagnostics.first(where: { $0.severity == .error }) {
            throw PipelineServiceError("the compiled machine is not valid: \(first.pointer): \(first.message)")
        }
        return try records.upsert(name, definition, roleARN: roleARN, description: description, parallelism: parallelism)
    }

    public func describePipeline(name: String) async throws -> JSONValue { try records.describe(name) }

    // MARK: executions

    public func start(pipelineName: String, parameters: [String: JSONValue], parallelism: Int?) async throws -> String {
        let record = try records.latest(pipelineName)
        if let missing = LocalReadiness(configuration).problems(of: record.definition).first { throw PipelineServiceError(missing.description) }
        let limit = parallelism ?? record.parallelism
        let compiled = record.definition.compile(CompileOptions(maxParallelExecutionSteps: limit, name: pipelineName)).machine
        guard let machine = StateMachine.read(compiled).machine else { throw PipelineServiceError("the compiled machine is not valid") }
        let services = configuration.services
        var request = StartRequest(
            machine: Machine(
                arn: "arn:aws:states:\(services.region):\(services.account):stateMachine:\(pipelineName)", name: pipelineName,
                roleARN: record.roleARN, definition: machine, text: compiled.text()),
            input: try record.definition.executionInput(parameters: parameters), name: PipelineRecords.newExecutionID())
        request.isUnlimited = true
        request.parameters["pipeline"] = .string(pipelineName)
        request.parameters[PipelineRun.definitionKey] = record.definition.json
        request.parameters["pipelineVersion"] = .integer(Int64(record.version))
        request.parameters["file"] = .string(records.path(pipelineName, record.version))
        return try await engine.start(request).arn
    }

    public func describe(executionARN: String) async throws -> JSONValue {
        let row = try row(executionARN)
        var answer = JSONObject([("PipelineExecutionArn", JSONValue.string(row.arn))])
        answer["PipelineArn"] = try executedPipeline(row).map { .string(records.arn($0.name)) }
        answer["PipelineExecutionStatus"] = .string(Self.status(row.status))
        if row.status == .failed || row.status == .timedOut { answer["FailureReason"] = "Step failure: One or multiple steps failed" }
        answer["CreationTime"] = .string(Timestamps.iso(row.startMilliseconds))
        answer["LastModifiedTime"] = .string(Timestamps.iso(row.stopMilliseconds ?? row.redriveMilliseconds ?? row.startMilliseconds))
        answer["PipelineVersionId"] = try executedPipeline(row).map { .integer(Int64($0.version)) }
        return .object(answer)
    }

    public func listSteps(executionARN: String) async throws -> [JSONValue] {
        let row = try row(executionARN)
        guard let text = try store.read({ tx in try tx.definition(row.definition) }), let machine = StateMachine.read(try JSONValue(parsing: text)).machine
        else { throw PipelineServiceError("the store has lost what \(executionARN) runs") }
        guard let pipeline = try executedPipeline(row) else { throw PipelineServiceError("\(executionARN) is no execution of a pipeline") }
        var list = StepList(records: try records.version(pipeline.name, pipeline.version).definition, machine: machine)
        try store.read { tx in
            try tx.forEachHistorySegment(of: row.id) { segment in
                for stored in try JSONValue(parsing: segment.events).array ?? [] {
                    if let event = HistoryEvent(stored: stored) { list.apply(event) }
                }
                return true
            }
        }
        return list.steps(isOver: row.status.isEnded)
    }

    public func parameters(executionARN: String) async throws -> [JSONValue] {
        let row = try row(executionARN)
        let input = try store.read { tx in try tx.payload(of: row.id) }?.input ?? "{}"
        return (try JSONValue(parsing: input).object ?? JSONObject()).map { ["Name": .string($0.key), "Value": .string($0.value.string ?? $0.value.text())] }
    }

    public func wait(executionARN: String) async throws -> String {
        let row = try row(executionARN)
        if row.status.isEnded { return Self.status(row.status) }
        _ = try await engine.result(of: executionARN)
        return Self.status(try self.row(executionARN).status)
    }

    public func stop(executionARN: String) async throws { try await engine.stop(executionARN) }

    public func retry(executionARN: String) async throws {
        guard try row(executionARN).status != .succeeded else { throw PipelineServiceError("\(executionARN) has succeeded: there is nothing to retry") }
        if let reason = try retryRefusal(executionARN) { throw PipelineServiceError("\(executionARN) cannot be retried: \(reason)") }
        try await engine.resume(executionARN)
    }

    private func retryRefusal(_ arn: String) throws -> String? {
        let row = try row(arn)
        guard row.status.isEnded, let executed = try executedPipeline(row), let text = try store.read({ tx in try tx.definition(row.definition) }),
            let machine = StateMachine.read(try JSONValue(parsing: text)).machine
        else { return nil }
        let events = try store.read { tx in try tx.storedEvents(of: row.id) }
        return PipelineExecutionSteps(definition: try records.version(executed.name, executed.version).definition, machine: machine, events: events)
            .retryRefusal
    }

    // MARK: rows

    private func row(_ arn: String) throws -> ExecutionRow {
        guard let row = try store.read({ tx in try tx.execution(arn: arn) }) else {
            throw PipelineServiceError("Pipeline execution with ARN \(arn) does not exist.")
        }
        return row
    }

    private func executedPipeline(_ row: ExecutionRow) throws -> (name: String, version: Int)? {
        let parameters = try store.read { tx in try tx.payload(of: row.id) }?.parameters
        guard let json = parameters.flatMap({ try? JSONValue(parsing: $0) }), let name = json["pipeline"]?.string,
            let version = json["pipelineVersion"]?.wholeNumber
        else { return nil }
        return (name, Int(clamping: version))
    }

    private static func status(_ status: StoredStatus) -> String {
        switch status {
        case .running, .pendingRedrive: "Executing"
        case .succeeded: "Succeeded"
        case .failed, .timedOut: "Failed"
        case .aborted: "Stopped"
        }
    }
}

/// Why a pipeline cannot be kept, started or found. The text is for the user.
public struct PipelineServiceError: Error, Equatable, Sendable, CustomStringConvertible {
    public let description: String
    public init(_ description: String) { self.description = description }
}
