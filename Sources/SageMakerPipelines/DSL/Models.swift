import JSON

/// A model: an image and the data that training left.
public struct Model: Sendable {
    public var imageURI: String
    public var modelData: any PipelineInput
    public var environment: [(String, any PipelineInput)]
    public var role: String?
    public init(imageURI: String, modelData: any PipelineInput, environment: [(String, any PipelineInput)] = [], role: String? = nil) {
        self.imageURI = imageURI
        self.modelData = modelData
        self.environment = environment
        self.role = role
    }

    fileprivate var environmentJSON: JSONValue { .object(JSONObject(environment.map { ($0.0, $0.1.pipelineJSON) })) }
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
        let container: JSONValue = ["Image": .string(model.imageURI), "Environment": model.environmentJSON, "ModelDataUrl": model.modelData.pipelineJSON]
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
    public var modelMetrics: JSONValue?
    public var properties: ModelPackageProperties { ModelPackageProperties(own: property) }

    public init(
        name: String, model: Model, groupName: any PipelineInput, approvalStatus: any PipelineInput = "PendingManualApproval", contentTypes: [String],
        responseTypes: [String], inferenceInstances: [String] = ["ml.m5.large"], transformInstances: [String] = ["ml.m5.large"],
        modelMetrics: JSONValue? = nil, options: StepOptions = StepOptions()
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
        common = options
    }

    public func members(in pipeline: PipelineContext) -> [(String, JSONValue)] {
        func list(_ texts: [String]) -> JSONValue { .array(texts.map { .string($0) }) }
        var request = JSONObject([("ModelPackageGroupName", groupName.pipelineJSON)])
        request["ModelMetrics"] = modelMetrics
        request["InferenceSpecification"] = [
            "Containers": [["Image": .string(model.imageURI), "Environment": model.environmentJSON, "ModelDataUrl": model.modelData.pipelineJSON]],
            "SupportedContentTypes": list(contentTypes), "SupportedResponseMIMETypes": list(responseTypes),
            "SupportedRealtimeInferenceInstanceTypes": list(inferenceInstances), "SupportedTransformInstanceTypes": list(transformInstances),
        ]
        request["ModelApprovalStatus"] = approvalStatus.pipelineJSON
        request["SkipModelValidation"] = "None"
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
    public var properties: TransformProperties { TransformProperties(own: property) }

    public init(
        name: String, modelName: any PipelineInput, data: any PipelineInput, outputPath: any PipelineInput, instanceType: any PipelineInput = "ml.m5.xlarge",
        instanceCount: any PipelineInput = 1, contentType: String? = nil, splitType: String? = nil, assembleWith: String? = nil,
        options: StepOptions = StepOptions()
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
        common = options
    }

    public func members(in pipeline: PipelineContext) -> [(String, JSONValue)] {
        var input = JSONObject([("DataSource", ["S3DataSource": ["S3DataType": "S3Prefix", "S3Uri": data.pipelineJSON]] as JSONValue)])
        input["ContentType"] = contentType.map { .string($0) }
        input["SplitType"] = splitType.map { .string($0) }
        var output = JSONObject([("S3OutputPath", outputPath.pipelineJSON)])
        output["AssembleWith"] = assembleWith.map { .string($0) }
        return [
            ("Type", "Transform"),
            ("Arguments", [
                "ModelName": modelName.pipelineJSON, "TransformInput": .object(input), "TransformOutput": .object(output),
                "TransformResources": ["InstanceCount": instanceCount.pipelineJSON, "InstanceType": instanceType.pipelineJSON],
            ]),
        ]
    }
}
