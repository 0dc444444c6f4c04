import JSON
import JSONPath

/// A field that is a number: a literal, a path (`…Path`), or a JSONata expression.
public struct NumberField: Sendable {
    /// Without `Path`: `TimeoutSeconds`, `MaxConcurrency`.
    public let name: String
    let source: Source

    enum Source: Sendable {
        case literal(JSONValue)
        case path(PathExpression)
        case query(QueryExpression)
    }

    /// The literal, if it is one.
    public var literal: Double? {
        guard case .literal(let value) = source else { return nil }
        return value.number
    }

    /// A whole number, as every field but `ToleratedFailurePercentage` wants it.
    public func integer(_ scope: EvaluationScope) throws(Failure) -> Int {
        switch source {
        case .literal(let value): return value.wholeNumber.map(Int.init(clamping:)) ?? 0
        case .path(let path): return try integer(at: path, scope)
        case .query(let query):
            let value = try query.value(scope, expected: "number")
            guard let whole = value.wholeNumber else {
                throw queryFailure("The \(name) field cannot be parsed as an integer: \(value.text())", query)
            }
            if let limits, !limits.contains(whole) {
                throw queryFailure("\(name) must be between 0 and 99999999 but was: \(whole)", query)
            }
            if let complaint = complaint(Double(whole)) { throw queryFailure(complaint, query) }
            return Int(clamping: whole)
        }
    }

    public func number(_ scope: EvaluationScope) throws(Failure) -> Double {
        switch source {
        case .literal(let value): return value.number ?? 0
        case .path(let path):
            let value = try path.required(scope)
            guard let number = value.number ?? value.string.flatMap({ Double($0) }), number.isFinite else {
                throw .runtime(refusal(of: value, "float", path))
            }
            if let complaint = complaint(number) { throw .runtime(complaint) }
            return number
        case .query(let query):
            let value = try query.value(scope, expected: "number")
            let number = value.number ?? 0
            if let complaint = complaint(number) { throw queryFailure(complaint, query) }
            return number
        }
    }

    private func integer(at path: PathExpression, _ scope: EvaluationScope) throws(Failure) -> Int {
        guard name == "Seconds" || limits != nil else {
            let value = try path.required(scope)
            // A text that spells a number will do (recorded: test_reference_in_map_state[…MAX_CONCURRENCY_PATH]).
            guard let whole = value.wholeNumber ?? value.string.flatMap({ Int64($0) }) else {
                throw .runtime(refusal(of: value, "integer", path))
            }
            if let complaint = complaint(Double(whole)) { throw .runtime(complaint) }
            return Int(clamping: whole)
        }
        let value: JSONValue
        if name == "Seconds" {
            guard let found = path.value(scope) else {
                throw .runtime("The SecondsPath parameter does not reference an input value: \(path.text)")
            }
            value = found
        } else {
            value = try path.required(scope)
        }
        // AWS parses the value's text, so that a text of digits will do too.
        guard let whole = Int64(Self.shown(value)) else {
            throw .runtime("The \(name)Path parameter cannot be parsed as a long value: \(path.text) == \(Self.shown(value))")
        }
        guard whole >= 0 else { throw .runtime("The \(name)Path parameter references a negative value: \(path.text) == \(whole)") }
        return Int(clamping: whole)
    }

    /// What a JSONata number must lie between.
    private var limits: ClosedRange<Int64>? {
        switch name {
        case "TimeoutSeconds", "HeartbeatSeconds": 0...99_999_999
        case "Seconds": 0...Int64.max
        default: nil
        }
    }

    private func complaint(_ number: Double) -> String? {
        switch name {
        case "ToleratedFailureCount", "MaxConcurrency", "MaxItemsPerBatch", "MaxInputBytesPerBatch": number < 0 ? "\(name) cannot be negative." : nil
        case "ToleratedFailurePercentage": number < 0 || number > 100 ? "\(name) must be between 0 and 100." : nil
        default: nil
        }
    }

    private func refusal(of value: JSONValue, _ type: String, _ path: PathExpression) -> String {
        "The \(name)Path field refers to value \"\(Self.shown(value))\" which is not a valid \(type): \(path.text)"
    }

    private static func shown(_ value: JSONValue) -> String { value.string ?? value.text() }

    private func queryFailure(_ cause: String, _ query: QueryExpression) -> Failure {
        Failure(ErrorName.queryEvaluationError, cause, evaluationLocation: query.field, isPrefixed: true)
    }
}
