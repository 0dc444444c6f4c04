import JSON
import SageMakerPipelines

/// Writes a definition again in the Swift DSL: reads what its author would have said (an image, an instance type, a channel,
/// a property of another step) and says it with the DSL's own types. The definition that comes out must be the same.
///
/// Nothing is copied over as JSON except the requests that the DSL takes as JSON too (AutoML, EMR, checks, …).
struct DSLTranscription {
    /// What the DSL cannot say.
    struct Unsayable: Error, CustomStringConvertible {
        let description: String
    }

    private let definition: JSONValue
    /// Steps by name, as far as they are needed to make typed references to them.
    private var types: [String: String] = [:]
    private var propertyFiles: [String: PropertyFile] = [:]
    private let parameters: [String: any PipelineParameterVariable]

    init(_ definition: JSONValue) throws {
        self.definition = definition
        var known: [String: any PipelineParameterVariable] = [:]
        for parameter in definition["Parameters"]?.array ?? [] { known[parameter["Name"]?.string ?? ""] = try Self.parameter(parameter) }
        parameters = known
        collect(definition["Steps"]?.array ?? [])
    }

    private mutating func collect(_ steps: [JSONValue]) {
        for step in steps {
            let name = step["Name"]?.string ?? ""
            types[name] = step["Type"]?.string
            for file in step["PropertyFiles"]?.array ?? [] {
                let own = PropertyFile(
                    name: file["PropertyFileName"]?.string ?? "", outputName: file["OutputName"]?.string ?? "", path: file["FilePath"]?.string ?? "")
                propertyFiles["\(name).\(own.name)"] = own
            }
            for branch in ["IfSteps", "ElseSteps", "ForEachBody"] { collect(step["Arguments"]?[branch]?.array ?? []) }
        }
    }

    func pipeline() throws -> Pipeline {
        var members = Members(definition, of: "the pipeline")
        guard members.take("Version") == "2020-12-01", members.take("Metadata") == .object(JSONObject()) else {
            throw Unsayable(description: "Version or Metadata")
        }
        let declared = try (members.take("Parameters")?.array ?? []).map(Self.parameter)
        guard let experiment = members.take("PipelineExperimentConfig") else { throw Unsayable(description: "no PipelineExperimentConfig") }
        var config: PipelineExperimentConfig?
        if !experiment.isNull {
            config = PipelineExperimentConfig(
                experimentName: try value(experiment["ExperimentName"] ?? .null), trialName: try value(experiment["TrialName"] ?? .null))
        }
        let mlflow = members.take("MlflowConfig")
        let steps = try (members.take("Steps")?.array ?? []).map { try step($0) }
        try members.end()
        var pipeline = Pipeline(name: "P", parameters: declared, steps: steps, experimentConfig: config)
        if let mlflow {
            pipeline.mlflowConfig =
                mlflow.isNull
                ? .off : .server(resourceARN: mlflow["MlflowResourceArn"]?.string ?? "", experimentName: mlflow["MlflowExperimentName"]?.string ?? "")
        }
        return pipeline
    }

    private static func parameter(_ json: JSONValue) throws -> any PipelineParameterVariable {
        let name = json["Name"]?.string ?? ""
        let value = json["DefaultValue"]
        switch json["Type"]?.string {
        case "String": return ParameterString(name, defaultValue: value?.string, enumValues: json["EnumValues"]?.array?.compactMap(\.string))
        case "Integer":
            guard case .integer(let number)? = value else { return ParameterInteger(name) }
            return ParameterInteger(name, defaultValue: Int(number))
        case "Float":
            switch value {
            case .integer(let number)?: return ParameterFloat(name, defaultValue: Double(number))
            case .double(let number)?: return ParameterFloat(name, defaultValue: number)
            default: return ParameterFloat(name)
            }
        case "Boolean": return ParameterBoolean(name, defaultValue: value?.bool)
        default: throw Unsayable(description: "a parameter of type \(json["Type"]?.text() ?? "none")")
        }
    }

    // MARK: Values

    /// A value as the DSL says it.
    func value(_ json: JSONValue) throws -> any PipelineInput {
        guard let object = json.object, object.count == 1 else { return json }
        if let text = object["Get"]?.string { return try reference(text) }
        if let join = object["Std:Join"] { return Join(on: join["On"]?.string ?? "", values: try (join["Values"]?.array ?? []).map { try value($0) }) }
        guard let get = object["Std:JsonGet"] else { return json }
        let path = get["Path"]?.string ?? ""
        if let uri = get["S3Uri"] { return JsonGet(s3URI: try value(uri), jsonPath: path) }
        let words = (get["PropertyFile"]?["Get"]?.string ?? "").split(separator: ".").map(String.init)
        guard words.count == 4, types[words[1]] == "Processing", let file = propertyFiles["\(words[1]).\(words[3])"] else {
            throw Unsayable(description: "a property file that no processing step declares")
        }
        return JsonGet(step: ProcessingStep(name: words[1], processor: Processor(imageURI: "")), propertyFile: file, jsonPath: path)
    }

    func values(_ json: JSONValue?) throws -> [any PipelineInput] { try (json?.array ?? []).map { try value($0) } }
    func pairs(_ json: JSONValue?) throws -> [(String, any PipelineInput)] { try (json?.object ?? JSONObject()).map { ($0.key, try value($0.value)) } }
    func optional(_ json: JSONValue?) throws -> (any PipelineInput)? { try json.map { try value($0) } }

    private func reference(_ text: String) throws -> any PipelineInput {
        let words = text.split(separator: ".", maxSplits: 1).map(String.init)
        switch words.first {
        case "Parameters":
            guard let parameter = parameters[words.last ?? ""] else { throw Unsayable(description: "a parameter that is not declared") }
            return parameter
        case "Execution":
            let known: [String: ExecutionVariable] = [
                "StartDateTime": ExecutionVariables.startDateTime, "CurrentDateTime": ExecutionVariables.currentDateTime,
                "PipelineName": ExecutionVariables.pipelineName, "PipelineArn": ExecutionVariables.pipelineARN,
                "PipelineExecutionId": ExecutionVariables.pipelineExecutionID, "PipelineExecutionArn": ExecutionVariables.pipelineExecutionARN,
                "TrainingJobName": ExecutionVariables.trainingJobName, "ProcessingJobName": ExecutionVariables.processingJobName,
            ]
            guard let variable = known[words.last ?? ""] else { throw Unsayable(description: text) }
            return variable
        case "ForEach":
            return words.last == "CurrentItem" ? ForEachItem.current : ForEachItem.member(String((words.last ?? "").dropFirst("CurrentItem.".count)))
        case "Steps":
            let rest = words.last ?? ""
            let name = String(rest.prefix { $0 != "." && $0 != "[" })
            return try TypedProperty(step: name, type: types[name] ?? "", path: String(rest.dropFirst(name.count))).property()
        default: throw Unsayable(description: text)
        }
    }
}

/// The members of an object, taken one by one: what is left at the end was not said.
struct Members {
    private var object: JSONObject
    private let owner: String

    init(_ json: JSONValue?, of owner: String) {
        object = json?.object ?? JSONObject()
        self.owner = owner
    }

    mutating func take(_ name: String) -> JSONValue? {
        defer { object[name] = nil }
        return object[name]
    }

    func end() throws {
        if let first = object.first { throw DSLTranscription.Unsayable(description: "\(owner) has a \(first.key)") }
    }
}
