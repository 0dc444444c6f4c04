import Engine
import JSON
import ServiceIntegrations
import StatesLanguage
import Store

/// The mock configuration of AWS Step Functions Local: test cases of machines, and what their states answer.
///
/// `{"StateMachines": {NAME: {"TestCases": {CASE: {STATE: RESPONSE}}}}, "MockedResponses": {RESPONSE: {"0": {"Return": …},
/// "1-2": {"Throw": {"Error", "Cause"}}}}}`
package struct MockConfiguration: Sendable {
    private let value: JSONValue

    /// nil: not such a configuration; `problem` says why.
    package init(_ value: JSONValue) throws(MockProblem) {
        guard value["StateMachines"]?.object != nil else { throw MockProblem("/StateMachines: expected an object of machines") }
        guard value["MockedResponses"]?.object != nil else { throw MockProblem("/MockedResponses: expected an object of responses") }
        self.value = value
    }

    package struct MockProblem: Error, CustomStringConvertible {
        package let description: String
        init(_ description: String) { self.description = description }
    }

    package func hasCase(_ name: String, machine: String) -> Bool { value["StateMachines"]?[machine]?["TestCases"]?[name] != nil }

    package func cases(machine: String) -> [String] { value["StateMachines"]?[machine]?["TestCases"]?.object?.keys ?? [] }

    /// What a state answers at its n-th attempt. nil: it is not mocked and runs for real.
    package func answer(machine: String, case name: String, state: String, attempt: Int) -> Result<JSONValue, Failure>? {
        guard let response = value["StateMachines"]?[machine]?["TestCases"]?[name]?[state]?.string else { return nil }
        guard let steps = value["MockedResponses"]?[response]?.object else {
            return .failure(Failure(ErrorName.runtime, "The mocked response '\(response)' of state '\(state)' is not defined"))
        }
        for (key, step) in steps where Self.covers(key, attempt) {
            if let thrown = step["Throw"] { return .failure(Failure(thrown["Error"]?.string, thrown["Cause"]?.string)) }
            return .success(step["Return"] ?? .null)
        }
        return .failure(Failure(ErrorName.runtime, "The mocked response '\(response)' of state '\(state)' has no answer for attempt \(attempt)"))
    }

    /// `0`, `1-2`
    private static func covers(_ key: String, _ attempt: Int) -> Bool {
        let ends = key.split(separator: "-").compactMap { Int($0) }
        guard let first = ends.first, let last = ends.last else { return false }
        return (first...max(first, last)).contains(attempt)
    }
}

/// Answers a task from the mock configuration; completes a token itself.
package struct MockedTask: Integration {
    private let answer: Result<JSONValue, Failure>
    private let complete: @Sendable (String, TokenOutcome) async -> Void

    package init(_ answer: Result<JSONValue, Failure>, complete: @escaping @Sendable (String, TokenOutcome) async -> Void) {
        self.answer = answer
        self.complete = complete
    }

    package func perform(_ request: TaskRequest, report: any TaskReport) async throws(Failure) -> JSONValue {
        if request.resource.pattern != .requestResponse { report.submitted(MadeUpAnswer.submitted(request)) }
        guard request.resource.pattern == .waitForTaskToken, let token = request.taskToken else {
            let value = try answer.get()
            // A function called by its own ARN gives its payload alone.
            if case .lambdaFunction = request.resource.kind { return value["Payload"] ?? value }
            return MadeUpAnswer.completed(value, request.resource)
        }
        switch answer {
        case .success(let value): await complete(token, .success(value))
        case .failure(let failure): await complete(token, .failure(error: failure.error, cause: failure.cause))
        }
        return .object(JSONObject())
    }
}

extension StepFunctionsAPI {
    /// `arn:…:stateMachine:NAME#CASE`
    func splitMockCase(_ arn: String) -> (arn: String, mockCase: String?) {
        guard let mark = arn.firstIndex(of: "#") else { return (arn, nil) }
        return (String(arn[..<mark]), String(arn[arn.index(after: mark)...]))
    }

    func useMocks(_ mockCase: String?, _ request: inout StartRequest) throws(APIError) {
        guard let mockCase else { return }
        guard let mocks = options.mocks, mocks.hasCase(mockCase, machine: request.machine.name) else {
            throw .validation("The mock configuration has no test case '\(mockCase)' of '\(request.machine.name)'")
        }
        request.parameters["mockCase"] = .string(mockCase)
    }
}

extension EngineOptions {
    /// Lets executions that were started with a test case answer their tasks from `mocks`.
    package mutating func use(_ mocks: MockConfiguration, engine: @escaping @Sendable () -> ExecutionEngine?) {
        replacement = { task in
            // The children of a distributed Map run a machine called `NAME/LABEL`.
            let machine = task.stateMachineName.split(separator: "/").first.map(String.init) ?? task.stateMachineName
            guard let name = task.parameters["mockCase"]?.string,
                let answer = mocks.answer(machine: machine, case: name, state: task.stateName, attempt: task.retryCount)
            else { return nil }
            return MockedTask(answer) { token, outcome in try? await engine()?.completeTask(token: token, outcome) }
        }
    }
}
