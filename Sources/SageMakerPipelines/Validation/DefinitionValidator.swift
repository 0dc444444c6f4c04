import JSON

/// Checks a definition as the service does when a pipeline is created, and refuses what could not run here.
struct DefinitionValidator {
    let definition: PipelineDefinition
    private var diagnostics: [PipelineDiagnostic] = []
    private let steps: [PlacedStep]
    private let graph: StepGraph

    init(definition: PipelineDefinition) {
        self.definition = definition
        steps = definition.allSteps
        graph = StepGraph(steps: steps)
    }

    mutating func run() -> [PipelineDiagnostic] {
        topLevel()
        diagnostics += ParameterValidator.diagnostics(definition.document["Parameters"])
        guard stepsAreReadable() else { return diagnostics }
        let scope = Scope(definition: definition, steps: steps)
        names()
        for index in steps.indices {
            diagnostics += StepValidator(placed: steps[index], index: index, scope: scope).diagnostics()
        }
        if let config = definition.document["PipelineExperimentConfig"] {
            diagnostics += ReferenceValidator.diagnostics(ExpressionWalk(config, pointer: "/PipelineExperimentConfig"), owner: nil, scope: scope)
        }
        structure()
        return diagnostics
    }

    private mutating func topLevel() {
        let document = definition.document
        switch document["Version"] {
        case .string(PipelineDefinition.version)?: break
        case let other:
            diagnostics.append(.error("/Version", "found \(other?.text() ?? "nothing"), expected \"\(PipelineDefinition.version)\""))
        }
        let known: Set<String> = ["Version", "Metadata", "Parameters", "PipelineExperimentConfig", "MlflowConfig", "Steps"]
        for key in document.keys where !known.contains(key) {
            diagnostics.append(.error("/\(JSONPointer.escape(key))", "Unable to parse pipeline definition. Cannot parse object, unknown property '\(key)'"))
        }
        if let metadata = document["Metadata"], metadata.object == nil, !metadata.isNull {
            diagnostics.append(.error("/Metadata", "Unable to parse pipeline definition. Expecting start of Json Object, found \(metadata.typeName)"))
        }
        for key in ["PipelineExperimentConfig", "MlflowConfig"] {
            guard let config = document[key], !config.isNull, config.object == nil else { continue }
            diagnostics.append(.error("/\(key)", "Unable to parse pipeline definition. Expecting start of Json Object, found \(config.typeName)"))
        }
        let size = definition.json.byteCount
        if size > 1_048_576 {
            diagnostics.append(.error("", "the definition has \(size) bytes, at most 1048576 are allowed"))
        }
    }

    private mutating func stepsAreReadable() -> Bool {
        guard let list = definition.document["Steps"]?.array else {
            let found = definition.document["Steps"]?.typeName ?? "nothing"
            diagnostics.append(.error("/Steps", "Unable to parse pipeline definition. Expecting start of Json Array, found \(found)"))
            return false
        }
        if list.isEmpty { diagnostics.append(.warning("/Steps", "found no steps: the pipeline does nothing")) }
        for (index, element) in list.enumerated() where element.object == nil {
            diagnostics.append(.error("/Steps/\(index)", "Unable to parse pipeline definition. Expecting start of Json Object, found \(element.typeName)"))
        }
        return true
    }

    private mutating func names() {
        var first: [String: PlacedStep] = [:]
        for placed in steps {
            guard let name = placed.step.document["Name"]?.string else {
                diagnostics.append(.error(placed.pointer, "found no Name, expected a text that matches ^[A-Za-z0-9\\-_]{1,64}$"))
                continue
            }
            if !Self.isName(name, most: 64) || name.isEmpty {
                diagnostics.append(
                    .error("\(placed.pointer)/Name", "found \(JSONValue.string(name).text()), expected a text that matches ^[A-Za-z0-9\\-_]{1,64}$"))
            }
            if let other = first[name] {
                let message = "found the name of \(other.pointer) again, expected names that are unique in the whole pipeline"
                // The SDK writes a step twice that two conditions depend on; the same step is one step.
                let isCopy = other.step.isSameFunctionCall(as: placed.step) && other.parent == placed.parent
                diagnostics.append(isCopy ? .warning("\(placed.pointer)/Name", message, step: name) : .error("\(placed.pointer)/Name", message, step: name))
            } else {
                first[name] = placed
            }
        }
    }

    static func isName(_ text: String, most: Int) -> Bool {
        text.utf8.count <= most
            && text.utf8.allSatisfy { byte in
                (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte) || byte == 45 || byte == 95
            }
    }

    /// What concerns several steps: cycles, and steps that no outcome lets start.
    private mutating func structure() {
        if let cycle = graph.cycle() {
            // Said where the step names itself.
            if cycle.count == 1, diagnostics.contains(where: { $0.message == "depends on itself" || $0.message == "refers to itself" }) { return }
            diagnostics.append(.error("/Steps", "found a cycle: \((cycle + cycle.prefix(1)).joined(separator: " → ")), expected steps that can be ordered"))
            return
        }
        for (node, requirement) in zip(graph.nodes, graph.requirements()) where requirement == nil {
            diagnostics.append(.warning(node.pointer, "can never start: it needs both branches of one Condition", step: node.step.name))
        }
    }
}

/// What names mean in a definition.
struct Scope {
    let parameters: Set<String>
    let steps: [PlacedStep]
    let index: [String: Int]

    init(definition: PipelineDefinition, steps: [PlacedStep]) {
        parameters = Set(definition.parameters.map(\.name))
        self.steps = steps
        index = Dictionary(steps.enumerated().map { ($1.step.name, $0) }, uniquingKeysWith: { first, _ in first })
    }

    /// The ForEach whose body holds the step at `index`.
    func enclosingForEach(_ index: Int) -> Int? {
        var current = index
        while let parent = steps[current].parent {
            if steps[current].branch == "ForEachBody" { return parent }
            current = parent
        }
        return nil
    }
}
