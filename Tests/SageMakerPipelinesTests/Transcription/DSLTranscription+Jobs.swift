import JSON
import SageMakerPipelines

extension DSLTranscription {
    func processing(_ name: String, _ arguments: JSONValue, _ files: JSONValue?, _ options: StepOptions) throws -> ProcessingStep {
        var members = Members(arguments, of: name)
        let cluster = members.take("ProcessingResources")?["ClusterConfig"]
        let app = members.take("AppSpecification")
        var processor = Processor(
            imageURI: try value(app?["ImageUri"] ?? .null), entrypoint: (app?["ContainerEntrypoint"]?.array ?? []).compactMap(\.string),
            instanceCount: try value(cluster?["InstanceCount"] ?? .null), instanceType: try value(cluster?["InstanceType"] ?? .null),
            volumeSizeInGB: try number(cluster?["VolumeSizeInGB"], name), environment: try members.take("Environment").map { try pairs($0) },
            role: members.take("RoleArn")?.string)
        processor.volumeKMSKey = try optional(cluster?["VolumeKmsKeyId"])
        processor.maxRuntimeInSeconds = try members.take("StoppingCondition").map { try number($0["MaxRuntimeInSeconds"], name) }
        if let network = members.take("NetworkConfig") { processor.network = try self.network(network, network["VpcConfig"]) }
        processor.baseJobName = try optional(members.take("ProcessingJobName"))
        var inputs = try (members.take("ProcessingInputs")?.array ?? []).map(input)
        // A script is said as `code`: the DSL writes the input and the entrypoint that go with it.
        if let last = inputs.last, last.inputName == "code", let code = last.source.pipelineJSON.string, code.hasPrefix("s3://"),
            let file = code.split(separator: "/").last, processor.entrypoint.last == "/opt/ml/processing/input/code/\(file)"
        {
            let script = ScriptProcessor(imageURI: processor.imageURI, command: Array(processor.entrypoint.dropLast()), code: code)
            processor.entrypoint = script.entrypoint
            processor.code = code
            inputs.removeLast()
        }
        let config = members.take("ProcessingOutputConfig")
        processor.outputKMSKey = try optional(config?["KmsKeyId"])
        let step = ProcessingStep(
            name: name, processor: processor, inputs: inputs, outputs: try (config?["Outputs"]?.array ?? []).map { try output($0, name) },
            arguments: try values(app?["ContainerArguments"]),
            propertyFiles: (files?.array ?? []).map {
                PropertyFile(name: $0["PropertyFileName"]?.string ?? "", outputName: $0["OutputName"]?.string ?? "", path: $0["FilePath"]?.string ?? "")
            }, options: options)
        try members.end()
        return step
    }

    private func input(_ json: JSONValue) throws -> ProcessingInput {
        let name = json["InputName"]?.string
        var input: ProcessingInput
        if let dataset = json["DatasetDefinition"]?.object {
            input = ProcessingInput(datasetDefinition: dataset, inputName: name)
        } else {
            let source = json["S3Input"]
            input = ProcessingInput(source: try value(source?["S3Uri"] ?? .null), destination: source?["LocalPath"]?.string ?? "", inputName: name)
            input.distribution = source?["S3DataDistributionType"]?.string ?? ""
        }
        input.appManaged = try value(json["AppManaged"] ?? .null)
        return input
    }

    private func output(_ json: JSONValue, _ step: String) throws -> ProcessingOutput {
        let name = json["OutputName"]?.string ?? ""
        var output: ProcessingOutput
        if let group = json["FeatureStoreOutput"]?["FeatureGroupName"] {
            output = ProcessingOutput(outputName: name, featureGroupName: try value(group))
        } else {
            guard let place = json["S3Output"] else { throw Unsayable(description: "\(step)'s output \(name) goes nowhere") }
            output = ProcessingOutput(outputName: name, source: place["LocalPath"]?.string ?? "", destination: try value(place["S3Uri"] ?? .null))
        }
        output.appManaged = try value(json["AppManaged"] ?? .null)
        return output
    }

    func estimator(_ arguments: JSONValue, _ name: String) throws -> Estimator {
        var members = Members(arguments, of: name)
        _ = members.take("InputDataConfig")
        guard let algorithm = members.take("AlgorithmSpecification"), let resources = members.take("ResourceConfig") else {
            throw Unsayable(description: "\(name) is no job with an image and instances")
        }
        let output = members.take("OutputDataConfig")
        var estimator = Estimator(
            imageURI: try value(algorithm["TrainingImage"] ?? .null), instanceCount: try value(resources["InstanceCount"] ?? .null),
            instanceType: try value(resources["InstanceType"] ?? .null), outputPath: try optional(output?["S3OutputPath"]),
            hyperparameters: try pairs(members.take("HyperParameters")), volumeSizeInGB: try number(resources["VolumeSizeInGB"], name),
            maxRuntimeInSeconds: try number(members.take("StoppingCondition")?["MaxRuntimeInSeconds"], name),
            environment: try pairs(members.take("Environment")),
            metricDefinitions: (algorithm["MetricDefinitions"]?.array ?? []).map { ($0["Name"]?.string ?? "", $0["Regex"]?.string ?? "") },
            role: members.take("RoleArn")?.string)
        // A Join that only makes a text of a value is what the DSL writes by itself.
        estimator.hyperparameters = try estimator.hyperparameters.map { key, value in
            if value is Property { return (key, value.pipelineJSON) }
            guard let join = value.pipelineJSON["Std:Join"], join["On"] == "", join["Values"]?.array?.count == 1, let only = join["Values"]?[0] else {
                return (key, value)
            }
            let own = try self.value(only)
            return (key, own is Join || own is ParameterString ? value : own)
        }
        estimator.inputMode = algorithm["TrainingInputMode"]?.string ?? ""
        estimator.enableSageMakerMetrics = algorithm["EnableSageMakerMetricsTimeSeries"]?.bool
        estimator.containerEntrypoint = (algorithm["ContainerEntrypoint"]?.array ?? []).compactMap(\.string)
        estimator.containerArguments = try values(algorithm["ContainerArguments"])
        estimator.outputCompression = output?["CompressionType"]?.string
        estimator.outputKMSKey = try optional(output?["KmsKeyId"])
        estimator.volumeKMSKey = try optional(resources["VolumeKmsKeyId"])
        estimator.keepAlivePeriodInSeconds = resources["KeepAlivePeriodInSeconds"].flatMap { Int($0.text()) }
        estimator.network = try network(arguments, members.take("VpcConfig"))
        _ = (members.take("EnableNetworkIsolation"), members.take("EnableInterContainerTrafficEncryption"))
        estimator.useSpotInstances = members.take("EnableManagedSpotTraining")?.bool
        estimator.maxRetryAttempts = members.take("RetryStrategy")?["MaximumRetryAttempts"].flatMap { Int($0.text()) }
        estimator.tags = try (members.take("Tags")?.array ?? []).map { ($0["Key"]?.string ?? "", try value($0["Value"] ?? .null)) }
        estimator.baseJobName = try optional(members.take("TrainingJobName"))
        let profiler = members.take("ProfilerConfig")
        estimator.hasDebugger = members.take("DebugHookConfig") != nil && profiler != nil
        estimator.disableProfiler = profiler?["DisableProfiler"]?.bool ?? true
        try members.end()
        return estimator
    }

    func channels(_ json: JSONValue?) throws -> [(String, TrainingInput)] {
        try (json?.array ?? []).map { channel in
            let source = channel["DataSource"]?["S3DataSource"]
            var input = TrainingInput(s3Data: try value(source?["S3Uri"] ?? .null), contentType: channel["ContentType"]?.string)
            input.distribution = source?["S3DataDistributionType"]?.string
            return (channel["ChannelName"]?.string ?? "", input)
        }
    }

    func tuning(_ name: String, _ arguments: JSONValue, _ options: StepOptions) throws -> TuningStep {
        var members = Members(arguments, of: name)
        let configuration = members.take("HyperParameterTuningJobConfig")?.object ?? JSONObject()
        guard var job = members.take("TrainingJobDefinition")?.object else { throw Unsayable(description: "\(name) tunes several algorithms") }
        for (tuningName, trainingName) in [("StaticHyperParameters", "HyperParameters"), ("HyperParameterTuningResourceConfig", "ResourceConfig")] {
            job[trainingName] = job[tuningName]
            job[tuningName] = nil
        }
        var estimator = try estimator(.object(job), name)
        estimator.baseJobName = try optional(members.take("HyperParameterTuningJobName"))
        try members.end()
        return TuningStep(name: name, estimator: estimator, inputs: try channels(job["InputDataConfig"]), configuration: configuration, options: options)
    }

    func transform(_ name: String, _ arguments: JSONValue, _ options: StepOptions) throws -> TransformStep {
        var members = Members(arguments, of: name)
        let (input, output, resources) = (members.take("TransformInput"), members.take("TransformOutput"), members.take("TransformResources"))
        var step = TransformStep(
            name: name, modelName: try value(members.take("ModelName") ?? .null), data: try value(input?["DataSource"]?["S3DataSource"]?["S3Uri"] ?? .null),
            outputPath: try value(output?["S3OutputPath"] ?? .null), instanceType: try value(resources?["InstanceType"] ?? .null),
            instanceCount: try value(resources?["InstanceCount"] ?? .null), contentType: input?["ContentType"]?.string, splitType: input?["SplitType"]?.string,
            assembleWith: output?["AssembleWith"]?.string, strategy: members.take("BatchStrategy")?.string, options: options)
        step.accept = output?["Accept"]?.string
        let data = members.take("DataProcessing")
        (step.inputFilter, step.outputFilter, step.joinSource) = (data?["InputFilter"]?.string, data?["OutputFilter"]?.string, data?["JoinSource"]?.string)
        try members.end()
        return step
    }

    private func number(_ json: JSONValue?, _ name: String) throws -> Int {
        guard case .integer(let number)? = json else { throw Unsayable(description: "\(name): \(json?.text() ?? "nothing") in the place of a number") }
        return Int(number)
    }

    private func network(_ json: JSONValue, _ vpc: JSONValue?) throws -> JobNetwork? {
        let network = JobNetwork(
            subnets: try values(vpc?["Subnets"]), securityGroupIDs: try values(vpc?["SecurityGroupIds"]),
            enableNetworkIsolation: json["EnableNetworkIsolation"]?.bool,
            encryptInterContainerTraffic: json["EnableInterContainerTrafficEncryption"]?.bool)
        return network
    }
}
