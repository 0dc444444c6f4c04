import ArgumentParser
import JSON
import SageMakerPipelines
import StatesLanguage

/// `sfn-run compile PIPELINE`
struct CompileCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "compile",
        abstract: "Shows the state machine that a SageMaker pipeline becomes.",
        discussion: "The machine alone goes to standard output; with --explain, how each step was placed and why goes to standard error.")

    @Argument(help: "The definition that the SageMaker SDK's pipeline.definition() wrote; - is standard input.")
    var file: String

    @Option(help: "At most so many steps at once.")
    var maxParallel: Int?

    @Flag(help: "Say how each step was placed, and why.")
    var explain = false

    func run() throws {
        try Refusal.reporting {
            if let most = maxParallel, most < 1 { throw Refusal("--max-parallel: expected a number above 0") }
            let file = try DefinitionFile.read(file)
            guard file.content == .pipeline else { throw Refusal("\(file.path) is no pipeline: it has no Steps", .invalidDefinition) }
            let pipeline = try PipelineFile.definition(of: file)
            let compiled = pipeline.compile(CompileOptions(maxParallelExecutionSteps: maxParallel, name: file.name))
            printText(compiled.machine.text(.pretty) + "\n")
            compiled.notes.forEach { printNote("note: \($0)") }
            guard explain else { return }
            var table = Table("STEP", "TYPE", "STATE", "WHY")
            for placement in compiled.placements {
                table.add(placement.step, placement.type, placement.state ?? "-", placement.reason)
            }
            printNote(table.text)
        }
    }
}
