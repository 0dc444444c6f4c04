import JSON
import JSONPath

/// A field that is a text: `Error`, `Cause`, `Timestamp` with their `…Path` forms, or a JSONata expression.
public struct StringField: Sendable {
    /// As it is called in the definition: `Error`, `ErrorPath`, `TimestampPath`.
    public let name: String
    let source: Source

    enum Source: Sendable {
        case literal(String)
        case path(PathExpression)
        case intrinsic(Intrinsic)
        case query(QueryExpression)
    }

    public func evaluate(_ scope: EvaluationScope) throws(Failure) -> String {
        switch source {
        case .literal(let text): return text
        case .path(let path): return Self.text(try path.payload(scope, key: name))
        case .intrinsic(let intrinsic): return Self.text(try intrinsic.value(scope, salt: salt(of: name)))
        case .query(let query): return Self.text(try query.value(scope, expected: "string"))
        }
    }

    private static func text(_ value: JSONValue) -> String { value.string ?? value.text() }
}
