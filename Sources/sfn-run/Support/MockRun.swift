import AWSAPI
import ExecutionDriver
import JSON
import StatesLanguage

/// One test case of a mock configuration, run in memory and in virtual time, and held against what it expects.
///
/// Expectations are an addition of sfn-run to the file of AWS Step Functions Local:
/// `{"Expectations": {MACHINE: {CASE: {"Input", "Status", "Output", "Error", "Path": [state names]}}}}`, each member optional.
struct MockRun {
    let name: String
    let status: ExecutionStatus
    let history: [HistoryEvent]
    let problems: [String]

    init(case name: String, of machineName: String, machine: StateMachine, mocks: MockConfiguration, expected: JSONValue?) {
        self.name = name
        var unmocked: [String] = []
        var driver = ExecutionDriver(machine: machine) { task in
            switch mocks.answer(machine: machineName, case: name, state: task.stateName, attempt: task.retryCount) {
            case .success(let output)?:
                return ExecutionDriver.Answer(.success(output), submitted: task.resource.pattern == .requestResponse ? nil : .object(JSONObject()))
            case .failure(let failure)?: return .failure(failure.error, failure.cause)
            case nil:
                unmocked.append(task.stateName)
                return .failure("States.TaskFailed", "The state '\(task.stateName)' has no mock in this test case")
            }
        }
        driver.run(expected?["Input"] ?? .object(JSONObject()))
        status = driver.execution.status ?? .running
        history = driver.history
        problems = Self.problems(driver.execution, driver.history, unmocked, expected, machine)
    }

    private static func problems(
        _ execution: Execution, _ history: [HistoryEvent], _ unmocked: [String], _ expected: JSONValue?, _ machine: StateMachine
    ) -> [String] {
        var problems = unmocked.map { "the state '\($0)' was reached and has no mock" }
        func compare(_ field: String, _ found: JSONValue?, _ wanted: JSONValue?) {
            guard let wanted, found != wanted else { return }
            problems.append("\(field): found \(found?.text() ?? "none"), expected \(wanted.text())")
        }
        let status = execution.status ?? .running
        // Without expectations a case must at least end well.
        compare("Status", .string(status.rawValue), expected?["Status"] ?? (expected?["Error"] == nil ? "SUCCEEDED" : nil))
        compare("Output", execution.output, expected?["Output"])
        compare("Error", execution.error.map { .string($0) }, expected?["Error"])
        compare("Path", .array(path(history, machine).map { .string($0) }), expected?["Path"])
        if status == .failed, problems.isEmpty == false, let cause = execution.cause { problems.append("cause: \(FailurePlace.short(cause))") }
        return problems
    }

    /// The names of the states in the order in which they were entered.
    private static func path(_ history: [HistoryEvent], _ machine: StateMachine) -> [String] {
        history.compactMap { event in
            guard case .stateEntered(let state, _) = event.kind else { return nil }
            return machine[state].name
        }
    }
}
