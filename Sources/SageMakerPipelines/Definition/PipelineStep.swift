import JSON

/// One step of a pipeline: a view of its JSON object.
public struct PipelineStep: Sendable, Equatable {
    public var document: JSONObject
    public init(document: JSONObject) { self.document = document }

    public var name: String { document["Name"]?.string ?? "" }
    public var typeName: String { document["Type"]?.string ?? "" }
    public var type: StepType? { StepType(rawValue: typeName) }
    public var arguments: JSONObject { document["Arguments"]?.object ?? JSONObject() }
    public var displayName: String? { document["DisplayName"]?.string }
    public var description: String? { document["Description"]?.string }

    public var dependsOn: [StepDependency] {
        (document["DependsOn"]?.array ?? []).compactMap(StepDependency.init(json:))
    }

    public var retryPolicies: [RetryPolicy] {
        (document["RetryPolicies"]?.array ?? []).compactMap { $0.object.map(RetryPolicy.init(document:)) }
    }

    public var cacheConfig: CacheConfig? { document["CacheConfig"]?.object.map(CacheConfig.init(document:)) }

    /// `PropertyFiles[]` of a Processing step.
    public var propertyFiles: [PropertyFileDeclaration] {
        (document["PropertyFiles"]?.array ?? []).compactMap { $0.object.map(PropertyFileDeclaration.init(document:)) }
    }

    /// `OutputParameters[]` of a Lambda or Callback step.
    public var outputParameters: [OutputParameter] {
        (document["OutputParameters"]?.array ?? []).compactMap { $0.object.map(OutputParameter.init(document:)) }
    }

    /// The `Conditions` of a Condition step, all of which must hold.
    public var conditions: [JSONValue] { arguments["Conditions"]?.array ?? [] }
}

extension PipelineStep {
    /// Whether both are one step that the SDK wrote twice: it does so with an `@step` function that two conditions
    /// read, and each time with another random file name among the container's arguments.
    func isSameFunctionCall(as other: PipelineStep) -> Bool {
        if self == other { return true }
        return type == .training && withoutContainerArguments == other.withoutContainerArguments
    }

    private var withoutContainerArguments: JSONObject {
        var copy = document
        var arguments = arguments
        var algorithm = arguments["AlgorithmSpecification"]?.object ?? JSONObject()
        algorithm["ContainerArguments"] = nil
        arguments["AlgorithmSpecification"] = .object(algorithm)
        copy["Arguments"] = .object(arguments)
        return copy
    }
}

/// `{PropertyFileName, OutputName, FilePath}`.
public struct PropertyFileDeclaration: Sendable, Equatable {
    public var document: JSONObject
    public init(document: JSONObject) { self.document = document }
    public var name: String { document["PropertyFileName"]?.string ?? "" }
    public var outputName: String { document["OutputName"]?.string ?? "" }
    public var filePath: String { document["FilePath"]?.string ?? "" }
}

/// `{OutputName, OutputType}`.
public struct OutputParameter: Sendable, Equatable {
    public var document: JSONObject
    public init(document: JSONObject) { self.document = document }
    public var name: String { document["OutputName"]?.string ?? "" }
    public var type: PipelineParameter.ValueType? {
        guard let type = document["OutputType"] else { return .string }
        return type.string.flatMap(PipelineParameter.ValueType.init(rawValue:))
    }
}

/// An element of `DependsOn`: a name, or `{Step, Trigger}`.
public struct StepDependency: Sendable, Equatable, Hashable {
    /// How the step that is depended on must have ended.
    public enum Trigger: String, Sendable, CaseIterable {
        case succeeded = "Succeeded"
        case failed = "Failed"
        case stopped = "Stopped"
        case any = "Any"
    }

    public var step: String
    public var trigger: Trigger

    public init(step: String, trigger: Trigger = .succeeded) {
        self.step = step
        self.trigger = trigger
    }

    /// nil: neither form. The SDK says Completed for what the machine calls Succeeded.
    public init?(json: JSONValue) {
        switch json {
        case .string(let name): self.init(step: name)
        case .object(let object):
            guard let step = object["Step"]?.string else { return nil }
            guard let written = object["Trigger"] else {
                self.init(step: step)
                return
            }
            guard let text = written.string, let trigger = Self.trigger(named: text) else { return nil }
            self.init(step: step, trigger: trigger)
        default: return nil
        }
    }

    private static func trigger(named text: String) -> Trigger? {
        text == "Completed" ? .succeeded : Trigger(rawValue: text)
    }
}
