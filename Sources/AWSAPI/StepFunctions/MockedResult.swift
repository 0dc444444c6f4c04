import AWSClient
import JSON
import ServiceIntegrations
import StatesLanguage

/// Whether a mocked result is one that the state could have got.
enum MockedResult {
    enum Mode: String {
        case strict = "STRICT"
        case present = "PRESENT"
        case none = "NONE"
    }

    static func read(_ text: String) throws(APIError) -> JSONValue {
        do { return try JSONValue(parsing: text) } catch { throw .validation("Mocked result must be valid JSON") }
    }

    static func check(_ result: JSONValue, _ state: State, _ mode: Mode) throws(APIError) {
        switch state.kind {
        case .parallel(let parallel):
            guard let array = result.array else { throw .validation("Mocked result must be an array.") }
            guard array.count == parallel.branches.count else {
                throw .validation("Mocked result must contain the same number of items as number of Parallel branches.")
            }
        case .map(let map):
            // With a ResultWriter the result is the description of what was written.
            guard result.array != nil || map.distributed?.writer?.resource != nil && result.object != nil else {
                throw .validation("Mocked result must be an array.")
            }
        case .task(let task):
            guard mode != .none, let problem = problem(result, task.resource, mode) else { return }
            throw .validation("Mock result schema validation error: \(problem)")
        case .pass, .choice, .wait, .succeed, .fail: return
        }
    }

    /// A token's output and a job's description are the caller's; an answer is the API's.
    private static func problem(_ result: JSONValue, _ resource: TaskResource, _ mode: Mode) -> String? {
        guard resource.pattern == .requestResponse, case .service(let service, let action) = resource.kind else { return nil }
        if service.hasPrefix("aws-sdk:") {
            return AnswerCheck(isStrict: mode == .strict, style: .sdk)
                .problem(in: result, service: String(service.dropFirst(8)), operation: action)
        }
        let check = AnswerCheck(isStrict: mode == .strict, style: .optimized, free: service == "lambda" ? ["Payload"] : [])
        if service == "lambda" { return check.problem(in: result, service: "lambda", operation: action) }
        if service == "states" { return check.problem(in: result, service: "sfn", operation: action) }
        guard let known = AWSIntegrations.optimized.first(where: { $0.name == service }), let found = known.actions[action] else { return nil }
        return check.problem(in: result, service: known.service, operation: found.operation)
    }
}
