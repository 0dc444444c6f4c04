import JSON
import StatesLanguage

/// What the tasks of generated machines answer: of the seed, the state, what the task got and how often it was tried, and of
/// nothing else, so that a run that is disturbed and taken up again gets the same answers.
package struct SeededAnswers {
    package var seed: UInt64
    /// Of a hundred answers: failures (E1, E2), and tasks that say nothing until they time out.
    package var failures = 0
    package var silences = 0
    /// Seconds that a task takes at most.
    package var slowestSeconds = 10

    package init(seed: UInt64, failures: Int = 0, silences: Int = 0) {
        self.seed = seed
        self.failures = failures
        self.silences = silences
    }

    package func answer(_ invocation: TaskInvocation) -> ExecutionDriver.Answer {
        answer(
            invocation.stateName, invocation.schedule.input, retryCount: invocation.retryCount,
            timesOut: invocation.schedule.timeoutSeconds != nil, pattern: invocation.resource.pattern)
    }

    /// How long it takes depends on `pace` too: another pace, another order of the same answers.
    package func answer(
        _ stateName: String, _ input: JSONValue, retryCount: Int, timesOut: Bool, pattern: TaskResource.Pattern, pace: UInt64 = 0
    ) -> ExecutionDriver.Answer {
        let what = "\(stateName) \(input["n"]?.text() ?? "") \(retryCount)"
        var numbers = SeededNumbers(seed: SeededNumbers.hash(what, seed))
        var answer: ExecutionDriver.Answer
        if numbers.percent(failures) {
            answer = .failure(numbers.pick(["E1", "E2"]), "the answer was chosen")
        } else if timesOut, numbers.percent(silences) {
            answer = .never
        } else {
            answer = .success(["of": .string(stateName), "n": .integer(Int64(numbers.number(0...9)))])
        }
        if pace != 0 { numbers = SeededNumbers(seed: SeededNumbers.hash(what, seed ^ pace)) }
        answer.afterSeconds = Double(numbers.number(0...(slowestSeconds * 10))) / 10
        if pattern != .requestResponse { answer.submitted = ["taken": true] }
        return answer
    }
}
