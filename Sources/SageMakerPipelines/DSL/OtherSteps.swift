import JSON

/// A declared output of a Lambda or Callback step.
public struct StepOutput: Sendable {
    public let name: String
    public let type: PipelineParameter.ValueType
    public init(_ name: String, _ type: PipelineParameter.ValueType = .string) {
        self.name = name
        self.type = type
    }
    var json: JSONValue { ["OutputName": .string(name), "OutputType": .string(type.rawValue)] }
}

public struct LambdaStep: Step {
    public let name: String
    public var common: StepOptions
    public var functionARN: any PipelineInput
    public var inputs: [(String, any PipelineInput)]
    public var outputs: [StepOutput]
    public var properties: OutputsProperties { OutputsProperties(own: property) }
    public init(
        name: String, functionARN: any PipelineInput, inputs: [(String, any PipelineInput)] = [], outputs: [StepOutput] = [],
        options: StepOptions = StepOptions()
    ) {
        self.name = name
        self.functionARN = functionARN
        self.inputs = inputs
        self.outputs = outputs
        common = options
    }

    public func members(in pipeline: PipelineContext) -> [(String, JSONValue)] {
        [
            ("Type", "Lambda"), ("Arguments", .object(JSONObject(inputs.map { ($0.0, $0.1.pipelineJSON) }))),
            ("FunctionArn", functionARN.pipelineJSON), ("OutputParameters", .array(outputs.map(\.json))),
        ]
    }
}

public struct CallbackStep: Step {
    public let name: String
    public var common: StepOptions
    public var queueURL: any PipelineInput
    public var inputs: [(String, any PipelineInput)]
    public var outputs: [StepOutput]
    public var properties: OutputsProperties { OutputsProperties(own: property) }
    public init(
        name: String, queueURL: any PipelineInput, inputs: [(String, any PipelineInput)] = [], outputs: [StepOutput] = [], options: StepOptions = StepOptions()
    ) {
        self.name = name
        self.queueURL = queueURL
        self.inputs = inputs
        self.outputs = outputs
        common = options
    }

    public func members(in pipeline: PipelineContext) -> [(String, JSONValue)] {
        [
            ("Type", "Callback"), ("Arguments", .object(JSONObject(inputs.map { ($0.0, $0.1.pipelineJSON) }))),
            ("SqsQueueUrl", queueURL.pipelineJSON), ("OutputParameters", .array(outputs.map(\.json))),
        ]
    }
}

public struct FailStep: Step {
    public let name: String
    public let common = StepOptions()
    public var errorMessage: any PipelineInput
    public init(name: String, errorMessage: any PipelineInput = "") {
        self.name = name
        self.errorMessage = errorMessage
    }

    public func members(in pipeline: PipelineContext) -> [(String, JSONValue)] {
        [("Type", "Fail"), ("Arguments", ["ErrorMessage": errorMessage.pipelineJSON])]
    }
}

/// A step of a type whose request is written as JSON: AutoML, EMR, EMRServerless, QualityCheck, ClarifyCheck, Endpoint, Lineage, …
public struct RequestStep<Properties: Sendable>: Step {
    public let name: String
    public var common: StepOptions
    public let type: StepType
    public var arguments: JSONObject
    /// Members beside `Arguments`, such as `CheckType`.
    public var siblings: [(String, JSONValue)]
    public let properties: Properties

    private init(name: String, type: StepType, arguments: JSONObject, siblings: [(String, JSONValue)], options: StepOptions, properties: Properties) {
        self.name = name
        self.type = type
        self.arguments = arguments
        self.siblings = siblings
        common = options
        self.properties = properties
    }

    public func members(in pipeline: PipelineContext) -> [(String, JSONValue)] {
        [("Type", .string(type.rawValue)), ("Arguments", .object(arguments))] + siblings
    }
}

extension RequestStep where Properties == PropertyMap<Property> {
    public init(name: String, type: StepType, arguments: JSONObject, siblings: [(String, JSONValue)] = [], options: StepOptions = StepOptions()) {
        let own = Property(path: "Steps.\(name)")
        self.init(
            name: name, type: type, arguments: arguments, siblings: siblings, options: options,
            properties: PropertyMap(property: own) { property in
                // `Steps.X['a.b']` → `Steps.X.a.b`
                let text = property.path.dropFirst(own.path.count)
                return Property(path: own.path + "." + text.dropFirst(2).dropLast(2))
            })
    }
}

extension RequestStep where Properties == AutoMLProperties {
    /// A CreateAutoMLJob request in the ensembling mode, as the SDK's AutoMLStep takes it.
    public init(name: String, autoML job: JSONObject, options: StepOptions = StepOptions()) {
        self.init(
            name: name, type: .autoML, arguments: job, siblings: [], options: options, properties: AutoMLProperties(own: Property(path: "Steps.\(name)")))
    }
}

extension RequestStep where Properties == EndpointConfigProperties {
    /// A CreateEndpointConfig request.
    public init(name: String, endpointConfig request: JSONObject, options: StepOptions = StepOptions()) {
        self.init(
            name: name, type: .endpointConfig, arguments: request, siblings: [], options: options,
            properties: EndpointConfigProperties(own: Property(path: "Steps.\(name)")))
    }
}

extension RequestStep where Properties == EndpointProperties {
    /// A CreateEndpoint request.
    public init(name: String, endpoint request: JSONObject, options: StepOptions = StepOptions()) {
        self.init(
            name: name, type: .endpoint, arguments: request, siblings: [], options: options,
            properties: EndpointProperties(own: Property(path: "Steps.\(name)")))
    }
}

extension RequestStep where Properties == CheckProperties {
    /// A quality or Clarify check: a monitor job beside the check's own settings.
    public init(
        name: String, type: StepType, checkType: String, job: JSONObject, modelPackageGroupName: (any PipelineInput)? = nil,
        skipCheck: any PipelineInput = false,
        failOnViolation: any PipelineInput = true, registerNewBaseline: any PipelineInput = false, suppliedBaselineStatistics: (any PipelineInput)? = nil,
        suppliedBaselineConstraints: (any PipelineInput)? = nil, modelName: (any PipelineInput)? = nil, options: StepOptions = StepOptions()
    ) {
        var siblings: [(String, JSONValue)] = [
            ("CheckType", .string(checkType)), ("ModelPackageGroupName", modelPackageGroupName?.pipelineJSON ?? .null), ("SkipCheck", skipCheck.pipelineJSON),
            ("FailOnViolation", failOnViolation.pipelineJSON), ("RegisterNewBaseline", registerNewBaseline.pipelineJSON),
        ]
        if type == .qualityCheck { siblings.append(("SuppliedBaselineStatistics", suppliedBaselineStatistics?.pipelineJSON ?? .null)) }
        siblings.append(("SuppliedBaselineConstraints", suppliedBaselineConstraints?.pipelineJSON ?? .null))
        if let modelName { siblings.append(("ModelName", modelName.pipelineJSON)) }
        self.init(
            name: name, type: type, arguments: job, siblings: siblings, options: options, properties: CheckProperties(own: Property(path: "Steps.\(name)")))
    }
}
