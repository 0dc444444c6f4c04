import JSON

/// One step of a path.
indirect enum PathStep: Sendable {
    /// `.name`, `['name']`
    case property(String)
    /// `['a','b']`
    case properties([String])
    /// `[3]`, `[-1]`
    case index(Int)
    /// `[0,2]`
    case indices([Int])
    /// `[1:3]`, `[-2:]`
    case slice(Int?, Int?)
    /// `*`, `[*]`
    case wildcard
    /// `..` and the step after it
    case scan(PathStep)
    /// `[?(@.a == 1)]`
    case filter(PathPredicate)
    /// `.length()`
    case function(PathFunction)

    /// Normalised, as error texts print it.
    var text: String {
        switch self {
        case .property(let name): "['\(name)']"
        case .properties(let names): "[" + names.map { "'\($0)'" }.joined(separator: ",") + "]"
        case .index(let index): "[\(index)]"
        case .indices(let list): "[" + list.map(String.init).joined(separator: ",") + "]"
        case .slice(let from, let to): "[\(from.map(String.init) ?? ""):\(to.map(String.init) ?? "")]"
        case .wildcard: "[*]"
        case .scan(let step): ".." + step.text
        case .filter: "[?]"
        case .function(let function): ".\(function.rawValue)()"
        }
    }

    static func areDefinite(_ steps: [PathStep]) -> Bool {
        for (position, step) in steps.enumerated() {
            switch step {
            case .property, .index, .function: break
            // Several names at the end are one object (Jayway merges them); before the end they fan out.
            case .properties: if position != steps.count - 1 { return false }
            case .indices, .slice, .wildcard, .scan, .filter: return false
            }
        }
        return true
    }
}

/// A function that may end a path, as in Jayway.
enum PathFunction: String, Sendable, CaseIterable {
    case length, size, min, max, avg, sum, keys, first, last

    func apply(_ value: JSONValue) -> JSONValue? {
        switch self {
        case .length, .size:
            switch value {
            case .array(let array): return .integer(Int64(array.count))
            case .object(let object): return .integer(Int64(object.count))
            case .string(let text): return .integer(Int64(text.utf16.count))
            default: return nil
            }
        case .keys:
            guard case .object(let object) = value else { return nil }
            return .array(object.keys.map(JSONValue.string))
        case .first: return value.array?.first
        case .last: return value.array?.last
        case .min, .max, .avg, .sum:
            guard case .array(let array) = value else { return nil }
            let numbers = array.compactMap(\.number)
            guard let first = numbers.first else { return nil }
            switch self {
            case .min: return .normalized(numbers.reduce(first, Swift.min))
            case .max: return .normalized(numbers.reduce(first, Swift.max))
            case .sum: return .normalized(numbers.reduce(0, +))
            default: return .normalized(numbers.reduce(0, +) / Double(numbers.count))
            }
        }
    }
}
