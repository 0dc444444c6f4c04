import JSON
import LocalJobs
import SageMakerPipelines
import StatesLanguage

/// The steps of an execution, as ListPipelineExecutionSteps shows them: a fold over its history.
struct StepList {
    private struct Entry {
        let step: PipelineStep
        let started: Timestamp
        var ended: Timestamp?
        var status = "Executing"
        var attempts = 0
        var failure: String?
        var metadata = JSONObject()
        var cacheHit: JSONValue?
    }

    private let machine: StateMachine
    /// By the state that is the step.
    private let steps: [String: PipelineStep]
    private var entries: [Entry] = []
    private var running: [FrameID: Int] = [:]

    init(records definition: PipelineDefinition, machine: StateMachine) {
        self.machine = machine
        var steps: [String: PipelineStep] = [:]
        let known = Dictionary(definition.allSteps.map { ($0.step.name, $0.step) }, uniquingKeysWith: { first, _ in first })
        for placement in definition.compile().placements {
            if let state = placement.state { steps[state] = known[placement.step] }
        }
        self.steps = steps
    }

    mutating func apply(_ event: HistoryEvent) {
        switch event.kind {
        case .stateEntered(let state, _):
            guard let step = steps[machine[state].name] else {
                running[event.frame] = nil
                return
            }
            // A redrive enters a state again that did not succeed.
            if let again = entries.firstIndex(where: { $0.step.name == step.name && $0.status != "Succeeded" && $0.status != "Executing" }) {
                entries[again].status = "Executing"
                entries[again].ended = nil
                entries[again].failure = nil
                running[event.frame] = again
            } else {
                running[event.frame] = entries.count
                entries.append(Entry(step: step, started: event.timestamp))
            }
        case .taskScheduled: change(event.frame) { $0.attempts += 1 }
        case .note(.cacheDecided(let decision)):
            guard decision["Outcome"]?.string == "Hit", let source = decision["SourcePipelineExecutionArn"] else { break }
            change(event.frame) { $0.cacheHit = ["SourcePipelineExecutionArn": source] }
        case .taskSucceeded(_, let output): change(event.frame) { $0.metadata = Self.metadata($0.step, output) }
        case .taskFailed(_, _, let cause), .taskTimedOut(_, _, let cause):
            change(event.frame) { $0.failure = Self.reason(cause) }
        case .stateExited(let state, _, _, let next):
            let kind = machine[state].kind
            change(event.frame) { entry in
                entry.status = "Succeeded"
                entry.ended = event.timestamp
                entry.failure = nil
                if case .choice(let choice) = kind {
                    entry.metadata = JSONObject([("Condition", ["Outcome": next == choice.defaultNext ? "False" : "True"] as JSONValue)])
                }
            }
            running[event.frame] = nil
        case .note(.failed(_, let cause, _)): fail(event, cause)
        case .evaluationFailed(_, _, let cause, _): fail(event, cause)
        case .note(.retry):
            change(event.frame) {
                $0.status = "Executing"
                $0.ended = nil
            }
        case .stateAborted, .note(.stopped):
            change(event.frame) { entry in
                entry.status = "Stopped"
                entry.ended = event.timestamp
            }
        default: break
        }
    }

    private mutating func fail(_ event: HistoryEvent, _ cause: String?) {
        change(event.frame) { entry in
            entry.status = "Failed"
            entry.ended = event.timestamp
            entry.failure = entry.failure ?? Self.reason(cause)
            if entry.step.type == .fail { entry.metadata = JSONObject([("Fail", ["ErrorMessage": .string(cause ?? "")] as JSONValue)]) }
        }
    }

    private mutating func change(_ frame: FrameID, _ body: (inout Entry) -> Void) {
        guard let index = running[frame] else { return }
        body(&entries[index])
    }

    /// The newest first. `isOver`: what has not ended was stopped with the execution.
    func steps(isOver: Bool) -> [JSONValue] {
        entries.reversed().map { entry in
            var json = JSONObject([("StepName", JSONValue.string(entry.step.name))])
            json["StepDisplayName"] = entry.step.displayName.map { .string($0) }
            json["StartTime"] = .string(Timestamps.iso(entry.started.milliseconds))
            json["EndTime"] = entry.ended.map { .string(Timestamps.iso($0.milliseconds)) }
            let isLeft = isOver && entry.status == "Executing"
            json["StepStatus"] = .string(isLeft ? (entry.failure == nil ? "Stopped" : "Failed") : entry.status)
            json["AttemptCount"] = .integer(Int64(entry.attempts))
            if entry.status != "Succeeded" { json["FailureReason"] = entry.failure.map { .string($0) } }
            json["CacheHitResult"] = entry.cacheHit
            if !entry.metadata.isEmpty { json["Metadata"] = .object(entry.metadata) }
            return .object(json)
        }
    }

    /// `{"TrainingJob": {"Arn": …}}`
    private static func metadata(_ step: PipelineStep, _ result: JSONValue) -> JSONObject {
        if step.type == .lambda { return JSONObject([("Lambda", ["OutputParameters": result["Payload"] ?? .null] as JSONValue)]) }
        for noun in ["ProcessingJob", "TrainingJob", "TransformJob", "HyperParameterTuningJob", "AutoMLJob", "ModelPackage", "Model"] {
            guard let arn = result["\(noun)Arn"] else { continue }
            let key = noun == "HyperParameterTuningJob" ? "TuningJob" : noun == "ModelPackage" ? "RegisterModel" : noun
            return JSONObject([(key, ["Arn": arn] as JSONValue)])
        }
        return JSONObject()
    }

    /// A job's own reason, where the cause is its description.
    private static func reason(_ cause: String?) -> String? {
        guard let cause else { return nil }
        return (try? JSONValue(parsing: cause))?["FailureReason"]?.string ?? cause
    }
}
