import JSON

/// A definition in the one order that `export` writes: the same text for the same machine, whoever wrote it.
///
/// Fields come in the order of a fixed table, unknown ones after them by name; states in the order in which
/// they are reached from `StartAt`, unreachable ones after them as they stood. Values are left as they are.
public struct CanonicalDefinition: Sendable {
    public let definition: JSONValue

    public init(_ definition: JSONValue) {
        self.definition = Self.workflow(definition)
    }

    /// Two spaces a level, a line end at the end.
    public var text: String { definition.text(.pretty) + "\n" }

    private static let workflowFields = [
        "Comment", "Name", "DependsOn", "ProcessorConfig", "QueryLanguage", "Version", "TimeoutSeconds", "StartAt", "States",
    ]

    private static let stateFields = [
        "Type", "Comment", "QueryLanguage",
        "Resource", "InputPath", "ItemReader", "ItemsPath", "Items", "Parameters", "Arguments", "Result", "ItemSelector", "ItemBatcher",
        "Seconds", "SecondsPath", "Timestamp", "TimestampPath", "Error", "ErrorPath", "Cause", "CausePath",
        "Credentials", "TimeoutSeconds", "TimeoutSecondsPath", "HeartbeatSeconds", "HeartbeatSecondsPath", "Cache",
        "Label", "MaxConcurrency", "MaxConcurrencyPath", "ToleratedFailureCount", "ToleratedFailureCountPath",
        "ToleratedFailurePercentage", "ToleratedFailurePercentagePath", "OnFailure",
        "Branches", "ItemProcessor", "Iterator", "ResultWriter",
        "ResultSelector", "ResultPath", "Retry", "Catch", "Choices", "Default", "Assign", "Output", "OutputPath", "Next", "End",
    ]

    private static let retrierFields = [
        "Comment", "ErrorEquals", "IntervalSeconds", "MaxAttempts", "BackoffRate", "MaxDelaySeconds", "JitterStrategy", "ExpireAfterMin",
    ]

    private static let catcherFields = ["Comment", "ErrorEquals", "ResultPath", "Assign", "Output", "Next"]

    private static func workflow(_ value: JSONValue) -> JSONValue {
        guard case .object(var object) = value else { return value }
        if let states = object["States"]?.object {
            object["States"] = .object(ordered(states, startAt: object["StartAt"]?.string))
        }
        return .object(ordered(object, workflowFields))
    }

    private static func ordered(_ states: JSONObject, startAt: String?) -> JSONObject {
        var order: [String] = []
        var seen = Set<[UInt8]>()
        func visit(_ name: String) {
            if states[name] != nil, seen.insert(Array(name.utf8)).inserted { order.append(name) }
        }
        if let startAt { visit(startAt) }
        var next = 0
        while next < order.count {
            if let state = states[order[next]] { TransitionTargets.of(state).forEach(visit) }
            next += 1
        }
        states.keys.forEach(visit)
        return JSONObject(order.compactMap { name in states[name].map { (name, Self.state($0)) } })
    }

    private static func state(_ value: JSONValue) -> JSONValue {
        guard case .object(var object) = value else { return value }
        if let branches = object["Branches"]?.array { object["Branches"] = .array(branches.map(workflow)) }
        for field in ["ItemProcessor", "Iterator"] {
            if let processor = object[field] { object[field] = workflow(processor) }
        }
        for (field, order) in [("Retry", retrierFields), ("Catch", catcherFields)] {
            if let list = object[field]?.array {
                object[field] = .array(list.map { element in element.object.map { .object(ordered($0, order)) } ?? element })
            }
        }
        return .object(ordered(object, stateFields))
    }

    private static func ordered(_ object: JSONObject, _ fields: [String]) -> JSONObject {
        var result = JSONObject()
        for field in fields {
            if let value = object[field] { result[field] = value }
        }
        let rest = object.filter { result[$0.key] == nil }.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
        for (key, value) in rest { result[key] = value }
        return result
    }
}

/// The names that a state may go to next, in the order in which they stand.
enum TransitionTargets {
    static func of(_ state: JSONValue) -> [String] {
        var names: [String] = []
        if let next = state["Next"]?.string { names.append(next) }
        for rule in state["Choices"]?.array ?? [] {
            if let next = rule["Next"]?.string { names.append(next) }
        }
        if let name = state["Default"]?.string { names.append(name) }
        for catcher in state["Catch"]?.array ?? [] {
            if let next = catcher["Next"]?.string { names.append(next) }
        }
        return names
    }
}
