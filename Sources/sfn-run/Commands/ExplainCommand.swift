import ArgumentParser
import JSON
import SageMakerPipelines
import Store

/// `sfn-run explain EXECUTION STEP`
struct ExplainCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain",
        abstract: "Says why a step of a pipeline's execution ran or was reused, field by field.",
        discussion: "With one name it is a step, and the execution is the latest one of a pipeline that has it.")

    @OptionGroup var place: StorePlace

    @Argument(help: "The execution's name or ARN, and the step's; or the step's alone.")
    var names: [String]

    @Flag(help: "What the cache was asked and said, as JSON.")
    var json = false

    func validate() throws {
        guard names.count == 1 || names.count == 2 else { throw ValidationError("expected EXECUTION STEP, or STEP alone") }
    }

    func run() throws {
        try Refusal.reporting {
            let store = try place.open().store
            let step = names[names.count - 1]
            let pipeline = try names.count == 2 ? StoredPipeline.find(names[0], in: store) : Self.latest(with: step, in: store)
            let declared = pipeline.definition.allSteps.map(\.step.name)
            guard declared.contains(step) || pipeline.steps[step] != nil else {
                throw Refusal("the pipeline has no step named \(step); it has \(declared.joined(separator: ", "))")
            }
            let explanation = StepExplanation(pipeline: pipeline, name: step)
            printOutput(json ? explanation.json.text(.pretty) : explanation.lines.joined(separator: "\n"))
        }
    }

    private static func latest(with step: String, in store: Store) throws -> StoredPipeline {
        let rows = try store.read { tx in try tx.executions(ExecutionFilter(), limit: 1000) }
        for row in rows {
            if let pipeline = try StoredPipeline(row, in: store), pipeline.definition.allSteps.contains(where: { $0.step.name == step }) { return pipeline }
        }
        throw Refusal("no execution here is one of a pipeline with a step named \(step); `sfn-run list` shows what has run")
    }
}
