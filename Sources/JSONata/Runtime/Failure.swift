import JSON

/// What is thrown inside: a pointer, so that the way without errors stays cheap. Where an error passes a call,
/// the call may add its name and position, as jsonata-js does.
struct Failure: Error {
    let detail: FailureDetail

    init(
        _ code: String?, position: Int? = nil, token: Value? = nil, value: Value? = nil, value2: Value? = nil,
        index: Int? = nil, type: String? = nil, exponent: Value? = nil, message: String? = nil, functionName: String? = nil
    ) {
        detail = FailureDetail(code: code)
        detail.position = position
        detail.token = token
        detail.value = value
        detail.value2 = value2
        detail.index = index
        detail.type = type
        detail.exponent = exponent
        detail.message = message
        detail.functionName = functionName
    }

    /// A limit of the evaluation: no code in Step Functions, `U1001` in JavaScript's test suite.
    init(limit message: String, code: String?) {
        self.init(code, message: message)
        detail.isLimit = true
    }

    /// A failure inside the service: it tells of no code and no reason.
    static var hidden: Failure {
        let failure = Failure(nil, message: "internal error")
        failure.detail.isHidden = true
        return failure
    }

    static func token(_ code: String, position: Int, token: String) -> Failure {
        Failure(code, position: position, token: .json(.string(token)))
    }
}

/// The fields of an error; the message templates name them. Stays on the thread of its evaluation, or goes with it
/// to another that waits (`BigStack`): never shared.
final class FailureDetail: @unchecked Sendable {
    let code: String?
    var position: Int?
    var token: Value?
    var value: Value?
    var value2: Value?
    var index: Int?
    var type: String?
    var exponent: Value?
    var message: String?
    var functionName: String?
    var isLimit = false
    var isHidden = false

    init(code: String?) {
        self.code = code
    }

    /// `JSON.stringify` of a field that a template names in two braces, its text in three.
    func field(_ name: String, quoted: Bool) -> String {
        func show(_ value: Value?) -> String {
            guard let value else { return "undefined" }
            if !quoted, case .json(.string(let text)) = value { return text }
            return StringFunctions.stringify(value) ?? "undefined"
        }
        func show(_ text: String?) -> String { show(text.map { Value.json(.string($0)) }) }
        switch name {
        case "token": return show(token)
        case "value": return show(value)
        case "value2": return show(value2)
        case "index": return index.map(String.init) ?? "undefined"
        case "type": return show(type)
        case "exp": return show(exponent)
        case "message": return show(message)
        case "functionName": return show(functionName)
        default: return "undefined"
        }
    }
}
