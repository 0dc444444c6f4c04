import JSON

/// Checks that what expressions name exists.
enum ReferenceValidator {
    static let executionVariables: Set<String> = [
        "StartDateTime", "CurrentDateTime", "PipelineName", "PipelineArn", "PipelineExecutionId", "PipelineExecutionArn",
        "TrainingJobName", "ProcessingJobName",
    ]

    /// `owner`: the index of the step that holds the expressions.
    static func diagnostics(_ walk: ExpressionWalk, owner: Int?, scope: Scope) -> [PipelineDiagnostic] {
        let name = owner.map { scope.steps[$0].step.name }
        var result = walk.broken.map { PipelineDiagnostic.error($0.pointer, $0.message, step: name) }
        for found in walk.found {
            if let message = problem(with: found.expression, owner: owner, scope: scope) {
                result.append(.error(found.pointer, message, step: name))
            } else if let message = propertyFileProblem(found.expression, scope: scope) ?? outputProblem(found.expression, scope: scope) {
                // The service accepts it and fails the step that reads; so do we.
                result.append(.warning(found.pointer, message, step: name))
            }
        }
        return result
    }

    private static func problem(with expression: PipelineExpression, owner: Int?, scope: Scope) -> String? {
        switch expression {
        case .join: nil
        case .get(let reference): problem(with: reference, owner: owner, scope: scope)
        case .jsonGet(.s3URI, _): nil
        case .jsonGet(.propertyFile(let step, _), _):
            stepProblem(step, owner: owner, scope: scope) { _ in nil }
        }
    }

    private static func outputProblem(_ expression: PipelineExpression, scope: Scope) -> String? {
        guard case .get(.step(let name, let path)) = expression, let index = scope.index[name] else { return nil }
        return StepProperties.outputProblem(path, of: scope.steps[index].step)
    }

    private static func propertyFileProblem(_ expression: PipelineExpression, scope: Scope) -> String? {
        guard case .jsonGet(.propertyFile(let step, let file), _) = expression, let index = scope.index[step] else { return nil }
        let target = scope.steps[index].step
        if target.type != .processing { return "step '\(step)' is of type \(target.typeName): only a Processing step has PropertyFiles" }
        let declared = target.propertyFiles.map(\.name)
        return declared.contains(file)
            ? nil : "property file '\(file)' is not declared by step '\(step)'; declared: \(declared.isEmpty ? "none" : declared.joined(separator: ", "))"
    }

    private static func problem(with reference: PipelineExpression.Reference, owner: Int?, scope: Scope) -> String? {
        switch reference {
        case .parameter(let name):
            scope.parameters.contains(name) ? nil : "unknown reference 'Parameters.\(name)', expected a declared parameter"
        case .execution(let name):
            executionVariables.contains(name)
                ? nil : "unknown reference 'Execution.\(name)', expected one of \(executionVariables.sorted().joined(separator: ", "))"
        case .experiment(let name):
            name == "ExperimentName" || name == "TrialName"
                ? nil : "unknown reference 'PipelineExperimentConfig.\(name)', expected ExperimentName or TrialName"
        case .currentItem:
            owner.flatMap(scope.enclosingForEach) != nil ? nil : "'ForEach.CurrentItem' is known inside a ForEach body only"
        case .step(let name, let path):
            stepProblem(name, owner: owner, scope: scope) { StepProperties.problem(with: path, of: $0) }
        }
    }

    private static func stepProblem(_ name: String, owner: Int?, scope: Scope, then check: (PipelineStep) -> String?) -> String? {
        guard let target = scope.index[name] else { return "unknown reference 'Steps.\(name)', expected a step of the pipeline" }
        if target == owner { return "refers to itself" }
        if let body = scope.enclosingForEach(target), owner.flatMap(scope.enclosingForEach) != body {
            return "step '\(name)' is inside the ForEach '\(scope.steps[body].step.name)': refer to its IterationOutputs"
        }
        return check(scope.steps[target].step)
    }
}

/// What a reference to a step may say after its name.
enum StepProperties {
    static func problem(with path: PropertyPath, of step: PipelineStep) -> String? {
        guard let first = path.components.first else {
            // Two of the SDK's own fixtures name a step without a property.
            return nil
        }
        guard case .name(let member) = first else { return "found \(path), expected the name of a property first" }
        if member == "PropertyFiles" {
            return step.type == .processing
                ? "a property file is read with Std:JsonGet, not with Get"
                : "step '\(step.name)' is of type \(step.typeName): only a Processing step has PropertyFiles"
        }
        guard let type = step.type else { return nil }
        switch type {
        case .lambda, .callback:
            if member == "OutputParameters", path.components.count >= 2 { return nil }
            return "a \(step.typeName) step has no property '\(path)' (step '\(step.name)'), expected OutputParameters['name']"
        case .condition: return member == "Outcome" ? nil : expected(["Outcome"], found: member, step)
        case .fail: return "step '\(step.name)' is a Fail step: it has no properties"
        case .qualityCheck, .clarifyCheck:
            let known = [
                "CalculatedBaselineStatistics", "CalculatedBaselineConstraints", "BaselineUsedForDriftCheckStatistics",
                "BaselineUsedForDriftCheckConstraints",
            ]
            return known.contains(member) ? nil : expected(known, found: member, step)
        case .forEach:
            let known = [
                "Status", "InputItemCount", "TotalStepCount", "SucceededStepCount", "FailedStepCount", "StoppedStepCount",
                "IterationOutputs", "Selected",
            ]
            return known.contains(member) ? nil : expected(known, found: member, step)
        case .lineage:
            let known = ["ActionArns", "ArtifactArns", "ContextArns", "Associations"]
            return known.contains(member) ? nil : expected(known, found: member, step)
        default:
            guard let known = JobShapes.properties(of: type), !known.contains(member) else { return nil }
            return "a \(type.rawValue) step has no property '\(member)' (step '\(step.name)')"
        }
    }

    /// What a reference to an output says that was not declared so. The service fails the step that reads, so this warns.
    static func outputProblem(_ path: PropertyPath, of step: PipelineStep) -> String? {
        guard step.type == .lambda || step.type == .callback, path.components.count >= 2 else { return nil }
        let name: String
        switch path.components[1] {
        case .key(let key), .name(let key): name = key
        case .index(let index): return "found OutputParameters[\(index)], expected OutputParameters['name']"
        }
        let declared = step.outputParameters.map(\.name)
        guard declared.contains(name) else {
            return "output '\(name)' is not declared by step '\(step.name)'; declared: \(declared.isEmpty ? "none" : declared.joined(separator: ", "))"
        }
        // A nested value is one JSON string to the service, so a reference into it is an error there.
        return path.components.count == 2 ? nil : "found \(path): an output of a \(step.typeName) step is a plain value, it has no members"
    }

    private static func expected(_ known: [String], found: String, _ step: PipelineStep) -> String {
        "a \(step.typeName) step has no property '\(found)' (step '\(step.name)'), expected one of \(known.joined(separator: ", "))"
    }
}
