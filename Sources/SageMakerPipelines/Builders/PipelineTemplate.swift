import JSON

/// The parameters that the one who starts an execution supplies: none has a default.
public enum PredefinedParameters {
    public static let temporaryDirectory = ParameterString("PIPELINE_EXECUTION_TEMP_DIR")
    public static let kmsKey = ParameterString("KMS_ENCRYPTION_KEY_PARAM")
    public static let securityGroup = ParameterString("SECURITY_GROUP_ID")
    public static let subnet = ParameterString("VPC_SUBNET")
    public static let all: [ParameterString] = [temporaryDirectory, kmsKey, securityGroup, subnet]
}

/// Something that writes a pipeline from a configuration.
public protocol PipelineTemplate: Sendable {
    static var author: String { get }
    static var version: String { get }
    static var description: String { get }
    init(configuration: PipelineConfiguration, session: PipelineSession) throws(ConfigurationError)
    func generatePipeline() throws(ConfigurationError) -> Pipeline
}

/// A template by wrapping: metadata around whatever writes a pipeline, where a type of its own (`PipelineTemplate`) is too much.
public struct Template: Sendable {
    public let author: String
    public let version: String
    public let description: String
    private let generate: @Sendable (PipelineConfiguration, PipelineSession) throws(ConfigurationError) -> Pipeline

    public init(
        author: String, version: String, description: String,
        generate: @escaping @Sendable (PipelineConfiguration, PipelineSession) throws(ConfigurationError) -> Pipeline
    ) {
        self.author = author
        self.version = version
        self.description = description
        self.generate = generate
    }

    public init<Wrapped: PipelineTemplate>(_ type: Wrapped.Type) {
        self.init(author: type.author, version: type.version, description: type.description) { configuration, session throws(ConfigurationError) in
            try type.init(configuration: configuration, session: session).generatePipeline()
        }
    }

    public func pipeline(_ configuration: PipelineConfiguration, _ session: PipelineSession) throws(ConfigurationError) -> Pipeline {
        try generate(configuration, session)
    }
}

/// Which definition each version of a template stands for.
public struct TemplateRegistry: Sendable, Equatable {
    private var definitions: [String: JSONValue] = [:]
    public init() {}

    /// The registry as JSON, and back: `{"name version": definition}`.
    public init(json: JSONValue) {
        for (key, value) in json.object ?? JSONObject() { definitions[key] = value }
    }
    public var json: JSONValue { .object(JSONObject(definitions.sorted { $0.key < $1.key }.map { ($0.key, $0.value) })) }

    /// Records what ran. The same version with another definition is refused.
    public mutating func record(name: String, version: String, definition: PipelineDefinition) throws(ConfigurationError) {
        let key = "\(name) \(version)"
        if let known = definitions[key], known != definition.json {
            let places = CacheKey.differences(known, definition.json).map(\.pointer).prefix(3).joined(separator: ", ")
            throw ConfigurationError(
                description: "template \(name): version \(version) already stands for another definition (it differs at \(places)): give it a new version")
        }
        definitions[key] = definition.json
    }
}

/// What an execution document says: a step's name → settings that are merged into that step's job.
public struct ExecutionDocument: Sendable {
    private let settings: JSONObject
    /// `PIPELINE_PARAMETERS`: values for the pipeline's parameters, the predefined ones too.
    public let parameters: [String: JSONValue]

    public init(_ json: JSONValue) throws(ConfigurationError) {
        guard let object = json["PIPELINE_STEP_CONFIGS"]?.object ?? json.object else {
            throw ConfigurationError(description: "execution document: found \(json.typeName), expected an object of steps")
        }
        settings = object
        parameters = Dictionary((json["PIPELINE_PARAMETERS"]?.object ?? JSONObject()).map { ($0.key, $0.value) }, uniquingKeysWith: { $1 })
    }

    /// The definition with the settings merged into the arguments of the steps they name.
    public func applied(to definition: PipelineDefinition) throws(ConfigurationError) -> PipelineDefinition {
        let known = Set(definition.allSteps.map(\.step.name))
        for (name, value) in settings {
            guard known.contains(name) else {
                throw ConfigurationError(description: "execution document: found the step '\(name)', which the pipeline has not")
            }
            guard value.object != nil else {
                throw ConfigurationError(description: "execution document: step '\(name)': found \(value.typeName), expected an object")
            }
        }
        var document = definition.document
        if let steps = document["Steps"] { document["Steps"] = merged(steps) }
        return PipelineDefinition(document: document)
    }

    // As deep as Conditions nest in a document that was parsed, which the parser bounds.
    private func merged(_ steps: JSONValue) -> JSONValue {
        .array(
            (steps.array ?? []).map { step in
                guard var object = step.object else { return step }
                var arguments = object["Arguments"]?.object ?? JSONObject()
                for key in StepWalk.branches {
                    if let inner = arguments[key] { arguments[key] = merged(inner) }
                }
                if let name = object["Name"]?.string, let own = settings[name]?["STEP_CONFIG"]?.object ?? settings[name]?.object {
                    Self.merge(own, into: &arguments)
                }
                object["Arguments"] = .object(arguments)
                return .object(object)
            })
    }

    static func merge(_ new: JSONObject, into old: inout JSONObject) {
        for (key, value) in new {
            if case .object(let inner) = value, case .object(var existing)? = old[key] {
                merge(inner, into: &existing)
                old[key] = .object(existing)
            } else {
                old[key] = value
            }
        }
    }
}

/// A template at work: makes the pipeline, records its version, and puts an execution document on it.
public struct TemplateRun: Sendable {
    public let pipeline: Pipeline
    public let definition: PipelineDefinition

    public init<Wrapped: PipelineTemplate>(
        _ type: Wrapped.Type, configuration: PipelineConfiguration, session: PipelineSession, document: ExecutionDocument? = nil,
        registry: inout TemplateRegistry
    ) throws(ConfigurationError) {
        try self.init(Template(type), configuration: configuration, session: session, document: document, registry: &registry)
    }

    public init(
        _ template: Template, configuration: PipelineConfiguration, session: PipelineSession, document: ExecutionDocument? = nil,
        registry: inout TemplateRegistry
    ) throws(ConfigurationError) {
        var pipeline = try template.pipeline(configuration, session)
        let declared = Set(pipeline.parameters.map(\.name))
        pipeline.parameters += PredefinedParameters.all.filter { !declared.contains($0.name) }
        let plain = SecureSettings.applied(to: pipeline.definition())
        try registry.record(name: pipeline.name, version: template.version, definition: plain)
        self.pipeline = pipeline
        definition = try document?.applied(to: plain) ?? plain
    }
}

/// The templates of the examples: model → package → register, and training before it.
public struct ModelDeliveryTemplate: PipelineTemplate {
    public static let author = "sfn-run"
    public static let version = "1.0.0"
    public static let description = "Trains where the configuration has a Training section, then packages and registers the model"
    private let context: BuilderContext

    public init(configuration: PipelineConfiguration, session: PipelineSession) throws(ConfigurationError) {
        context = BuilderContext(configuration: configuration, session: session)
    }

    public func generatePipeline() throws(ConfigurationError) -> Pipeline {
        let base = context.configuration.section("Base")
        var steps: [any Step] = []
        let model: any PipelineInput
        if context.configuration.has("Training") {
            let training = try TrainingStepBuilder(context).training()
            steps.append(training)
            model = training.properties.ModelArtifacts.S3ModelArtifacts
        } else {
            model = try base.s3("model_path")
        }
        var before: [any Step] = []
        if context.configuration.has("Model") {
            before = [try ModelStepBuilder(context).createStep(inputs: ["model_data": model])]
            steps += before
        }
        if context.configuration.has("Package") {
            let package = try PackagingStepBuilder(context).packaging(inputs: ["model_input": model], dependencies: before)
            steps.append(package)
            if context.configuration.has("Registration") {
                let packaged = package.properties.ProcessingOutputConfig.Outputs[0].S3Output.S3Uri
                steps += try RegistrationStepBuilder(context).createSteps(inputs: ["packaged_model": packaged], dependencies: [package]).map(\.step)
            }
        }
        return Pipeline(name: try base.string("pipeline_name"), steps: steps, session: context.session)
    }
}
