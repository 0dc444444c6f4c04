import JSON

public struct TrainingInput: Sendable {
    public var s3Data: any PipelineInput
    public var contentType: String?
    /// nil: the service's default.
    public var distribution: String? = "FullyReplicated"
    public var s3DataType = "S3Prefix"
    public init(s3Data: any PipelineInput, contentType: String? = nil) {
        self.s3Data = s3Data
        self.contentType = contentType
    }

    func json(channel: String) -> JSONValue {
        var source = JSONObject([("S3DataType", JSONValue.string(s3DataType)), ("S3Uri", s3Data.pipelineJSON)])
        source["S3DataDistributionType"] = distribution.map { .string($0) }
        var object = JSONObject([("DataSource", ["S3DataSource": .object(source)] as JSONValue)])
        object["ContentType"] = contentType.map { .string($0) }
        object["ChannelName"] = .string(channel)
        return .object(object)
    }
}

/// A container that trains a model.
public struct Estimator: Sendable {
    public var imageURI: any PipelineInput
    public var instanceCount: any PipelineInput
    public var instanceType: any PipelineInput
    public var outputPath: (any PipelineInput)?
    public var hyperparameters: [(String, any PipelineInput)]
    public var volumeSizeInGB: Int
    public var maxRuntimeInSeconds: Int
    public var environment: [(String, any PipelineInput)]
    public var metricDefinitions: [(name: String, regex: String)]
    public var checkpointS3URI: (any PipelineInput)?
    public var role: String?
    /// The SDK's estimators switch SageMaker's profiler on where nobody says otherwise.
    public var disableProfiler = true
    /// Whether the debugger's hook and the profiler are spoken of at all; not in the regions that have neither.
    public var hasDebugger = true
    public var enableSageMakerMetrics: Bool?
    public var inputMode = "File"
    public var containerEntrypoint: [String] = []
    public var containerArguments: [any PipelineInput] = []
    public var network: JobNetwork?
    public var volumeKMSKey: (any PipelineInput)?
    public var outputKMSKey: (any PipelineInput)?
    /// `GZIP`, or `NONE`: the model is left as files.
    public var outputCompression: String?
    /// How long instances are kept for the next job (a warm pool).
    public var keepAlivePeriodInSeconds: Int?
    public var useSpotInstances: Bool?
    /// Attempts of the service itself after its own errors.
    public var maxRetryAttempts: Int?
    public var tags: [(key: String, value: any PipelineInput)] = []
    /// What job names begin with (`PipelineDefinitionConfig(use_custom_job_prefix=True)`).
    public var baseJobName: (any PipelineInput)?
    /// Script mode: the program and the folder it is in.
    public var entryPoint: String?
    public var sourceDirectory: String?

    public init(
        imageURI: any PipelineInput, instanceCount: any PipelineInput = 1, instanceType: any PipelineInput = "ml.m5.xlarge",
        outputPath: (any PipelineInput)? = nil,
        hyperparameters: [(String, any PipelineInput)] = [], volumeSizeInGB: Int = 30, maxRuntimeInSeconds: Int = 86_400,
        environment: [(String, any PipelineInput)] = [], metricDefinitions: [(name: String, regex: String)] = [],
        checkpointS3URI: (any PipelineInput)? = nil, role: String? = nil, entryPoint: String? = nil, sourceDirectory: String? = nil
    ) {
        self.imageURI = imageURI
        self.instanceCount = instanceCount
        self.instanceType = instanceType
        self.outputPath = outputPath
        self.hyperparameters = hyperparameters
        self.volumeSizeInGB = volumeSizeInGB
        self.maxRuntimeInSeconds = maxRuntimeInSeconds
        self.environment = environment
        self.metricDefinitions = metricDefinitions
        self.checkpointS3URI = checkpointS3URI
        self.role = role
        self.entryPoint = entryPoint
        self.sourceDirectory = sourceDirectory
    }
}

public func XGBoost(
    frameworkVersion: String, entryPoint: String? = nil, sourceDirectory: String? = nil, instanceCount: any PipelineInput = 1,
    instanceType: any PipelineInput = "ml.m5.xlarge", outputPath: (any PipelineInput)? = nil, hyperparameters: [(String, any PipelineInput)] = [],
    session: PipelineSession
) -> Estimator {
    Estimator(
        imageURI: ImageURIs.xgboost(frameworkVersion, region: session.region), instanceCount: instanceCount, instanceType: instanceType,
        outputPath: outputPath, hyperparameters: hyperparameters, entryPoint: entryPoint, sourceDirectory: sourceDirectory)
}

public func SKLearn(
    frameworkVersion: String, entryPoint: String, sourceDirectory: String? = nil, instanceType: any PipelineInput = "ml.m5.xlarge",
    outputPath: (any PipelineInput)? = nil, hyperparameters: [(String, any PipelineInput)] = [], session: PipelineSession
) -> Estimator {
    Estimator(
        imageURI: ImageURIs.sklearn(frameworkVersion, region: session.region), instanceType: instanceType, outputPath: outputPath,
        hyperparameters: hyperparameters, entryPoint: entryPoint, sourceDirectory: sourceDirectory)
}

public func PyTorch(
    frameworkVersion: String, pythonVersion: String = "py310", entryPoint: String, sourceDirectory: String? = nil, instanceCount: any PipelineInput = 1,
    instanceType: any PipelineInput = "ml.m5.xlarge", isGPU: Bool = false, outputPath: (any PipelineInput)? = nil,
    hyperparameters: [(String, any PipelineInput)] = [], session: PipelineSession
) -> Estimator {
    Estimator(
        imageURI: ImageURIs.pytorch(frameworkVersion, python: pythonVersion, isGPU: isGPU, region: session.region), instanceCount: instanceCount,
        instanceType: instanceType, outputPath: outputPath, hyperparameters: hyperparameters, entryPoint: entryPoint, sourceDirectory: sourceDirectory)
}

public struct TrainingStep: Step {
    public let name: String
    public var common: StepOptions
    public var estimator: Estimator
    public var inputs: [(String, TrainingInput)]
    public var properties: TrainingProperties { TrainingProperties(own: property) }

    public init(name: String, estimator: Estimator, inputs: [(String, TrainingInput)] = [], options: StepOptions = StepOptions()) {
        self.name = name
        self.estimator = estimator
        self.inputs = inputs
        common = options
    }

    public func members(in pipeline: PipelineContext) -> [(String, JSONValue)] { [("Type", "Training"), ("Arguments", .object(request(pipeline)))] }

    func request(_ pipeline: PipelineContext) -> JSONObject {
        let output = estimator.outputPath?.pipelineJSON ?? .string("s3://\(pipeline.session.bucket)/")
        var algorithm = JSONObject(
            [("TrainingInputMode", .string(estimator.inputMode)), ("TrainingImage", estimator.imageURI.pipelineJSON)] as [(String, JSONValue)])
        if !estimator.metricDefinitions.isEmpty {
            algorithm["MetricDefinitions"] = .array(estimator.metricDefinitions.map { ["Name": .string($0.name), "Regex": .string($0.regex)] })
        }
        algorithm["EnableSageMakerMetricsTimeSeries"] = estimator.enableSageMakerMetrics.map { .bool($0) }
        if !estimator.containerEntrypoint.isEmpty { algorithm["ContainerEntrypoint"] = .array(estimator.containerEntrypoint.map { .string($0) }) }
        if !estimator.containerArguments.isEmpty { algorithm["ContainerArguments"] = .array(estimator.containerArguments.map(\.pipelineJSON)) }
        var request = JSONObject([("AlgorithmSpecification", JSONValue.object(algorithm))])
        var destination = JSONObject([("S3OutputPath", output)])
        destination["CompressionType"] = estimator.outputCompression.map { .string($0) }
        destination["KmsKeyId"] = estimator.outputKMSKey?.pipelineJSON
        request["OutputDataConfig"] = .object(destination)
        request["StoppingCondition"] = ["MaxRuntimeInSeconds": .integer(Int64(estimator.maxRuntimeInSeconds))]
        var resources = JSONObject([
            ("VolumeSizeInGB", JSONValue.integer(Int64(estimator.volumeSizeInGB))), ("InstanceCount", estimator.instanceCount.pipelineJSON),
            ("InstanceType", estimator.instanceType.pipelineJSON),
        ])
        resources["VolumeKmsKeyId"] = estimator.volumeKMSKey?.pipelineJSON
        resources["KeepAlivePeriodInSeconds"] = estimator.keepAlivePeriodInSeconds.map { .integer(Int64($0)) }
        request["ResourceConfig"] = .object(resources)
        request["RoleArn"] = .string(estimator.role ?? pipeline.session.role)
        if !inputs.isEmpty { request["InputDataConfig"] = .array(inputs.map { $1.json(channel: $0) }) }
        var parameters = estimator.hyperparameters.map { ($0.0, Self.hyperparameter($0.1)) }
        if let program = estimator.entryPoint {
            // Script mode reads its settings as JSON texts.
            let folder =
                estimator.sourceDirectory.map { pipeline.session.codeURI($0, pipeline: pipeline.pipelineName) }
                ?? pipeline.session.codeURI(program, pipeline: pipeline.pipelineName)
            parameters.append(
                (
                    "sagemaker_program",
                    .string(JSONValue.string(estimator.sourceDirectory == nil ? String(program.split(separator: "/").last ?? "") : program).text())
                ))
            parameters.append(("sagemaker_submit_directory", .string(JSONValue.string(folder).text())))
        }
        if !parameters.isEmpty { request["HyperParameters"] = .object(JSONObject(parameters)) }
        if !estimator.environment.isEmpty { request["Environment"] = .object(JSONObject(estimator.environment.map { ($0.0, $0.1.pipelineJSON) })) }
        if let uri = estimator.checkpointS3URI { request["CheckpointConfig"] = ["S3Uri": uri.pipelineJSON] }
        addSettings(to: &request)
        guard estimator.hasDebugger else { return request }
        request["DebugHookConfig"] = ["S3OutputPath": output, "CollectionConfigurations": []]
        request["ProfilerConfig"] = estimator.disableProfiler ? ["DisableProfiler": true] : ["S3OutputPath": output, "DisableProfiler": false]
        return request
    }

    /// What few jobs say.
    private func addSettings(to request: inout JSONObject) {
        request["TrainingJobName"] = estimator.baseJobName?.pipelineJSON
        if let network = estimator.network {
            request["VpcConfig"] = network.vpc
            request["EnableNetworkIsolation"] = network.enableNetworkIsolation.map { .bool($0) }
            request["EnableInterContainerTrafficEncryption"] = network.encryptInterContainerTraffic.map { .bool($0) }
        }
        request["EnableManagedSpotTraining"] = estimator.useSpotInstances.map { .bool($0) }
        if let count = estimator.maxRetryAttempts { request["RetryStrategy"] = ["MaximumRetryAttempts": .integer(Int64(count))] }
        if !estimator.tags.isEmpty { request["Tags"] = .array(estimator.tags.map { ["Key": .string($0.key), "Value": $0.value.pipelineJSON] }) }
    }

    /// The request wants texts; what is known only later becomes one with a Join, unless it is a text anyway. JSON stays as it is.
    private static func hyperparameter(_ value: any PipelineInput) -> JSONValue {
        let json = value.pipelineJSON
        switch json {
        case .string: return json
        case .object: return value is JSONValue || value is ParameterString || value is Join ? json : ["Std:Join": ["On": "", "Values": [json]]]
        case .bool(let flag): return .string(flag ? "True" : "False")
        default: return .string(json.text())
        }
    }
}

/// A search over hyperparameters with an estimator.
public struct TuningStep: Step {
    public let name: String
    public var common: StepOptions
    public var estimator: Estimator
    public var inputs: [(String, TrainingInput)]
    /// `HyperParameterTuningJobConfig`: strategy, objective, limits and ranges.
    public var configuration: JSONObject
    public var properties: TuningProperties { TuningProperties(own: property) }

    public init(name: String, estimator: Estimator, inputs: [(String, TrainingInput)], configuration: JSONObject, options: StepOptions = StepOptions()) {
        self.name = name
        self.estimator = estimator
        self.inputs = inputs
        self.configuration = configuration
        common = options
    }

    public func members(in pipeline: PipelineContext) -> [(String, JSONValue)] {
        let training = TrainingStep(name: name, estimator: estimator, inputs: inputs).request(pipeline)
        var definition = JSONObject()
        for (key, value) in training where !["DebugHookConfig", "ProfilerConfig", "TrainingJobName"].contains(key) {
            definition[Self.names[key] ?? key] = value
        }
        var request = JSONObject()
        request["HyperParameterTuningJobName"] = estimator.baseJobName?.pipelineJSON
        request["HyperParameterTuningJobConfig"] = .object(configuration)
        request["TrainingJobDefinition"] = .object(definition)
        return [("Type", "Tuning"), ("Arguments", .object(request))]
    }

    /// What a tuning job calls a training job's members.
    private static let names = ["HyperParameters": "StaticHyperParameters", "ResourceConfig": "HyperParameterTuningResourceConfig"]

    /// Where the model of the k-th best training job is (0: the best).
    public func topModelURI(k: Int = 0, bucket: String, prefix: String = "") -> Join {
        let parts: [any PipelineInput] =
            ["s3:/", bucket] + (prefix.isEmpty ? [] : [prefix]) + [properties.TrainingJobSummaries[k].TrainingJobName, "output/model.tar.gz"]
        return Join(on: "/", values: parts)
    }
}
