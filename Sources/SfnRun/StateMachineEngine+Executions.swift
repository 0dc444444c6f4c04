import AWSAPI
import Engine
import JSON
import StatesLanguage

public typealias ExecutionStatus = StatesLanguage.ExecutionStatus

extension StateMachineEngine {
    public enum MachineType: String, Sendable {
        case standard = "STANDARD"
        case express = "EXPRESS"
    }

    // MARK: machines

    /// Registers a machine, or a new revision of it where its definition has changed: its ARN. Throws `InvalidDefinition`.
    @discardableResult
    public func define(_ name: String, definition: String, type: MachineType = .standard) async throws -> String {
        let role = "arn:aws:iam::\(engine.options.account):role/sfn-run"
        do {
            let made = try await call(
                "CreateStateMachine",
                ["name": .string(name), "definition": .string(definition), "roleArn": .string(role), "type": .string(type.rawValue)])
            return made["stateMachineArn"]?.string ?? ""
        } catch let error as StepFunctionsError where error.code == "StateMachineAlreadyExists" {
            let arn = "arn:aws:states:\(engine.options.region):\(engine.options.account):stateMachine:\(name)"
            guard try await call("DescribeStateMachine", ["stateMachineArn": .string(arn)])["type"]?.string == type.rawValue else { throw error }
            _ = try await call("UpdateStateMachine", ["stateMachineArn": .string(arn), "definition": .string(definition)])
            return arn
        }
    }

    // MARK: executions

    /// Starts an execution: its ARN. It is durable when this returns. `name` nil: a UUID.
    ///
    /// A name that was used before throws `ExecutionAlreadyExists`, except for a running execution with the same input, whose ARN
    /// it returns.
    @discardableResult
    public func start(_ stateMachineARN: String, name: String? = nil, input: some Encodable = [String: String]()) async throws -> String {
        var parameters = JSONObject()
        parameters["stateMachineArn"] = .string(stateMachineARN)
        parameters["name"] = name.map { .string($0) }
        parameters["input"] = .string(try JSONValue(encoding: input).text())
        return try await call("StartExecution", .object(parameters))["executionArn"]?.string ?? ""
    }

    /// Starts an execution and waits for its end: its output. Throws `ExecutionFailed` if it ends otherwise.
    public func run<Output: Decodable & Sendable>(
        _ stateMachineARN: String, name: String? = nil, input: some Encodable = [String: String](), as type: Output.Type = JSONValue.self
    ) async throws -> Output {
        let arn = try await start(stateMachineARN, name: name, input: input)
        return try await wait(arn).output(as: type)
    }

    /// How an execution ended, once it has. Cancelling the waiting task does not stop the execution.
    public func wait(_ executionARN: String) async throws -> ExecutionDescription {
        let engine = engine
        do {
            let result = try await engine.result(of: executionARN)
            return ExecutionDescription(result)
        } catch EngineError.ownedElsewhere {
            // Another process runs it.
            while true {
                let found = try await describe(executionARN)
                if found.status != .running { return found }
                try await Task.sleep(nanoseconds: 200_000_000)
            }
        } catch let error as EngineError {
            throw StepFunctionsError("\(error.code)", "\(error)")
        }
    }

    /// How an execution stands now.
    public func describe(_ executionARN: String) async throws -> ExecutionDescription {
        ExecutionDescription(try await call("DescribeExecution", ["executionArn": .string(executionARN)]))
    }

    /// Ends a running execution as ABORTED.
    public func stop(_ executionARN: String, error: String? = nil, cause: String? = nil) async throws {
        var parameters = JSONObject([("executionArn", .string(executionARN))])
        parameters["error"] = error.map { .string($0) }
        parameters["cause"] = cause.map { .string($0) }
        _ = try await call("StopExecution", .object(parameters))
    }

    /// Goes on with a failed, timed out or aborted execution from the states that did not succeed.
    public func redrive(_ executionARN: String) async throws {
        _ = try await call("RedriveExecution", ["executionArn": .string(executionARN)])
    }

    /// The events of an execution as GetExecutionHistory gives them.
    public func history(_ executionARN: String) async throws -> [JSONValue] {
        var events: [JSONValue] = []
        var token: JSONValue?
        repeat {
            var parameters = JSONObject([("executionArn", .string(executionARN)), ("maxResults", 1000)])
            parameters["nextToken"] = token
            let page = try await call("GetExecutionHistory", .object(parameters))
            events += page["events"]?.array ?? []
            token = page["nextToken"]
        } while token != nil
        return events
    }

    // MARK: task tokens

    /// Completes a task that waits for its token. Throws `InvalidToken`, `TaskTimedOut`, `TaskDoesNotExist`.
    public func sendTaskSuccess(_ taskToken: String, output: some Encodable) async throws {
        _ = try await call(
            "SendTaskSuccess", ["taskToken": .string(taskToken), "output": .string(try JSONValue(encoding: output).text())])
    }

    public func sendTaskFailure(_ taskToken: String, error: String? = nil, cause: String? = nil) async throws {
        var parameters = JSONObject([("taskToken", .string(taskToken))])
        parameters["error"] = error.map { .string($0) }
        parameters["cause"] = cause.map { .string($0) }
        _ = try await call("SendTaskFailure", .object(parameters))
    }

    public func sendTaskHeartbeat(_ taskToken: String) async throws {
        _ = try await call("SendTaskHeartbeat", ["taskToken": .string(taskToken)])
    }

    // MARK: everything else

    /// Any of the 37 operations of the Step Functions API, with botocore's names: `call("ListExecutions", ["stateMachineArn": …])`.
    public func call(_ operation: String, _ parameters: JSONValue) async throws -> JSONValue {
        do throws(APIError) {
            return try await api.handle(target: "AWSStepFunctions.\(operation)", body: parameters.bytes())
        } catch {
            throw StepFunctionsError(error.code, error.message)
        }
    }
}

/// How an execution stands.
public struct ExecutionDescription: Sendable {
    public let executionARN: String
    public let name: String
    public let status: ExecutionStatus
    public let startedAt: Timestamp
    /// nil: it runs.
    public let stoppedAt: Timestamp?
    public let input: JSONValue
    /// Of one that succeeded.
    public let output: JSONValue?
    public let error: String?
    public let cause: String?

    init(_ result: ExecutionResult) {
        executionARN = result.arn
        name = result.name
        status = result.status
        startedAt = result.startedAt
        stoppedAt = result.status == .running ? nil : result.stoppedAt
        input = result.input
        output = result.status == .succeeded ? result.output : nil
        error = result.error
        cause = result.cause
    }

    init(_ described: JSONValue) {
        func time(_ name: String) -> Timestamp? {
            described[name]?.number.map { Timestamp(milliseconds: Int64(($0 * 1000).rounded())) }
        }
        func json(_ name: String) -> JSONValue? { described[name]?.string.flatMap { try? JSONValue(parsing: $0) } }
        executionARN = described["executionArn"]?.string ?? ""
        name = described["name"]?.string ?? ""
        status = described["status"]?.string.flatMap(ExecutionStatus.init(rawValue:)) ?? .running
        startedAt = time("startDate") ?? Timestamp(milliseconds: 0)
        stoppedAt = time("stopDate")
        input = json("input") ?? .null
        output = json("output")
        error = described["error"]?.string
        cause = described["cause"]?.string
    }

    /// The output as a Swift value. Throws `ExecutionFailed` if there is none.
    public func output<Output: Decodable>(as type: Output.Type) throws -> Output {
        guard status == .succeeded, let output else { throw ExecutionFailed(description: self) }
        return try output.decoded(as: type)
    }
}

/// An execution did not succeed.
public struct ExecutionFailed: Error, Sendable, CustomStringConvertible {
    public let execution: ExecutionDescription
    public var error: String? { execution.error }

    init(description: ExecutionDescription) { execution = description }

    public var description: String {
        "\(execution.name) \(execution.status.rawValue)\(execution.error.map { ": \($0)" } ?? "")\(execution.cause.map { ": \($0)" } ?? "")"
    }
}

extension EngineError {
    var code: String {
        switch self {
        case .executionAlreadyExists: "ExecutionAlreadyExists"
        case .executionDoesNotExist: "ExecutionDoesNotExist"
        case .invalidName: "InvalidName"
        case .invalidToken: "InvalidToken"
        case .taskDoesNotExist: "TaskDoesNotExist"
        case .taskTimedOut: "TaskTimedOut"
        case .notRedrivable: "ExecutionNotRedrivable"
        case .ownedElsewhere: "ConflictException"
        case .shuttingDown: "ServiceUnavailable"
        case .storeFailed: "InternalFailure"
        }
    }
}
