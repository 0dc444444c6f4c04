import JSON

/// What a ModelStep does with its model: `model.create()` or `model.register(…)`.
public struct ModelStepArguments<Properties: Sendable>: Sendable {
    let model: Model
    let step: @Sendable (_ name: String, _ model: Model, _ options: StepOptions) -> any Step
    let suffix: String
    let properties: @Sendable (Property) -> Properties
}

extension Model {
    /// Creates the model.
    public func create() -> ModelStepArguments<ModelProperties> {
        ModelStepArguments(
            model: self, step: { CreateModelStep(name: $0, model: $1, options: $2) }, suffix: "CreateModel", properties: { ModelProperties(own: $0) })
    }

    /// Registers the model as a version of a group.
    public func register(
        groupName: any PipelineInput, approvalStatus: any PipelineInput = "PendingManualApproval", contentTypes: [String], responseTypes: [String],
        inferenceInstances: [String] = ["ml.m5.large"], transformInstances: [String] = ["ml.m5.large"], modelMetrics: ModelMetrics? = nil
    ) -> ModelStepArguments<ModelPackageProperties> {
        ModelStepArguments(
            model: self,
            step: { name, model, options in
                RegisterModelStep(
                    name: name, model: model, groupName: groupName, approvalStatus: approvalStatus, contentTypes: contentTypes,
                    responseTypes: responseTypes, inferenceInstances: inferenceInstances, transformInstances: transformInstances,
                    modelMetrics: modelMetrics, options: options)
            },
            suffix: "RegisterModel", properties: { ModelPackageProperties(own: $0) })
    }
}

/// Creates or registers a model. A model with inference code of its own (`entryPoint`) is repacked with it first, in a
/// training job, as the SDK does where the model's address is known only at run time.
public struct ModelStep<Properties: Sendable>: StepCollection {
    public let name: String
    public let steps: [any Step]
    public let properties: Properties
    /// The job that repacks; nil: none is needed.
    public let repack: RepackModelStep?

    public init(
        name: String, stepArgs: ModelStepArguments<Properties>, options: StepOptions = StepOptions(), repackRetryPolicies: [any StepRetryRule] = []
    ) {
        self.name = name
        let last = "\(name)-\(stepArgs.suffix)"
        properties = stepArgs.properties(Property(path: "Steps.\(last)"))
        // Without data there is nothing to put the code into: the container fetches both.
        guard let entryPoint = stepArgs.model.entryPoint, let data = stepArgs.model.modelData else {
            repack = nil
            steps = [stepArgs.step(last, stepArgs.model, options)]
            return
        }
        var repackOptions = StepOptions(triggers: options.dependsOn, retryPolicies: repackRetryPolicies)
        repackOptions.description = "Used to repack a model with customer scripts for a register/create model step"
        let first = RepackModelStep(
            name: "\(name)-RepackModel-\(stepArgs.model.name ?? "0")", model: stepArgs.model, modelData: data, entryPoint: entryPoint, options: repackOptions)
        var repacked = stepArgs.model
        repacked.modelData = first.properties.ModelArtifacts.S3ModelArtifacts
        var own = options
        own.dependsOn = []
        repack = first
        steps = [first, stepArgs.step(last, repacked, own)]
    }
}

/// Puts inference code into a model's archive.
public struct RepackModelStep: Step {
    public let name: String
    public var common: StepOptions
    public var model: Model
    public var modelData: any PipelineInput
    public var entryPoint: String
    public var instanceType: any PipelineInput = "ml.m5.large"
    public var properties: TrainingProperties { TrainingProperties(own: property) }

    public init(name: String, model: Model, modelData: any PipelineInput, entryPoint: String, options: StepOptions = StepOptions()) {
        self.name = name
        self.model = model
        self.modelData = modelData
        self.entryPoint = entryPoint
        common = options
    }

    public func members(in pipeline: PipelineContext) -> [(String, JSONValue)] {
        let session = pipeline.session
        func encoded(_ text: String) -> any PipelineInput { JSONValue.string(text).text() }
        let archive: any PipelineInput =
            modelData is String || modelData is Join || modelData is any PipelineParameterVariable ? modelData : Join(on: "", values: [modelData])
        let code = model.sourceDirectory ?? entryPoint
        let hyperparameters: [(String, any PipelineInput)] = [
            ("inference_script", encoded(entryPoint.split(separator: "/").last.map(String.init) ?? entryPoint)), ("model_archive", archive),
            ("dependencies", "null"), ("source_dir", model.sourceDirectory.map(encoded) ?? "null"),
            ("sagemaker_submit_directory", encoded(session.codeURI(code, pipeline: pipeline.pipelineName))),
            ("sagemaker_program", encoded("_repack_script_launcher.sh")), ("sagemaker_container_log_level", "20"),
            ("sagemaker_region", encoded(session.region)),
        ]
        let estimator = Estimator(imageURI: ImageURIs.sklearn("1.2-1", region: session.region), instanceType: instanceType, role: model.role)
        let training = TrainingStep(name: name, estimator: estimator, inputs: [("training", TrainingInput(s3Data: modelData))])
        var request = training.request(pipeline)
        request["HyperParameters"] = .object(JSONObject(hyperparameters.map { key, value in (key, value.pipelineJSON) }))
        return [("Type", "Training"), ("Arguments", .object(request))]
    }
}
