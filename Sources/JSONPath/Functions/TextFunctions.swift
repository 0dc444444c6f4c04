import JSON

/// `States.StringSplit`
enum TextFunctions {
    /// The second argument is a set of characters; empty pieces are dropped.
    static func split(_ arguments: [JSONValue]) -> JSONValue? {
        guard arguments.count == 2, case .string(let text) = arguments[0], case .string(let delimiters) = arguments[1] else { return nil }
        let set = Set(delimiters.unicodeScalars)
        let pieces = text.unicodeScalars.split(omittingEmptySubsequences: true) { set.contains($0) }
        return .array(pieces.map { .string(String(String.UnicodeScalarView($0))) })
    }
}
