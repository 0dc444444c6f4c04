import JSON

/// Checks a request's members as the service does before it looks at them, from botocore's model.
enum RequestCheck {
    private static let shapes: JSONValue = (try? JSONValue(parsing: OperationShapes.text)) ?? .null

    static func knows(_ operation: String) -> Bool { shapes[operation] != nil }
    static var operations: [String] { shapes.object?.keys ?? [] }
    static func members(of operation: String) -> [String] { shapes[operation]?["m"]?.object?.keys ?? [] }

    /// The regular expressions that the model asks texts to match.
    static var patterns: Set<String> {
        var found: Set<String> = []
        var open = [shapes]
        while let next = open.popLast() {
            if let pattern = next["p"]?.string { found.insert(pattern) }
            open += next.object?.map(\.1) ?? []
        }
        return found
    }

    /// SerializationException for a wrong type, ValidationException for what breaks a constraint (all of them at once).
    static func check(_ parameters: JSONValue, of operation: String) throws(APIError) {
        guard let shape = shapes[operation] else { return }
        var problems: [String] = []
        try check(parameters, shape, path: "", &problems)
        guard !problems.isEmpty else { return }
        let count = problems.count == 1 ? "1 validation error" : "\(problems.count) validation errors"
        throw .validation("\(count) detected: \(problems.joined(separator: "; "))")
    }

    private static func check(_ value: JSONValue, _ shape: JSONValue, path: String, _ problems: inout [String]) throws(APIError) {
        switch (shape["t"]?.string, value) {
        case ("structure", .object(let object)):
            for required in shape["req"]?.array ?? [] {
                guard let name = required.string, object[name]?.isNull ?? true else { continue }
                problems.append("Value null at '\(joined(path, name))' failed to satisfy constraint: Member must not be null")
            }
            for (name, member) in object {
                // Members that the model has not are ignored, as the service ignores them.
                guard !member.isNull, let own = shape["m"]?[name] else { continue }
                try check(member, own, path: joined(path, name), &problems)
            }
        case ("list", .array(let elements)):
            checkRange(Double(elements.count), shape, path, shown(elements, path), "length", &problems)
            guard let own = shape["e"] else { return }
            for (index, element) in elements.enumerated() { try check(element, own, path: "\(path).\(index + 1).member", &problems) }
        case ("map", .object(let object)):
            guard let own = shape["v"] else { return }
            for (key, member) in object { try check(member, own, path: "\(path).\(key).member", &problems) }
        case ("string", .string(let text)):
            checkRange(Double(text.unicodeScalars.count), shape, path, text, "length", &problems)
            if let pattern = shape["p"]?.string, let matches = TextPattern.all[pattern], !matches(text) {
                problems.append("\(subject(text, shape, path)) failed to satisfy constraint: Member must satisfy regular expression pattern: \(pattern)")
            }
            if let allowed = shape["enum"]?.array, !allowed.contains(.string(text)) {
                problems.append("\(subject(text, shape, path)) failed to satisfy constraint: Member must satisfy enum value set: [\(enumText(allowed))]")
            }
        case ("integer", let number) where number.wholeNumber != nil, ("long", let number) where number.wholeNumber != nil,
            ("float", let number) where number.number != nil, ("double", let number) where number.number != nil:
            checkRange(number.number ?? 0, shape, path, number.text(), "value", &problems)
        case ("boolean", .bool), ("timestamp", .integer), ("timestamp", .double): return
        case ("blob", .string): return
        default: throw APIError("SerializationException", "\(found(value)) can not be converted to \(wanted(shape["t"]?.string ?? ""))")
        }
    }

    /// As Java prints a list of what the API's model calls it.
    private static func shown(_ elements: [JSONValue], _ path: String) -> String {
        guard path == "routingConfiguration" else { return JSONValue.array(elements).text() }
        let items = elements.prefix(10).map { element in
            let members = (element.object ?? JSONObject()).map { "\($0.0)=\($0.1.string ?? $0.1.text())" }
            return "RoutingConfigurationListItem(\(members.joined(separator: ", ")))"
        }
        return "[\(items.joined(separator: ", "))]"
    }

    private static func checkRange(
        _ number: Double, _ shape: JSONValue, _ path: String, _ shown: String, _ what: String, _ problems: inout [String]
    ) {
        if let least = shape["min"]?.number, number < least {
            problems.append(
                "\(subject(shown, shape, path)) failed to satisfy constraint: Member must have \(what) greater than or equal to \(Int64(least))")
        }
        if let most = shape["max"]?.number, number > most {
            problems.append("\(subject(shown, shape, path)) failed to satisfy constraint: Member must have \(what) less than or equal to \(Int64(most))")
        }
    }

    /// What a problem is about; the value of a member that the model calls sensitive (definitions, inputs, causes, …) is not repeated.
    private static func subject(_ shown: String, _ shape: JSONValue, _ path: String) -> String {
        shape["s"]?.bool == true ? "Value at '\(path)'" : "Value '\(shown)' at '\(path)'"
    }

    /// AWS lists an enumeration in the order of a hash table; recorded for the status of an execution.
    private static func enumText(_ allowed: [JSONValue]) -> String {
        let recorded = ["SUCCEEDED", "TIMED_OUT", "PENDING_REDRIVE", "ABORTED", "FAILED", "RUNNING"]
        let names = allowed.compactMap(\.string)
        return (Set(names) == Set(recorded) ? recorded : names).joined(separator: ", ")
    }

    private static func joined(_ path: String, _ name: String) -> String { path.isEmpty ? name : "\(path).\(name)" }

    private static func found(_ value: JSONValue) -> String {
        switch value {
        case .object: "START_OBJECT"
        case .array: "START_ARRAY"
        case .bool(let flag): flag ? "TRUE_VALUE" : "FALSE_VALUE"
        case .integer: "NUMBER_VALUE"
        case .double, .decimal: "DECIMAL_VALUE"
        case .string: "STRING_VALUE"
        case .null: "NULL_VALUE"
        }
    }

    private static func wanted(_ type: String) -> String {
        switch type {
        case "string": "a String"
        case "integer": "an Integer"
        case "long": "a Long"
        case "float", "double": "a Double"
        case "boolean": "a Boolean"
        case "list": "a List"
        case "structure", "map": "an Object"
        case "timestamp": "a Date"
        default: "a \(type)"
        }
    }
}

/// What the model says of the operations, for those who want to go through them all.
package enum APIModel {
    package static var operations: [String] { RequestCheck.operations }
    package static func members(of operation: String) -> [String] { RequestCheck.members(of: operation) }
    /// The patterns that nothing here checks: none, or the model has a new one.
    package static var unknownPatterns: Set<String> { RequestCheck.patterns.subtracting(TextPattern.all.keys) }
}
