import ArgumentParser
import JSON
import Store

/// `sfn-run steps EXECUTION`
struct StepsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "steps",
        abstract: "Shows the steps of a pipeline's execution: status, attempts, duration, metrics.",
        discussion: "Steps of a branch that was not taken, and steps that have not started, are not listed, as on SageMaker.")

    @OptionGroup var place: StorePlace

    @Argument(help: "Its name or ARN.")
    var execution: String

    @Flag(help: "One JSON array, as ListPipelineExecutionSteps gives it, in the order in which the steps started.")
    var json = false

    func run() throws {
        try Refusal.reporting {
            let pipeline = try StoredPipeline.find(execution, in: try place.open().store)
            if json { return printOutput(JSONValue.array(pipeline.steps.steps.map(\.json)).text(.pretty)) }
            printOutput(StepTable(style: .plain, limit: .max).lines(pipeline.steps, now: .current).joined(separator: "\n"))
        }
    }
}
