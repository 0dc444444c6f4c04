import JSON

/// A value of a step: a literal, or something known only when the pipeline runs. What is not one of these, such as a
/// parameter where Swift wants a `String`, does not compile.
public protocol PipelineInput: Sendable {
    /// The value as it stands in a definition.
    var pipelineJSON: JSONValue { get }
}

extension String: PipelineInput { public var pipelineJSON: JSONValue { .string(self) } }
extension Int: PipelineInput { public var pipelineJSON: JSONValue { .integer(Int64(self)) } }
extension Double: PipelineInput { public var pipelineJSON: JSONValue { .double(self) } }
extension Bool: PipelineInput { public var pipelineJSON: JSONValue { .bool(self) } }
extension JSONValue: PipelineInput { public var pipelineJSON: JSONValue { self } }

/// A value known only when the pipeline runs. Steps that use it depend on the step it comes from.
public protocol PipelineVariable: PipelineInput {}

extension PipelineVariable {
    /// The value as text, as the SDK's `to_string()`.
    public func toString() -> Join { Join(on: "", values: [self]) }
}

func getExpression(_ path: String) -> JSONValue { ["Get": .string(path)] }

/// A parameter of the pipeline.
public protocol PipelineParameterVariable: PipelineVariable {
    var parameter: PipelineParameter { get }
}

extension PipelineParameterVariable {
    public var name: String { parameter.name }
    public var pipelineJSON: JSONValue { getExpression("Parameters.\(parameter.name)") }
}

func declaration(_ name: String, _ type: PipelineParameter.ValueType, _ value: JSONValue?, _ allowed: [String]? = nil) -> PipelineParameter {
    var document = JSONObject([("Name", JSONValue.string(name)), ("Type", JSONValue.string(type.rawValue))])
    document["DefaultValue"] = value
    document["EnumValues"] = allowed.map { .array($0.map { .string($0) }) }
    return PipelineParameter(document: document)
}

public struct ParameterString: PipelineParameterVariable {
    public let parameter: PipelineParameter
    public init(_ name: String, defaultValue: String? = nil, enumValues: [String]? = nil) {
        parameter = declaration(name, .string, defaultValue.map { .string($0) }, enumValues)
    }
}

public struct ParameterInteger: PipelineParameterVariable {
    public let parameter: PipelineParameter
    public init(_ name: String, defaultValue: Int? = nil) {
        parameter = declaration(name, .integer, defaultValue.map { .integer(Int64($0)) })
    }
}

public struct ParameterFloat: PipelineParameterVariable {
    public let parameter: PipelineParameter
    public init(_ name: String, defaultValue: Double? = nil) { parameter = declaration(name, .float, defaultValue.map { .double($0) }) }
}

public struct ParameterBoolean: PipelineParameterVariable {
    public let parameter: PipelineParameter
    public init(_ name: String, defaultValue: Bool? = nil) { parameter = declaration(name, .boolean, defaultValue.map { .bool($0) }) }
}

/// What the running execution knows of itself.
public struct ExecutionVariable: PipelineVariable {
    let name: String
    public var pipelineJSON: JSONValue { getExpression("Execution.\(name)") }
}

public enum ExecutionVariables {
    public static let startDateTime = ExecutionVariable(name: "StartDateTime")
    public static let currentDateTime = ExecutionVariable(name: "CurrentDateTime")
    public static let pipelineName = ExecutionVariable(name: "PipelineName")
    public static let pipelineARN = ExecutionVariable(name: "PipelineArn")
    public static let pipelineExecutionID = ExecutionVariable(name: "PipelineExecutionId")
    public static let pipelineExecutionARN = ExecutionVariable(name: "PipelineExecutionArn")
    public static let trainingJobName = ExecutionVariable(name: "TrainingJobName")
    public static let processingJobName = ExecutionVariable(name: "ProcessingJobName")
}

/// `Std:Join`
public struct Join: PipelineVariable {
    let on: String
    let values: [any PipelineInput]
    public init(on: String = "", values: [any PipelineInput]) {
        self.on = on
        self.values = values
    }
    public var pipelineJSON: JSONValue {
        ["Std:Join": ["On": .string(on), "Values": .array(values.map(\.pipelineJSON))]]
    }
}

/// A file among the outputs of a processing step, whose contents later steps and conditions read.
public struct PropertyFile: Sendable {
    public let name: String
    public let outputName: String
    public let path: String
    public init(name: String, outputName: String, path: String) {
        self.name = name
        self.outputName = outputName
        self.path = path
    }
    var json: JSONValue { ["PropertyFileName": .string(name), "OutputName": .string(outputName), "FilePath": .string(path)] }
}

/// `Std:JsonGet`
public struct JsonGet: PipelineVariable {
    public let pipelineJSON: JSONValue

    public init(step: any Step, propertyFile: PropertyFile, jsonPath: String) {
        self.init(stepName: step.name, propertyFile: propertyFile.name, jsonPath: jsonPath)
    }

    public init(stepName: String, propertyFile: String, jsonPath: String) {
        pipelineJSON = ["Std:JsonGet": ["PropertyFile": getExpression("Steps.\(stepName).PropertyFiles.\(propertyFile)"), "Path": .string(jsonPath)]]
    }

    public init(s3URI: any PipelineInput, jsonPath: String) {
        pipelineJSON = ["Std:JsonGet": ["S3Uri": s3URI.pipelineJSON, "Path": .string(jsonPath)]]
    }
}
