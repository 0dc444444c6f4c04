import JSON

/// A model: an image and the data that training left.
public struct Model: Sendable {
    public var imageURI: String
    public var modelData: any PipelineInput
    public var environment: [(String, any PipelineInput)]
    public var role: String?
    public var name: String?
    /// Inference code of its own: a script, and the folder it is in.
    public var entryPoint: String?
    public var sourceDirectory: String?

    public init(
        imageURI: String, modelData: any PipelineInput, environment: [(String, any PipelineInput)] = [], role: String? = nil, name: String? = nil,
        entryPoint: String? = nil, sourceDirectory: String? = nil
    ) {
        self.imageURI = imageURI
        self.modelData = modelData
        self.environment = environment
        self.role = role
        self.name = name
        self.entryPoint = entryPoint
        self.sourceDirectory = sourceDirectory
    }

    fileprivate func environmentJSON(_ pipeline: PipelineContext) -> JSONValue {
        var all = environment
        if let entryPoint {
            // What the framework images are told of the code beside the model.
            let given = Set(environment.map(\.0))
            let own: [(String, any PipelineInput)] = [
                ("SAGEMAKER_PROGRAM", entryPoint.split(separator: "/").last.map(String.init) ?? entryPoint),
                ("SAGEMAKER_SUBMIT_DIRECTORY", "/opt/ml/model/code"), ("SAGEMAKER_CONTAINER_LOG_LEVEL", "20"),
                ("SAGEMAKER_REGION", pipeline.session.region),
            ]
            all += own.filter { !given.contains($0.0) }
        }
        return .object(JSONObject(all.map { ($0.0, $0.1.pipelineJSON) }))
    }
}

public struct CreateModelStep: Step {
    public let name: String
    public var common: StepOptions
    public var model: Model
    public var properties: ModelProperties { ModelProperties(own: property) }
    public init(name: String, model: Model, options: StepOptions = StepOptions()) {
        self.name = name
        self.model = model
        common = options
    }

    public func members(in pipeline: PipelineContext) -> [(String, JSONValue)] {
        let container: JSONValue = ["Image": .string(model.imageURI), "Environment": model.environmentJSON(pipeline), "ModelDataUrl": model.modelData.pipelineJSON]
        return [("Type", "Model"), ("Arguments", ["ExecutionRoleArn": .string(model.role ?? pipeline.session.role), "PrimaryContainer": container])]
    }
}

public struct RegisterModelStep: Step {
    public let name: String
    public var common: StepOptions
    public var model: Model
    public var groupName: any PipelineInput
    public var approvalStatus: any PipelineInput
    public var contentTypes: [String]
    public var responseTypes: [String]
    public var inferenceInstances: [String]
    public var transformInstances: [String]
    public var modelMetrics: ModelMetrics?
    public var samplePayloadURL: (any PipelineInput)?
    public var properties: ModelPackageProperties { ModelPackageProperties(own: property) }

    public init(
        name: String, model: Model, groupName: any PipelineInput, approvalStatus: any PipelineInput = "PendingManualApproval", contentTypes: [String],
        responseTypes: [String], inferenceInstances: [String] = ["ml.m5.large"], transformInstances: [String] = ["ml.m5.large"],
        modelMetrics: ModelMetrics? = nil, samplePayloadURL: (any PipelineInput)? = nil, options: StepOptions = StepOptions()
    ) {
        self.name = name
        self.model = model
        self.groupName = groupName
        self.approvalStatus = approvalStatus
        self.contentTypes = contentTypes
        self.responseTypes = responseTypes
        self.inferenceInstances = inferenceInstances
        self.transformInstances = transformInstances
        self.modelMetrics = modelMetrics
        self.samplePayloadURL = samplePayloadURL
        common = options
    }

    public func members(in pipeline: PipelineContext) -> [(String, JSONValue)] {
        func list(_ texts: [String]) -> JSONValue { .array(texts.map { .string($0) }) }
        var request = JSONObject([("ModelPackageGroupName", groupName.pipelineJSON)])
        request["ModelMetrics"] = modelMetrics?.json
        request["InferenceSpecification"] = [
            "Containers": [["Image": .string(model.imageURI), "Environment": model.environmentJSON(pipeline), "ModelDataUrl": model.modelData.pipelineJSON]],
            "SupportedContentTypes": list(contentTypes), "SupportedResponseMIMETypes": list(responseTypes),
            "SupportedRealtimeInferenceInstanceTypes": list(inferenceInstances), "SupportedTransformInstanceTypes": list(transformInstances),
        ]
        request["ModelApprovalStatus"] = approvalStatus.pipelineJSON
        request["SkipModelValidation"] = "None"
        request["SamplePayloadUrl"] = samplePayloadURL?.pipelineJSON
        return [("Type", "RegisterModel"), ("Arguments", .object(request))]
    }
}

public struct TransformStep: Step {
    public let name: String
    public var common: StepOptions
    public var modelName: any PipelineInput
    public var data: any PipelineInput
    public var outputPath: any PipelineInput
    public var instanceType: any PipelineInput
    public var instanceCount: any PipelineInput
    public var contentType: String?
    public var splitType: String?
    public var assembleWith: String?
    public var strategy: String?
    public var properties: TransformProperties { TransformProperties(own: property) }

    public init(
        name: String, modelName: any PipelineInput, data: any PipelineInput, outputPath: any PipelineInput, instanceType: any PipelineInput = "ml.m5.xlarge",
        instanceCount: any PipelineInput = 1, contentType: String? = nil, splitType: String? = nil, assembleWith: String? = nil,
        strategy: String? = nil, options: StepOptions = StepOptions()
    ) {
        self.name = name
        self.modelName = modelName
        self.data = data
        self.outputPath = outputPath
        self.instanceType = instanceType
        self.instanceCount = instanceCount
        self.contentType = contentType
        self.splitType = splitType
        self.assembleWith = assembleWith
        self.strategy = strategy
        common = options
    }

    public func members(in pipeline: PipelineContext) -> [(String, JSONValue)] {
        var input = JSONObject([("DataSource", ["S3DataSource": ["S3DataType": "S3Prefix", "S3Uri": data.pipelineJSON]] as JSONValue)])
        input["ContentType"] = contentType.map { .string($0) }
        input["SplitType"] = splitType.map { .string($0) }
        var output = JSONObject([("S3OutputPath", outputPath.pipelineJSON)])
        output["AssembleWith"] = assembleWith.map { .string($0) }
        var request = JSONObject([
            ("ModelName", modelName.pipelineJSON), ("TransformInput", .object(input)), ("TransformOutput", .object(output)),
            ("TransformResources", ["InstanceCount": instanceCount.pipelineJSON, "InstanceType": instanceType.pipelineJSON] as JSONValue),
        ])
        request["BatchStrategy"] = strategy.map { .string($0) }
        return [("Type", "Transform"), ("Arguments", .object(request))]
    }

    /// The same step under another name.
    func named(_ name: String, _ options: StepOptions) -> TransformStep {
        TransformStep(
            name: name, modelName: modelName, data: data, outputPath: outputPath, instanceType: instanceType, instanceCount: instanceCount,
            contentType: contentType, splitType: splitType, assembleWith: assembleWith, strategy: strategy, options: options)
    }
}
