import ArgumentParser
import StatesLanguage

/// `sfn-run graph FILE`
struct GraphCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "graph",
        abstract: "Draws a machine as a Mermaid flowchart or in Graphviz's DOT.",
        discussion: """
            sfn-run graph machine.asl.json                                    for a Markdown page
            sfn-run graph machine.asl.json --format dot | dot -Tsvg > m.svg   for a picture
            """)

    @Argument(help: "The definition; - is standard input.")
    var file: String

    @Option(help: "mermaid or dot.")
    var format: Format = .mermaid

    enum Format: String, ExpressibleByArgument, CaseIterable { case mermaid, dot }

    func run() throws {
        try Refusal.reporting {
            let graph = StateGraph(try DefinitionFile.read(file).definition)
            printText(format == .mermaid ? MermaidWriter.text(graph) : DotWriter.text(graph))
        }
    }
}
