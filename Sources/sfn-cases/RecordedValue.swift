import JSON

/// A recorded value: `<…>` stands for anything, also inside a text, as do the names that the recording puts for dates and roles;
/// a text that held a JSON object was parsed.
struct RecordedValue {
    private let expected: JSONValue
    /// What the recording put in the place of what differs from run to run.
    private static let anything: Set<String> = [
        "date", "start-date", "stop-date", "start-time", "entered-time", "timestamp", "map_run_arn", "snf_role_arn", "sfn_role_arn", "a_task_token",
        "state-machine-arn", "execution-arn",
        "RandomNumberGenerated",
    ]

    init(_ expected: JSONValue) { self.expected = expected }

    func matches(_ found: JSONValue) -> Bool {
        switch expected {
        case .object(let members):
            let value = Self.parsed(found)
            guard let object = value.object, object.count == members.count else { return false }
            return members.allSatisfy { key, wanted in object[key].map { RecordedValue(wanted).matches($0) } ?? false }
        case .array(let elements):
            guard let array = Self.parsed(found).array, array.count == elements.count else { return false }
            return zip(elements, array).allSatisfy { RecordedValue($0).matches($1) }
        case .string(let text):
            if Self.anything.contains(text) || Self.isHole(text) { return true }
            guard let other = found.string else { return false }
            if Self.matches(text, other) { return true }
            if text.hasPrefix("\""), case .string(let inner)? = try? JSONValue(parsing: text), let value = try? JSONValue(parsing: other) {
                return RecordedValue(.string(inner)).matches(value)
            }
            // Neither the spaces nor the key order of what a file or a function said were recorded.
            guard text.hasPrefix("[") || text.hasPrefix("{"), let wanted = try? JSONValue(parsing: text), let value = try? JSONValue(parsing: other) else {
                return false
            }
            return RecordedValue(wanted).matches(value)
        default: return expected == found || expected == Self.parsed(found)
        }
    }

    /// `<…>` from end to end: `<task_token:1>`, `<<task_token>:1>`.
    private static func isHole(_ text: String) -> Bool {
        guard text.hasPrefix("<"), text.hasSuffix(">") else { return false }
        var depth = 0
        for (index, character) in text.enumerated() {
            if character == "<" { depth += 1 }
            if character == ">" { depth -= 1 }
            if depth == 0, index < text.count - 1 { return false }
        }
        return depth == 0
    }

    private static func parsed(_ value: JSONValue) -> JSONValue {
        guard let text = value.string, let parsed = try? JSONValue(parsing: text) else { return value }
        return parsed
    }

    /// `<…>` in the pattern is any text.
    private static func matches(_ pattern: String, _ text: String) -> Bool {
        var pieces: [String] = [""]
        var hole: String?
        for character in pattern {
            if hole != nil {
                hole?.append(character)
                if character == ">" {
                    pieces.append("")
                    hole = nil
                }
            } else if character == "<" {
                hole = "<"
            } else {
                pieces[pieces.count - 1].append(character)
            }
        }
        if let hole { pieces[pieces.count - 1].append(hole) }
        guard pieces.count > 1 else { return pattern.isSameText(as: text) }
        var rest = Substring(text)
        guard rest.hasPrefix(pieces[0]) else { return false }
        rest = rest.dropFirst(pieces[0].count)
        for piece in pieces.dropFirst().dropLast() where !piece.isEmpty {
            guard let place = rest.firstRange(of: piece) else { return false }
            rest = rest[place.upperBound...]
        }
        return rest.hasSuffix(pieces[pieces.count - 1])
    }
}
