import JSON

/// A model: an image and the data that training left.
public struct Model: Sendable {
    public var imageURI: any PipelineInput
    /// nil: the image brings its model, or fetches it.
    public var modelData: (any PipelineInput)?
    /// nil: the request does not speak of it.
    public var environment: [(String, any PipelineInput)]?
    public var role: String?
    public var name: String?
    /// Inference code of its own: a script, and the folder it is in.
    public var entryPoint: String?
    public var sourceDirectory: String?
    public var enableNetworkIsolation: Bool?
    /// What the registry says of the model; a package alone has these.
    public var framework: String?
    public var frameworkVersion: String?
    public var nearestModelName: String?

    public init(
        imageURI: any PipelineInput, modelData: (any PipelineInput)?, environment: [(String, any PipelineInput)]? = [], role: String? = nil,
        name: String? = nil,
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

    /// `PrimaryContainer` of a model, an element of `Containers` of a package.
    fileprivate func container(_ pipeline: PipelineContext, isPackage: Bool) -> JSONValue {
        var container = JSONObject([("Image", imageURI.pipelineJSON)])
        if environment != nil || entryPoint != nil { container["Environment"] = environmentJSON(pipeline) }
        container["ModelDataUrl"] = modelData?.pipelineJSON
        if isPackage {
            container["Framework"] = framework.map { .string($0) }
            container["FrameworkVersion"] = frameworkVersion.map { .string($0) }
            container["NearestModelName"] = nearestModelName.map { .string($0) }
        }
        return .object(container)
    }

    private func environmentJSON(_ pipeline: PipelineContext) -> JSONValue {
        var all = environment ?? []
        if let entryPoint {
            // What the framework images are told of the code beside the model.
            let given = Set(all.map(\.0))
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
        var request = JSONObject([
            ("ExecutionRoleArn", JSONValue.string(model.role ?? pipeline.session.role)), ("PrimaryContainer", model.container(pipeline, isPackage: false)),
        ])
        request["EnableNetworkIsolation"] = model.enableNetworkIsolation.map { .bool($0) }
        return [("Type", "Model"), ("Arguments", .object(request))]
    }
}

public struct RegisterModelStep: Step {
    public let name: String
    public var common: StepOptions
    public var model: Model
    /// Further containers of a pipeline of models, in their order.
    public var followingModels: [Model] = []
    /// nil: a package without versions.
    public var groupName: (any PipelineInput)?
    public var approvalStatus: any PipelineInput
    public var contentTypes: [any PipelineInput]
    public var responseTypes: [any PipelineInput]
    public var inferenceInstances: [any PipelineInput]
    public var transformInstances: [any PipelineInput]
    public var modelMetrics: ModelMetrics?
    public var samplePayloadURL: (any PipelineInput)?
    /// `All`: the service does not try the model out.
    public var skipModelValidation: any PipelineInput = "None"
    /// `ModelPackageDescription`
    public var packageDescription: (any PipelineInput)?
    public var domain: String?
    public var task: String?
    public var customerMetadata: [(String, any PipelineInput)] = []
    /// `DriftCheckBaselines` and `ModelLifeCycle`, as the API has them.
    public var driftCheckBaselines: JSONObject?
    public var modelLifeCycle: JSONObject?
    public var properties: ModelPackageProperties { ModelPackageProperties(own: property) }

    public init(
        name: String, model: Model, groupName: (any PipelineInput)?, approvalStatus: any PipelineInput = "PendingManualApproval",
        contentTypes: [any PipelineInput], responseTypes: [any PipelineInput], inferenceInstances: [any PipelineInput] = ["ml.m5.large"],
        transformInstances: [any PipelineInput] = ["ml.m5.large"], modelMetrics: ModelMetrics? = nil, samplePayloadURL: (any PipelineInput)? = nil,
        options: StepOptions = StepOptions()
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
        func list(_ values: [any PipelineInput]) -> JSONValue { .array(values.map(\.pipelineJSON)) }
        var request = JSONObject()
        request["ModelPackageGroupName"] = groupName?.pipelineJSON
        request["ModelPackageDescription"] = packageDescription?.pipelineJSON
        request["ModelMetrics"] = modelMetrics?.json
        request["InferenceSpecification"] = [
            "Containers": .array(([model] + followingModels).map { $0.container(pipeline, isPackage: true) }),
            "SupportedContentTypes": list(contentTypes), "SupportedResponseMIMETypes": list(responseTypes),
            "SupportedRealtimeInferenceInstanceTypes": list(inferenceInstances), "SupportedTransformInstanceTypes": list(transformInstances),
        ]
        request["ModelApprovalStatus"] = approvalStatus.pipelineJSON
        request["SkipModelValidation"] = skipModelValidation.pipelineJSON
        request["SamplePayloadUrl"] = samplePayloadURL?.pipelineJSON
        request["DriftCheckBaselines"] = driftCheckBaselines.map { .object($0) }
        request["Domain"] = domain.map { .string($0) }
        request["Task"] = task.map { .string($0) }
        if !customerMetadata.isEmpty { request["CustomerMetadataProperties"] = .object(JSONObject(customerMetadata.map { ($0.0, $0.1.pipelineJSON) })) }
        request["ModelLifeCycle"] = modelLifeCycle.map { .object($0) }
        return [("Type", "RegisterModel"), ("Arguments", .object(request))]
    }
}

public struct TransformStep: Step {
    public private(set) var name: String
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
    /// What the answers shall be (`Accept`).
    public var accept: String?
    /// JSONPath over what goes to the model, over what it answered, and whether the answer is joined to its input (`Input`).
    public var inputFilter: String?
    public var outputFilter: String?
    public var joinSource: String?
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
        output["Accept"] = accept.map { .string($0) }
        var request = JSONObject([
            ("ModelName", modelName.pipelineJSON), ("TransformInput", .object(input)), ("TransformOutput", .object(output)),
            ("TransformResources", ["InstanceCount": instanceCount.pipelineJSON, "InstanceType": instanceType.pipelineJSON] as JSONValue),
        ])
        request["BatchStrategy"] = strategy.map { .string($0) }
        var data = JSONObject()
        data["InputFilter"] = inputFilter.map { .string($0) }
        data["OutputFilter"] = outputFilter.map { .string($0) }
        data["JoinSource"] = joinSource.map { .string($0) }
        if data.count > 0 { request["DataProcessing"] = .object(data) }
        return [("Type", "Transform"), ("Arguments", .object(request))]
    }

    /// The same step under another name.
    func named(_ name: String, _ options: StepOptions) -> TransformStep {
        var copy = self
        copy.name = name
        copy.common = options
        return copy
    }
}
