import Engine
import JSON
import ServiceIntegrations
import StatesLanguage
import Synchronization

extension StepFunctionsAPI {
    func testState(_ parameters: Parameters) async throws -> JSONValue {
        let mock = parameters["mock"]
        let setup = parameters["stateConfiguration"]
        if mock?["result"] != nil, mock?["errorOutput"] != nil {
            throw APIError.validation("A test mock should have only one of the following fields: [result, errorOutput].")
        }
        if mock != nil, parameters.bool("revealSecrets") == true {
            throw APIError.validation("TestState does not support RevealSecrets when a mock is specified.")
        }
        if mock == nil, setup?["mapIterationFailureCount"] != nil {
            throw APIError.validation("TestState does not support MapIterationFailureCount when a mock is not specified.")
        }
        if mock == nil, setup?["errorCausedByState"] != nil {
            throw APIError.validation("TestState does not support ErrorCausedByState when a mock is not specified.")
        }
        if mock == nil, parameters["context"] != nil {
            throw APIError.validation("TestState does not support Context when a mock is not specified.")
        }
        let (machine, state) = try testedState(parameters)
        try ARN.checkRole(parameters.text("roleArn"))
        try checkMock(mock, state, roleARN: parameters.text("roleArn"))
        let text = parameters.text("input") ?? "{}"
        let now = engine.options.clock()
        var test = StateTest(machine: machine, state: state, now: now, seed: UInt64.random(in: .min ... .max))
        do { test.input = try JSONValue(parsing: text) } catch {
            throw APIError("InvalidExecutionInput", "Invalid State Machine Execution Input: '\(error.message)'")
        }
        if let variables = parameters.text("variables") {
            guard let object = (try? JSONValue(parsing: variables))?.object else {
                throw APIError.validation("Variables must be a valid JSON object")
            }
            test.variables = object
        }
        test.retrierRetryCount = setup?["retrierRetryCount"]?.wholeNumber.map(Int.init(clamping:)) ?? 0
        test.mapIterationFailureCount = setup?["mapIterationFailureCount"]?.wholeNumber.map(Int.init(clamping:))
        if let data = setup?["mapItemReaderData"]?.string {
            guard let value = try? JSONValue(parsing: data) else { throw APIError.validation("Map item reader data must be valid JSON") }
            test.mapItemReaderData = value
        }
        let role = parameters.text("roleArn") ?? "arn:aws:iam::\(account):role/TestState"
        if let context = parameters.text("context") {
            test.context = try TestContext.read(context, of: state)
        } else {
            test.context = TestContext.made(
                for: state, input: test.input, role: role, retryCount: test.retrierRetryCount, now: now, region: region, account: account)
        }
        test.mock = try readMock(mock, state)
        if let failures = test.mapIterationFailureCount, let count = test.itemCount, failures > count {
            throw APIError.validation("Map iteration failure count must be less than or equal to the number of Map iterations")
        }
        let report = TestReport()
        let outcome = try await evaluate(&test, role: role, report)
        let spelling = Spelling(text, mock?["result"]?.string, parameters.text("context"), setup?["mapItemReaderData"]?.string)
        let level = parameters.text("inspectionLevel") ?? "INFO"
        var answer = shown(outcome, level: level, spelling)
        if level == "TRACE", let exchange = report.exchange, case .object(var object) = answer, case .object(var inspection)? = object["inspectionData"] {
            let (request, response) = exchange.inspection(revealSecrets: parameters.bool("revealSecrets") ?? false)
            inspection["request"] = request
            if let response { inspection["response"] = response }
            object["inspectionData"] = .object(inspection)
            answer = .object(object)
        }
        return answer
    }

    // MARK: the definition

    /// A state of a machine, or a state alone: its targets are made up, and it is called as AWS calls it.
    private func testedState(_ parameters: Parameters) throws -> (StateMachine, State) {
        let text = parameters.required("definition")
        let name = parameters.text("stateName")
        var definition: JSONValue?
        if name == nil, let object = (try? JSONValue(parsing: text))?.object { definition = Self.wrapped(object) }
        let (machine, diagnostics) = definition.map { StateMachine.read($0) } ?? StateMachine.read(text: text)
        let errors = diagnostics.filter { $0.severity == .error }
        guard errors.isEmpty, let machine else {
            let prefix = "/States/\(Self.loneName)"
            let shown = errors.map { diagnostic in
                var place = diagnostic.location ?? "null"
                if definition != nil, place.hasPrefix(prefix) { place = String(place.dropFirst(prefix.count)) }
                return "\(diagnostic.code): \(diagnostic.message) at \(place)"
            }
            throw APIError("InvalidDefinition", "Invalid State Machine Definition: '\(shown.joined(separator: ", "))'")
        }
        guard let state = machine.states.first(where: { $0.name == name ?? Self.loneName }) else {
            throw APIError.validation("State not found in definition")
        }
        return (machine, state)
    }

    private static let loneName = "StateName"

    private static func wrapped(_ state: JSONObject) -> JSONValue {
        var targets = [state["Next"], state["Default"]]
        for list in ["Choices", "Catch"] {
            for entry in state[list]?.array ?? [] { targets.append(entry["Next"]) }
        }
        var states = JSONObject()
        states[loneName] = .object(state)
        for case .string(let target)? in targets where states[target] == nil { states[target] = ["Type": "Succeed"] }
        return ["StartAt": .string(loneName), "States": .object(states)]
    }

    // MARK: the mock

    private func checkMock(_ mock: JSONValue?, _ state: State, roleARN: String?) throws {
        switch (state.kind, mock) {
        case (.map, nil), (.parallel, nil):
            throw APIError(
                "InvalidDefinition",
                "TestState API does not support Map or Parallel states. Supported state types include: [Task, Wait, Pass, Succeed, Fail, Choice]")
        case (.task, nil) where roleARN == nil: throw APIError.validation("RoleArn must be specified when testing a Task state")
        case (_, nil), (.task, _), (.map, _), (.parallel, _): return
        default: throw APIError.validation("State type '\(state.typeName)' is not supported when a mock is specified")
        }
    }

    private func readMock(_ mock: JSONValue?, _ state: State) throws(APIError) -> StateTest.Mock? {
        guard let mock else { return nil }
        if let text = mock["result"]?.string {
            let result = try MockedResult.read(text)
            try MockedResult.check(result, state, MockedResult.Mode(rawValue: mock["fieldValidationMode"]?.string ?? "STRICT") ?? .strict)
            return .result(result)
        }
        if let error = mock["errorOutput"] { return .error(error["error"]?.string, cause: error["cause"]?.string) }
        throw .validation("A test mock should have one of the following fields: [result, errorOutput].")
    }

    // MARK: evaluation

    private func evaluate(_ test: inout StateTest, role: String, _ report: TestReport) async throws -> StateTest.Outcome {
        switch test.start() {
        case .ended(let outcome): return outcome
        case .task(let resource, let schedule):
            guard resource.kind != .activity, resource.pattern == .requestResponse else {
                throw APIError(
                    "InvalidDefinition",
                    "TestState API does not support Activity tasks or the .sync and .waitForTaskToken service integration patterns")
            }
            guard let integration = engine.taskIntegration(resource) else {
                return test.finish(.failure(.runtime("Nothing here runs the resource \(resource.arn): name it in sfn-run.json")))
            }
            let id = SecureRandom.uuid()
            let request = TaskRequest(
                taskID: id, executionARN: "arn:aws:states:\(region):\(account):express:TestState:\(id)", executionName: id,
                stateMachineName: "TestState", roleARN: role, stateName: test.state.name, resource: resource, input: schedule.input,
                credentialsRoleARN: schedule.credentialsRoleARN, timeoutSeconds: schedule.timeoutSeconds)
            return test.finish(await Self.perform(integration, request, report, seconds: min(schedule.timeoutSeconds ?? 300, 300)))
        }
    }

    /// As long as the state's limit, and AWS's five minutes, allow.
    private static func perform(
        _ integration: any Integration, _ request: TaskRequest, _ report: TestReport, seconds: Int
    ) async -> Result<JSONValue, Failure> {
        await withTaskGroup(of: Result<JSONValue, Failure>.self) { group in
            group.addTask {
                do throws(Failure) {
                    return .success(try await integration.perform(request, report: report))
                } catch {
                    return .failure(error)
                }
            }
            group.addTask {
                try? await Task.sleep(for: .seconds(seconds))
                return .failure(Failure(ErrorName.timeout))
            }
            let first = await group.next() ?? .failure(Failure(ErrorName.timeout))
            group.cancelAll()
            return first
        }
    }

    // MARK: the answer

    private func shown(_ outcome: StateTest.Outcome, level: String, _ spelling: Spelling) -> JSONValue {
        var result = JSONObject()
        if let output = outcome.output { result["output"] = .string(spelling.text(output)) }
        result.set("error", outcome.error)
        result.set("cause", outcome.cause)
        if level != "INFO" {
            var inspection = JSONObject()
            for (name, value) in outcome.inspection.data { inspection[name] = .string(spelling.text(value)) }
            for (name, value) in outcome.inspection.numbers { inspection[name] = value }
            if !outcome.inspection.errorDetails.isEmpty { inspection["errorDetails"] = .object(outcome.inspection.errorDetails) }
            result["inspectionData"] = .object(inspection)
        }
        result.set("nextState", outcome.nextState)
        result["status"] = .string(outcome.status.rawValue)
        return .object(result)
    }
}

/// A tested task has nobody to tell but of its HTTP exchange.
private final class TestReport: TaskReport {
    private let kept = Mutex<HTTPExchange?>(nil)
    var exchange: HTTPExchange? { kept.withLock { $0 } }

    func submitted(_ response: JSONValue) {}
    func log(_ bytes: [UInt8]) {}
    func heartbeat() {}
    func exchanged(_ exchange: HTTPExchange) { kept.withLock { $0 = exchange } }
    var isShuttingDown: Bool { false }
}
