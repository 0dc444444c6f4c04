import JSON

/// Where a diagnostic points to: as AWS spells it (`/States/C/Choices[0]/Next`) and as JSON Pointer (`/States/C/Choices/0/Next`).
struct Place {
    let location: String
    let pointer: String

    static let root = Place(location: "", pointer: "")

    func field(_ name: String) -> Place {
        Place(location: location + "/" + name, pointer: pointer + "/" + JSONPointer.escape(name))
    }

    func index(_ index: Int) -> Place {
        Place(location: location + "[\(index)]", pointer: pointer + "/\(index)")
    }
}

/// Collects what is wrong, and the states read so far.
final class ReadSession {
    let options: ReadOptions
    var diagnostics: [Diagnostic] = []
    var language = QueryLanguage.jsonPath
    /// By `StateID`; nil: a state that could not be read.
    var states: [State?] = []
    /// Every state's name in every workflow.
    var names: Set<String> = []
    var labels: Set<String> = []
    /// Workflows that still have to be read. Nested ones wait here instead of on the stack.
    var pending: [() -> Void] = []

    init(_ options: ReadOptions) { self.options = options }

    var hasErrors: Bool { diagnostics.contains { $0.severity == .error } }

    func error(_ code: DiagnosticCode, _ message: String, _ place: Place?) {
        diagnostics.append(
            Diagnostic(
                .error, code.rawValue, message, location: place.map { $0.location.isEmpty ? "/" : $0.location },
                pointer: place?.pointer ?? ""))
    }

    func warning(_ code: DiagnosticCode, _ message: String, _ place: Place) {
        diagnostics.append(Diagnostic(.warning, code.rawValue, message, location: place.location, pointer: place.pointer))
    }

    /// `SCHEMA_VALIDATION_FAILED`
    func schema(_ message: String, _ place: Place) { error(.schema, message, place) }
}

/// The codes that AWS's ValidateStateMachineDefinition uses.
enum DiagnosticCode: String {
    case json = "INVALID_JSON_DESCRIPTION"
    case schema = "SCHEMA_VALIDATION_FAILED"
    case resource = "INVALID_RESOURCE"
    case transition = "MISSING_TRANSITION_TARGET"
    case endState = "MISSING_END_STATE"
    case duplicateState = "DUPLICATE_STATE_NAME"
    case stateName = "INVALID_STATE_NAME"
    case duplicateLabel = "DUPLICATE_LABEL_NAME"
    case label = "INVALID_LABEL_NAME"
    case depth = "TOO_DEEPLY_NESTED"
    case invalidQuery = "INVALID_JSONATA_EXPRESSION"
    case unsupportedQuery = "UNSUPPORTED_JSONATA_EXPRESSION"
    case variableName = "INVALID_VARIABLE_NAME"
    case duplicateVariable = "DUPLICATE_VARIABLE_NAME"
    case reservedVariable = "RESERVED_VARIABLE_NAME"
    case noDollar = "NO_DOLLAR"
    case staticResult = "PASS_RESULT_IS_STATIC"
    /// What AWS does not say.
    case lint = "LINT"
}
