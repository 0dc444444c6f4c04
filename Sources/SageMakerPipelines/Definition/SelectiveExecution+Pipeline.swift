import JSON

extension SelectiveExecution {
    /// The pipeline of the selected steps alone, and the options to compile it with: each reused step stands before them and
    /// gives what the reference execution left.
    ///
    /// A selected step keeps the branch of the nearest selected Condition around it. What it waited for without reading it,
    /// and the reference has not, is not waited for.
    public func pipeline(
        of definition: PipelineDefinition, reference: PipelineExecutionSteps?, referenceARN: String?
    ) throws(SelectionError) -> (definition: PipelineDefinition, reused: [String: JSONObject]) {
        let graph = StepGraph(definition)
        let read = try values(definition, graph, reference, referenceARN)
        let chosen = Set(selected)
        let kept = chosen.union(read.keys)
        var result = definition
        result.document["Steps"] = .array(
            read.keys.sorted().compactMap { name in
                graph.index[name].map { .object(Self.stub(graph.nodes[$0].step).document) }
            } + Self.steps(definition.allSteps, chosen, kept))
        var reused: [String: JSONObject] = [:]
        for (name, value) in read {
            reused[name] = JSONObject([("SourcePipelineExecutionArn", .string(referenceARN ?? "")), ("Result", .string(value.text()))])
        }
        return (result, reused)
    }

    /// The selected steps, each inside the nearest selected Condition around it.
    private static func steps(_ placed: [PlacedStep], _ chosen: Set<String>, _ kept: Set<String>) -> [JSONValue] {
        var branches: [Int: (ifSteps: [JSONValue], elseSteps: [JSONValue])] = [:]
        var top: [JSONValue] = []
        // Inner steps come after their Condition, so from behind each is whole when it is reached.
        for index in placed.indices.reversed() {
            let own = placed[index]
            guard own.branch != "ForEachBody", chosen.contains(own.step.name) else { continue }
            var document = own.step.document
            if let depends = document["DependsOn"]?.array {
                document["DependsOn"] = .array(depends.filter { StepDependency(json: $0).map { kept.contains($0.step) } ?? false })
            }
            if own.step.type == .condition {
                var arguments = own.step.arguments
                let inner = branches[index] ?? ([], [])
                arguments["IfSteps"] = .array(inner.ifSteps.reversed())
                arguments["ElseSteps"] = .array(inner.elseSteps.reversed())
                document["Arguments"] = .object(arguments)
            }
            var (current, branch) = (own.parent, own.branch)
            while let parent = current, !chosen.contains(placed[parent].step.name) { (current, branch) = (placed[parent].parent, placed[parent].branch) }
            if let parent = current {
                if branch == "IfSteps" {
                    branches[parent, default: ([], [])].ifSteps.append(.object(document))
                } else {
                    branches[parent, default: ([], [])].elseSteps.append(.object(document))
                }
            } else {
                top.append(.object(document))
            }
        }
        return top.reversed()
    }

    /// A step that gives a result and does nothing. What a Lambda and a Callback return is converted, anything else is read as it is.
    private static func stub(_ step: PipelineStep) -> PipelineStep {
        var document = JSONObject([("Name", .string(step.name))])
        let keepsType = step.type == .lambda || step.type == .callback
        document["Type"] = .string(keepsType ? step.typeName : "Processing")
        document["Arguments"] = .object(JSONObject())
        for key in ["PropertyFiles", "OutputParameters", "FunctionArn", "SqsQueueUrl"] { document[key] = step.document[key] }
        if step.type == .lambda { document["FunctionArn"] = "" }
        if step.type == .callback { document["SqsQueueUrl"] = "" }
        return PipelineStep(document: document)
    }

    // MARK: what the reference left

    /// The result of each reused step that the reference has; a step that is read and missing there is an error.
    private func values(
        _ definition: PipelineDefinition, _ graph: StepGraph, _ reference: PipelineExecutionSteps?, _ referenceARN: String?
    ) throws(SelectionError) -> [String: JSONValue] {
        let execution = referenceARN?.split(separator: ":").last.map(String.init) ?? "no execution"
        var found: [String: JSONValue] = [:]
        for name in reused {
            guard let entry = reference?[name], entry.status == .succeeded, let value = entry.valueToReuse else { continue }
            found[name] = value
        }
        for (reader, name, path) in reads(graph) {
            let what = path.components.isEmpty ? "its result" : "its \(path)"
            guard let value = found[name] else {
                let state =
                    reference?[name].map {
                        $0.step.type == .forEach && $0.status == .succeeded ? "is a ForEach, whose results are not kept" : "ended \($0.status.rawValue)"
                    } ?? "did not run"
                throw SelectionError(
                    description:
                        "The selected step '\(reader)' needs \(what) of '\(name)', which is not selected and \(state) in the reference execution \(execution)")
            }
            if let first = path.components.first, case .name(let member) = first, value[member] == nil,
                graph.index[name].map({ graph.nodes[$0].step.type != .lambda && graph.nodes[$0].step.type != .callback }) ?? true
            {
                throw SelectionError(
                    description: "The selected step '\(reader)' needs \(what) of '\(name)', which the reference execution \(execution) does not have")
            }
        }
        return found
    }

    /// Who reads what of the steps that are not selected.
    private func reads(_ graph: StepGraph) -> [(reader: String, name: String, path: PropertyPath)] {
        let needed = Set(reused)
        var result: [(reader: String, name: String, path: PropertyPath)] = []
        for reader in selected {
            guard let node = graph.index[reader] else { continue }
            let own = graph.nodes[node]
            for (step, pointer) in [(own.step, own.pointer)] + own.body.map({ ($0.step, $0.pointer) }) {
                for found in step.expressions(at: pointer).found {
                    switch found.expression {
                    case .get(.step(let name, let path)) where needed.contains(name): result.append((reader, name, path))
                    case .jsonGet(.propertyFile(let name, let file), _) where needed.contains(name):
                        let path = graph.index[name].flatMap { graph.nodes[$0].step.outputPath(ofFile: file) }
                        result.append((reader, name, path ?? PropertyPath([])))
                    default: break
                    }
                }
            }
        }
        return result
    }
}

extension PipelineExecutionStep {
    /// What stands for the step in a later execution; nil: there is nothing that can.
    var valueToReuse: JSONValue? {
        switch step.type {
        case .condition: return outcome.map { ["Outcome": .bool($0)] } ?? result
        case .forEach, .fail, nil: return nil
        case .model, .endpointConfig, .endpoint, .inferenceComponent, .registerModel:
            // The service answers with an ARN alone: the rest is in the request.
            var value = isReused ? JSONObject() : request?.object ?? JSONObject()
            for (key, member) in result?.object ?? JSONObject() { value[key] = member }
            if step.type == .registerModel, let arn = value["ModelPackageArn"]?.string {
                let parts = arn.split(separator: "/")
                if parts.count > 2, let version = Int64(String(parts[parts.count - 1])) {
                    value["ModelPackageName"] = value["ModelPackageName"] ?? .string(String(parts[parts.count - 2]))
                    value["ModelPackageVersion"] = .integer(version)
                }
            }
            return .object(value)
        default: return result
        }
    }
}
