import JSON

/// A SageMaker pipeline definition, version 2020-12-01: the document that the Python SDK's
/// `pipeline.definition()` writes.
///
/// The document itself is kept, so that what is not understood here survives reading and writing;
/// the members below are views of it.
public struct PipelineDefinition: Sendable, Equatable {
    public static let version = "2020-12-01"

    public var document: JSONObject

    public init(document: JSONObject) {
        self.document = document
    }

    /// Reads a definition and says everything that is wrong with it. `definition` is nil only where
    /// there is no object to read.
    public static func parse(_ json: JSONValue) -> (definition: PipelineDefinition?, diagnostics: [PipelineDiagnostic]) {
        guard case .object(let document) = json else {
            return (nil, [.error("", "Unable to parse pipeline definition. Expecting start of Json Object, found \(json.typeName)")])
        }
        let definition = PipelineDefinition(document: document)
        return (definition, definition.validate())
    }

    /// What is wrong with the definition, errors and warnings, in the order of the document.
    public func validate() -> [PipelineDiagnostic] {
        var validator = DefinitionValidator(definition: self)
        return validator.run()
    }

    /// The document, as it was read.
    public var json: JSONValue { .object(document) }

    public var parameters: [PipelineParameter] {
        (document["Parameters"]?.array ?? []).compactMap { $0.object.map(PipelineParameter.init(document:)) }
    }

    /// The steps of the top level; those inside Conditions and ForEach bodies are found by `allSteps`.
    public var steps: [PipelineStep] {
        (document["Steps"]?.array ?? []).compactMap { $0.object.map(PipelineStep.init(document:)) }
    }

    /// Every step with its place, outer before inner, in the order of the document.
    public var allSteps: [PlacedStep] { StepWalk.steps(of: document["Steps"]) }

    /// `PipelineExperimentConfig`, or nil where the pipeline records no experiment.
    public var experimentConfig: JSONObject? { document["PipelineExperimentConfig"]?.object }
}

/// One parameter: `{Name, Type, DefaultValue?, EnumValues?, Description?}`.
public struct PipelineParameter: Sendable, Equatable {
    public enum ValueType: String, Sendable, CaseIterable {
        case string = "String"
        case integer = "Integer"
        case float = "Float"
        case boolean = "Boolean"
    }

    public var document: JSONObject
    public init(document: JSONObject) { self.document = document }

    public var name: String { document["Name"]?.string ?? "" }
    /// A parameter without a type is a String, as AWS's schema says.
    public var type: ValueType? {
        guard let type = document["Type"] else { return .string }
        return type.string.flatMap(ValueType.init(rawValue:))
    }
    public var defaultValue: JSONValue? { document["DefaultValue"] }
    public var enumValues: [JSONValue]? { document["EnumValues"]?.array }
}

extension PipelineParameter {
    /// The typed value of a text, as `StartPipelineExecution` sends all values; nil: it is none of this type.
    public func value(ofText text: String) -> JSONValue? {
        switch type {
        case .string: return .string(text)
        case .boolean:
            switch text {
            case "true", "True", "TRUE": return true
            case "false", "False", "FALSE": return false
            default: return nil
            }
        case .integer: return Int64(text).map(JSONValue.integer)
        case .float:
            guard let number = Double(text), number.isFinite else { return nil }
            return .normalized(number)
        case nil: return nil
        }
    }

    /// Whether `value` has the parameter's type.
    public func accepts(_ value: JSONValue) -> Bool {
        switch (type, value) {
        case (.string, .string), (.boolean, .bool): true
        case (.integer, _): value.wholeNumber != nil
        case (.float, _): value.isNumber
        default: false
        }
    }
}
