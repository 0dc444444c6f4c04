import JSON
import JSONPath

/// A value with holes: `Parameters`, `Arguments`, `Assign`, `Output`, `ItemSelector`, …, compiled.
///
/// In JSONPath the members whose key ends in `.$` are the holes, in JSONata the strings `{% … %}`.
public struct Template: Sendable {
    /// How AWS calls it in messages: `Arguments`, `Choices[1]/Output`, `Catch[0]/Assign`.
    public let field: String
    let root: Node

    indirect enum Node: Sendable {
        case literal(JSONValue)
        case object(JSONShape, [Node])
        case array([Node])
        case path(PathExpression, key: String)
        case intrinsic(Intrinsic, salt: UInt64)
        case query(QueryExpression)
    }

    public func evaluate(_ scope: EvaluationScope) throws(Failure) -> JSONValue {
        try Self.evaluate(root, scope)
    }

    /// Whether there is nothing to evaluate.
    public var isLiteral: Bool {
        if case .literal = root { return true }
        return false
    }

    // The recursion is bounded by the depth of the definition, which its reader limits.
    private static func evaluate(_ node: Node, _ scope: EvaluationScope) throws(Failure) -> JSONValue {
        switch node {
        case .literal(let value): return value
        case .path(let path, let key): return try path.payload(scope, key: key)
        case .object(let shape, let nodes):
            var values: [JSONValue] = []
            values.reserveCapacity(nodes.count)
            for node in nodes { values.append(try evaluate(node, scope)) }
            return .object(JSONObject(shape: shape, values: values))
        case .array(let nodes):
            var values: [JSONValue] = []
            values.reserveCapacity(nodes.count)
            for node in nodes { values.append(try evaluate(node, scope)) }
            return .array(values)
        case .intrinsic(let intrinsic, let salt): return try intrinsic.value(scope, salt: salt)
        case .query(let query): return try query.value(scope)
        }
    }
}

extension PathExpression {
    /// The value for a payload template's `key`: an index past the end is null here.
    func payload(_ scope: EvaluationScope, key: String) throws(Failure) -> JSONValue {
        switch lookup(scope) {
        case .found(let value): return value
        case .pastTheEnd: return .null
        case .missing:
            throw .runtime(
                "The JSONPath '\(text)' specified for the field '\(key)' could not be found in the input '\(searched(scope).text())'")
        }
    }

    /// The value for `InputPath`, `OutputPath`, `TimeoutSecondsPath`, ….
    func required(_ scope: EvaluationScope) throws(Failure) -> JSONValue {
        guard let value = value(scope) else { throw .runtime("Invalid path '\(text)' : \(explanation(scope))") }
        return value
    }
}

extension Intrinsic {
    func value(_ scope: EvaluationScope, salt: UInt64) throws(Failure) -> JSONValue {
        do {
            return try evaluate(scope, seed: scope.seed ^ salt)
        } catch {
            throw .runtime(error.message)
        }
    }
}

/// A number for the place of an expression, so that two of them with one seed draw different values.
func salt(of field: String) -> UInt64 {
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    for byte in field.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
    return hash
}
