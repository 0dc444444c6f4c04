import JSON
import JSONPath

extension WaitState {
    /// When the wait is over; a past time is over at once.
    public func end(_ scope: EvaluationScope, enteredAt: Timestamp) throws(Failure) -> Timestamp {
        switch until {
        case .seconds(let field):
            let seconds = try field.integer(scope)
            guard seconds <= Self.longestSeconds else { throw Self.tooLong }
            return Timestamp(milliseconds: enteredAt.milliseconds &+ Int64(seconds) * 1000)
        case .timestamp(let field):
            let end = try Self.time(field, scope)
            guard end.milliseconds / 1000 - enteredAt.milliseconds / 1000 <= Self.longestSeconds else { throw Self.tooLong }
            return end
        }
    }

    /// 2^31 - 1 seconds, 24,855 days.
    private static let longestSeconds = Int(Int32.max)
    private static var tooLong: Failure { .runtime("Wait state delay is too long.") }

    private static func time(_ field: StringField, _ scope: EvaluationScope) throws(Failure) -> Timestamp {
        switch field.source {
        case .literal(let text):
            guard let time = Timestamp(iso8601: text) else { throw .runtime(refusal(of: text)) }
            return time
        case .path(let path):
            guard let value = path.value(scope) else {
                throw .runtime("The TimestampPath parameter does not reference an input value: \(path.text)")
            }
            guard let text = value.string, let time = Timestamp(iso8601: text, isJava: true) else {
                throw .runtime(
                    "The TimestampPath parameter does not reference a valid ISO-8601 extended offset date-time format string: "
                        + "\(path.text) == \(value.string ?? value.text())")
            }
            return time
        case .intrinsic: throw .runtime(refusal(of: try field.evaluate(scope)))
        case .query(let query):
            let text = try field.evaluate(scope)
            guard let time = Timestamp(iso8601: text, isJava: true) else {
                throw Failure(ErrorName.queryEvaluationError, refusal(of: text), evaluationLocation: query.field, isPrefixed: true)
            }
            return time
        }
    }

    private static func refusal(of text: String) -> String {
        "The Timestamp field cannot be parsed as an ISO-8601 extended offset date-time format string: \(text)"
    }
}
