import JSON

/// What is wrong with a definition, in AWS's words where AWS has some.
public struct Diagnostic: Equatable, Sendable {
    public let severity: Severity
    /// AWS's code (`SCHEMA_VALIDATION_FAILED`), or `LINT_…` for what AWS does not say.
    public let code: String
    public let message: String
    /// AWS's spelling: `/States/X/Field`; nil: none.
    public let location: String?
    /// JSON Pointer into the definition.
    public let pointer: String

    public enum Severity: String, Sendable {
        case error = "ERROR"
        case warning = "WARNING"
    }

    public init(_ severity: Severity, _ code: String, _ message: String, location: String?, pointer: String? = nil) {
        self.severity = severity
        self.code = code
        self.message = message
        self.location = location
        self.pointer = pointer ?? (location == "/" ? "" : location ?? "")
    }
}

/// How a definition is to be read.
public struct ReadOptions: Sendable {
    /// Express machines refuse `.sync`, `.waitForTaskToken` and activities.
    public var isExpress = false
    /// The extensions of sfn-run: `DependsOn`, `MaxConcurrency` of Parallel, `OnFailure`, `ExpireAfterMin`, `Cache`.
    public var allowsExtensions = true
    public init(isExpress: Bool = false, allowsExtensions: Bool = true) {
        self.isExpress = isExpress
        self.allowsExtensions = allowsExtensions
    }
}
