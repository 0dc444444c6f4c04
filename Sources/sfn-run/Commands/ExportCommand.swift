import ArgumentParser
import StatesLanguage

/// `sfn-run export FILE`
struct ExportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Writes a machine as strict Step Functions JSON, canonical and stable.",
        discussion: """
            The machine alone goes to standard output; what an extension of sfn-run loses on the way is told on \
            standard error. Exporting what was exported changes nothing.
            """)

    @Argument(help: "The definition; - is standard input.")
    var file: String

    @Option(help: "step-functions, mermaid or dot.")
    var to: Target = .stepFunctions

    @Option(name: .shortAndLong, help: "Write to this file instead of standard output.")
    var output: String?

    enum Target: String, ExpressibleByArgument, CaseIterable {
        case stepFunctions = "step-functions"
        case mermaid, dot
    }

    func run() throws {
        try Refusal.reporting {
            let file = try DefinitionFile.read(file)
            let problems = Examination.problems(of: file)
            if problems.contains(where: { $0.severity == .error }) {
                problems.forEach { printNote($0.text) }
                throw ExitCode.invalidDefinition
            }
            let text: String
            switch to {
            case .mermaid: text = MermaidWriter.text(StateGraph(file.definition))
            case .dot: text = DotWriter.text(StateGraph(file.definition))
            case .stepFunctions:
                let strict = StrictDefinition(file.definition)
                for note in strict.notes {
                    printNote("\(file.path):\(file.line(of: note.pointer)): \(note.isRefusal ? "error" : "note") at \(note.pointer): \(note.message)")
                }
                if strict.notes.contains(where: \.isRefusal) { throw ExitCode.invalidDefinition }
                text = CanonicalDefinition(strict.definition).text
            }
            if let output {
                try Files.write(Array(text.utf8), to: output)
            } else {
                printText(text)
            }
        }
    }
}
