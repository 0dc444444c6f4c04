import JSON

/// A string `{% … %}` of a JSONata state.
struct QueryExpression: Sendable {
    /// What stands between the marks, trimmed.
    let source: String
    /// Where it stands, as messages and `EvaluationFailed.location` name it: `Output/a/b[0]`.
    let field: String

    init(source: String, field: String) {
        self.source = source
        self.field = field
    }

    /// The value; undefined is a failure.
    func value(_ scope: EvaluationScope) throws(Failure) -> JSONValue {
        throw failure("cannot be evaluated: JSONata is not built in yet.")
    }

    /// The value, which must be of the type that `expected` names.
    func value(_ scope: EvaluationScope, expected: String) throws(Failure) -> JSONValue {
        let value = try value(scope)
        guard value.typeName == expected else {
            throw failure("returned an unexpected result type. Expected '\(expected)', but was '\(value.typeName)' for value: \(value.text())")
        }
        return value
    }

    /// `States.QueryEvaluationError` at this field.
    func failure(_ rest: String) -> Failure {
        Failure(
            ErrorName.queryEvaluationError, "The JSONata expression '\(source)' specified for the field '\(field)' \(rest)",
            evaluationLocation: field, isPrefixed: true)
    }

    /// What stands between `{%` and `%}`, or nil: a literal. The marks must be the very first and last characters.
    static func source(of text: String) -> String? {
        guard text.hasPrefix("{%"), text.hasSuffix("%}"), text.utf8.count >= 4 else { return nil }
        let inner = text.utf8.dropFirst(2).dropLast(2)
        let isSpace = { (byte: UInt8) in byte == 0x20 || (byte >= 9 && byte <= 13) }
        let start = inner.firstIndex { !isSpace($0) } ?? inner.endIndex
        let end = inner.lastIndex { !isSpace($0) }.map { inner.index(after: $0) } ?? start
        return String(inner[start..<end]) ?? ""
    }
}
