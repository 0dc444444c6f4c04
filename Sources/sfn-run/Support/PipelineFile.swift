import ArgumentParser
import JSON
import SageMakerPipelines
import StatesLanguage

/// A pipeline definition as the verbs use it.
enum PipelineFile {
    /// The definition, or every problem that it has.
    static func definition(of file: DefinitionFile) throws -> PipelineDefinition {
        let (definition, diagnostics) = PipelineDefinition.parse(file.definition)
        let problems = diagnostics.map { Problem($0, in: file) }
        problems.forEach { printNote($0.text) }
        guard let definition, !problems.contains(where: { $0.severity == .error }) else { throw ExitCode.invalidDefinition }
        return definition
    }

    static func problems(of file: DefinitionFile) -> [Problem] {
        let (definition, diagnostics) = PipelineDefinition.parse(file.definition)
        let found = diagnostics.map { Problem($0, in: file) }
        guard let definition, !found.contains(where: { $0.severity == .error }) else { return found }
        // What the compiler writes must be a valid machine; if it is not, that is said before anything runs.
        let complaints = StateMachine.read(definition.compile().machine).diagnostics.filter { $0.severity == .error }
        return found
            + complaints.map {
                Problem(file: file.path, line: 1, pointer: "", severity: .error, code: "COMPILED_MACHINE_INVALID", message: "\($0.pointer): \($0.message)")
            }
    }

    /// `--parameter Name=Value` as the compiled machine's input.
    static func input(of pipeline: PipelineDefinition, parameters: [String], input: JSONValue?) throws -> JSONValue {
        var given: [String: JSONValue] = [:]
        for (name, value) in input?.object ?? JSONObject() { given[name] = value }
        for parameter in parameters {
            guard let sign = parameter.firstIndex(of: "=") else { throw Refusal("--parameter: found \(parameter), expected Name=Value") }
            given[String(parameter[..<sign])] = .string(String(parameter[parameter.index(after: sign)...]))
        }
        do {
            return try pipeline.executionInput(parameters: given)
        } catch {
            throw Refusal(error.description)
        }
    }
}

extension Problem {
    init(_ diagnostic: PipelineDiagnostic, in file: DefinitionFile) {
        self.init(
            file: file.path, line: file.line(of: diagnostic.pointer), pointer: diagnostic.pointer,
            severity: diagnostic.severity == .error ? .error : .warning, code: "PIPELINE",
            message: (diagnostic.step.map { "step '\($0)': " } ?? "") + diagnostic.message)
    }
}
