/// `$boolean $not $exists $type $error $assert`
enum BooleanFunctions {
    static let all = [
        Builtin("boolean", "<x-:b>", arity: 1) { (_, arguments) throws(Failure) in
            if arguments.at(0).isUndefined { return .undefined }
            return .bool(try isTrue(arguments.at(0)))
        },
        Builtin("not", "<x-:b>", arity: 1) { (_, arguments) throws(Failure) in
            if arguments.at(0).isUndefined { return .undefined }
            return .bool(try !isTrue(arguments.at(0)))
        },
        Builtin("exists", "<x:b>", arity: 1) { (_, arguments) throws(Failure) in .bool(!arguments.at(0).isUndefined) },
        Builtin("type", "<x:s>", arity: 1) { (_, arguments) throws(Failure) in
            switch arguments.at(0) {
            case .undefined, .unbound, .tailCall: .undefined
            case .json(let json): .text(json.typeName)
            case .list, .tuples: .text("array")
            case .object: .text("object")
            case .function: .text("function")
            }
        },
        Builtin("error", "<s?:x>", arity: 1) { (_, arguments) throws(Failure) in
            throw Failure("D3137", message: message(arguments.at(0), "$error() function evaluated"))
        },
        Builtin("assert", "<bs?:x>", arity: 2) { (_, arguments) throws(Failure) in
            if try Truth.isTrue(arguments.at(0)) { return .undefined }
            throw Failure("D3141", message: message(arguments.at(1), "$assert() statement failed"))
        },
    ]

    /// An argument that is a function is never true: jsonata-js sees a wrapper without members.
    private static func isTrue(_ value: Value) throws(Failure) -> Bool {
        value.isFunction ? false : try Truth.isTrue(value)
    }

    private static func message(_ value: Value, _ otherwise: String) -> String {
        guard let text = value.string, !text.isEmpty else { return otherwise }
        return text
    }
}
