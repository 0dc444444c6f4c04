import JSON
import ServiceIntegrations
import StatesLanguage

/// `aws-sdk:sfn:sendTaskSuccess`, `sendTaskFailure` and `sendTaskHeartbeat`, for tokens of this store.
struct TokenCall: Integration {
    private let engine: ExecutionEngine
    private let action: String
    private static let actions = ["sendTaskSuccess", "sendTaskFailure", "sendTaskHeartbeat"]

    /// nil: the resource is none of them.
    init?(_ resource: TaskResource, engine: ExecutionEngine) {
        guard let action = Self.actions.first(where: { resource.isService("aws-sdk:sfn", $0) }) else { return nil }
        self.engine = engine
        self.action = action
    }

    func perform(_ request: TaskRequest, report: any TaskReport) async throws(Failure) -> JSONValue {
        let parameters = request.input
        guard let token = parameters["TaskToken"]?.string else { throw missing("TaskToken", parameters) }
        let outcome: TokenOutcome
        switch action {
        case "sendTaskSuccess":
            guard let text = parameters["Output"] else { throw missing("Output", parameters) }
            // A text that is no JSON is taken as it is.
            outcome = .success(text.string.flatMap { try? JSONValue(parsing: $0) } ?? text)
        case "sendTaskFailure": outcome = .failure(error: parameters["Error"]?.string, cause: parameters["Cause"]?.string)
        default: outcome = .heartbeat
        }
        do {
            try await engine.completeTask(token: token, outcome)
        } catch EngineError.invalidToken {
            throw refusal("InvalidToken", "Invalid Token: 'Invalid token'")
        } catch EngineError.taskDoesNotExist {
            throw refusal("TaskDoesNotExist", "Task does not exist")
        } catch EngineError.taskTimedOut {
            throw refusal("TaskTimedOut", "Task Timed Out: 'Provided task does not exist anymore'")
        } catch {
            throw Failure(ErrorName.taskFailed, "\(error)")
        }
        return .object(JSONObject())
    }

    private func missing(_ field: String, _ parameters: JSONValue) -> Failure {
        .runtime(
            "The Parameters '\(parameters.text())' could not be used to start the Task: [The field '\(field)' is required but was missing]")
    }

    private func refusal(_ code: String, _ message: String) -> Failure {
        Failure("Sfn.\(code)Exception", "\(message) (Service: Sfn, Status Code: 400, Request ID: \(SecureRandom.uuid())) (SDK Attempt Count: 1)")
    }
}
