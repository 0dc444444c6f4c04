import JSON

extension MachineEmitter {
    /// A ForEach is a Map; its body a small pipeline of its own.
    mutating func forEachState(_ node: Int, _ sequence: Plan.SequenceID) -> JSONObject {
        let own = graph.nodes[node]
        let writer = writer(node, sequence)
        var fields = JSONObject([("Type", "Map")])
        switch own.step.arguments["IterableItems"] {
        case .array(let items)?: fields["Items"] = .array(items.map(writer.template))
        case let value: fields["Items"] = ExpressionText.template("$parse(\(writer.text(value ?? "[]")))")
        }
        fields["MaxConcurrency"] = own.step.arguments["MaxConcurrency"]?.wholeNumber.map { .integer($0) } ?? 1
        fields["ItemProcessor"] = .object(body(node, sequence))
        return fields
    }

    private mutating func body(_ node: Int, _ sequence: Plan.SequenceID) -> JSONObject {
        let steps = graph.nodes[node].body
        // The steps of the body are all of one level here.
        let bodyGraph = StepGraph(steps: steps.map { PlacedStep(step: $0.step, pointer: $0.pointer, parent: nil, branch: nil) })
        var planner = Planner(bodyGraph, options: Planner.Options(isStrict: dialect == .strict))
        let bodyPlan = planner.run()
        let reader = { [self] (name: String, path: PropertyPath) in outsideProperty(name, path, sequence) }
        var inner = MachineEmitter(
            definition: definition, graph: bodyGraph, plan: bodyPlan, options: options, dialect: dialect, outer: Outer(property: reader),
            names: (stateNames, variableNames), alsoKept: keptOfBody(node, bodyGraph))
        inner.isSimple = isSimple
        let start = inner.stateNames.name("\(graph.nodes[node].step.name) item")
        let first = inner.emitAll()
        var states = JSONObject()
        var fields = JSONObject([
            ("Type", "Pass"), ("Assign", ["Item": ExpressionText.template("$states.input")] as JSONValue), ("Output", .object(JSONObject())),
        ])
        Self.follow(&fields, first)
        states[start] = .object(fields)
        for (name, state) in inner.assemble() { states[name] = state }
        strictLosses.merge(inner.strictLosses)
        readsReports = readsReports || inner.readsFiles
        stateNames = inner.stateNames
        variableNames = inner.variableNames
        return JSONObject([("ProcessorConfig", ["Mode": "INLINE"] as JSONValue), ("StartAt", .string(start)), ("States", .object(states))])
    }

    private func outsideProperty(_ name: String, _ path: PropertyPath, _ sequence: Plan.SequenceID) -> String {
        guard let target = graph.index[name] else { return "null" }
        return "$\(variables.name(of: target, from: sequence))" + (kept[target]?.reading(path) { before, rest in ResponsePath.text(rest, after: before) } ?? "")
    }

    /// What the results of iterations are asked for, by step of the body.
    private func keptOfBody(_ node: Int, _ bodyGraph: StepGraph) -> [Int: [PropertyPath]] {
        let name = graph.nodes[node].step.name
        var result: [Int: [PropertyPath]] = [:]
        func keep(_ components: ArraySlice<PropertyPath.Component>) {
            guard case .name(let step)? = components.first, let target = bodyGraph.index[step] else { return }
            result[target, default: []].append(PropertyPath(Array(components.dropFirst())))
        }
        let selector = SelectorField(graph.nodes[node].step.arguments["Selector"]?["Field"])
        if let selector, let target = bodyGraph.index[selector.step] { result[target, default: []].append(selector.path) }
        for other in graph.nodes {
            for found in other.step.expressions(at: other.pointer).found {
                guard case .get(.step(name, let path)) = found.expression, case .name(let member)? = path.components.first else { continue }
                if member == "IterationOutputs" { keep(path.components.dropFirst(2)) }
                if member == "Selected" { keep(selectedPath(path, selector, bodyGraph).dropFirst()) }
            }
        }
        return result
    }

    /// `Selected.OutputParameters['uri']` means the step that the selector looks at.
    private func selectedPath(_ path: PropertyPath, _ selector: SelectorField?, _ bodyGraph: StepGraph) -> ArraySlice<PropertyPath.Component> {
        if path.components.count > 1, case .name(let step) = path.components[1], bodyGraph.index[step] != nil { return path.components[...] }
        guard let selector else { return path.components[...] }
        return ([path.components[0], .name(selector.step)] + path.components.dropFirst())[...]
    }

    /// The properties of a ForEach that are asked for.
    func forEachValue(_ node: Int) -> String {
        let own = graph.nodes[node]
        let bodyNames = Dictionary(uniqueKeysWithValues: own.body.enumerated().map { ($1.step.name, $0) })
        let selector = SelectorField(own.step.arguments["Selector"]?["Field"])
        return (kept[node] ?? KeptProperties()).construction { path in
            guard case .name(let member)? = path.components.first else { return "$states.result" }
            switch member {
            case "Status": return "'Succeeded'"
            case "InputItemCount": return "$count($states.result)"
            case "TotalStepCount", "SucceededStepCount": return "$count($states.result) * \(own.body.count)"
            case "FailedStepCount", "StoppedStepCount": return "0"
            case "IterationOutputs": return "$states.result\(memberPath(PropertyPath(Array(path.components.dropFirst()))))"
            case "Selected":
                guard let selector else { return "null" }
                let pick = own.step.arguments["Selector"]?["Pick"]?.string == "MinBy" ? ">" : "<"
                let field = ExpressionText.field(selector.step) + memberPath(selector.path)
                var rest = Array(path.components.dropFirst())
                if case .name(let first)? = rest.first, bodyNames[first] != nil {} else { rest.insert(.name(selector.step), at: 0) }
                return "$sort($states.result, function($left, $right) { $left\(field) \(pick) $right\(field) })[0]\(memberPath(PropertyPath(rest)))"
            default: return "null"
            }
        }
    }

    /// A path into the object that an iteration returned, whose members are named as variables are.
    private func memberPath(_ path: PropertyPath) -> String {
        path.components.map { component in
            switch component {
            case .name(let name), .key(let name): ExpressionText.field(name)
            case .index(let index): "[\(index)]"
            }
        }.joined()
    }
}
