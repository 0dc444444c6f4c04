/// A path of the pipeline language: dotted names, `[n]` and `['text']`, freely mixed:
/// `post_training_bias_metrics.facets.F1[0].metrics[0].value`, `Environment['A.B']`.
public struct PropertyPath: Sendable, Hashable, CustomStringConvertible {
    public enum Component: Sendable, Hashable {
        case name(String)
        case index(Int)
        /// `['text']`: a key of a map, or the name of a list's element.
        case key(String)
    }

    public var components: [Component]

    public init(_ components: [Component]) { self.components = components }

    /// nil: the text is no path. The empty text is the empty path.
    public init?(_ text: String) {
        var components: [Component] = []
        let bytes = Array(text.utf8)
        var index = 0
        // A leading `$.` is JsonPath's; the documents allow it in JsonGet.
        if bytes.first == UInt8(ascii: "$") {
            index = 1
        }
        var expectsName = index == 0
        while index < bytes.count {
            switch bytes[index] {
            case UInt8(ascii: "["):
                guard let (component, next) = Self.bracket(bytes, at: index) else { return nil }
                components.append(component)
                index = next
                expectsName = false
            case UInt8(ascii: ".") where !expectsName:
                index += 1
                expectsName = true
                guard index < bytes.count, bytes[index] != UInt8(ascii: "["), bytes[index] != UInt8(ascii: ".") else { return nil }
            default:
                guard expectsName else { return nil }
                let start = index
                while index < bytes.count, bytes[index] != UInt8(ascii: "."), bytes[index] != UInt8(ascii: "["), bytes[index] != UInt8(ascii: "]") {
                    index += 1
                }
                guard index > start else { return nil }
                components.append(.name(String(decoding: bytes[start..<index], as: UTF8.self)))
                expectsName = false
            }
        }
        self.components = components
    }

    private static func bracket(_ bytes: [UInt8], at start: Int) -> (Component, Int)? {
        var index = start + 1
        guard index < bytes.count else { return nil }
        let quote = bytes[index]
        if quote == UInt8(ascii: "'") || quote == UInt8(ascii: "\"") {
            index += 1
            let from = index
            while index + 1 < bytes.count, !(bytes[index] == quote && bytes[index + 1] == UInt8(ascii: "]")) { index += 1 }
            guard index + 1 < bytes.count, bytes[index] == quote else { return nil }
            return (.key(String(decoding: bytes[from..<index], as: UTF8.self)), index + 2)
        }
        let from = index
        while index < bytes.count, (48...57).contains(bytes[index]) { index += 1 }
        guard index > from, index - from < 10, index < bytes.count, bytes[index] == UInt8(ascii: "]"),
            let number = Int(String(decoding: bytes[from..<index], as: UTF8.self))
        else { return nil }
        return (.index(number), index + 1)
    }

    public var description: String {
        var text = ""
        for component in components {
            switch component {
            case .name(let name): text += text.isEmpty ? name : "." + name
            case .index(let index): text += "[\(index)]"
            case .key(let key): text += "['\(key)']"
            }
        }
        return text
    }
}
