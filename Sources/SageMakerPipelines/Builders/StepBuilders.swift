import JSON

/// Builds one step from a section of a configuration.
public protocol StepBuilder: Sendable {
    /// Refuses a configuration that the step cannot be built from, the first missing attribute named.
    func validate() throws(ConfigurationError)
    /// The names of what the step reads and writes.
    var inputNames: [String] { get }
    var outputNames: [String] { get }
    /// `inputs`: values for the input names that come from other steps.
    func createStep(inputs: [String: any PipelineInput], dependencies: [any Step]) throws(ConfigurationError) -> any Step
}

/// What all steps of a configured pipeline share.
public struct BuilderContext: Sendable {
    public let configuration: PipelineConfiguration
    public let session: PipelineSession
    public init(configuration: PipelineConfiguration, session: PipelineSession) {
        self.configuration = configuration
        self.session = session
    }
}

public struct TrainingStepBuilder: StepBuilder {
    let section: ConfigurationSection
    let session: PipelineSession
    public let inputNames = ["train", "validation", "test"]
    public let outputNames = ["model_artifacts"]

    public init(_ context: BuilderContext) {
        section = context.configuration.section("Training")
        session = context.session
    }

    public func validate() throws(ConfigurationError) {
        try section.require(["training_entry_point", "training_instance_type", "input_path", "output_path"])
        _ = try section.s3("input_path")
        _ = try section.s3("output_path")
        try section.requireHomeRegion()
    }

    public func createStep(inputs: [String: any PipelineInput] = [:], dependencies: [any Step] = []) throws(ConfigurationError) -> any Step {
        try training(inputs: inputs, dependencies: dependencies)
    }

    public func training(inputs: [String: any PipelineInput] = [:], dependencies: [any Step] = []) throws(ConfigurationError) -> TrainingStep {
        try validate()
        let hyperparameters = (section["hyperparameters"]?.object ?? JSONObject()).map { ($0.key, $0.value as any PipelineInput) }
        var environment: [(String, any PipelineInput)] = []
        if let region = section["region"]?.string { environment.append(("CA_REPOSITORY_REGION", region)) }
        let estimator = PyTorch(
            frameworkVersion: try section.string("framework_version", default: "2.1.0"), pythonVersion: try section.string("py_version", default: "py310"),
            entryPoint: try section.string("training_entry_point"),
            sourceDirectory: try section.string("source_dir", default: ".") == "." ? nil : try section.string("source_dir"),
            instanceCount: try section.integer("training_instance_count", default: 1), instanceType: try section.string("training_instance_type"),
            outputPath: try section.s3("output_path"), hyperparameters: hyperparameters, session: session)
        var full = estimator
        full.volumeSizeInGB = try section.integer("training_volume_size", default: 30)
        full.environment = environment
        // `{"val_rmse": "val_rmse=([0-9.]+);"}`
        full.metricDefinitions = (section["metric_definitions"]?.object ?? JSONObject()).compactMap { name, regex in
            regex.string.map { (name: name, regex: $0) }
        }
        if let checkpoint = section["checkpoint_path"]?.string, !checkpoint.isEmpty { full.checkpointS3URI = checkpoint }
        let root = try section.s3("input_path")
        let channels = try section.strings("channels", default: ["train", "val", "test"]).map { channel in
            (channel, TrainingInput(s3Data: inputs[channel] ?? "\(root)/\(channel)"))
        }
        return TrainingStep(
            name: try section.string("step_name", default: "Training"), estimator: full, inputs: channels, options: StepOptions(dependsOn: dependencies))
    }
}

public struct ModelStepBuilder: StepBuilder {
    let section: ConfigurationSection
    public let inputNames = ["model_data"]
    public let outputNames = ["model_name"]

    public init(_ context: BuilderContext) { section = context.configuration.section("Model") }

    public func validate() throws(ConfigurationError) {
        try section.require(["inference_image", "inference_entry_point"])
        try section.requireHomeRegion()
    }

    public func createStep(inputs: [String: any PipelineInput], dependencies: [any Step] = []) throws(ConfigurationError) -> any Step {
        try validate()
        guard let data = inputs["model_data"] ?? section["model_data"] else {
            throw ConfigurationError(description: "Model: the required attribute 'model_data' is missing")
        }
        let model = Model(
            imageURI: try section.string("inference_image"), modelData: data,
            environment: [("SAGEMAKER_PROGRAM", try section.string("inference_entry_point")), ("SAGEMAKER_SUBMIT_DIRECTORY", "/opt/ml/model/code")])
        return CreateModelStep(name: try section.string("step_name", default: "CreateModel"), model: model, options: StepOptions(dependsOn: dependencies))
    }
}

/// Packs a model and its inference scripts for registration.
public struct PackagingStepBuilder: StepBuilder {
    let section: ConfigurationSection
    let session: PipelineSession
    public let inputNames = ["model_input", "inference_scripts_input"]
    public let outputNames = ["packaged_model_output"]

    public init(_ context: BuilderContext) {
        section = context.configuration.section("Package")
        session = context.session
    }

    public func validate() throws(ConfigurationError) {
        try section.require([
            "packaging_entry_point", "processing_instance_count", "processing_volume_size", "processing_framework_version", "pipeline_s3_loc",
        ])
        guard section["source_dir"].map({ !$0.isNull }) ?? section["processing_source_dir"].map({ !$0.isNull }) ?? false else {
            throw ConfigurationError(description: "Package: the required attribute 'source_dir' is missing")
        }
        _ = try section.string(try instanceKey())
        _ = try section.s3("pipeline_s3_loc")
    }

    private func instanceKey() throws(ConfigurationError) -> String {
        try section.bool("use_large_processing_instance", default: false) ? "processing_instance_type_large" : "processing_instance_type_small"
    }

    public func createStep(inputs: [String: any PipelineInput], dependencies: [any Step] = []) throws(ConfigurationError) -> any Step {
        try packaging(inputs: inputs, dependencies: dependencies)
    }

    public func packaging(inputs: [String: any PipelineInput], dependencies: [any Step] = []) throws(ConfigurationError) -> ProcessingStep {
        try validate()
        guard let model = inputs["model_input"] else { throw ConfigurationError(description: "Package: the input 'model_input' is missing") }
        let name = try section.string("step_name", default: "Package")
        let source = try section.string(section["source_dir"].map({ !$0.isNull }) ?? false ? "source_dir" : "processing_source_dir")
        let processor = SKLearnProcessor(
            frameworkVersion: try section.string("processing_framework_version"), code: try section.string("packaging_entry_point"),
            instanceCount: try section.integer("processing_instance_count", default: 1), instanceType: try section.string(try instanceKey()), session: session)
        var sized = processor
        sized.volumeSizeInGB = try section.integer("processing_volume_size", default: 30)
        let scripts: any PipelineInput = inputs["inference_scripts_input"] ?? session.codeURI(source, pipeline: name)
        let address = "\(try section.s3("pipeline_s3_loc"))/\(name)/packaged_model_output"
        let isCached = try section.bool("enable_caching_package_step", default: true)
        let arguments = try section.strings("packaging_script_arguments", default: [])
        return ProcessingStep(
            name: name, processor: sized,
            inputs: [
                ProcessingInput(source: model, destination: "/opt/ml/processing/input/model", inputName: "model_input"),
                ProcessingInput(source: scripts, destination: "/opt/ml/processing/input/script", inputName: "inference_scripts_input"),
            ],
            outputs: [ProcessingOutput(outputName: "packaged_model_output", source: "/opt/ml/processing/output", destination: address)],
            arguments: arguments, options: StepOptions(dependsOn: dependencies, cache: isCached ? CacheConfig(enableCaching: true, expireAfter: "30d") : nil))
    }
}

public struct RegistrationStepBuilder: StepBuilder {
    let section: ConfigurationSection
    let payload: ConfigurationSection
    private let isWithPayload: Bool
    public let inputNames = ["packaged_model"]
    public let outputNames = ["model_package"]

    public init(_ context: BuilderContext) {
        section = context.configuration.section("Registration")
        payload = context.configuration.section("Payload")
        isWithPayload = context.configuration.has("Payload")
    }

    public func validate() throws(ConfigurationError) {
        try section.require(["model_package_group", "inference_image", "content_types", "response_types"])
        // Registration stands in one region, where the registry is.
        for region in try section.strings("regions", default: [try section.string("region", default: "NA")])
        where !["NA", "us-east-1", "EU", "eu-west-1", "FE", "us-west-2"].contains(region) {
            throw section.wrong("region", .string(region), "NA, EU or FE, or its AWS region")
        }
    }

    public func createStep(inputs: [String: any PipelineInput], dependencies: [any Step] = []) throws(ConfigurationError) -> any Step {
        try registration(in: try section.string("region", default: "NA"), inputs: inputs, dependencies: dependencies)
    }

    /// One step for each region of `regions`.
    public func createSteps(inputs: [String: any PipelineInput], dependencies: [any Step] = []) throws(ConfigurationError) -> [(region: String, step: any Step)]
    {
        var steps: [(region: String, step: any Step)] = []
        for region in try section.strings("regions", default: [try section.string("region", default: "NA")]) {
            steps.append((region, try registration(in: region, inputs: inputs, dependencies: dependencies)))
        }
        return steps
    }

    private func registration(in region: String, inputs: [String: any PipelineInput], dependencies: [any Step]) throws(ConfigurationError) -> RegisterModelStep
    {
        try validate()
        guard let model = inputs["packaged_model"] else { throw ConfigurationError(description: "Registration: the input 'packaged_model' is missing") }
        let prefix = try section.string("step_name", default: "Registration")
        return RegisterModelStep(
            name: "\(prefix)-\(region)", model: Model(imageURI: try section.string("inference_image"), modelData: model),
            groupName: try section.string("model_package_group"), approvalStatus: try section.string("approval_status", default: "PendingManualApproval"),
            contentTypes: try section.strings("content_types", default: []), responseTypes: try section.strings("response_types", default: []),
            samplePayloadURL: try samplePayloadURL(), options: StepOptions(dependsOn: dependencies))
    }

    /// Where the sample payload lies; nil: the configuration has no Payload section.
    public func samplePayloadURL() throws(ConfigurationError) -> String? {
        guard isWithPayload else { return nil }
        return "\(try payload.s3("pipeline_s3_loc"))/payload/payload.tar.gz"
    }

    /// A sample request of the model's inputs, one value for each declared variable: numbers 0, texts "sample".
    public func samplePayload() throws(ConfigurationError) -> String {
        guard let variables = payload["source_model_inference_input_variable_list"]?.object ?? section["source_model_inference_input_variable_list"]?.object
        else {
            throw ConfigurationError(description: "Payload: the required attribute 'source_model_inference_input_variable_list' is missing")
        }
        var sample = JSONObject()
        for (name, type) in variables { sample[name] = type.string == "NUMERIC" ? 0 : "sample" }
        return try payload.string("format", default: "json") == "csv"
            ? sample.values.map { $0.string ?? $0.text() }.joined(separator: ",") : JSONValue.object(sample).text()
    }
}
