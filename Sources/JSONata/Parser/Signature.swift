import JSON

/// Why a signature cannot be read.
struct SignatureError: Error {
    let code: String
    let value: String
    let offset: Int
}

/// The type of one value as a signature sees it.
enum TypeSymbol: UInt8 {
    case missing, string, number, boolean, null, object, array, function

    init(_ value: borrowing Value) {
        switch value {
        case .undefined, .unbound, .tailCall, .tuples: self = .missing
        case .json(let json): self.init(json)
        case .list: self = .array
        case .object: self = .object
        case .function: self = .function
        }
    }

    init(_ json: borrowing JSONValue) {
        switch json {
        case .null: self = .null
        case .bool: self = .boolean
        case .integer, .double, .decimal: self = .number
        case .string: self = .string
        case .array: self = .array
        case .object: self = .object
        }
    }

    var bit: UInt8 { 1 << rawValue }

    init?(letter: Character) {
        switch letter {
        case "m": self = .missing
        case "s": self = .string
        case "n": self = .number
        case "b": self = .boolean
        case "l": self = .null
        case "o": self = .object
        case "a": self = .array
        case "f": self = .function
        default: return nil
        }
    }
}

/// A function's signature, `<s-nn?:s>`: which arguments it takes, and where the context stands in for a missing one.
struct Signature: Sendable {
    struct Parameter: Sendable {
        var types: UInt8
        var isArray = false
        var isFunction = false
        var subtype: String?
        var takesContext = false
        var isOptional = false
        var isRepeated = false
    }

    let text: String
    let parameters: [Parameter]
    /// Every parameter takes exactly one argument, so that checking needs no search.
    private let isPlain: Bool

    private static let json = bits("asnblom")
    private static let any = bits("asnblfom")

    private static func bits(_ letters: String) -> UInt8 {
        letters.reduce(0) { $0 | (TypeSymbol(letter: $1)?.bit ?? 0) }
    }

    init(_ text: String) throws(SignatureError) {
        self.text = text
        let letters = Array(text)
        var parameters: [Parameter] = []
        var position = 1
        func closing(_ open: Character, _ close: Character) -> Int {
            var depth = 1
            var index = position
            while index < letters.count {
                index += 1
                guard index < letters.count else { break }
                if letters[index] == close {
                    depth -= 1
                    if depth == 0 { break }
                } else if letters[index] == open {
                    depth += 1
                }
            }
            return index
        }
        while position < letters.count, letters[position] != ":" {
            let letter = letters[position]
            switch letter {
            case "s", "n", "b", "l", "o": parameters.append(Parameter(types: Self.bits("\(letter)m")))
            case "a": parameters.append(Parameter(types: Self.any, isArray: true))
            case "f": parameters.append(Parameter(types: Self.bits("f"), isFunction: true))
            case "j": parameters.append(Parameter(types: Self.json))
            case "x": parameters.append(Parameter(types: Self.any))
            case "-":
                if !parameters.isEmpty {
                    parameters[parameters.count - 1].takesContext = true
                    parameters[parameters.count - 1].isOptional = true
                }
            case "?": if !parameters.isEmpty { parameters[parameters.count - 1].isOptional = true }
            case "+": if !parameters.isEmpty { parameters[parameters.count - 1].isRepeated = true }
            case "(":
                let end = closing("(", ")")
                let choice = String(letters[min(position + 1, letters.count)..<min(end, letters.count)])
                if choice.contains("<") { throw SignatureError(code: "S0402", value: choice, offset: position) }
                parameters.append(Parameter(types: Self.bits(choice + "m")))
                position = end
            case "<":
                guard let last = parameters.last, last.isArray || last.isFunction else {
                    throw SignatureError(code: "S0401", value: parameters.isEmpty ? "" : "\(letters[position - 1])", offset: position)
                }
                let end = closing("<", ">")
                parameters[parameters.count - 1].subtype = String(letters[min(position + 1, letters.count)..<min(end, letters.count)])
                position = end
            default: break
            }
            position += 1
        }
        self.parameters = parameters
        isPlain = parameters.allSatisfy { !$0.isOptional && !$0.isRepeated }
    }

    /// The arguments as the function wants them: context put in, single values made arrays.
    func validate(_ arguments: [Value], context: Value) throws(Failure) -> [Value] {
        if fitsAsIs(arguments) { return arguments }
        return try search(arguments, context: context)
    }

    /// One argument after the other fits its parameter, and nothing has to be changed: the usual case.
    private func fitsAsIs(_ arguments: [Value]) -> Bool {
        let count = arguments.count
        guard count <= parameters.count else { return false }
        for index in parameters.indices {
            guard index < count else {
                if !parameters[index].isOptional || parameters[index].takesContext { return false }
                continue
            }
            if parameters[index].isRepeated { return false }
            let symbol = TypeSymbol(arguments[index])
            if parameters[index].types & symbol.bit == 0 { return false }
            if parameters[index].isArray, symbol != .array || parameters[index].subtype != nil { return false }
        }
        return true
    }

    private func search(_ arguments: [Value], context: Value) throws(Failure) -> [Value] {
        var symbols: [TypeSymbol] = []
        symbols.reserveCapacity(arguments.count)
        for argument in arguments { symbols.append(TypeSymbol(argument)) }
        guard let counts = match(symbols) else { throw mismatch(arguments, symbols) }
        var result: [Value] = []
        result.reserveCapacity(max(parameters.count, arguments.count))
        var next = 0
        for (index, parameter) in parameters.enumerated() {
            let count = counts[index]
            if count == 0 {
                if parameter.takesContext {
                    guard parameter.types & TypeSymbol(context).bit != 0 else {
                        throw Failure("T0411", value: context, index: next + 1)
                    }
                    result.append(context)
                } else {
                    result.append(next < arguments.count ? arguments[next] : .undefined)
                    next += 1
                }
                continue
            }
            let first = arguments[next]
            for _ in 0..<count {
                if parameter.isArray {
                    result.append(try array(arguments[next], symbols[next], parameter, next, repeated: count > 1))
                } else {
                    // As jsonata-js 2.0.6: a repeated parameter gets the first of its arguments again and again.
                    result.append(first)
                }
                next += 1
            }
        }
        return result
    }

    private func array(
        _ argument: Value, _ symbol: TypeSymbol, _ parameter: Parameter, _ index: Int, repeated: Bool
    ) throws(Failure) -> Value {
        if symbol == .missing { return .undefined }
        if let subtype = parameter.subtype, let letter = subtype.first {
            let wanted = TypeSymbol(letter: letter)
            var fits = true
            if symbol != .array {
                fits = !repeated && subtype.count == 1 && wanted == symbol
            } else if let items = argument.items, items.count > 0 {
                fits = items.allSatisfy(wanted)
            }
            if !fits {
                throw Failure("T0412", value: argument, index: index + 1, type: Self.plural(subtype))
            }
        }
        return symbol == .array ? argument : .list(List([argument]))
    }

    private static func plural(_ subtype: String) -> String? {
        switch subtype {
        case "a": "arrays"
        case "b": "booleans"
        case "f": "functions"
        case "n": "numbers"
        case "o": "objects"
        case "s": "strings"
        default: nil
        }
    }

    /// How many arguments each parameter takes, greedily with backtracking; nil: they do not fit.
    private func match(_ symbols: [TypeSymbol]) -> [Int]? {
        if isPlain {
            guard symbols.count == parameters.count else { return nil }
            for index in symbols.indices where parameters[index].types & symbols[index].bit == 0 { return nil }
            return [Int](repeating: 1, count: symbols.count)
        }
        var counts = [Int](repeating: 0, count: parameters.count)
        func fits(_ parameter: Int, _ start: Int) -> Bool {
            guard parameter < parameters.count else { return start == symbols.count }
            let description = parameters[parameter]
            var most = 0
            while start + most < symbols.count, most == 0 || description.isRepeated,
                description.types & symbols[start + most].bit != 0
            { most += 1 }
            let least = description.isOptional ? 0 : 1
            var count = most
            while count >= least {
                counts[parameter] = count
                if fits(parameter + 1, start + count) { return true }
                count -= 1
            }
            return false
        }
        return fits(0, 0) ? counts : nil
    }

    /// The first argument that the parameters up to some point cannot take.
    private func mismatch(_ arguments: [Value], _ symbols: [TypeSymbol]) -> Failure {
        var good = 0
        for end in parameters.indices {
            guard let length = prefixMatch(upTo: end, symbols) else { break }
            good = length
        }
        return Failure("T0410", value: good < arguments.count ? arguments[good] : .undefined, index: good + 1)
    }

    private func prefixMatch(upTo last: Int, _ symbols: [TypeSymbol]) -> Int? {
        func longest(_ parameter: Int, _ start: Int) -> Int? {
            guard parameter <= last else { return start }
            let description = parameters[parameter]
            var most = 0
            while start + most < symbols.count, most == 0 || description.isRepeated,
                description.types & symbols[start + most].bit != 0
            { most += 1 }
            let least = description.isOptional ? 0 : 1
            var count = most
            while count >= least {
                if let end = longest(parameter + 1, start + count) { return end }
                count -= 1
            }
            return nil
        }
        return longest(0, 0)
    }
}
