import JSON

/// Steps that run once for each item of a list.
public struct ForEachStep: Step {
    /// Which iteration's outputs `properties.Selected` are.
    public struct Selector: Sendable {
        public var pick: String
        public var field: any PipelineInput
        /// `pick`: `MaxBy`, `MinBy`; `field`: `ForEachItem.output(of:…)`
        public init(pick: String, field: any PipelineInput) {
            self.pick = pick
            self.field = field
        }
    }

    public let name: String
    public var common: StepOptions
    /// A list, or what gives the text of one when the pipeline runs.
    public var items: any PipelineInput
    public var maxConcurrency: Int?
    public var selector: Selector?
    public var body: [any Step]
    public var properties: ForEachProperties { ForEachProperties(own: property) }

    public init(
        name: String, items: any PipelineInput, maxConcurrency: Int? = nil, selector: Selector? = nil, body: [any Step], options: StepOptions = StepOptions()
    ) {
        self.name = name
        self.items = items
        self.maxConcurrency = maxConcurrency
        self.selector = selector
        self.body = body
        common = options
    }

    public func members(in pipeline: PipelineContext) -> [(String, JSONValue)] {
        var arguments = JSONObject([("IterableItems", items.pipelineJSON)])
        arguments["MaxConcurrency"] = maxConcurrency.map { .integer(Int64($0)) }
        arguments["Selector"] = selector.map { ["Pick": .string($0.pick), "Field": $0.field.pipelineJSON] }
        arguments["ForEachBody"] = .array(body.flatMap(\.flattened).map { $0.json(in: pipeline) })
        return [("Type", "ForEach"), ("Arguments", .object(arguments))]
    }
}

/// What the steps of a ForEach's body know of their iteration.
public enum ForEachItem {
    /// The item itself.
    public static let current: any PipelineVariable = Property(path: "ForEach.CurrentItem")

    /// A member of an item that is an object.
    public static func member(_ name: String) -> any PipelineVariable { Property(path: "ForEach.CurrentItem").member(name) }

    /// A declared output of a step of the body, for a Selector.
    public static func output(of step: any Step, _ name: String) -> any PipelineVariable {
        Property(path: "IterationOutput.\(step.name)").member("OutputParameters").key(name)
    }
}

public struct ForEachProperties: Sendable {
    let own: Property
    public var Status: Property { own.member("Status") }
    public var InputItemCount: Property { own.member("InputItemCount") }
    public var SucceededStepCount: Property { own.member("SucceededStepCount") }
    public var FailedStepCount: Property { own.member("FailedStepCount") }
    /// The outputs of the iteration that the Selector chose.
    public var Selected: OutputsProperties { OutputsProperties(own: own.member("Selected")) }
    /// The outputs of a step of the body in one iteration.
    public func iterationOutputs(_ index: Int, of step: any Step) -> OutputsProperties {
        OutputsProperties(own: own.member("IterationOutputs").index(index).member(step.name))
    }
}
