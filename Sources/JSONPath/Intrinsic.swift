import JSON

/// A call of an intrinsic function, compiled: `States.Format('{} of {}', $.name, States.MathAdd($.n, 1))`.
public struct Intrinsic: Sendable {
    /// As it was written.
    public let text: String
    private let call: IntrinsicCall

    public init(_ text: String) throws(PathSyntaxError) {
        var parser = IntrinsicParser(text)
        call = try parser.whole()
        self.text = text
    }

    /// The value. `seed` is what `States.UUID` and an unseeded `States.MathRandom` draw from: the same seed gives the same value.
    public func evaluate(_ scope: borrowing some DataScope, seed: UInt64 = 0) throws(IntrinsicError) -> JSONValue {
        var dice = Dice(seed: seed)
        do {
            return try call.evaluate(scope, &dice)
        } catch {
            switch error {
            case .badArguments(let name):
                throw IntrinsicError(
                    message: "There was an error while evaluating the intrinsic function: \(text). Invalid arguments in States.\(name)")
            case .badTemplate(let problem):
                throw IntrinsicError(
                    message: "There was an error while evaluating the intrinsic function: \(text). "
                        + "Invalid template in States.Format: \(problem)")
            case .missing(let path):
                throw IntrinsicError(message: "The function '\(text)' had the following error: \(Self.explain(path, scope))")
            }
        }
    }

    /// AWS prints `$$.A` as `$.A` and shows the state's input in either case (asl-brief section 3).
    private static func explain(_ path: PathExpression, _ scope: borrowing some DataScope) -> String {
        let explanation = path.explanation(scope)
        if explanation.hasPrefix("Filter: ") { return explanation }
        let shown = path.root == .context ? String(path.text.dropFirst()) : path.text
        return "The JsonPath argument for the field '\(shown)' could not be found in the input '\(scope.input.text())'"
    }

    /// Every path among the arguments, nested calls included.
    package var paths: [PathExpression] { call.paths }
}

/// Why an intrinsic function gave no value, in AWS's words.
public struct IntrinsicError: Error, Equatable, Sendable {
    public let message: String
}

enum IntrinsicFailure: Error {
    case badArguments(String)
    case badTemplate(String)
    case missing(PathExpression)
}

struct IntrinsicCall: Sendable {
    let function: IntrinsicFunction
    let arguments: [Argument]

    indirect enum Argument: Sendable {
        case literal(JSONValue)
        /// A text as it stands between its quotes, escapes kept: what `States.Format` takes as its template.
        case template(FormatTemplate)
        case path(PathExpression)
        case call(IntrinsicCall)
    }

    // The recursion is bounded by the parser: calls are nested at most ten deep.
    func evaluate(_ scope: borrowing some DataScope, _ dice: inout Dice) throws(IntrinsicFailure) -> JSONValue {
        if function == .format { return try format(scope, &dice) }
        var values: [JSONValue] = []
        values.reserveCapacity(arguments.count)
        for argument in arguments { values.append(try Self.value(argument, scope, &dice)) }
        guard let result = function.apply(values, &dice) else { throw .badArguments(function.rawValue) }
        return result
    }

    private static func value(
        _ argument: Argument, _ scope: borrowing some DataScope, _ dice: inout Dice
    ) throws(IntrinsicFailure) -> JSONValue {
        switch argument {
        case .literal(let value): return value
        case .template(let template): return .string(template.text)
        case .path(let path):
            guard let value = path.value(scope) else { throw .missing(path) }
            return value
        case .call(let call): return try call.evaluate(scope, &dice)
        }
    }

    private func format(_ scope: borrowing some DataScope, _ dice: inout Dice) throws(IntrinsicFailure) -> JSONValue {
        guard let first = arguments.first else { throw .badArguments(function.rawValue) }
        let template: FormatTemplate
        if case .template(let compiled) = first {
            template = compiled
        } else {
            guard case .string(let text) = try Self.value(first, scope, &dice), let compiled = FormatTemplate(text) else {
                throw .badArguments(function.rawValue)
            }
            template = compiled
        }
        if let problem = template.problem { throw .badTemplate(problem) }
        guard template.placeholders == arguments.count - 1 else {
            // A missing path is reported before the count is.
            for argument in arguments.dropFirst() { _ = try Self.value(argument, scope, &dice) }
            throw .badArguments(function.rawValue)
        }
        var text = template.pieces[0]
        for position in 1..<arguments.count {
            FormatTemplate.append(try Self.value(arguments[position], scope, &dice), to: &text)
            text += template.pieces[position]
        }
        return .string(text)
    }

    var paths: [PathExpression] {
        arguments.flatMap { argument -> [PathExpression] in
            switch argument {
            case .literal, .template: []
            case .path(let path): [path]
            case .call(let call): call.paths
            }
        }
    }
}

/// The 18 functions by their name after `States.`.
enum IntrinsicFunction: String, Sendable, CaseIterable {
    case array = "Array"
    case arrayPartition = "ArrayPartition"
    case arrayContains = "ArrayContains"
    case arrayRange = "ArrayRange"
    case arrayGetItem = "ArrayGetItem"
    case arrayLength = "ArrayLength"
    case arrayUnique = "ArrayUnique"
    case base64Encode = "Base64Encode"
    case base64Decode = "Base64Decode"
    case hash = "Hash"
    case jsonMerge = "JsonMerge"
    case stringToJson = "StringToJson"
    case jsonToString = "JsonToString"
    case mathAdd = "MathAdd"
    case mathRandom = "MathRandom"
    case stringSplit = "StringSplit"
    case uuid = "UUID"
    case format = "Format"

    /// nil: arguments that the function does not take.
    func apply(_ arguments: [JSONValue], _ dice: inout Dice) -> JSONValue? {
        switch self {
        case .array: .array(arguments)
        case .arrayPartition: ArrayFunctions.partition(arguments)
        case .arrayContains: ArrayFunctions.contains(arguments)
        case .arrayRange: ArrayFunctions.range(arguments)
        case .arrayGetItem: ArrayFunctions.item(arguments)
        case .arrayLength: ArrayFunctions.length(arguments)
        case .arrayUnique: ArrayFunctions.unique(arguments)
        case .base64Encode: EncodingFunctions.base64Encode(arguments)
        case .base64Decode: EncodingFunctions.base64Decode(arguments)
        case .hash: EncodingFunctions.hash(arguments)
        case .jsonMerge: JSONFunctions.merge(arguments)
        case .stringToJson: JSONFunctions.parse(arguments)
        case .jsonToString: JSONFunctions.text(arguments)
        case .mathAdd: MathFunctions.add(arguments)
        case .mathRandom: MathFunctions.random(arguments, &dice)
        case .stringSplit: TextFunctions.split(arguments)
        case .uuid: MathFunctions.uuid(arguments, &dice)
        // Handled where the arguments are, because it needs its template uncooked.
        case .format: nil
        }
    }
}
