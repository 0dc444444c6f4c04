import JSON
import StatesLanguage

/// `arn:aws:states:::states:startExecution[.sync|.sync:2|.waitForTaskToken]` of another Step Functions.
///
/// An execution without a name is named after the task, so that a restarted engine starts no second one.
extension OptimizedService {
    package static let stepFunctions = OptimizedService(
        "states", service: "sfn",
        ErrorNaming(prefix: "StepFunctions", base: "AWSStepFunctionsException", label: "AWSStepFunctions"),
        [
            "startExecution": OptimizedAction(
                "startExecution",
                job: JobPattern(
                    describe: { _, started in
                        started["ExecutionArn"].map { .init("describeExecution", ["ExecutionArn": $0]) }
                    },
                    state: executionState,
                    stop: { _, started in started["ExecutionArn"].map { .init("stopExecution", ["ExecutionArn": $0]) } },
                    recovery: .startAgain)
            ).with {
                $0.prepare = { (input, request) throws(Failure) in
                    guard var object = input.object else { return input }
                    if request.resource.pattern != .requestResponse, object["Name"] == nil { object["Name"] = .string(request.taskID) }
                    return .object(object)
                }
            }
        ])

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
