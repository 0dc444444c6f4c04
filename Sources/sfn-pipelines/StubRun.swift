import JSON
import SageMakerPipelines
import StatesLanguage

/// Runs a pipeline's machine on the execution core with stubbed jobs and a clock of its own.
struct StubRun {
    let definition: PipelineDefinition
    let placements: [StepPlacement]
    let machine: StateMachine
    private let values: StubValues

    /// What a state was asked and answered the first time.
    struct Call {
        let request: JSONValue
        let answer: JSONValue
    }

    struct Result {
        var input: JSONValue = .null
        var status = ""
        var error: String?
        var cause: String?
        var output: JSONValue?
        var calls: [String: Call] = [:]
        var entered: Set<String> = []
        /// It did not come to an end.
        var problem: String?
    }

    init(definition: PipelineDefinition, placements: [StepPlacement], machine: StateMachine) {
        self.definition = definition
        self.placements = placements
        self.machine = machine
        values = StubValues(definition: definition)
    }

    /// nil: it ran to its end, which a Fail step may be.
    func problem() -> String? {
        let result = run()
        if let problem = result.problem { return problem }
        if result.status == "SUCCEEDED" || result.error == "FailStep" { return nil }
        return "ended \(result.status): \(result.error ?? "") \(result.cause ?? "")"
    }

    func run() -> Result {
        var result = Result()
        let input: JSONValue
        do {
            input = try definition.executionInput(parameters: values.parameters())
        } catch {
            result.problem = error.description
            return result
        }
        result.input = input
        let header = ExecutionHeader(
            arn: "arn:aws:states:us-east-1:123456789012:execution:P:stub", name: "stub",
            stateMachineARN: "arn:aws:states:us-east-1:123456789012:stateMachine:P", stateMachineName: "P",
            roleARN: "arn:aws:iam::123456789012:role/r", tokenKey: [1, 2, 3], seed: 42)
        var execution = Execution(machine: machine, header: header, quotas: .lifted)
        var stimuli: [Stimulus] = [.start(input: input)]
        var now: Int64 = 0
        while execution.isRunning || !stimuli.isEmpty {
            var next: [Stimulus] = []
            repeat {
                let (events, commands) = execution.advance(on: stimuli, at: Timestamp(milliseconds: now))
                stimuli = []
                for event in events {
                    if case .stateEntered(let state, _) = event.kind { result.entered.insert(machine[state].name) }
                }
                for command in commands {
                    switch command {
                    case .invoke(let invocation), .offerActivity(let invocation):
                        let call =
                            result.calls[invocation.stateName] ?? Call(request: invocation.schedule.input, answer: values.answer(to: invocation, placements))
                        result.calls[invocation.stateName] = call
                        // Items of a Map ask for different things, and get answers of their own.
                        let answer = invocation.schedule.input == call.request ? call.answer : values.answer(to: invocation, placements)
                        next.append(.taskSucceeded(invocation.frame, scheduled: invocation.scheduled, output: answer))
                    case .wake(let frame, let at):
                        now = max(now, at.milliseconds)
                        next.append(.wake(frame))
                    case .runMap, .cancelTask, .cancelMapRun: break
                    }
                }
            } while execution.hasReadyWork
            if execution.isRunning, next.isEmpty {
                result.problem = "stands still after \(result.calls.count) tasks"
                return result
            }
            stimuli = execution.isRunning ? next : []
        }
        result.status = execution.status?.rawValue ?? ""
        result.error = execution.error
        result.cause = execution.cause
        result.output = execution.output
        return result
    }
}
