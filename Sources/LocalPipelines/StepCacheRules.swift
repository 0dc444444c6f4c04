import Engine
import JSON
import LocalJobs
import SageMakerPipelines
import ServiceIntegrations

/// What counts when a step with a cache is reused.
package enum CacheMode: String, Sendable, CaseIterable {
    /// What files hold counts too.
    case contents
    /// Names alone, as SageMaker has it.
    case aws
    case off
}

/// What counts for the cache of a task (spec 2.7): SageMaker's fields of its step type, and what the files hold that they
/// name. A task of no step type counts whole.
package struct StepCacheRules: Sendable {
    private let fingerprint: ContentFingerprint?
    private let configuration: Configuration

    package static func caching(_ configuration: Configuration, _ mode: CacheMode) -> StepCaching? {
        guard mode != .off else { return nil }
        let rules = StepCacheRules(configuration, mode)
        return StepCaching(
            subject: { rules.subject($0) }, outputs: { rules.outputs($0) },
            differences: { before, now in
                CacheKey.differences(before, now).map { difference in
                    var object = JSONObject([("Field", .string(difference.pointer))])
                    object["Before"] = difference.old
                    object["Now"] = difference.new
                    return .object(object)
                }
            })
    }

    init(_ configuration: Configuration, _ mode: CacheMode) {
        self.configuration = configuration
        fingerprint = mode == .contents ? ContentFingerprint(configuration) : nil
    }

    func subject(_ request: TaskRequest) -> StepCacheSubject? {
        let arguments = request.input.object ?? JSONObject()
        let fields =
            CacheKey.fields(ofResource: request.resource.arn, arguments: arguments)
            ?? JSONObject([("Resource", .string(request.resource.arn)), ("Input", request.input)])
        let seconds = request.cache?["ExpireAfter"]?.string.flatMap { CacheDuration($0) }?.seconds
        return StepCacheSubject(fields: fields, contents: contents(fields), expireAfterSeconds: seconds)
    }

    /// What the places hold that a result names; nil: contents do not count.
    func outputs(_ result: JSONValue) -> JSONObject? {
        guard let fingerprint else { return nil }
        var found = JSONObject()
        // What the job wrote, not what it read or where it kept its own notes.
        var written = JSONObject()
        for key in ["ModelArtifacts", "ProcessingOutputConfig", "TransformOutput"] { written[key] = result[key] }
        for uri in Self.places(.object(written)) { found[uri] = .string(fingerprint.of(uri) ?? "nothing there") }
        return found
    }

    private func contents(_ fields: JSONObject) -> JSONObject {
        guard let fingerprint else { return JSONObject() }
        var found = JSONObject()
        // A job writes there itself.
        let read = JSONObject(
            fields.filter { !["CheckpointConfig", "DebugHookConfig", "DebugRuleConfigurations"].contains($0.key) }.map { ($0.key, $0.value) })
        for uri in Self.places(.object(read)) {
            if let hash = fingerprint.of(uri) { found[uri] = .string(hash) }
        }
        for file in commands(fields) {
            if let hash = fingerprint.of(file) { found[file] = .string(hash) }
        }
        return found
    }

    /// Files of the commands and handlers that sfn-run.json maps the step's image or function to.
    private func commands(_ fields: JSONObject) -> [String] {
        var words: [String] = []
        for specification in [fields["AppSpecification"], fields["AlgorithmSpecification"]] {
            guard let image = (specification?["ImageUri"] ?? specification?["TrainingImage"])?.string else { continue }
            words += configuration.images.first { $0.matches(image) }?.command ?? []
        }
        return words.map { $0.hasPrefix("/") ? $0 : "\(configuration.folder)/\($0)" }.filter(Files.isFile)
    }

    /// The URIs in a value, each once, in the order in which they stand: `s3://…`, `file://…`, with or without the quotes
    /// that the SDK writes around hyperparameters.
    static func places(_ value: JSONValue) -> [String] {
        var found: [String] = []
        var seen: Set<String> = []
        var pending = [value]
        while let next = pending.popLast() {
            switch next {
            case .object(let object): pending += object.map(\.value).reversed()
            case .array(let array): pending += array.reversed()
            case .string(var text):
                if text.utf8.count > 2, text.hasPrefix("\""), text.hasSuffix("\"") { text = String(text.dropFirst().dropLast()) }
                if text.hasPrefix("s3://") || text.hasPrefix("file://"), seen.insert(text).inserted { found.append(text) }
            default: break
            }
        }
        return found
    }
}
