import JSON
import StatesLanguage

/// One thing that `validate` has found.
struct Problem: Equatable {
    enum Severity: String { case error, warning }
    let file: String
    let line: Int
    let pointer: String
    let severity: Severity
    let code: String
    let message: String

    init(file: String, line: Int, pointer: String, severity: Severity, code: String, message: String) {
        self.file = file
        self.line = line
        self.pointer = pointer
        self.severity = severity
        self.code = code
        self.message = message
    }

    init(_ diagnostic: Diagnostic, in file: DefinitionFile) {
        self.init(
            file: file.path, line: file.line(of: diagnostic.pointer), pointer: diagnostic.pointer,
            severity: diagnostic.severity == .error ? .error : .warning, code: diagnostic.code, message: diagnostic.message)
    }

    var text: String { "\(file):\(line): \(severity.rawValue) \(code) at \(pointer.isEmpty ? "/" : pointer): \(message)" }

    var json: JSONValue {
        [
            "file": .string(file), "line": .integer(Int64(line)), "pointer": .string(pointer),
            "severity": .string(severity.rawValue), "code": .string(code), "message": .string(message),
        ]
    }
}

/// Everything that is wrong with a file, machines and pipelines alike.
enum Examination {
    static func problems(of path: String, isExpress: Bool, isStrict: Bool) throws -> [Problem] {
        let file: DefinitionFile
        do {
            file = try DefinitionFile.read(path)
        } catch let error as UnreadableDefinition {
            return [
                Problem(
                    file: path, line: error.error.line, pointer: "", severity: .error, code: "INVALID_JSON_DESCRIPTION",
                    message: "\(error.error.message) (column \(error.error.column))")
            ]
        }
        return problems(of: file, isExpress: isExpress, isStrict: isStrict)
    }

    static func problems(of file: DefinitionFile, isExpress: Bool = false, isStrict: Bool = false) -> [Problem] {
        if file.content == .pipeline { return PipelineFile.problems(of: file) }
        let options = ReadOptions(isExpress: isExpress, allowsExtensions: !isStrict)
        let (machine, diagnostics) = StateMachine.read(file.definition, options: options)
        return (diagnostics + (machine?.lints() ?? [])).map { Problem($0, in: file) }
    }
}
