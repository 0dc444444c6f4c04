import JSON
import SageMakerPipelines

/// What a run came to, by step.
struct Trace: Equatable {
    /// Steps that did work, with the time they started; Conditions and Fail steps take none and are listed by their time too.
    var started: [String: Int64] = [:]
    var statuses: [String: String] = [:]
    var payloads: [String: String] = [:]
    var succeeded = false
    var mostAtOnce = 0
}

/// Runs a definition as spec section 2 says, without any machine.
struct ReferenceInterpreter {
    let pipeline: RandomPipeline
    private struct Step {
        let step: PipelineStep
        let pointer: String
        let container: (String, Bool)?
        var waits: [(String, String)]
    }

    func run() -> Trace {
        var trace = Trace()
        let placed = pipeline.definition.allSteps
        var steps: [String: Step] = [:]
        var order: [String] = []
        for item in placed {
            let container = item.parent.map { (placed[$0].step.name, item.branch == "IfSteps") }
            var waits = item.step.dependsOn.map { ($0.step, $0.trigger.rawValue) }
            waits += Self.reads(item.step).map { ($0, "Succeeded") }
            steps[item.step.name] = Step(step: item.step, pointer: item.pointer, container: container, waits: waits)
            order.append(item.step.name)
        }
        let impossible = Self.impossible(steps, order)
        // Somebody waits for its failure, so it is no failure of the pipeline.
        var handled: Set<String> = []
        for (name, step) in steps where !impossible.contains(name) {
            for (other, trigger) in step.waits where trigger == "Failed" || trigger == "Any" { handled.insert(other) }
        }
        var values: [String: String] = [:]
        var running: [(end: Int64, name: String)] = []
        var now: Int64 = 0
        var isDraining = false
        while true {
            var again = true
            while again, !isDraining {
                again = false
                for name in order where trace.statuses[name] == nil && !impossible.contains(name) {
                    guard !isDraining, let step = steps[name], isReady(step, trace) else { continue }
                    again = true
                    trace.started[name] = now
                    switch step.step.typeName {
                    case "Condition": trace.statuses[name] = "Succeeded"
                    case "Fail":
                        trace.statuses[name] = "Failed"
                        isDraining = true
                    default:
                        trace.statuses[name] = "Executing"
                        trace.payloads[name] = payload(step.step, values)
                        running.append((now + (pipeline.durations[name] ?? 1), name))
                        trace.mostAtOnce = max(trace.mostAtOnce, running.count)
                    }
                }
            }
            guard let next = running.indices.min(by: { running[$0].end < running[$1].end }) else { break }
            let done = running.remove(at: next)
            now = done.end
            if pipeline.failing.contains(done.name) {
                trace.statuses[done.name] = "Failed"
                if !handled.contains(done.name) { isDraining = true }
            } else {
                trace.statuses[done.name] = "Succeeded"
                values[done.name] = RandomPipeline.result((try? JSONValue(parsing: trace.payloads[done.name] ?? "")) ?? .null)
            }
        }
        trace.succeeded = !isDraining
        return trace
    }

    private func isReady(_ step: Step, _ trace: Trace) -> Bool {
        if let (condition, outcome) = step.container {
            guard trace.statuses[condition] == "Succeeded", pipeline.outcomes[condition] == outcome else { return false }
        }
        return step.waits.allSatisfy { other, trigger in
            switch trigger {
            case "Succeeded": trace.statuses[other] == "Succeeded"
            case "Failed": trace.statuses[other] == "Failed"
            case "Any": trace.statuses[other] == "Succeeded" || trace.statuses[other] == "Failed"
            default: false
            }
        }
    }

    private func payload(_ step: PipelineStep, _ values: [String: String]) -> String {
        JSONValue.object(
            step.arguments.mapValues { value in
                guard case .object = value, let text = value["Get"]?.string else { return value }
                return .string(values[Self.name(in: text)] ?? "missing")
            }
        ).text()
    }

    private static func name(in reference: String) -> String { String(reference.split(separator: ".")[1]) }

    private static func reads(_ step: PipelineStep) -> [String] {
        var found: [String] = []
        func visit(_ value: JSONValue) {
            switch value {
            case .array(let elements): elements.forEach(visit)
            case .object(let object):
                if let text = object["Get"]?.string, text.hasPrefix("Steps.") { found.append(name(in: text)) }
                for (key, member) in object where key != "IfSteps" && key != "ElseSteps" { visit(member) }
            default: break
            }
        }
        visit(.object(step.arguments))
        return found
    }

    /// Steps that need both outcomes of one Condition.
    private static func impossible(_ steps: [String: Step], _ order: [String]) -> Set<String> {
        var needs: [String: [String: Bool]] = [:]
        var result: Set<String> = []
        // Every step refers to steps with a smaller number only.
        for name in order.sorted(by: { Int($0.dropFirst()) ?? 0 < Int($1.dropFirst()) ?? 0 }) {
            guard let step = steps[name] else { continue }
            var own: [String: Bool] = [:]
            func add(_ other: String) {
                if result.contains(other) { result.insert(name) }
                for (condition, outcome) in needs[other] ?? [:] {
                    if own[condition] ?? outcome != outcome { result.insert(name) }
                    own[condition] = outcome
                }
            }
            step.waits.forEach { add($0.0) }
            if let (condition, outcome) = step.container {
                add(condition)
                if own[condition] ?? outcome != outcome { result.insert(name) }
                own[condition] = outcome
            }
            needs[name] = own
        }
        return result
    }
}
