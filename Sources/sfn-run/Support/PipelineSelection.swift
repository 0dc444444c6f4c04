import ArgumentParser
import JSON
import LocalPipelines
import SageMakerPipelines
import Store

/// `--from-step`, `--steps`, `--reference`
struct SelectionOptions: ParsableArguments {
    @Option(help: "A pipeline: run this step and what follows from it, with what an earlier execution left for the others.")
    var fromStep: String?

    @Option(help: "A pipeline: run these steps alone (a,b,c), with what an earlier execution left for the others.")
    var steps: String?

    @Option(help: "The execution that the other steps' results come from (else the latest one that has them).")
    var reference: String?

    var isEmpty: Bool { fromStep == nil && steps == nil }

    func validate() throws {
        if fromStep != nil, steps != nil { throw ValidationError("say --from-step or --steps, not both") }
        if isEmpty, reference != nil { throw ValidationError("--reference goes with --from-step or --steps") }
    }
}

/// Steps that are to run, and the execution that stands for the others (spec 2.6).
struct PipelineSelection {
    /// What is compiled: the selected steps, behind those whose results are taken.
    let definition: PipelineDefinition
    let reused: [String: JSONObject]
    let reference: StoredPipeline?
    /// `{SelectedSteps, SourcePipelineExecutionArn?}`
    let config: JSONValue

    init(_ options: SelectionOptions, of whole: PipelineDefinition, name: String, in store: Store) throws {
        do {
            let names: [String]
            if let from = options.fromStep {
                names = SelectiveExecution.steps(from: from, in: whole)
                if names.isEmpty { throw SelectionError(description: "The selected step '\(from)' is not in the pipeline") }
            } else {
                names = (options.steps ?? "").split(separator: ",").map { Self.trimmed($0) }.filter { !$0.isEmpty }
            }
            let limit = options.fromStep == nil ? 50 : nil
            // Mistakes in the selection itself come before any look for a reference.
            let selection = try SelectiveExecution(whole, selecting: names, hasReference: true, atMost: limit)
            let candidates = selection.reused.isEmpty ? [] : try Self.candidates(options.reference, name, store)
            if candidates.isEmpty { _ = try SelectiveExecution(whole, selecting: names, hasReference: false, atMost: limit) }
            let found = try Self.first(candidates, selection, whole)
            (definition, reused) = (found.definition, found.reused)
            reference = found.reference
            var config = JSONObject([("SelectedSteps", .array(selection.selected.map { ["StepName": .string($0)] }))])
            config["SourcePipelineExecutionArn"] = (reference?.row.arn).map { .string($0) }
            self.config = .object(config)
        } catch let error as SelectionError {
            throw Refusal(error.description)
        }
    }

    /// The named execution, or every one of this pipeline that has ended, the latest first.
    private static func candidates(_ reference: String?, _ name: String, _ store: Store) throws -> [StoredPipeline] {
        if let reference {
            let pipeline = try StoredPipeline.find(reference, in: store)
            guard pipeline.row.status.isEnded else { throw Refusal("the reference execution \(pipeline.row.name) is still running: it must have ended") }
            return [pipeline]
        }
        let rows = try store.read { tx in try tx.executions(ExecutionFilter(), limit: 500) }
        return try rows.lazy.filter { $0.status.isEnded && $0.stateMachineARN.hasSuffix(":stateMachine:\(name)") }.compactMap {
            try StoredPipeline($0, in: store)
        }
    }

    /// The first candidate that has what the selected steps need; the complaint about the first where none has.
    private static func first(
        _ candidates: [StoredPipeline], _ selection: SelectiveExecution, _ whole: PipelineDefinition
    )
        throws -> (definition: PipelineDefinition, reused: [String: JSONObject], reference: StoredPipeline?)
    {
        var complaint: SelectionError?
        for candidate in candidates {
            do throws(SelectionError) {
                let found = try selection.pipeline(of: whole, reference: candidate.steps, referenceARN: candidate.row.arn)
                return (found.definition, found.reused, candidate)
            } catch {
                if complaint == nil { complaint = error }
            }
        }
        if let complaint { throw complaint }
        let alone = try selection.pipeline(of: whole, reference: nil, referenceARN: nil)
        return (alone.definition, alone.reused, nil)
    }

    private static func trimmed(_ text: Substring) -> String {
        var text = text
        while text.first == " " { text.removeFirst() }
        while text.last == " " { text.removeLast() }
        return String(text)
    }
}
