import JSON

/// A pipeline as a state machine, and how each step came to stand where it stands.
public struct CompiledPipeline: Sendable {
    /// The machine: ASL in JSONata, with the extensions of DESIGN.md section 4 where the graph needs them.
    public let machine: JSONValue
    /// One for each step, in the order in which they may start.
    public let placements: [StepPlacement]
    /// What the machine cannot say; empty but for strict machines.
    public internal(set) var notes: [String]
}

/// Where a step stands in the machine.
public struct StepPlacement: Sendable, Equatable {
    public let step: String
    public let type: String
    /// The state that is the step; nil: the step can never start and was left out.
    public let state: String?
    /// States that read files for it, before it.
    public let helpers: [String]
    public let reason: String
}

/// What a compiler may be asked.
public struct CompileOptions: Sendable {
    /// At most this many steps at once (`MaxParallelExecutionSteps`).
    public var maxParallelExecutionSteps: Int?
    /// The pipeline's name, for the machine's comment.
    public var name: String?
    /// Steps that do not run: what the machine is to say instead, by name (`SelectiveExecution.reusing`).
    public var reused: [String: JSONObject] = [:]

    public init(maxParallelExecutionSteps: Int? = nil, name: String? = nil) {
        self.maxParallelExecutionSteps = maxParallelExecutionSteps
        self.name = name
    }
}

extension PipelineDefinition {
    /// The state machine of the pipeline. The definition must be valid: what `validate` calls an error may be lost here.
    public func compile(_ options: CompileOptions = CompileOptions()) -> CompiledPipeline {
        let graph = StepGraph(self)
        var planner = Planner(graph)
        var plan = planner.run()
        if let limit = options.maxParallelExecutionSteps, plan.hasNestedParallels, graph.nodes.count > limit {
            // Limits of nested Parallels multiply; one Parallel that holds every step has one limit.
            var flat = Planner(graph, options: Planner.Options(isFlat: true))
            plan = flat.run()
        }
        var emitter = MachineEmitter(definition: self, graph: graph, plan: plan, options: options, dialect: .extended)
        return emitter.run()
    }
}

extension Plan {
    /// Whether a Parallel stands inside another.
    var hasNestedParallels: Bool { sequences.contains { $0.depth > 1 } }
}
