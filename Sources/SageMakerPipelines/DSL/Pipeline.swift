import JSON

/// `MaxParallelExecutionSteps`
public struct ParallelismConfiguration: Sendable, Equatable {
    public let maxParallelExecutionSteps: Int
    public init(maxParallelExecutionSteps: Int) { self.maxParallelExecutionSteps = maxParallelExecutionSteps }
}

/// Which experiment and trial an execution is recorded under.
public struct PipelineExperimentConfig: Sendable {
    public let experimentName: any PipelineInput
    public let trialName: any PipelineInput
    public init(experimentName: any PipelineInput, trialName: any PipelineInput) {
        self.experimentName = experimentName
        self.trialName = trialName
    }

    public static let standard = PipelineExperimentConfig(experimentName: ExecutionVariables.pipelineName, trialName: ExecutionVariables.pipelineExecutionID)
}

/// A pipeline written in Swift, with SageMaker's names. Dependencies follow from the properties that steps use.
public struct Pipeline: Sendable {
    public let name: String
    public var parameters: [any PipelineParameterVariable]
    public var steps: [any Step]
    public var experimentConfig: PipelineExperimentConfig?
    public var parallelism: ParallelismConfiguration?
    public var session: PipelineSession

    public init(
        name: String, parameters: [any PipelineParameterVariable] = [], steps: [any Step], experimentConfig: PipelineExperimentConfig? = .standard,
        parallelism: ParallelismConfiguration? = nil, session: PipelineSession = PipelineSession()
    ) {
        self.name = name
        self.parameters = parameters
        self.steps = steps
        self.experimentConfig = experimentConfig
        self.parallelism = parallelism
        self.session = session
    }

    /// The definition that the Python SDK's `pipeline.definition()` writes for the same pipeline.
    public func definition() -> PipelineDefinition {
        let context = PipelineContext(pipelineName: name, session: session)
        var document = JSONObject([("Version", JSONValue.string(PipelineDefinition.version)), ("Metadata", .object(JSONObject()))])
        document["Parameters"] = .array(parameters.map { .object($0.parameter.document) })
        document["PipelineExperimentConfig"] = experimentConfig.map {
            ["ExperimentName": $0.experimentName.pipelineJSON, "TrialName": $0.trialName.pipelineJSON]
        } ?? .null
        document["Steps"] = .array(steps.map { $0.json(in: context) })
        return PipelineDefinition(document: document)
    }

    /// The machine, with the pipeline's own parallelism.
    public func compile() -> CompiledPipeline {
        definition().compile(CompileOptions(maxParallelExecutionSteps: parallelism?.maxParallelExecutionSteps, name: name))
    }

    /// `{name: {Type, DependsOn}}`; a step without explicit dependencies shows the implied ones.
    public func stepsInfo() -> [(name: String, type: String, dependsOn: [String])] {
        let graph = StepGraph(definition())
        return graph.nodes.map { node in
            let explicit = node.step.dependsOn.map(\.step)
            let implied = node.dependencies.map { graph.nodes[$0.from].step.name }
            return (node.step.name, node.step.typeName, explicit.isEmpty ? implied : explicit)
        }
    }
}

/// Whoever runs pipelines: the engine of this machine, or AWS. `Pipeline`'s verbs go through it.
public protocol PipelineService: Sendable {
    func upsert(name: String, definition: PipelineDefinition, roleARN: String, description: String?, parallelism: Int?) async throws -> String
    func start(pipelineName: String, parameters: [String: JSONValue], parallelism: Int?) async throws -> String
    func describe(executionARN: String) async throws -> JSONValue
    func listSteps(executionARN: String) async throws -> [JSONValue]
    func wait(executionARN: String) async throws -> String
    func stop(executionARN: String) async throws
}

/// A started execution.
public struct PipelineExecution: Sendable {
    public let arn: String
    let service: any PipelineService
    public func describe() async throws -> JSONValue { try await service.describe(executionARN: arn) }
    public func listSteps() async throws -> [JSONValue] { try await service.listSteps(executionARN: arn) }
    /// The status it ended with.
    @discardableResult public func wait() async throws -> String { try await service.wait(executionARN: arn) }
    public func stop() async throws { try await service.stop(executionARN: arn) }
}

extension Pipeline {
    /// Creates the pipeline or updates it.
    @discardableResult
    public func upsert(on service: any PipelineService, description: String? = nil) async throws -> String {
        try await service.upsert(
            name: name, definition: definition(), roleARN: session.role, description: description, parallelism: parallelism?.maxParallelExecutionSteps)
    }

    public func start(on service: any PipelineService, parameters: [String: JSONValue] = [:], parallelism: ParallelismConfiguration? = nil) async throws -> PipelineExecution {
        let limit = (parallelism ?? self.parallelism)?.maxParallelExecutionSteps
        return PipelineExecution(arn: try await service.start(pipelineName: name, parameters: parameters, parallelism: limit), service: service)
    }
}
