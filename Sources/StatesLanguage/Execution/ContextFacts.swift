import JSON

/// What the context object says of an execution; the same for all its states.
final class ExecutionFacts: Sendable {
    let header: ExecutionHeader
    private let input: JSONValue
    private let startedAt: Timestamp
    private let redriveCount: Int
    private let redrivenAt: Timestamp?

    init(
        header: ExecutionHeader, input: JSONValue = .null, startedAt: Timestamp = Timestamp(milliseconds: 0), redriveCount: Int = 0,
        redrivenAt: Timestamp? = nil
    ) {
        self.header = header
        self.input = input
        self.startedAt = startedAt
        self.redriveCount = redriveCount
        self.redrivenAt = redrivenAt
    }

    var json: JSONValue {
        var execution = JSONObject()
        execution["Id"] = .string(header.arn)
        execution["Input"] = input
        execution["StartTime"] = .string(startedAt.iso8601)
        execution["Name"] = .string(header.name)
        execution["RoleArn"] = .string(header.roleARN)
        // An express execution cannot be redriven and has none (recorded: test_query_runtime_memory).
        if !header.isExpress { execution["RedriveCount"] = .integer(Int64(redriveCount)) }
        if let redrivenAt { execution["RedriveTime"] = .string(redrivenAt.iso8601) }
        return .object(execution)
    }
}

/// What one state's context object is made of, when somebody asks for it.
struct ContextFacts: Sendable {
    let execution: ExecutionFacts
    let state: State
    let enteredAt: Timestamp
    /// Only Task, Parallel and Map have one.
    let retryCount: Int?
    let taskToken: String?
    let item: Item?

    enum Item: Sendable {
        case value(JSONValue)
        case entry(Int, MapItems)
    }

    /// `$$` and `$states.context`, in AWS's order of keys.
    var json: JSONValue {
        var current = JSONObject()
        current["Name"] = .string(state.name)
        current["EnteredTime"] = .string(enteredAt.iso8601)
        if let retryCount { current["RetryCount"] = .integer(Int64(retryCount)) }
        var context = JSONObject()
        context["Execution"] = execution.json
        context["StateMachine"] = ["Id": .string(execution.header.stateMachineARN), "Name": .string(execution.header.stateMachineName)]
        context["State"] = .object(current)
        if let taskToken { context["Task"] = ["Token": .string(taskToken)] }
        switch item {
        case .value(let value)?: context["Map"] = ["Item": value]
        case .entry(let index, let items)?: context["Map"] = ["Item": items.contextItem(index)]
        case nil: break
        }
        return .object(context)
    }
}

extension MapItems {
    /// `$$.Map.Item`
    func contextItem(_ index: Int) -> JSONValue {
        var item = JSONObject()
        item["Index"] = .integer(Int64(index))
        if let keys, keys.indices.contains(index) { item["Key"] = .string(keys[index]) }
        item["Value"] = values.indices.contains(index) ? values[index] : .null
        return .object(item)
    }
}
