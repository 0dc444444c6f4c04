import JSON
import ServiceIntegrations
import StatesLanguage
import Store

/// `arn:aws:states:::states:startExecution`, `.sync`, `.sync:2`, `.waitForTaskToken` and `aws-sdk:sfn:startExecution`, for machines of
/// this store. A restarted engine finds the child by its name, which is the attempt's.
struct NestedExecution: Integration {
    let engine: ExecutionEngine
    /// Its child's tasks do.
    var counts: Bool { false }

    func perform(_ request: TaskRequest, report: any TaskReport) async throws(Failure) -> JSONValue {
        let parameters = request.input
        guard let arn = parameters["StateMachineArn"]?.string else {
            throw .runtime(
                "The Parameters '\(parameters.text())' could not be used to start the Task: [The field 'StateMachineArn' is required but was missing]")
        }
        let resolved: ResolvedMachine?
        do { resolved = try engine.machines.machine(arn: arn) } catch { throw failure(error) }
        guard let resolved else {
            throw refusal("StateMachineDoesNotExist", "State Machine Does Not Exist: '\(arn)'")
        }
        var start = StartRequest(machine: resolved.machine, input: input(parameters["Input"]))
        start.name = parameters["Name"]?.string ?? (resolved.machine.isExpress ? nil : request.taskID)
        start.versionARN = resolved.versionARN
        start.aliasARN = resolved.aliasARN
        let started: StartedExecution
        do { started = try await begin(start, request) } catch let error as EngineError {
            guard case .executionAlreadyExists(let arn) = error else { throw refusal("InvalidExecution", "\(error)") }
            throw refusal("ExecutionAlreadyExists", "Execution Already Exists: '\(arn)'")
        } catch { throw failure(error) }
        let response = response(started)
        guard request.resource.pattern == .sync || request.resource.pattern == .sync2 else { return response }
        report.submitted(response)
        return try await withEnd(of: started.arn, resolved.machine, request, report)
    }

    /// After a restart the child may be there already, running or ended.
    private func begin(_ start: StartRequest, _ request: TaskRequest) async throws -> StartedExecution {
        do {
            return try await engine.start(start)
        } catch EngineError.executionAlreadyExists(let arn) where request.isReattached && start.name == request.taskID {
            guard let row = try engine.store.read({ try $0.execution(arn: arn) }) else { throw EngineError.executionDoesNotExist(arn: arn) }
            return StartedExecution(arn: arn, startedAt: Timestamp(milliseconds: row.startMilliseconds), id: row.id, wasRunning: true)
        }
    }

    private func withEnd(of arn: String, _ machine: Machine, _ request: TaskRequest, _ report: any TaskReport) async throws(Failure) -> JSONValue {
        let result: ExecutionResult
        do {
            result = try await withTaskCancellationHandler {
                if request.isReattached { _ = try? await engine.resumeIfUnowned(arn) }
                return try await engine.resultAnywhere(of: arn)
            } onCancel: {
                guard !report.isShuttingDown else { return }
                Task(executorPreference: engine.options.taskExecutor) { try? await engine.stop(arn) }
            }
        } catch { throw failure(error) }
        let description = description(result, machine, parsed: request.resource.pattern == .sync2)
        if result.status == .succeeded { return description }
        throw Failure(result.status == .timedOut ? ErrorName.timeout : ErrorName.taskFailed, description.text())
    }

    private func input(_ value: JSONValue?) -> JSONValue {
        switch value {
        case nil, .null: .object(JSONObject())
        case .string(let text): (try? JSONValue(parsing: text)) ?? .string(text)
        case let value?: value
        }
    }

    private func response(_ started: StartedExecution) -> JSONValue {
        let id = SecureRandom.uuid()
        let body = "{\"executionArn\":\"\(started.arn)\",\"startDate\":\(started.startedAt.secondsOfJava)}"
        return [
            "ExecutionArn": .string(started.arn),
            "SdkHttpMetadata": [
                "AllHttpHeaders": [
                    "x-amzn-RequestId": [.string(id)], "connection": ["keep-alive"], "Content-Length": [.string(String(body.utf8.count))],
                    "Date": [.string(started.startedAt.iso8601)], "Content-Type": ["application/x-amz-json-1.0"],
                ],
                "HttpHeaders": [
                    "connection": "keep-alive", "Content-Length": .string(String(body.utf8.count)), "Content-Type": "application/x-amz-json-1.0",
                    "Date": .string(started.startedAt.iso8601), "x-amzn-RequestId": .string(id),
                ],
                "HttpStatusCode": 200,
            ],
            "SdkResponseMetadata": ["RequestId": .string(id)],
            "StartDate": .double(Double(started.startedAt.milliseconds) / 1000),
        ]
    }

    /// DescribeExecution in the spelling of the integration; dates are milliseconds since 1970.
    private func description(_ result: ExecutionResult, _ machine: Machine, parsed: Bool) -> JSONValue {
        func data(_ value: JSONValue) -> JSONValue { parsed ? value : .string(value.text()) }
        var object = JSONObject()
        if let cause = result.cause { object["Cause"] = .string(cause) }
        if let error = result.error { object["Error"] = .string(error) }
        object["ExecutionArn"] = .string(result.arn)
        object["Input"] = data(result.input)
        object["InputDetails"] = ["Included": true]
        object["Name"] = .string(result.name)
        if let output = result.output {
            object["Output"] = data(output)
            object["OutputDetails"] = ["Included": true]
        }
        object["RedriveCount"] = 0
        let canRedrive = result.status != .succeeded
        object["RedriveStatus"] = canRedrive ? "REDRIVABLE" : "NOT_REDRIVABLE"
        if !canRedrive { object["RedriveStatusReason"] = "Execution is SUCCEEDED and cannot be redriven" }
        object["StartDate"] = .integer(result.startedAt.milliseconds)
        object["StateMachineArn"] = .string(machine.arn)
        object["Status"] = .string(result.status.rawValue)
        object["StopDate"] = .integer(result.stoppedAt.milliseconds)
        return .object(object)
    }

    /// Nobody hears it if it was the store that failed: the engine has ended before.
    private func failure(_ error: any Error) -> Failure {
        _ = engine.ends(because: error)
        return Failure(ErrorName.taskFailed, "\(error)")
    }

    private func refusal(_ code: String, _ message: String) -> Failure {
        Failure(
            "StepFunctions.\(code)Exception",
            "\(message) (Service: AWSStepFunctions; Status Code: 400; Error Code: \(code); Request ID: \(SecureRandom.uuid()); Proxy: null)")
    }
}

extension ExecutionEngine {
    /// For children whose parent was taken over: they are taken over with it.
    func resumeIfUnowned(_ arn: String) async throws {
        guard let row = try store.read({ try $0.execution(arn: arn) }), row.status == .running else { return }
        try await resume(arn)
    }
}

extension Timestamp {
    /// Seconds since 1970 as Java writes them, and with it the service: `1.763726000123E9`, without zeros at the end.
    package var secondsOfJava: String {
        let digits = String(milliseconds)
        var fraction = digits.dropFirst()
        while fraction.count > 1, fraction.last == "0" { fraction.removeLast() }
        return "\(digits.prefix(1)).\(fraction)E9"
    }
}
