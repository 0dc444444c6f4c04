import JSON
import JSONPath

extension PathField {
    /// The value of `InputPath`, `OutputPath`, `ItemsPath`; null gives `{}`.
    public func apply(_ scope: EvaluationScope, field: String) throws(Failure) -> JSONValue {
        switch self {
        case .whole: scope.input
        case .null: .object(JSONObject())
        case .path(let path): try path.required(scope)
        }
    }
}

extension ResultPath {
    /// `input` with `result` at its place.
    public func apply(_ result: JSONValue, to input: JSONValue) throws(Failure) -> JSONValue {
        switch self {
        case .whole: return result
        case .discard: return input
        case .reference(let path):
            do {
                return try path.inserting(result, into: input)
            } catch {
                switch error {
                case .whole:
                    throw Failure(
                        ErrorName.referencePathConflict, "Unable to apply ReferencePath \(path.text) to input \(input.text())",
                        isPrefixed: true)
                case .step(let step, let value):
                    throw Failure(
                        ErrorName.referencePathConflict, "Unable to apply step \"\(step)\" to input \(value.text())", isPrefixed: true)
                }
            }
        }
    }
}
