import JSON

/// What counts for the cache of a step (spec 2.7): two runs whose fields here are equal may share a result.
/// Instance type and count, volume, output path, role, tags and network do not count.
public enum CacheKey {
    /// The members of the request that count, in the order of AWS's table; nil: steps of this type are not cached.
    ///
    /// `arguments` are the evaluated ones of the compiled state.
    public static func fields(of type: StepType, arguments: JSONObject) -> JSONObject? {
        switch type {
        case .processing: return pick(arguments, ["AppSpecification", "Environment", "ProcessingInputs"])
        case .training:
            return pick(
                arguments,
                [
                    "AlgorithmSpecification", "CheckpointConfig", "DebugHookConfig", "DebugRuleConfigurations", "Environment", "HyperParameters",
                    "InputDataConfig",
                ])
        case .tuning:
            var result = pick(arguments, ["HyperParameterTuningJobConfig"])
            let members = ["AlgorithmSpecification", "HyperParameterRanges", "InputDataConfig", "StaticHyperParameters", "TuningObjective"]
            if let definition = arguments["TrainingJobDefinition"]?.object { result["TrainingJobDefinition"] = .object(pick(definition, members)) }
            if let list = arguments["TrainingJobDefinitions"]?.array {
                result["TrainingJobDefinitions"] = .array(list.map { .object(pick($0.object ?? JSONObject(), members)) })
            }
            return result
        case .autoML:
            var result = JSONObject()
            if let config = arguments["AutoMLJobConfig"]?.object {
                result["AutoMLJobConfig"] = .object(pick(config, ["CompletionCriteria", "CandidateGenerationConfig", "DataSplitConfig", "Mode"]))
            }
            for (key, value) in pick(arguments, ["AutoMLJobObjective", "InputDataConfig", "ProblemType"]) { result[key] = value }
            return result
        case .transform: return pick(arguments, ["DataProcessing", "Environment", "ModelName", "TransformInput"])
        case .qualityCheck, .clarifyCheck:
            var result = pick(
                arguments,
                [
                    "CheckType", "SkipCheck", "RegisterNewBaseline", "ModelPackageGroupName", "SuppliedBaselineStatistics", "SuppliedBaselineConstraints",
                ])
            if let job = arguments["ProcessingJob"]?.object {
                for (key, value) in pick(job, ["AppSpecification", "Environment", "ProcessingInputs"]) { result[key] = value }
            }
            return result
        case .emr: return pick(arguments, ["ClusterId", "ClusterConfig", "StepConfig"])
        case .emrServerless: return pick(arguments, ["ApplicationId", "ApplicationConfig", "JobConfig"])
        case .lambda: return pick(arguments, ["FunctionName", "Payload"])
        case .callback: return pick(arguments, ["QueueUrl", "MessageBody"])
        case .model, .registerModel, .condition, .fail, .endpointConfig, .endpoint, .inferenceComponent, .lineage, .forEach, .cleanup: return nil
        }
    }

    /// The same for the resource of a Task; nil: it is none of a step's, or not cached.
    public static func fields(ofResource arn: String, arguments: JSONObject) -> JSONObject? {
        guard let type = StepType.allCases.first(where: { StepResource.of($0)?.arn == arn }) else { return nil }
        return fields(of: type, arguments: arguments)
    }

    /// The places in which two keys differ, outermost first, as JSON Pointers: why a step ran again.
    public static func differences(_ old: JSONValue, _ new: JSONValue) -> [(pointer: String, old: JSONValue?, new: JSONValue?)] {
        var result: [(pointer: String, old: JSONValue?, new: JSONValue?)] = []
        var pending: [(String, JSONValue?, JSONValue?)] = [("", old, new)]
        while let (pointer, left, right) = pending.popLast() {
            if left == right { continue }
            switch (left, right) {
            case (.object(let a)?, .object(let b)?):
                let keys = a.keys + b.keys.filter { a[$0] == nil }
                for key in keys.reversed() { pending.append(("\(pointer)/\(JSONPointer.escape(key))", a[key], b[key])) }
            case (.array(let a)?, .array(let b)?):
                for index in (0..<max(a.count, b.count)).reversed() {
                    pending.append(("\(pointer)/\(index)", a.indices.contains(index) ? a[index] : nil, b.indices.contains(index) ? b[index] : nil))
                }
            default: result.append((pointer, left, right))
            }
        }
        return result
    }

    private static func pick(_ object: JSONObject, _ keys: [String]) -> JSONObject {
        var result = JSONObject()
        for key in keys { result[key] = object[key] }
        return result
    }
}
