import JSON
import StatesLanguage

/// What an attempt of a task read and made: S3 locations, ARNs, names of models.
struct ArtifactUse {
    private(set) var inputs: [String] = []
    private(set) var outputs: [String] = []
    /// Any text of the result that the request does not hold: for looking something up by its name.
    private(set) var otherOutputs: [String] = []
    private(set) var otherInputs: [String] = []

    /// Members of requests that say where results go.
    private static let targets: Set<String> = [
        "ProcessingOutputConfig", "OutputDataConfig", "TransformOutput", "CheckpointConfig", "DebugHookConfig", "TensorBoardOutputConfig", "ProfilerConfig",
        "MonitoringOutputConfig",
    ]
    private static let skipped: Set<String> = ["RoleArn", "ExecutionRoleArn", "Tags", "VpcConfig", "ResourceConfig", "ProcessingResources", "FunctionName"]

    /// `isReused`: the result is an earlier execution's; where this one's request would have put things there is nothing.
    init(_ call: ExecutionStory.Call, isReused: Bool = false) {
        guard let result = call.result else {
            collect(call.request) { text, path in if !Self.isTarget(path) { input(text) } }
            return
        }
        var asked: Set<String> = []
        var given: [String] = []
        collect(call.request) { text, path in
            asked.insert(text)
            if Self.isTarget(path) || Self.isOwnName(path, call) { if !isReused { output(text) } } else { input(text) }
        }
        collect(result) { text, path in if !asked.contains(text) || Self.isTarget(path) { given.append(text) } }
        for text in given where !inputs.contains(text) { output(text) }
    }

    private mutating func input(_ text: String) {
        if Self.isArtifact(text) { if !inputs.contains(text) { inputs.append(text) } } else if otherInputs.count < 200 { otherInputs.append(text) }
    }

    private mutating func output(_ text: String) {
        if Self.isArtifact(text) { if !outputs.contains(text) { outputs.append(text) } } else if otherOutputs.count < 200 { otherOutputs.append(text) }
    }

    private static func isTarget(_ path: [String]) -> Bool { path.contains { targets.contains($0) } }

    /// The name under which the call makes something: `ModelName` of createModel.
    private static func isOwnName(_ path: [String], _ call: ExecutionStory.Call) -> Bool {
        guard path.count == 1, case .service(_, let action) = call.resource.kind, action.lowercased().hasPrefix("create"), path[0].hasSuffix("Name") else {
            return false
        }
        return action.lowercased().hasPrefix("create" + path[0].dropLast(4).lowercased())
    }

    private static func isArtifact(_ text: String) -> Bool { text.hasPrefix("s3://") || text.hasPrefix("arn:aws:sagemaker:") }

    /// Every text, with the names of the members that lead to it.
    private func collect(_ value: JSONValue, _ found: (String, [String]) -> Void) {
        var pending: [(JSONValue, [String])] = [(value, [])]
        var count = 0
        while let (next, path) = pending.popLast(), count < 20_000 {
            count += 1
            switch next {
            case .string(let text): if text.utf8.count > 1 { found(text, path) }
            case .array(let elements): for element in elements.reversed() { pending.append((element, path)) }
            case .object(let object):
                for (key, member) in object.reversed() where !Self.skipped.contains(key) { pending.append((member, path + [key])) }
            default: break
            }
        }
    }

    /// Whether one of `texts` is the artifact, or a folder that holds it, or something inside it.
    static func names(_ texts: [String], _ artifact: String) -> Bool {
        let plain = trimmed(artifact)
        return texts.contains { text in
            let other = trimmed(text)
            if other == plain { return true }
            guard text.hasPrefix("s3://"), artifact.hasPrefix("s3://") else { return text.hasPrefix("arn:") && text.hasSuffix("/\(plain)") }
            return other.hasPrefix(plain + "/") || plain.hasPrefix(other + "/")
        }
    }

    private static func trimmed(_ text: String) -> Substring { text.hasSuffix("/") ? text.dropLast() : text[...] }
}
