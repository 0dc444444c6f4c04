import JSON

public struct ProcessingInput: Sendable {
    public var source: any PipelineInput
    public var destination: String
    public var inputName: String?
    /// Whether the container fetches the input itself.
    public var appManaged: any PipelineInput = false
    public var s3DataType = "S3Prefix"
    public var s3InputMode = "File"
    /// `ShardedByS3Key`: each instance gets a part of it.
    public var distribution = "FullyReplicated"
    public var compression = "None"
    /// In the place of a source in S3: `{"AthenaDatasetDefinition": …}` or `{"RedshiftDatasetDefinition": …}` with its settings.
    public let datasetDefinition: JSONObject?
    public init(source: any PipelineInput, destination: String, inputName: String? = nil) {
        self.source = source
        self.destination = destination
        self.inputName = inputName
        datasetDefinition = nil
    }

    /// An input that is the result of a query.
    public init(datasetDefinition: JSONObject, inputName: String? = nil) {
        source = ""
        destination = datasetDefinition["LocalPath"]?.string ?? ""
        self.inputName = inputName
        self.datasetDefinition = datasetDefinition
    }

    func json(number: Int) -> JSONValue {
        var object = JSONObject([("InputName", JSONValue.string(inputName ?? "input-\(number)")), ("AppManaged", appManaged.pipelineJSON)])
        if let datasetDefinition {
            object["DatasetDefinition"] = .object(datasetDefinition)
        } else {
            object["S3Input"] = [
                "S3Uri": source.pipelineJSON, "LocalPath": .string(destination), "S3DataType": .string(s3DataType), "S3InputMode": .string(s3InputMode),
                "S3DataDistributionType": .string(distribution), "S3CompressionType": .string(compression),
            ]
        }
        return .object(object)
    }
}

public struct ProcessingOutput: Sendable {
    public var outputName: String
    public var source: String
    public var destination: (any PipelineInput)?
    /// Whether the container writes the output itself.
    public var appManaged: any PipelineInput = false
    public var s3UploadMode = "EndOfJob"
    /// The feature group that takes the output, in the place of S3.
    public let featureGroupName: (any PipelineInput)?
    public init(outputName: String, source: String, destination: (any PipelineInput)? = nil) {
        self.outputName = outputName
        self.source = source
        self.destination = destination
        featureGroupName = nil
    }

    /// An output that the container puts into a feature group.
    public init(outputName: String, featureGroupName: any PipelineInput) {
        self.outputName = outputName
        source = ""
        self.featureGroupName = featureGroupName
        appManaged = true
    }
}

/// A container that runs a program over inputs.
public struct Processor: Sendable {
    public var imageURI: any PipelineInput
    public var entrypoint: [String]
    /// A script that is given to the container as its last argument of the entrypoint.
    public var code: String?
    public var instanceCount: any PipelineInput
    public var instanceType: any PipelineInput
    public var volumeSizeInGB: Int
    /// nil: the request does not speak of it.
    public var environment: [(String, any PipelineInput)]?
    public var role: String?
    public var maxRuntimeInSeconds: Int?
    public var network: JobNetwork?
    public var volumeKMSKey: (any PipelineInput)?
    public var outputKMSKey: (any PipelineInput)?
    /// What job names begin with (`PipelineDefinitionConfig(use_custom_job_prefix=True)`).
    public var baseJobName: (any PipelineInput)?

    public init(
        imageURI: any PipelineInput, entrypoint: [String] = [], code: String? = nil, instanceCount: any PipelineInput = 1,
        instanceType: any PipelineInput = "ml.m5.xlarge", volumeSizeInGB: Int = 30, environment: [(String, any PipelineInput)]? = nil,
        role: String? = nil, maxRuntimeInSeconds: Int? = nil
    ) {
        self.imageURI = imageURI
        self.entrypoint = entrypoint
        self.code = code
        self.instanceCount = instanceCount
        self.instanceType = instanceType
        self.volumeSizeInGB = volumeSizeInGB
        self.environment = environment
        self.role = role
        self.maxRuntimeInSeconds = maxRuntimeInSeconds
    }
}

/// A processor that runs a script with a command.
public func ScriptProcessor(
    imageURI: any PipelineInput, command: [String] = ["python3"], code: String, instanceCount: any PipelineInput = 1,
    instanceType: any PipelineInput = "ml.m5.xlarge", role: String? = nil
) -> Processor {
    let file = code.split(separator: "/").last.map(String.init) ?? code
    return Processor(
        imageURI: imageURI, entrypoint: command + ["/opt/ml/processing/input/code/\(file)"], code: code, instanceCount: instanceCount,
        instanceType: instanceType, role: role)
}

public func SKLearnProcessor(
    frameworkVersion: String, code: String, instanceCount: any PipelineInput = 1, instanceType: any PipelineInput = "ml.m5.xlarge",
    role: String? = nil, session: PipelineSession
) -> Processor {
    ScriptProcessor(
        imageURI: ImageURIs.sklearn(frameworkVersion, region: session.region), code: code, instanceCount: instanceCount, instanceType: instanceType,
        role: role)
}

public func FrameworkProcessor(
    imageURI: any PipelineInput, command: [String] = ["python3"], code: String, instanceCount: any PipelineInput = 1,
    instanceType: any PipelineInput = "ml.m5.xlarge", role: String? = nil
) -> Processor {
    ScriptProcessor(imageURI: imageURI, command: command, code: code, instanceCount: instanceCount, instanceType: instanceType, role: role)
}

public struct ProcessingStep: Step {
    public let name: String
    public var common: StepOptions
    public var processor: Processor
    public var inputs: [ProcessingInput]
    public var outputs: [ProcessingOutput]
    public var arguments: [any PipelineInput]
    public var propertyFiles: [PropertyFile]
    public var properties: ProcessingProperties { ProcessingProperties(own: property) }

    public init(
        name: String, processor: Processor, inputs: [ProcessingInput] = [], outputs: [ProcessingOutput] = [], arguments: [any PipelineInput] = [],
        propertyFiles: [PropertyFile] = [], options: StepOptions = StepOptions()
    ) {
        self.name = name
        self.processor = processor
        self.inputs = inputs
        self.outputs = outputs
        self.arguments = arguments
        self.propertyFiles = propertyFiles
        common = options
    }

    public func members(in pipeline: PipelineContext) -> [(String, JSONValue)] {
        var cluster = JSONObject([
            ("InstanceType", processor.instanceType.pipelineJSON), ("InstanceCount", processor.instanceCount.pipelineJSON),
            ("VolumeSizeInGB", .integer(Int64(processor.volumeSizeInGB))),
        ])
        cluster["VolumeKmsKeyId"] = processor.volumeKMSKey?.pipelineJSON
        var request = JSONObject([("ProcessingResources", ["ClusterConfig": .object(cluster)] as JSONValue)])
        request["ProcessingJobName"] = processor.baseJobName?.pipelineJSON
        var app = JSONObject([("ImageUri", processor.imageURI.pipelineJSON)])
        if !arguments.isEmpty { app["ContainerArguments"] = .array(arguments.map(\.pipelineJSON)) }
        if !processor.entrypoint.isEmpty { app["ContainerEntrypoint"] = .array(processor.entrypoint.map { .string($0) }) }
        request["AppSpecification"] = .object(app)
        request["RoleArn"] = .string(processor.role ?? pipeline.session.role)
        var all = inputs
        if let code = processor.code {
            all.append(
                ProcessingInput(
                    source: pipeline.session.codeURI(code, pipeline: pipeline.pipelineName), destination: "/opt/ml/processing/input/code", inputName: "code"))
        }
        request["ProcessingInputs"] = .array(all.enumerated().map { $1.json(number: $0 + 1) })
        if !outputs.isEmpty {
            var config = JSONObject([("Outputs", JSONValue.array(outputs.map { output($0, pipeline) }))])
            config["KmsKeyId"] = processor.outputKMSKey?.pipelineJSON
            request["ProcessingOutputConfig"] = .object(config)
        }
        if let environment = processor.environment { request["Environment"] = .object(JSONObject(environment.map { ($0.0, $0.1.pipelineJSON) })) }
        if let seconds = processor.maxRuntimeInSeconds { request["StoppingCondition"] = ["MaxRuntimeInSeconds": .integer(Int64(seconds))] }
        request["NetworkConfig"] = processor.network?.json
        var members: [(String, JSONValue)] = [("Type", "Processing"), ("Arguments", .object(request))]
        if !propertyFiles.isEmpty { members.append(("PropertyFiles", .array(propertyFiles.map(\.json)))) }
        return members
    }

    private func output(_ output: ProcessingOutput, _ pipeline: PipelineContext) -> JSONValue {
        let standard: [any PipelineInput] = [
            "s3:/", pipeline.session.bucket, pipeline.pipelineName, ExecutionVariables.pipelineExecutionID, name, "output", output.outputName,
        ]
        if let group = output.featureGroupName {
            return [
                "OutputName": .string(output.outputName), "AppManaged": output.appManaged.pipelineJSON,
                "FeatureStoreOutput": ["FeatureGroupName": group.pipelineJSON],
            ]
        }
        let address = output.destination?.pipelineJSON ?? Join(on: "/", values: standard).pipelineJSON
        return [
            "OutputName": .string(output.outputName), "AppManaged": output.appManaged.pipelineJSON,
            "S3Output": ["S3Uri": address, "LocalPath": .string(output.source), "S3UploadMode": .string(output.s3UploadMode)],
        ]
    }
}
