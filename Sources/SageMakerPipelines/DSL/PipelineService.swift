import JSON

/// Whoever runs pipelines: the engine of this machine (`LocalPipelineSession`), or AWS. `Pipeline`'s verbs go through it.
public protocol PipelineService: Sendable {
    /// Creates the pipeline or a new version of it. Its ARN.
    func upsert(name: String, definition: PipelineDefinition, roleARN: String, description: String?, parallelism: Int?) async throws -> String
    /// As DescribePipeline answers.
    func describePipeline(name: String) async throws -> JSONValue
    /// The execution's ARN.
    func start(pipelineName: String, parameters: [String: JSONValue], parallelism: Int?) async throws -> String
    /// As DescribePipelineExecution answers.
    func describe(executionARN: String) async throws -> JSONValue
    /// As ListPipelineExecutionSteps answers, the newest first.
    func listSteps(executionARN: String) async throws -> [JSONValue]
    /// As ListPipelineParametersForExecution answers: `[{"Name", "Value"}]`, values as texts.
    func parameters(executionARN: String) async throws -> [JSONValue]
    /// The status that the execution ended with: Succeeded, Failed, Stopped.
    func wait(executionARN: String) async throws -> String
    func stop(executionARN: String) async throws
    /// Goes on with a failed or stopped execution from the steps that did not succeed.
    func retry(executionARN: String) async throws
}

/// A started execution.
public struct PipelineExecution: Sendable {
    public let arn: String
    private let service: any PipelineService

    public init(arn: String, service: any PipelineService) {
        self.arn = arn
        self.service = service
    }

    public func describe() async throws -> JSONValue { try await service.describe(executionARN: arn) }
    public func listSteps() async throws -> [JSONValue] { try await service.listSteps(executionARN: arn) }
    public func parameters() async throws -> [JSONValue] { try await service.parameters(executionARN: arn) }
    /// The status it ended with.
    @discardableResult public func wait() async throws -> String { try await service.wait(executionARN: arn) }
    public func stop() async throws { try await service.stop(executionARN: arn) }
    public func retry() async throws { try await service.retry(executionARN: arn) }
}

extension Pipeline {
    /// Creates the pipeline or a new version of it. Its ARN.
    @discardableResult
    public func upsert(on service: any PipelineService, description: String? = nil) async throws -> String {
        try await service.upsert(
            name: name, definition: definition(), roleARN: session.role, description: description, parallelism: parallelism?.maxParallelExecutionSteps)
    }

    /// Starts an execution of what was upserted last.
    public func start(
        on service: any PipelineService, parameters: [String: JSONValue] = [:], parallelism: ParallelismConfiguration? = nil
    ) async throws -> PipelineExecution {
        let limit = (parallelism ?? self.parallelism)?.maxParallelExecutionSteps
        return PipelineExecution(arn: try await service.start(pipelineName: name, parameters: parameters, parallelism: limit), service: service)
    }

    public func describe(on service: any PipelineService) async throws -> JSONValue { try await service.describePipeline(name: name) }

    /// Upserts, starts and waits for the end.
    public func execute(on service: any PipelineService, parameters: [String: JSONValue] = [:]) async throws -> (execution: PipelineExecution, status: String) {
        try await upsert(on: service)
        let execution = try await start(on: service, parameters: parameters)
        return (execution, try await execution.wait())
    }
}
