import Engine
import JSON
import StatesLanguage
import Store

/// The Step Functions API without sockets: an operation's name and a JSON body in, a JSON body or an `APIError` out.
package final class StepFunctionsAPI: Sendable {
    package typealias Handler = @Sendable (StepFunctionsAPI, Parameters) async throws -> JSONValue

    package let engine: ExecutionEngine
    package let options: APIOptions
    let redriveTokens = RedriveTokens()
    var store: Store { engine.store }
    var region: String { engine.options.region }
    var account: String { engine.options.account }

    package init(engine: ExecutionEngine, options: APIOptions = APIOptions()) {
        self.engine = engine
        self.options = options
    }

    /// Every operation of the model.
    static let operations: [String: Handler] = [
        "CreateStateMachine": { try await $0.createStateMachine($1) },
        "UpdateStateMachine": { try await $0.updateStateMachine($1) },
        "DescribeStateMachine": { try await $0.describeStateMachine($1) },
        "DescribeStateMachineForExecution": { try await $0.describeStateMachineForExecution($1) },
        "ListStateMachines": { try await $0.listStateMachines($1) },
        "DeleteStateMachine": { try await $0.deleteStateMachine($1) },
        "ValidateStateMachineDefinition": { try await $0.validateStateMachineDefinition($1) },
        "PublishStateMachineVersion": { try await $0.publishStateMachineVersion($1) },
        "ListStateMachineVersions": { try await $0.listStateMachineVersions($1) },
        "DeleteStateMachineVersion": { try await $0.deleteStateMachineVersion($1) },
        "CreateStateMachineAlias": { try await $0.createStateMachineAlias($1) },
        "UpdateStateMachineAlias": { try await $0.updateStateMachineAlias($1) },
        "DescribeStateMachineAlias": { try await $0.describeStateMachineAlias($1) },
        "DeleteStateMachineAlias": { try await $0.deleteStateMachineAlias($1) },
        "ListStateMachineAliases": { try await $0.listStateMachineAliases($1) },
        "StartExecution": { try await $0.startExecution($1) },
        "StartSyncExecution": { try await $0.startSyncExecution($1) },
        "StopExecution": { try await $0.stopExecution($1) },
        "DescribeExecution": { try await $0.describeExecution($1) },
        "ListExecutions": { try await $0.listExecutions($1) },
        "GetExecutionHistory": { try await $0.getExecutionHistory($1) },
        "RedriveExecution": { try await $0.redriveExecution($1) },
        "DescribeMapRun": { try await $0.describeMapRun($1) },
        "ListMapRuns": { try await $0.listMapRuns($1) },
        "UpdateMapRun": { try await $0.updateMapRun($1) },
        "CreateActivity": { try await $0.createActivity($1) },
        "DescribeActivity": { try await $0.describeActivity($1) },
        "ListActivities": { try await $0.listActivities($1) },
        "DeleteActivity": { try await $0.deleteActivity($1) },
        "GetActivityTask": { try await $0.getActivityTask($1) },
        "SendTaskSuccess": { try await $0.sendTaskSuccess($1) },
        "SendTaskFailure": { try await $0.sendTaskFailure($1) },
        "SendTaskHeartbeat": { try await $0.sendTaskHeartbeat($1) },
        "TestState": { try await $0.testState($1) },
        "TagResource": { try await $0.tagResource($1) },
        "UntagResource": { try await $0.untagResource($1) },
        "ListTagsForResource": { try await $0.listTagsForResource($1) },
    ]

    /// - Parameters:
    ///   - target: the X-Amz-Target header, `AWSStepFunctions.StartExecution`
    ///   - trace: the X-Amzn-Trace-Id header, which counts more than a start's `traceHeader`
    package func handle(target: String, body: [UInt8], trace: String? = nil) async throws(APIError) -> JSONValue {
        let operation = target.hasPrefix("AWSStepFunctions.") ? String(target.dropFirst("AWSStepFunctions.".count)) : ""
        guard let handler = Self.operations[operation] else {
            throw APIError("UnknownOperationException", "", status: 400)
        }
        var value: JSONValue
        do {
            value = body.isEmpty ? .object(JSONObject()) : try JSONValue(parsing: body, limits: JSONLimits(depth: 100))
        } catch {
            throw APIError("SerializationException", error.message)
        }
        guard case .object(var object) = value else { throw APIError("SerializationException", "Unexpected value: expected an object") }
        if let trace, operation == "StartExecution" || operation == "StartSyncExecution" {
            object["traceHeader"] = .string(trace)
            value = .object(object)
        }
        try RequestCheck.check(value, of: operation)
        do {
            return try await handler(self, Parameters(value: value))
        } catch {
            throw Self.shown(error)
        }
    }

    private static func shown(_ error: any Error) -> APIError {
        switch error {
        case let error as APIError: return error
        case EngineError.executionAlreadyExists(let arn): return APIError("ExecutionAlreadyExists", "Execution Already Exists: '\(arn)'")
        case EngineError.executionDoesNotExist(let arn): return .executionDoesNotExist(arn)
        case EngineError.invalidToken: return .invalidToken
        case EngineError.taskDoesNotExist: return APIError("TaskDoesNotExist", "Task does not exist")
        case EngineError.taskTimedOut:
            return APIError("TaskTimedOut", "Task Timed Out: 'Provided task does not exist anymore'")
        case EngineError.notRedrivable(let reason): return APIError("ExecutionNotRedrivable", reason)
        case EngineError.shuttingDown: return APIError("ServiceUnavailable", "The server is shutting down", status: 503)
        default: return APIError("InternalFailure", "\(error)", status: 500)
        }
    }
}

package struct APIOptions: Sendable {
    /// How long GetActivityTask waits.
    package var activityPollSeconds = 60.0
    /// Answers of the Step Functions Local mock file, by machine name.
    package var mocks: MockConfiguration?
    /// Whether a log group (by ARN) is there; nil: nobody can tell.
    package var logGroupExists: (@Sendable (String) async -> Bool)?
    package init() {}
}
