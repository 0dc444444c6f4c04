/// A function value.
final class Function {
    enum Kind {
        case builtin(Builtin)
        case lambda(LambdaNode, input: Value, frame: Frame)
        /// A function that was passed as an argument: jsonata-js wraps it, so that calls by its parameter's name do not mark it.
        case closure(Function)
        /// Made by the evaluator itself: a regular expression, its `next`, a transformation.
        case native(arity: Int, signature: Signature?, body: (Run, [Value]) throws(Failure) -> Value)
        /// A regular expression.
        case matcher(RegexProgram, position: Int)
        /// `f(?, x)`: the arguments that are there, nil where one is still to come.
        case partial(Function, arguments: [Value?])
    }

    let kind: Kind
    /// The name and place of the latest call, which errors inside report.
    var token: Value?
    var position: Int?

    init(_ kind: Kind) {
        self.kind = kind
    }

    /// The number of parameters, which decides how many arguments `$map` and its kin supply.
    var arity: Int {
        switch kind {
        case .builtin(let builtin): builtin.arity
        case .lambda(let node, _, _): node.parameterCount
        case .closure(let function): function.arity
        case .native(let arity, _, _): arity
        case .matcher: 2
        case .partial(let function, let arguments):
            switch function.unwrapped.kind {
            case .lambda(let node, _, _): (0..<node.parameterCount).count { $0 < arguments.count && arguments[$0] == nil }
            default: arguments.count { $0 == nil }
            }
        }
    }

    var isMatcher: Bool {
        if case .matcher = kind { return true }
        return false
    }

    var unwrapped: Function {
        if case .closure(let function) = kind { return function.unwrapped }
        return self
    }

    /// What JavaScript calls an object: only those remember where they were called.
    var remembersCall: Bool {
        switch kind {
        case .builtin, .lambda, .partial: true
        case .native(_, let signature, _): signature != nil
        case .closure, .matcher: false
        }
    }

    /// Whether JavaScript sees an object with members, which is true as a condition.
    var isObject: Bool { remembersCall }
}

/// A built-in function.
final class Builtin: Sendable {
    let name: String
    /// How many parameters jsonata-js's implementation declares.
    let arity: Int
    let signature: Signature?
    let body: @Sendable (Call, [Value]) throws(Failure) -> Value

    init(
        _ name: String, _ signature: String, arity: Int,
        _ body: @escaping @Sendable (Call, [Value]) throws(Failure) -> Value
    ) {
        self.name = name
        self.arity = arity
        self.signature = try? Signature(signature)
        self.body = body
    }
}

/// What a built-in sees of its call.
struct Call {
    let run: Run
    let input: Value
    let frame: Frame
}
