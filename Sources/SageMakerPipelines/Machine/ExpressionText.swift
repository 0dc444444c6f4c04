import JSON

/// Writes JSONata.
enum ExpressionText {
    /// `'text'`, or `"text"` where a single-quoted one would need escapes.
    static func literal(_ text: String) -> String {
        let isPlain = text.utf8.allSatisfy { $0 != UInt8(ascii: "'") && $0 != UInt8(ascii: "\\") && $0 >= 0x20 }
        return isPlain ? "'\(text)'" : JSONValue.string(text).text()
    }

    static func literal(_ value: JSONValue) -> String {
        if case .string(let text) = value { return literal(text) }
        return value.text()
    }

    /// `.name`, with backticks where JSONata needs them.
    static func field(_ name: String) -> String {
        let bytes = Array(name.utf8)
        let isWord = bytes.allSatisfy { (48...57).contains($0) || (65...90).contains($0) || (97...122).contains($0) || $0 == 95 }
        let reserved: Set<String> = ["and", "or", "in", "true", "false", "null", "function"]
        if let first = bytes.first, isWord, !(48...57).contains(first), !reserved.contains(name) { return ".\(name)" }
        return ".`\(name.split(separator: "`", omittingEmptySubsequences: false).joined(separator: "\\`"))`"
    }

    /// The field of a template: `{% expression %}`.
    static func template(_ expression: String) -> JSONValue { .string("{% \(expression) %}") }

    /// A text that would be taken for an expression is written as one.
    static func template(literal text: String) -> JSONValue {
        text.hasPrefix("{%") && text.hasSuffix("%}") ? template(literal(text)) : .string(text)
    }

    /// `a & '/' & b`, neighbouring texts joined.
    static func concatenation(_ pieces: [Piece]) -> String {
        var merged: [Piece] = []
        for piece in pieces {
            if case .text(let text) = piece, case .text(let last)? = merged.last {
                merged[merged.count - 1] = .text(last + text)
            } else {
                merged.append(piece)
            }
        }
        merged.removeAll { $0 == .text("") }
        switch merged.count {
        case 0: return "''"
        case 1:
            switch merged[0] {
            case .text(let text): return literal(text)
            case .expression(let expression): return "$string(\(expression))"
            }
        default:
            return merged.map { piece in
                switch piece {
                case .text(let text): literal(text)
                case .expression(let expression): expression
                }
            }.joined(separator: " & ")
        }
    }

    enum Piece: Equatable {
        case text(String)
        case expression(String)
    }
}
