import JSON
import SageMakerPipelines
import StatesLanguage
import Testing

/// Runs a machine on the real engine's core with a virtual clock and stubbed tasks.
struct MachineRun {
    var trace = Trace()
    var events: [HistoryEvent] = []
    var error: String?
    var cause: String?
    private(set) var execution: Execution

    enum Answer {
        case success(JSONValue)
        case failure(String, String)
    }

    init?(_ machine: JSONValue) {
        let (read, diagnostics) = StateMachine.read(machine)
        guard let read else {
            Issue.record("the machine is not valid: \(diagnostics.map { "\($0)" }.joined(separator: "\n"))\n\(machine.text(.pretty))")
            return nil
        }
        let header = ExecutionHeader(
            arn: "arn:aws:states:us-east-1:123456789012:execution:P:e1", name: "e1",
            stateMachineARN: "arn:aws:states:us-east-1:123456789012:stateMachine:P", stateMachineName: "P",
            roleARN: "arn:aws:iam::123456789012:role/r", tokenKey: [1, 2, 3], seed: 42)
        execution = Execution(machine: read, header: header, quotas: .lifted)
    }

    /// `answer`: the milliseconds that a task takes, and what it comes to.
    mutating func run(input: JSONValue, steps: Set<String>, answer: (TaskInvocation) -> (Int64, Answer)) {
        var pending: [(at: Int64, order: Int, stimulus: Stimulus, name: String?)] = []
        var order = 0
        var now: Int64 = 0
        var atWork = 0
        var stimuli: [Stimulus] = [.start(input: input)]
        var turns = 0
        while true {
            repeat {
                let (new, commands) = execution.advance(on: stimuli, at: Timestamp(milliseconds: now))
                stimuli = []
                events += new
                for event in new { note(event, now, steps) }
                for command in commands {
                    order += 1
                    switch command {
                    case .invoke(let invocation), .offerActivity(let invocation):
                        let (duration, result) = answer(invocation)
                        if steps.contains(invocation.stateName) {
                            atWork += 1
                            trace.mostAtOnce = max(trace.mostAtOnce, atWork)
                            trace.payloads[invocation.stateName] = (invocation.schedule.input["Payload"] ?? invocation.schedule.input).text()
                        }
                        let stimulus: Stimulus =
                            switch result {
                            case .success(let output): .taskSucceeded(invocation.frame, scheduled: invocation.scheduled, output: output)
                            case .failure(let error, let cause): .taskFailed(invocation.frame, scheduled: invocation.scheduled, error: error, cause: cause)
                            }
                        pending.append((now + duration, order, stimulus, invocation.stateName))
                    case .wake(let frame, let at): pending.append((at.milliseconds, order, .wake(frame), nil))
                    case .runMap, .cancelTask, .cancelMapRun: break
                    }
                }
                turns += 1
            } while execution.hasReadyWork && turns < 100_000
            guard execution.isRunning, let next = pending.indices.min(by: { (pending[$0].at, pending[$0].order) < (pending[$1].at, pending[$1].order) }) else {
                break
            }
            let due = pending.remove(at: next)
            now = max(now, due.at)
            if let name = due.name, steps.contains(name) { atWork -= 1 }
            stimuli = [due.stimulus]
        }
        trace.succeeded = execution.status == .succeeded
        (error, cause) = (execution.error, execution.cause)
    }

    private mutating func note(_ event: HistoryEvent, _ now: Int64, _ steps: Set<String>) {
        switch event.kind {
        case .stateEntered(let state, _):
            let name = execution.machine[state].name
            guard steps.contains(name) else { return }
            if trace.started[name] == nil { trace.started[name] = now }
            if case .fail = execution.machine[state].kind { trace.statuses[name] = "Failed" } else { trace.statuses[name] = "Failed" }
        case .stateExited(let state, _, _, _):
            let name = execution.machine[state].name
            if steps.contains(name) { trace.statuses[name] = "Succeeded" }
        default: break
        }
    }
}
