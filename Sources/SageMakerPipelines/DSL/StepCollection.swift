import JSON

/// Several steps that are written as one: a ModelStep, a MonitorBatchTransformStep. What depends on it depends on all of them.
public protocol StepCollection: Step {
    var steps: [any Step] { get }
}

extension StepCollection {
    public var common: StepOptions { StepOptions() }
    public var flattened: [any Step] { steps.flatMap(\.flattened) }
    /// Never written: its steps are.
    public func members(in pipeline: PipelineContext) -> [(String, JSONValue)] { [] }
}

extension Step {
    public var flattened: [any Step] { [self] }
}
