import JSON
import SageMakerPipelines
import StatesLanguage

/// Why a step of an execution ran, was reused, or did not start.
struct StepExplanation {
    let pipeline: StoredPipeline
    let name: String

    private var step: PipelineExecutionStep? { pipeline.steps[name] }
    private var title: String { "\(name) in \(pipeline.row.name)" }

    var json: JSONValue {
        var object = step?.json.object ?? JSONObject([("StepName", .string(name))])
        object["CacheDecision"] = step?.cacheDecision
        object["Explanation"] = .array(lines.map { .string($0) })
        return .object(object)
    }

    var lines: [String] {
        guard let step else { return ["\(title): did not start, \(whyNotStarted)"] }
        if let source = step.selectiveSource {
            return ["\(title): was not selected; its result was taken from \(ProgressModel.executionName(source))"]
        }
        guard let decision = step.cacheDecision else { return ["\(title): \(what(step)), \(whyNotAsked(step))"] }
        if step.cacheSource != nil {
            return ["\(title): reused from \(source(decision)): everything that counts is the same"] + same(decision) + notCounted(step, decision)
        }
        let ran = "\(title): \(what(step)), because "
        switch decision["Reason"]?.string {
        case "Differs":
            let found = differences(decision)
            return [ran + "\(found.count == 1 ? "this differs" : "these differ") from \(source(decision)), the latest success of the step:"] + Self.table(found)
                + same(decision) + notCounted(step, decision)
        case "Expired":
            let days = decision["ExpireAfterSeconds"]?.wholeNumber.map { ProgressStyle.duration(milliseconds: $0 &* 1000) } ?? ""
            return [ran + "the same success of \(source(decision)) is older than its CacheConfig allows (\(days))"] + same(decision)
        case "OutputsChanged":
            return [ran + "what \(source(decision)) left with the same fields has been changed since:"] + Self.table(differences(decision)) + same(decision)
        default:
            return [ran + "no earlier success of the step is stored for this pipeline"] + same(decision) + notCounted(step, decision)
        }
    }

    private func what(_ step: PipelineExecutionStep) -> String {
        let time = step.end.map { " in \(ProgressStyle.duration(milliseconds: $0.milliseconds - step.start.milliseconds))" } ?? ""
        let attempts = step.attempts > 1 ? ", \(step.attempts) attempts" : ""
        switch step.status {
        case .succeeded: return "ran\(time)\(attempts)"
        case .failed: return "ran and failed\(time)\(attempts)"
        case .stopped: return "ran and was stopped\(time)\(attempts)"
        case .starting, .executing, .stopping: return "runs"
        }
    }

    private func whyNotAsked(_ step: PipelineExecutionStep) -> String {
        switch step.step.type {
        case .condition: return "because a Condition is decided anew in each execution"
        case .fail: return "because the execution came to it"
        default: break
        }
        guard let config = step.step.cacheConfig else { return "because it has no CacheConfig, so no earlier success was looked for" }
        if !config.isEnabled { return "because its CacheConfig says Enabled: false" }
        return "because the cache was off (--cache off), or it is a step that waits for an answer from outside"
    }

    private var whyNotStarted: String {
        let placed = pipeline.definition.allSteps
        guard let own = placed.first(where: { $0.step.name == name }) else { return "it is not a step of the pipeline" }
        if pipeline.selection != nil, !pipeline.steps.isPartOfMachine(name) { return "because it was not selected" }
        if let parent = own.parent, own.branch != "ForEachBody" {
            let condition = placed[parent].step.name
            switch pipeline.steps[condition]?.outcome {
            case let outcome? where outcome != (own.branch == "IfSteps"): return "because the condition \(condition) came out \(outcome ? "True" : "False")"
            case nil: return "because the condition \(condition) around it was not decided"
            default: break
            }
        }
        let graph = StepGraph(pipeline.definition)
        let before = graph.index[name].map { graph.nodes[$0].dependencies.map { graph.nodes[$0.from].step.name } } ?? []
        let missing = before.filter { pipeline.steps[$0]?.status != .succeeded }
        if !missing.isEmpty {
            let states = missing.map { "\($0) (\(pipeline.steps[$0]?.status.rawValue ?? "not started"))" }
            return "because it waits for \(states.joined(separator: ", "))"
        }
        if let failed = pipeline.steps.steps.first(where: { $0.status == .failed }) { return "because \(failed.name) failed before it could" }
        return "because it was not selected, or the execution has not come to it"
    }

    // MARK: fields

    private func source(_ decision: JSONValue) -> String {
        let name = ProgressModel.executionName(decision["SourcePipelineExecutionArn"]?.string ?? "")
        guard let time = decision["SucceededAt"]?.wholeNumber else { return name }
        return "\(name) (\(Timestamp(milliseconds: time).text))"
    }

    private func differences(_ decision: JSONValue) -> [(field: String, text: String)] {
        let all = decision["Differences"]?.array ?? []
        let hasFields = all.contains { $0["Field"]?.string?.hasPrefix("/Fields") == true }
        // Where a field names another file now, the one file and the other need no lines of their own.
        let telling = all.filter { !hasFields || $0["Field"]?.string?.hasPrefix("/Fields") == true || $0["Before"] != nil && $0["Now"] != nil }
        return telling.map { difference in
            let field = Self.field(difference["Field"]?.string ?? "")
            let isHash = field.isFile
            return (field.name, "\(Self.value(difference["Before"], isHash)) → \(Self.value(difference["Now"], isHash))")
        }
    }

    /// `/Fields/HyperParameters/depth` is `HyperParameters/depth`, `/Contents/s3:~1~1a` the contents of `s3://a`.
    private static func field(_ pointer: String) -> (name: String, isFile: Bool) {
        var parts = pointer.split(separator: "/", omittingEmptySubsequences: true).map(unescaped)
        switch parts.first {
        case "Fields":
            parts.removeFirst()
            return (parts.joined(separator: "/"), false)
        case "Contents":
            parts.removeFirst()
            return ("contents of \(parts.joined(separator: "/"))", true)
        default: return ("contents of \(parts.joined(separator: "/"))", true)
        }
    }

    private static func unescaped(_ part: Substring) -> String {
        var result = ""
        var isEscape = false
        for character in part.unicodeScalars {
            if isEscape {
                result += character == "1" ? "/" : "~"
                isEscape = false
            } else if character == "~" {
                isEscape = true
            } else {
                result.unicodeScalars.append(character)
            }
        }
        return result
    }

    private static func value(_ value: JSONValue?, _ isHash: Bool) -> String {
        guard let value else { return "nothing" }
        if isHash, let hash = value.string { return hash.utf8.count == 64 ? String(hash.prefix(10)) : hash }
        return ProgressStyle.safe(value.text(), limit: 200)
    }

    private func same(_ decision: JSONValue) -> [String] {
        let differing = (decision["Differences"]?.array ?? []).compactMap { $0["Field"]?.string }
        var names: [String] = []
        for (group, prefix) in [("Fields", ""), ("Contents", "contents of ")] {
            for name in decision[group]?.object?.keys ?? [] {
                let pointer = "/\(group)/\(JSONPointer.escape(name))"
                if !differing.contains(where: { $0 == pointer || $0.hasPrefix(pointer + "/") }) { names.append(prefix + name) }
            }
        }
        let word = decision["Reason"]?.string == "NothingStored" ? "what counts" : "the same"
        return names.isEmpty ? [] : ["  \(word): \(names.joined(separator: ", "))"]
    }

    private func notCounted(_ step: PipelineExecutionStep, _ decision: JSONValue) -> [String] {
        let counted = Set(decision["Fields"]?.object?.keys.map { $0 } ?? [])
        let names = (step.request?.object?.keys ?? []).filter { !counted.contains($0) && $0 != "ProcessingJob" }
        return names.isEmpty || counted.contains("Input") ? [] : ["  does not count: \(names.joined(separator: ", "))"]
    }

    private static func table(_ rows: [(field: String, text: String)]) -> [String] {
        let width = rows.map(\.field.unicodeScalars.count).max() ?? 0
        return rows.map { "  " + $0.field + String(repeating: " ", count: width - $0.field.unicodeScalars.count) + "  " + $0.text }
    }
}
