import JSON

/// Checks one step: its keys, its own members and what it refers to.
struct StepValidator {
    let placed: PlacedStep
    let index: Int
    let scope: Scope

    private var step: PipelineStep { placed.step }

    func diagnostics() -> [PipelineDiagnostic] {
        guard let typeText = step.document["Type"]?.string else {
            return [error("", "found no Type, expected one of \(Self.typeNames)")]
        }
        guard let type = step.type else {
            if StepType.unpublished.contains(typeText) {
                return [error("/Type", "steps of type \(typeText) cannot run here: AWS has not published their format")]
            }
            return [error("/Type", "found \"\(typeText)\", expected one of \(Self.typeNames)")]
        }
        var result: [PipelineDiagnostic] = []
        for key in step.document.keys where !type.keys.contains(key) {
            result.append(error("/\(JSONPointer.escape(key))", "Unable to parse pipeline definition. Cannot parse object, unknown property '\(key)'"))
        }
        if step.document["Arguments"]?.object == nil {
            result.append(
                error(
                    "/Arguments",
                    "Unable to parse pipeline definition. Expecting start of Json Object, found \(step.document["Arguments"]?.typeName ?? "nothing")"))
        }
        result += argumentMembers(type)
        result += members(type)
        result += dependencies()
        result += policies(type)
        result += cache()
        result += ReferenceValidator.diagnostics(step.expressions(at: placed.pointer), owner: index, scope: scope)
        return result
    }

    static let typeNames = StepType.allCases.map(\.rawValue).joined(separator: ", ")

    private func error(_ place: String, _ message: String) -> PipelineDiagnostic {
        .error(placed.pointer + place, message, step: step.name)
    }

    private func argumentMembers(_ type: StepType) -> [PipelineDiagnostic] {
        guard let known = JobShapes.arguments(of: type) else { return [] }
        // AWS adds members monthly, so an unknown one only warns.
        return step.arguments.keys.filter { !known.contains($0) }.map {
            .warning("\(placed.pointer)/Arguments/\(JSONPointer.escape($0))", "Unknown Argument member '\($0)'", step: step.name)
        }
    }

    private func members(_ type: StepType) -> [PipelineDiagnostic] {
        switch type {
        case .condition: return ConditionValidator.diagnostics(step, at: placed.pointer)
        case .fail: return failMessage()
        case .lambda: return endpointMember("FunctionArn") + flatArguments() + outputs()
        case .callback: return endpointMember("SqsQueueUrl") + flatArguments() + outputs()
        case .processing: return propertyFiles()
        case .qualityCheck: return checkType(["DATA_QUALITY", "MODEL_QUALITY"])
        case .clarifyCheck: return checkType(["DATA_BIAS", "MODEL_BIAS", "MODEL_EXPLAINABILITY"])
        case .forEach: return ForEachValidator.diagnostics(step, at: placed.pointer, body: scope.steps.filter { $0.parent == index })
        case .emr: return clusterChoice("ClusterId", "ClusterConfig") + required("StepConfig")
        case .emrServerless: return clusterChoice("ApplicationId", "ApplicationConfig") + required("JobConfig")
        case .cleanup: return required("Resources")
        default: return []
        }
    }

    private func required(_ key: String) -> [PipelineDiagnostic] {
        step.arguments[key] == nil ? [error("/Arguments", "found no \(key), a \(step.typeName) step needs it")] : []
    }

    private func clusterChoice(_ one: String, _ other: String) -> [PipelineDiagnostic] {
        let found = [one, other].filter { key in step.arguments[key].map { !$0.isNull } ?? false }
        return found.count == 1 ? [] : [error("/Arguments", "found \(found.isEmpty ? "neither" : "both") \(one) and \(other), expected exactly one")]
    }

    private func failMessage() -> [PipelineDiagnostic] {
        guard let message = step.arguments["ErrorMessage"] else { return [] }
        switch message {
        case .string, .null: return []
        case .object where (try? PipelineExpression(message)) != nil: return []
        default: return [error("/Arguments/ErrorMessage", "found \(message.typeName), expected a text, a Std:Join or a Get")]
        }
    }

    private func endpointMember(_ key: String) -> [PipelineDiagnostic] {
        switch step.document[key] {
        case .string(let text)? where !text.isEmpty: return []
        case .object(let object)? where (try? PipelineExpression(.object(object))) != nil: return []
        default: return [error("", "found no \(key), a \(step.typeName) step needs it")]
        }
    }

    /// The arguments of Lambda and Callback steps are primitives or expressions.
    private func flatArguments() -> [PipelineDiagnostic] {
        step.arguments.compactMap { key, value in
            switch value {
            case .string, .bool, .integer, .double, .decimal, .null: return nil
            case .object:
                // A malformed expression is told of where references are checked.
                let isExpression = value.object.map { $0.count == 1 && ["Get", "Std:Join", "Std:JsonGet"].contains($0.keys[0]) } ?? false
                if isExpression { return nil }
            case .array: break
            }
            return .warning(
                "\(placed.pointer)/Arguments/\(JSONPointer.escape(key))", "found \(value.typeName), expected a plain value or an expression", step: step.name)
        }
    }

    private func outputs() -> [PipelineDiagnostic] {
        guard let written = step.document["OutputParameters"], !written.isNull else { return [] }
        guard let list = written.array else { return [error("/OutputParameters", "found \(written.typeName), expected a list")] }
        var result: [PipelineDiagnostic] = []
        if list.count > 50 { result.append(error("/OutputParameters", "found \(list.count) output parameters, at most 50 are allowed")) }
        var seen: Set<String> = []
        for (position, element) in list.enumerated() {
            guard let object = element.object, let name = object["OutputName"]?.string, !name.isEmpty else {
                result.append(error("/OutputParameters/\(position)", "found no OutputName, expected {OutputName, OutputType}"))
                continue
            }
            if OutputParameter(document: object).type == nil {
                result.append(
                    error(
                        "/OutputParameters/\(position)/OutputType",
                        "found \(object["OutputType"]?.text() ?? "nothing"), expected String, Integer, Float or Boolean"))
            }
            if !seen.insert(name).inserted {
                result.append(error("/OutputParameters/\(position)/OutputName", "found the output '\(name)' a second time, expected unique names"))
            }
        }
        return result
    }

    private func propertyFiles() -> [PipelineDiagnostic] {
        guard let written = step.document["PropertyFiles"], !written.isNull else { return [] }
        guard let list = written.array else { return [error("/PropertyFiles", "found \(written.typeName), expected a list")] }
        let outputs = (step.arguments["ProcessingOutputConfig"]?["Outputs"]?.array ?? []).compactMap { $0["OutputName"]?.string }
        var result: [PipelineDiagnostic] = []
        for (position, element) in list.enumerated() {
            let place = "/PropertyFiles/\(position)"
            guard let object = element.object else {
                result.append(error(place, "found \(element.typeName), expected {PropertyFileName, OutputName, FilePath}"))
                continue
            }
            for key in ["PropertyFileName", "OutputName", "FilePath"] where object[key]?.string == nil {
                result.append(error(place, "found no \(key), expected {PropertyFileName, OutputName, FilePath}"))
            }
            if let name = object["OutputName"]?.string, !outputs.contains(name) {
                result.append(
                    .warning(
                        "\(placed.pointer)\(place)/OutputName",
                        "found \"\(name)\", expected one of the step's outputs: \(outputs.isEmpty ? "none" : outputs.joined(separator: ", "))", step: step.name)
                )
            }
        }
        return result
    }

    private func checkType(_ allowed: [String]) -> [PipelineDiagnostic] {
        guard let found = step.document["CheckType"]?.string, allowed.contains(found) else {
            return [error("/CheckType", "found \(step.document["CheckType"]?.text() ?? "nothing"), expected \(allowed.joined(separator: " or "))")]
        }
        return []
    }

    private func dependencies() -> [PipelineDiagnostic] {
        guard let written = step.document["DependsOn"], !written.isNull else { return [] }
        guard let list = written.array else { return [error("/DependsOn", "found \(written.typeName), expected a list")] }
        var result: [PipelineDiagnostic] = []
        for (position, element) in list.enumerated() {
            let place = "/DependsOn/\(position)"
            guard let dependency = StepDependency(json: element) else {
                result.append(error(place, "found \(element.text()), expected a step's name or {Step, Trigger: Succeeded, Failed, Stopped or Any}"))
                continue
            }
            guard let target = scope.index[dependency.step] else {
                result.append(error(place, "unknown reference '\(dependency.step)', expected a step of the pipeline"))
                continue
            }
            if target == index {
                result.append(error(place, "depends on itself"))
            } else if scope.steps[target].step.type == .fail {
                result.append(error(place, "\(step.name) can not depends on \(dependency.step): a Fail step ends the execution"))
            } else if scope.enclosingForEach(target) != scope.enclosingForEach(index), scope.enclosingForEach(target) != nil {
                result.append(error(place, "step '\(dependency.step)' is inside a ForEach, expected a step outside"))
            }
        }
        return result
    }

    private func policies(_ type: StepType) -> [PipelineDiagnostic] {
        guard type.retries, let written = step.document["RetryPolicies"], !written.isNull else { return [] }
        guard let list = written.array else { return [error("/RetryPolicies", "found \(written.typeName), expected a list")] }
        return list.enumerated().flatMap { position, element -> [PipelineDiagnostic] in
            let place = "/RetryPolicies/\(position)"
            guard let object = element.object else { return [error(place, "found \(element.typeName), expected an object")] }
            return RetryPolicyValidator.problems(object, of: type).map { error(place + $0.place, $0.message) }
        }
    }

    private func cache() -> [PipelineDiagnostic] {
        guard let written = step.document["CacheConfig"], !written.isNull else { return [] }
        guard let object = written.object else { return [error("/CacheConfig", "found \(written.typeName), expected an object")] }
        var result: [PipelineDiagnostic] = []
        if object["Enabled"]?.bool == nil {
            result.append(error("/CacheConfig/Enabled", "found \(object["Enabled"]?.text() ?? "nothing"), expected true or false"))
        }
        if let after = object["ExpireAfter"], !after.isNull, after.string.flatMap(CacheDuration.init) == nil {
            result.append(error("/CacheConfig/ExpireAfter", "found \(after.text()), expected a duration such as 30d, PT1H or P30DT5H"))
        }
        for key in object.keys where key != "Enabled" && key != "ExpireAfter" {
            result.append(
                error("/CacheConfig/\(JSONPointer.escape(key))", "Unable to parse pipeline definition. Cannot parse object, unknown property '\(key)'"))
        }
        return result
    }
}
