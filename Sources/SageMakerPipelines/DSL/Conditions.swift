import JSON

/// A condition of a ConditionStep.
public struct Condition: Sendable {
    let json: JSONValue

    private init(_ type: ConditionType, _ left: any PipelineInput, _ right: any PipelineInput) {
        json = ["Type": .string(type.rawValue), "LeftValue": left.pipelineJSON, "RightValue": right.pipelineJSON]
    }

    private init(json: JSONValue) { self.json = json }

    public static func equals(_ left: any PipelineInput, _ right: any PipelineInput) -> Condition { Condition(.equals, left, right) }
    public static func greaterThan(_ left: any PipelineInput, _ right: any PipelineInput) -> Condition { Condition(.greaterThan, left, right) }
    public static func greaterThanOrEqualTo(_ left: any PipelineInput, _ right: any PipelineInput) -> Condition {
        Condition(.greaterThanOrEqualTo, left, right)
    }
    public static func lessThan(_ left: any PipelineInput, _ right: any PipelineInput) -> Condition { Condition(.lessThan, left, right) }
    public static func lessThanOrEqualTo(_ left: any PipelineInput, _ right: any PipelineInput) -> Condition { Condition(.lessThanOrEqualTo, left, right) }

    public static func `in`(_ value: any PipelineInput, _ values: [any PipelineInput]) -> Condition {
        Condition(json: ["Type": "In", "QueryValue": value.pipelineJSON, "Values": .array(values.map(\.pipelineJSON))])
    }

    public static func not(_ condition: Condition) -> Condition { Condition(json: ["Type": "Not", "Condition": condition.json]) }

    public static func or(_ conditions: [Condition]) -> Condition { Condition(json: ["Type": "Or", "Conditions": .array(conditions.map(\.json))]) }

    /// The definition language has no And below its top, so this is what it can say: not any of them not.
    public static func and(_ conditions: [Condition]) -> Condition { .not(.or(conditions.map { .not($0) })) }
}

public struct ConditionStep: Step {
    public let name: String
    public var common: StepOptions
    public var conditions: [Condition]
    public var ifSteps: [any Step]
    public var elseSteps: [any Step]
    public var properties: ConditionProperties { ConditionProperties(own: property) }

    public init(name: String, conditions: [Condition], ifSteps: [any Step] = [], elseSteps: [any Step] = [], options: StepOptions = StepOptions()) {
        self.name = name
        self.conditions = conditions
        self.ifSteps = ifSteps
        self.elseSteps = elseSteps
        common = options
    }

    public func members(in pipeline: PipelineContext) -> [(String, JSONValue)] {
        [
            ("Type", "Condition"),
            (
                "Arguments",
                [
                    "Conditions": .array(conditions.map(\.json)), "IfSteps": .array(ifSteps.flatMap(\.flattened).map { $0.json(in: pipeline) }),
                    "ElseSteps": .array(elseSteps.flatMap(\.flattened).map { $0.json(in: pipeline) }),
                ]
            ),
        ]
    }
}
