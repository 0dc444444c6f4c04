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

/// Where an execution's runs are tracked: SDK 3 writes it, SDK 2 does not speak of it.
public enum MlflowConfig: Sendable {
    case off
    case server(resourceARN: String, experimentName: String)

    var json: JSONValue {
        switch self {
        case .off: .null
        case .server(let resource, let experiment): ["MlflowResourceArn": .string(resource), "MlflowExperimentName": .string(experiment)]
        }
    }
}

/// A pipeline written in Swift, with SageMaker's names. Dependencies follow from the properties that steps use.
public struct Pipeline: Sendable {
    public let name: String
    public var parameters: [any PipelineParameterVariable]
    public var steps: [any Step]
    public var experimentConfig: PipelineExperimentConfig?
    public var parallelism: ParallelismConfiguration?
    public var mlflowConfig: MlflowConfig?
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
        document["PipelineExperimentConfig"] =
            experimentConfig.map {
                ["ExperimentName": $0.experimentName.pipelineJSON, "TrialName": $0.trialName.pipelineJSON]
            } ?? .null
        document["MlflowConfig"] = mlflowConfig?.json
        document["Steps"] = .array(steps.flatMap(\.flattened).map { $0.json(in: context) })
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
