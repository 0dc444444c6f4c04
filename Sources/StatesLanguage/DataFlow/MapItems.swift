import JSON
import JSONPath

/// What a Map runs over.
public struct MapItems: Sendable {
    public var values: [JSONValue]
    /// The keys of an object's entries: `Map.Item.Key`; nil for an array.
    public var keys: [String]?

    public init(values: [JSONValue], keys: [String]? = nil) {
        self.values = values
        self.keys = keys
    }
}

extension MapState {
    /// The items of an inline Map or of a distributed one without ItemReader. `scope.input` is the effective input.
    public func itemList(_ scope: EvaluationScope) throws(Failure) -> MapItems {
        if let items { return try Self.list(items, scope, takesObject: distributed != nil && distributed?.batcher == nil) }
        switch itemsPath {
        case .whole: return try Self.list(scope.input, isQuery: isQuery, path: nil)
        case .null: return try Self.list(.object(JSONObject()), isQuery: isQuery, path: nil)
        case .path(let path): return try Self.list(try Self.found(path, scope), isQuery: isQuery, path: path.text)
        }
    }

    /// ItemsPath is a Reference Path, and a step that does not fit is told as one (field reports; asl-brief section 2).
    private static func found(_ path: PathExpression, _ scope: EvaluationScope) throws(Failure) -> JSONValue {
        if let value = path.value(scope) { return value }
        guard let (step, value) = path.misfit(scope) else { return try path.required(scope) }
        throw Failure(ErrorName.referencePathConflict, "Unable to apply step \"\(step)\" to input \(value.text())", isPrefixed: true)
    }

    /// An object's entries are the items of a distributed Map without batches (measured in 2026); elsewhere it is refused.
    private static func list(_ items: Template, _ scope: EvaluationScope, takesObject: Bool) throws(Failure) -> MapItems {
        guard case .query(let query) = items.root else { return try list(try items.evaluate(scope), isQuery: true, path: nil) }
        switch try query.value(scope, expected: "array", orObject: takesObject) {
        case .array(let array): return MapItems(values: array)
        case .object(let object): return MapItems(values: Array(object.values), keys: Array(object.keys))
        default: return MapItems(values: [])
        }
    }

    private static func list(_ value: JSONValue, isQuery: Bool, path: String?) throws(Failure) -> MapItems {
        if case .array(let array) = value { return MapItems(values: array) }
        if isQuery {
            throw Failure(
                ErrorName.queryEvaluationError, "Map state input must be an array but was: \(value.text())", evaluationLocation: "",
                isPrefixed: true)
        }
        // AWS prints `$$.a` with one `$` (recorded: test_state_map_context_object).
        let shown = path.map { $0.hasPrefix("$$") ? String($0.dropFirst()) : $0 } ?? "$"
        throw .runtime("Reference path \"\(shown)\" must point to array.")
    }
}
