import JSON

/// `States.JsonMerge`, `States.StringToJson`, `States.JsonToString`
enum JSONFunctions {
    /// Shallow only; `true` as third argument is refused, anything that is no boolean counts as `false` (recorded).
    static func merge(_ arguments: [JSONValue]) -> JSONValue? {
        guard arguments.count == 3, case .object(var result) = arguments[0], case .object(let other) = arguments[1],
            arguments[2].bool != true
        else { return nil }
        for (key, value) in other { result[key] = value }
        return .object(result)
    }

    static func parse(_ arguments: [JSONValue]) -> JSONValue? {
        guard arguments.count == 1, case .string(let text) = arguments[0] else { return nil }
        if text.utf8.allSatisfy({ $0 == 0x20 || ($0 >= 9 && $0 <= 13) }) { return .null }
        guard let value = try? JSONValue(parsing: text) else { return nil }
        return value
    }

    static func text(_ arguments: [JSONValue]) -> JSONValue? {
        arguments.count == 1 ? .string(arguments[0].text()) : nil
    }
}
