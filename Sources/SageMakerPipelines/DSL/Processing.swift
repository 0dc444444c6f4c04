import JSON

public struct ProcessingInput: Sendable {
    public var source: any PipelineInput
    public var destination: String
    public var inputName: String?
    public init(source: any PipelineInput, destination: String, inputName: String? = nil) {
        self.source = source
        self.destination = destination
        self.inputName = inputName
    }

    func json(number: Int) -> JSONValue {
        [
            "InputName": .string(inputName ?? "input-\(number)"), "AppManaged": false,
            "S3Input": [
                "S3Uri": source.pipelineJSON, "LocalPath": .string(destination), "S3DataType": "S3Prefix", "S3InputMode": "File",
                "S3DataDistributionType": "FullyReplicated", "S3CompressionType": "None",
            ],
        ]
    }
}

public struct ProcessingOutput: Sendable {
    public var outputName: String
    public var source: String
    public var destination: (any PipelineInput)?
    public init(outputName: String, source: String, destination: (any PipelineInput)? = nil) {
        self.outputName = outputName
        self.source = source
        self.destination = destination
    }
}

/// A container that runs a program over inputs.
public struct Processor: Sendable {
    public var imageURI: String
    public var entrypoint: [String]
    /// A script that is given to the container as its last argument of the entrypoint.
    public var code: String?
    public var instanceCount: any PipelineInput
    public var instanceType: any PipelineInput
    public var volumeSizeInGB: Int
    public var environment: [(String, any PipelineInput)]
    public var role: String?
    public var maxRuntimeInSeconds: Int?

    public init(
        imageURI: String, entrypoint: [String] = [], code: String? = nil, instanceCount: any PipelineInput = 1,
        instanceType: any PipelineInput = "ml.m5.xlarge", volumeSizeInGB: Int = 30, environment: [(String, any PipelineInput)] = [],
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
    imageURI: String, command: [String] = ["python3"], code: String, instanceCount: any PipelineInput = 1,
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
    imageURI: String, command: [String] = ["python3"], code: String, instanceCount: any PipelineInput = 1,
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
        var request = JSONObject([
            ("ProcessingResources", [
                "ClusterConfig": [
                    "InstanceType": processor.instanceType.pipelineJSON, "InstanceCount": processor.instanceCount.pipelineJSON,
                    "VolumeSizeInGB": .integer(Int64(processor.volumeSizeInGB)),
                ]
            ] as JSONValue)
        ])
        var app = JSONObject([("ImageUri", JSONValue.string(processor.imageURI))])
        if !arguments.isEmpty { app["ContainerArguments"] = .array(arguments.map(\.pipelineJSON)) }
        if !processor.entrypoint.isEmpty { app["ContainerEntrypoint"] = .array(processor.entrypoint.map { .string($0) }) }
        request["AppSpecification"] = .object(app)
        request["RoleArn"] = .string(processor.role ?? pipeline.session.role)
        var all = inputs
        if let code = processor.code {
            all.append(ProcessingInput(
                source: pipeline.session.codeURI(code, pipeline: pipeline.pipelineName), destination: "/opt/ml/processing/input/code", inputName: "code"))
        }
        request["ProcessingInputs"] = .array(all.enumerated().map { $1.json(number: $0 + 1) })
        if !outputs.isEmpty { request["ProcessingOutputConfig"] = ["Outputs": .array(outputs.map { output($0, pipeline) })] }
        if !processor.environment.isEmpty { request["Environment"] = .object(JSONObject(processor.environment.map { ($0.0, $0.1.pipelineJSON) })) }
        if let seconds = processor.maxRuntimeInSeconds { request["StoppingCondition"] = ["MaxRuntimeInSeconds": .integer(Int64(seconds))] }
        var members: [(String, JSONValue)] = [("Type", "Processing"), ("Arguments", .object(request))]
        if !propertyFiles.isEmpty { members.append(("PropertyFiles", .array(propertyFiles.map(\.json)))) }
        return members
    }

    private func output(_ output: ProcessingOutput, _ pipeline: PipelineContext) -> JSONValue {
        let standard: [any PipelineInput] = [
            "s3:/", pipeline.session.bucket, pipeline.pipelineName, ExecutionVariables.pipelineExecutionID, name, "output", output.outputName,
        ]
        let address = output.destination?.pipelineJSON ?? Join(on: "/", values: standard).pipelineJSON
        return [
            "OutputName": .string(output.outputName), "AppManaged": false,
            "S3Output": ["S3Uri": address, "LocalPath": .string(output.source), "S3UploadMode": "EndOfJob"],
        ]
    }
}
