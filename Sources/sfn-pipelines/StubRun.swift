import JSON
import SageMakerPipelines
import StatesLanguage

/// Runs a compiled pipeline on the execution core with stubbed jobs and a clock of its own.
struct StubRun {
    let definition: PipelineDefinition
    let compiled: CompiledPipeline
    let machine: StateMachine
    private let values: StubValues

    init(definition: PipelineDefinition, compiled: CompiledPipeline, machine: StateMachine) {
        self.definition = definition
        self.compiled = compiled
        self.machine = machine
        values = StubValues(definition: definition)
    }

    /// nil: it ran to its end, which a Fail step may be.
    func problem() -> String? {
        let input: JSONValue
        do {
            input = try definition.executionInput(parameters: values.parameters())
        } catch {
            return error.description
        }
        let header = ExecutionHeader(
            arn: "arn:aws:states:us-east-1:123456789012:execution:P:stub", name: "stub",
            stateMachineARN: "arn:aws:states:us-east-1:123456789012:stateMachine:P", stateMachineName: "P",
            roleARN: "arn:aws:iam::123456789012:role/r", tokenKey: [1, 2, 3], seed: 42)
        var execution = Execution(machine: machine, header: header, quotas: .lifted)
        var stimuli: [Stimulus] = [.start(input: input)]
        var now: Int64 = 0
        var started: Set<String> = []
        while execution.isRunning || !stimuli.isEmpty {
            var next: [Stimulus] = []
            repeat {
                let (_, commands) = execution.advance(on: stimuli, at: Timestamp(milliseconds: now))
                stimuli = []
                for command in commands {
                    switch command {
                    case .invoke(let invocation), .offerActivity(let invocation):
                        started.insert(invocation.stateName)
                        next.append(.taskSucceeded(invocation.frame, scheduled: invocation.scheduled, output: values.answer(to: invocation, compiled)))
                    case .wake(let frame, let at):
                        now = max(now, at.milliseconds)
                        next.append(.wake(frame))
                    case .runMap, .cancelTask, .cancelMapRun: break
                    }
                }
            } while execution.hasReadyWork
            if execution.isRunning, next.isEmpty { return "stands still after \(started.count) tasks" }
            stimuli = execution.isRunning ? next : []
        }
        if execution.status == .succeeded || execution.error == "FailStep" { return nil }
        return "ended \(execution.status?.rawValue ?? "nowhere"): \(execution.error ?? "") \(execution.cause ?? "")"
    }
}
