/// Something that is wrong with a definition: where, what was found, what was expected, on one line.
public struct PipelineDiagnostic: Sendable, Equatable, CustomStringConvertible {
    public enum Severity: String, Sendable {
        case error
        case warning
    }

    public let severity: Severity
    /// JSON Pointer into the definition; the empty one is the whole.
    public let pointer: String
    /// The step concerned, where there is one.
    public let step: String?
    public let message: String

    public static func error(_ pointer: String, _ message: String, step: String? = nil) -> PipelineDiagnostic {
        PipelineDiagnostic(severity: .error, pointer: pointer, step: step, message: message)
    }

    public static func warning(_ pointer: String, _ message: String, step: String? = nil) -> PipelineDiagnostic {
        PipelineDiagnostic(severity: .warning, pointer: pointer, step: step, message: message)
    }

    public var description: String {
        let place = pointer.isEmpty ? "/" : pointer
        let owner = step.map { "step '\($0)': " } ?? ""
        return "\(place): \(owner)\(message)"
    }
}

extension Sequence<PipelineDiagnostic> {
    /// Whether nothing here forbids the pipeline to run.
    public var areHarmless: Bool { !contains { $0.severity == .error } }
}
