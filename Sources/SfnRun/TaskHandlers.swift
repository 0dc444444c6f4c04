import Engine
import JSON
import Logging
import ServiceIntegrations
import StatesLanguage
import Synchronization

extension StateMachineEngine {
    /// What a Task's `Resource` calls in this program. A later handler of the same resource replaces the earlier one.
    ///
    /// - `arn:aws:lambda:…:function:NAME`: the state's input comes in, what the handler returns is the result. The same handler
    ///   answers `arn:aws:states:::lambda:invoke` with that `FunctionName`.
    /// - `arn:aws:states:…:activity:NAME`: the handler works on the activity's tasks, one after the other.
    /// - any other resource (`arn:aws:states:::sns:publish`): `Parameters` or `Arguments` come in.
    ///
    /// Input that does not decode fails the task with `DecodingError`. An error that the handler throws fails it with the error's
    /// name: `NamedTaskError.errorName`, or the name of its type.
    public func task<Input: Decodable & Sendable, Output: Encodable & Sendable>(
        _ resource: String, _ body: @escaping @Sendable (Input, TaskContext) async throws -> Output
    ) {
        let handler: TaskHandlers.Handler = { input, context in
            let value: Input = try input.decoded()
            return try JSONValue(encoding: try await body(value, context))
        }
        handlers.set(resource, handler)
        if case .activity = TaskResource(resource)?.kind { handlers.startWorker(resource, handler, engine) }
    }

    /// A handler whose result nobody needs: the result is `{}`.
    public func task<Input: Decodable & Sendable>(
        _ resource: String, _ body: @escaping @Sendable (Input, TaskContext) async throws -> Void
    ) {
        task(resource) { (input: Input, context) async throws -> JSONValue in
            try await body(input, context)
            return .object(JSONObject())
        }
    }
}

/// The handlers of a program, by resource.
final class TaskHandlers: Sendable {
    typealias Handler = @Sendable (JSONValue, TaskContext) async throws -> JSONValue

    private struct State {
        var handlers: [String: Handler] = [:]
        var workers: [String: Task<Void, Never>] = [:]
    }
    private let state = Mutex(State())
    let logger: Logger

    init(logger: Logger) { self.logger = logger }

    func set(_ resource: String, _ handler: @escaping Handler) { state.withLock { $0.handlers[resource] = handler } }

    func integration(for resource: TaskResource, otherwise table: IntegrationTable?) -> (any Integration)? {
        if let handler = state.withLock({ $0.handlers[resource.arn] }) { return HandlerCall(handler: handler, logger: logger) }
        let configured = table?.integration(for: resource)
        guard resource.isService("lambda", "invoke") || resource.isService("aws-sdk:lambda", "invoke") else { return configured }
        return InvokedFunction(handlers: self, otherwise: configured)
    }

    /// By a function's ARN, its ARN with a qualifier, or its name alone.
    func function(_ name: String) -> Handler? {
        state.withLock { state in
            if let handler = state.handlers[name] { return handler }
            let wanted = Self.functionName(name)
            return state.handlers.first { TaskResource($0.key)?.kind == .lambdaFunction && Self.functionName($0.key).isSameText(as: wanted) }?.value
        }
    }

    private static func functionName(_ arn: String) -> String {
        let parts = arn.split(separator: ":").map(String.init)
        guard let place = parts.firstIndex(of: "function"), parts.indices.contains(place + 1) else { return parts.first ?? arn }
        return parts[place + 1]
    }

    // MARK: activities

    func startWorker(_ arn: String, _ handler: @escaping Handler, _ engine: ExecutionEngine) {
        let logger = logger
        let worker = Task { [weak engine] in
            while !Task.isCancelled {
                guard let engine else { return }
                do {
                    guard let task = try await engine.activityTask(arn, worker: "SfnRun", waitingSeconds: 60) else { continue }
                    await Self.work(on: task, arn, handler, engine, logger)
                } catch {
                    return
                }
            }
        }
        state.withLock { state in
            state.workers[arn]?.cancel()
            state.workers[arn] = worker
        }
    }

    private static func work(
        on task: ActivityTask, _ arn: String, _ handler: @escaping Handler, _ engine: ExecutionEngine, _ logger: Logger
    ) async {
        guard let resource = TaskResource(arn) else { return }
        let request = TaskRequest(
            taskID: task.token, executionARN: "", executionName: "", stateMachineName: "", roleARN: "", stateName: "", resource: resource,
            input: (try? JSONValue(parsing: task.input)) ?? .null, taskToken: task.token)
        let report = ActivityReport(token: task.token, engine: engine)
        let outcome: TokenOutcome
        do {
            outcome = .success(try await HandlerCall(handler: handler, logger: logger).perform(request, report: report))
        } catch {
            outcome = .failure(error: error.error, cause: error.cause)
        }
        if Task.isCancelled { return }
        try? await engine.completeTask(token: task.token, outcome)
    }

    func shutDown() {
        let workers = state.withLock { state in
            defer { state.workers = [:] }
            return Array(state.workers.values)
        }
        for worker in workers { worker.cancel() }
    }
}

private struct ActivityReport: TaskReport {
    let token: String
    let engine: ExecutionEngine

    func submitted(_ response: JSONValue) {}
    func log(_ bytes: [UInt8]) {}
    func heartbeat() {
        let (token, engine) = (token, engine)
        Task { try? await engine.completeTask(token: token, .heartbeat) }
    }
    var isShuttingDown: Bool { true }
}

/// A handler as the engine calls it: its errors become what `Retry` and `Catch` see.
struct HandlerCall: Integration {
    let handler: TaskHandlers.Handler
    let logger: Logger

    func perform(_ request: TaskRequest, report: any TaskReport) async throws(Failure) -> JSONValue {
        do {
            return try await handler(request.input, TaskContext(request, report))
        } catch {
            let failure = Self.failure(error)
            logger.debug(
                "task failed",
                metadata: [
                    "execution": "\(request.executionARN)", "state": "\(request.stateName)", "error": "\(failure.error ?? "")",
                    "cause": "\(failure.cause ?? "")",
                ])
            throw failure
        }
    }

    private static func failure(_ error: any Error) -> Failure {
        switch error {
        case let error as Failure: error
        case let error as any NamedTaskError: Failure(error.errorName, error.errorCause)
        case let error as DecodingError: Failure("DecodingError", described(error))
        default: Failure("\(type(of: error))", "\(error)")
        }
    }

    private static func described(_ error: DecodingError) -> String {
        let context: DecodingError.Context
        switch error {
        case .typeMismatch(_, let found), .valueNotFound(_, let found), .keyNotFound(_, let found), .dataCorrupted(let found): context = found
        @unknown default: return "\(error)"
        }
        let path = context.codingPath.map { "/\($0.intValue.map(String.init) ?? $0.stringValue)" }.joined()
        return "\(path.isEmpty ? "/" : path): \(context.debugDescription)"
    }
}

/// `arn:aws:states:::lambda:invoke` of a function that has a handler here.
private struct InvokedFunction: Integration {
    let handlers: TaskHandlers
    let otherwise: (any Integration)?

    func perform(_ request: TaskRequest, report: any TaskReport) async throws(Failure) -> JSONValue {
        let name = request.input["FunctionName"]?.string ?? ""
        guard let handler = handlers.function(name) else {
            if let otherwise { return try await otherwise.perform(request, report: report) }
            throw Failure("Lambda.ResourceNotFoundException", "Function not found: \(name): no handler is registered for it")
        }
        var payload = request.input["Payload"] ?? .object(JSONObject())
        if payload.isNull { payload = .object(JSONObject()) }
        let inner = TaskRequest(
            taskID: request.taskID, executionARN: request.executionARN, executionName: request.executionName,
            stateMachineName: request.stateMachineName, roleARN: request.roleARN, stateName: request.stateName, resource: request.resource,
            input: payload, retryCount: request.retryCount, taskToken: request.taskToken, timeoutSeconds: request.timeoutSeconds,
            isReattached: request.isReattached)
        let result = try await HandlerCall(handler: handler, logger: handlers.logger).perform(inner, report: report)
        return ["ExecutedVersion": "$LATEST", "Payload": result, "StatusCode": 200]
    }
}
