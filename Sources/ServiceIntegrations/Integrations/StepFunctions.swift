import JSON
import StatesLanguage

/// `arn:aws:states:::states:startExecution[.sync|.sync:2|.waitForTaskToken]` of another Step Functions.
///
/// An execution without a name is named after the task, so that a restarted engine starts no second one: it asks for the
/// execution first, because Step Functions refuses the name of one that has ended meanwhile.
extension OptimizedService {
    package static let stepFunctions = OptimizedService(
        "states", service: "sfn",
        ErrorNaming(prefix: "StepFunctions", base: "AWSStepFunctionsException", label: "AWSStepFunctions"),
        [
            "startExecution": OptimizedAction(
                "startExecution",
                job: JobPattern(
                    describe: { input, started in
                        executionARN(input, started).map { .init("describeExecution", ["ExecutionArn": $0]) }
                    },
                    state: executionState,
                    stop: { input, started in executionARN(input, started).map { .init("stopExecution", ["ExecutionArn": $0]) } },
                    recovery: .byName(hasSameInput))
            ).with {
                $0.prepare = { (input, request) throws(Failure) in
                    guard var object = input.object else { return input }
                    if request.resource.pattern != .requestResponse, object["Name"] == nil { object["Name"] = .string(request.taskID) }
                    return .object(object)
                }
            }
        ])

    /// Of the answer to the start; without one, of the machine's (`arn:aws:states:REGION:ACCOUNT:stateMachine:MACHINE`, perhaps
    /// with a version or an alias) and the name.
    @Sendable private static func executionARN(_ input: JSONValue, _ started: JSONValue) -> JSONValue? {
        if let arn = started["ExecutionArn"] { return arn }
        guard let name = input["Name"]?.string, var parts = input["StateMachineArn"]?.string?.split(separator: ":"), parts.count >= 7,
            parts[5] == "stateMachine"
        else { return nil }
        parts[5] = "execution"
        return .string(parts[..<7].joined(separator: ":") + ":" + name)
    }

    /// As Step Functions tells the same call from another one of the same name.
    @Sendable private static func hasSameInput(_ input: JSONValue, _ description: JSONValue) -> Bool {
        let sent = input["Input"] ?? .object(JSONObject())
        let json = sent.string.flatMap { try? JSONValue(parsing: $0) } ?? sent
        return json == description["Input"]?.string.flatMap { try? JSONValue(parsing: $0) }
    }

    /// `.sync`: input and output as texts; `.sync:2` turns them into JSON (see `StepFunctionsSync2`).
    private static func executionState(_ description: JSONValue) -> JobPattern.State {
        let shown = execution(description)
        switch description["Status"]?.string {
        case "SUCCEEDED": return .succeeded(shown)
        case "FAILED", "TIMED_OUT", "ABORTED": return .failed(shown)
        default: return .running
        }
    }

    private static let members = [
        "Cause", "Error", "ExecutionArn", "Input", "InputDetails", "Name", "Output", "OutputDetails", "StartDate",
        "StateMachineArn", "Status", "StopDate",
    ]

    private static func execution(_ description: JSONValue) -> JSONValue {
        var result = JSONObject()
        for member in members { if let value = description[member], !value.isNull { result[member] = value } }
        return .object(result)
    }
}

/// `.sync:2`: the input and output of the nested execution are JSON, not texts that hold JSON.
package struct StepFunctionsStart: Integration {
    private let inner: OptimizedIntegration

    package init(_ inner: OptimizedIntegration) { self.inner = inner }

    package func perform(_ request: TaskRequest, report: any TaskReport) async throws(Failure) -> JSONValue {
        guard request.resource.pattern == .sync2 else { return try await inner.perform(request, report: report) }
        do throws(Failure) {
            return Self.opened(try await inner.perform(request, report: report))
        } catch {
            guard error.error == ErrorName.taskFailed, let cause = error.cause, let json = try? JSONValue(parsing: cause) else {
                throw error
            }
            throw Failure(error.error, Self.opened(json).text())
        }
    }

    private static func opened(_ execution: JSONValue) -> JSONValue {
        guard var object = execution.object else { return execution }
        for member in ["Input", "Output"] {
            if let text = object[member]?.string, let value = try? JSONValue(parsing: text) { object[member] = value }
        }
        return .object(object)
    }
}
