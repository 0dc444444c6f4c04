import Engine
import JSON
import LocalPipelines
import SageMakerPipelines
import StatesLanguage
import Store

/// A pipeline's execution as the store has it.
struct StoredPipeline {
    let row: ExecutionRow
    let definition: PipelineDefinition
    let machine: StateMachine
    let input: JSONValue
    let steps: PipelineExecutionSteps
    /// `{SelectedSteps, SourcePipelineExecutionArn?}` of a selective execution.
    let selection: JSONValue?

    /// nil: the execution runs a machine, not a pipeline.
    init?(_ row: ExecutionRow, in store: Store) throws {
        let payload = try store.read { tx in try tx.payload(of: row.id) }
        let parameters = try JSONValue(parsing: payload?.parameters ?? "{}", limits: .stored)
        guard let definition = Self.definition(parameters) else { return nil }
        selection = parameters[PipelineRun.selectionKey]
        self.row = row
        self.definition = definition
        machine = try StoredExecution.machine(of: row, in: store).machine
        input = try JSONValue(parsing: payload?.input ?? "{}", limits: .stored)
        steps = PipelineExecutionSteps(definition: definition, machine: machine, events: try StoredExecution.allEvents(of: row, in: store))
    }

    static func find(_ name: String, in store: Store) throws -> StoredPipeline {
        let row = try StoredExecution.find(name, in: store)
        guard let pipeline = try StoredPipeline(row, in: store) else {
            throw Refusal("\(row.name) runs a state machine, not a pipeline: it has states, not steps; see `sfn-run history \(row.name)`")
        }
        return pipeline
    }

    /// The pipeline that an execution was started with, from what is kept beside it.
    static func definition(_ parameters: JSONValue) -> PipelineDefinition? {
        parameters[PipelineRun.definitionKey]?.object.map(PipelineDefinition.init(document:))
    }
}
