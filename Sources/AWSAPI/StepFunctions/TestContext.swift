import Engine
import JSON
import StatesLanguage

/// The context object of TestState: the caller's, or one like that of an express execution.
enum TestContext {
    private static let members: [String: [String]] = [
        "Execution": ["Id", "Input", "Name", "RoleArn", "StartTime", "RedriveCount", "RedriveTime"],
        "State": ["EnteredTime", "Name", "RetryCount"],
        "StateMachine": ["Id", "Name"],
        "Task": ["Token"],
        "Map": ["Item"],
    ]

    static func read(_ text: String, of state: State) throws(APIError) -> JSONValue {
        guard let value = try? JSONValue(parsing: text), let context = value.object else {
            throw invalid("Context object must be a valid JSON object")
        }
        for (name, member) in context {
            guard let known = members[name] else { throw invalid("Field '\(name)' is not allowed") }
            guard let object = member.object else { throw invalid("Field '\(name)' must be an object") }
            for key in object.keys where !known.contains(key) { throw invalid("Field '\(key)' is not allowed") }
        }
        if context["Task"] != nil, !usesTask(state) {
            throw invalid(
                "Context object contains 'Task' when state is not a Task state with a '.sync' or '.waitForTaskToken' service integration pattern")
        }
        return value
    }

    static func made(for state: State, input: JSONValue, role: String, retryCount: Int, now: Timestamp, region: String, account: String) -> JSONValue {
        let (name, machine) = (SecureRandom.uuid(), SecureRandom.uuid())
        let states = "arn:aws:states:\(region):\(account)"
        var current: JSONObject = JSONObject()
        current["Name"] = .string(state.name)
        current["EnteredTime"] = .string(now.iso8601)
        switch state.kind {
        case .task, .parallel, .map: current["RetryCount"] = .integer(Int64(retryCount))
        default: break
        }
        var context = JSONObject()
        context["Execution"] = [
            "Id": .string("\(states):express:\(machine):\(name)"), "Input": input, "StartTime": .string(now.iso8601), "Name": .string(name),
            "RoleArn": .string(role),
        ]
        context["StateMachine"] = ["Id": .string("\(states):stateMachine:\(machine)"), "Name": .string(machine)]
        context["State"] = .object(current)
        if usesTask(state), case .task(let task) = state.kind, task.resource.pattern == .waitForTaskToken {
            context["Task"] = ["Token": .string(SecureRandom.uuid())]
        }
        return .object(context)
    }

    private static func usesTask(_ state: State) -> Bool {
        guard case .task(let task) = state.kind else { return false }
        return task.resource.pattern != .requestResponse
    }

    private static func invalid(_ what: String) -> APIError { .validation("Invalid Context object provided: \(what)") }
}
