import JSON

/// What went wrong in parsing or evaluating an expression.
public struct JSONataError: Error, Sendable, CustomStringConvertible {
    /// jsonata-js's code, `T2001`; nil for the limits of an evaluation.
    public let code: String?
    /// jsonata-js's sentence, without the code.
    public let message: String
    /// The operator, name or text that the error is about.
    public let token: String?
    /// UTF-16 units from the start of the expression to the end of the token.
    public let position: Int?
    /// The offending value.
    public let value: JSONValue?

    /// Step Functions says that it failed, and not why.
    public let isInternal: Bool

    init(_ failure: Failure) {
        let detail = failure.detail
        code = detail.code
        isInternal = detail.isHidden
        message = ErrorMessages.message(for: detail)
        token = detail.token.flatMap { $0.string ?? ResultConversion.json($0)?.text() }
        position = detail.position
        value = detail.value.flatMap(ResultConversion.json)
    }

    /// `T2001: The left side of the "+" operator must evaluate to a number`
    public var description: String { code.map { "\($0): \(message)" } ?? message }
}
