import ArgumentParser
import SageMakerPipelines
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
            let file = try DefinitionFile.read(file)
            // A pipeline is drawn as the machine that runs it.
            let drawn = try file.content == .pipeline ? PipelineFile.definition(of: file).compile(CompileOptions(name: file.name)).machine : file.definition
            let graph = StateGraph(drawn)
            printText(format == .mermaid ? MermaidWriter.text(graph) : DotWriter.text(graph))
        }
    }
}
