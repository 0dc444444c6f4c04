import JSON

/// Reads a path. Works on bytes: every character that means something is ASCII.
struct PathParser {
    private let bytes: [UInt8]
    private(set) var position = 0
    /// Filters hold paths that hold filters.
    private var depth = 0
    private static let depthLimit = 50

    init(_ text: String) { bytes = Array(text.utf8) }

    mutating func path() throws(PathSyntaxError) -> (PathExpression.Root, [PathStep]) {
        guard take("$") else { throw error("a path starts with '$'") }
        let root: PathExpression.Root
        if take("$") {
            root = .context
        } else if let name = try variableName() {
            root = .variable(name)
        } else {
            root = .input
        }
        let steps = try self.steps()
        guard position == bytes.count else { throw error("found '\(found)', expected '.' or '['") }
        return (root, steps)
    }

    private mutating func variableName() throws(PathSyntaxError) -> String? {
        guard let byte = peek, byte != UInt8(ascii: "."), byte != UInt8(ascii: "[") else { return nil }
        let start = position
        while let byte = peek, byte != UInt8(ascii: "."), byte != UInt8(ascii: "[") {
            guard !isDelimiter(byte) else { break }
            position += 1
        }
        let name = String(decoding: bytes[start..<position], as: UTF8.self)
        guard VariableName.isValid(name) else { throw error("'\(name)' is no name of a variable") }
        return name
    }

    /// Steps until something that is none; the caller decides whether it may stand there.
    private mutating func steps() throws(PathSyntaxError) -> [PathStep] {
        depth += 1
        defer { depth -= 1 }
        guard depth <= Self.depthLimit else { throw error("filters are nested too deeply") }
        var steps: [PathStep] = []
        while let byte = peek {
            if byte == UInt8(ascii: ".") {
                position += 1
                if take(".") {
                    if peek == UInt8(ascii: "[") {
                        steps.append(.scan(try bracket()))
                    } else {
                        steps.append(.scan(try dotStep()))
                    }
                } else if peek == UInt8(ascii: "[") {
                    steps.append(try bracket())
                } else {
                    steps.append(try dotStep())
                }
            } else if byte == UInt8(ascii: "[") {
                steps.append(try bracket())
            } else {
                break
            }
            if case .function? = steps.last, let byte = peek, byte == UInt8(ascii: ".") || byte == UInt8(ascii: "[") {
                throw error("nothing can follow a function")
            }
        }
        return steps
    }

    private mutating func dotStep() throws(PathSyntaxError) -> PathStep {
        if take("*") { return .wildcard }
        var name: [UInt8] = []
        while let byte = peek, !isDelimiter(byte), byte != UInt8(ascii: "."), byte != UInt8(ascii: "[") {
            position += 1
            if byte == UInt8(ascii: "\\") {
                guard let escaped = peek else { throw error("a lone '\\' at the end") }
                position += 1
                name.append(escaped)
            } else {
                name.append(byte)
            }
        }
        guard !name.isEmpty else {
            throw error(position == bytes.count ? "Path must not end with a '.' or '..'" : "found '\(found)', expected a name")
        }
        let text = String(decoding: name, as: UTF8.self)
        if peek == UInt8(ascii: "(") {
            position += 1
            guard take(")"), let function = PathFunction(rawValue: text) else { throw error("unknown function '\(text)()'") }
            return .function(function)
        }
        return .property(text)
    }

    private mutating func bracket() throws(PathSyntaxError) -> PathStep {
        position += 1
        skipSpace()
        guard let byte = peek else { throw error("'[' is never closed") }
        let step: PathStep
        switch byte {
        case UInt8(ascii: "*"):
            position += 1
            step = .wildcard
        case UInt8(ascii: "'"), UInt8(ascii: "\""):
            var names = [try quotedName()]
            skipSpace()
            while take(",") {
                skipSpace()
                guard peek == UInt8(ascii: "'") || peek == UInt8(ascii: "\"") else {
                    throw error("found '\(found)', expected a quoted name")
                }
                names.append(try quotedName())
                skipSpace()
            }
            step = names.count == 1 ? .property(names[0]) : .properties(names)
        case UInt8(ascii: "?"):
            position += 1
            step = .filter(try filter())
        default: step = try numbers()
        }
        skipSpace()
        guard take("]") else { throw error("found '\(found)', expected ']'") }
        return step
    }

    private mutating func numbers() throws(PathSyntaxError) -> PathStep {
        let first = try integer()
        skipSpace()
        if take(":") {
            skipSpace()
            return .slice(first, try integer())
        }
        guard let first else { throw error("found '\(found)', expected a name in quotes, a number, '*' or '?'") }
        guard peek == UInt8(ascii: ",") else { return .index(first) }
        var list = [first]
        while take(",") {
            skipSpace()
            guard let next = try integer() else { throw error("found '\(found)', expected a number") }
            list.append(next)
            skipSpace()
        }
        return .indices(list)
    }

    private mutating func integer() throws(PathSyntaxError) -> Int? {
        let start = position
        _ = take("-")
        while let byte = peek, byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") { position += 1 }
        guard position > start else { return nil }
        guard let number = Int32(String(decoding: bytes[start..<position], as: UTF8.self)) else {
            throw error("'\(String(decoding: bytes[start..<position], as: UTF8.self))' is no array index")
        }
        return Int(number)
    }

    /// Between quotes a backslash keeps the quote from ending the name and is else an ordinary character
    /// (`$['Test\""Name"']` names the key `Test\""Name"`; recorded by LocalStack's ESCAPE_SEQUENCES_JSONPATH).
    private mutating func quotedName() throws(PathSyntaxError) -> String {
        let quote = bytes[position]
        position += 1
        var name: [UInt8] = []
        while let byte = peek {
            position += 1
            if byte == quote { return String(decoding: name, as: UTF8.self) }
            if byte == UInt8(ascii: "\\"), let next = peek {
                position += 1
                if next != quote { name.append(byte) }
                name.append(next)
            } else {
                name.append(byte)
            }
        }
        throw error("a quoted name is never closed")
    }

    // MARK: filters

    private mutating func filter() throws(PathSyntaxError) -> PathPredicate {
        skipSpace()
        guard take("(") else { throw error("found '\(found)', expected '('") }
        let predicate = try disjunction()
        skipSpace()
        guard take(")") else { throw error("found '\(found)', expected ')'") }
        return predicate
    }

    private mutating func disjunction() throws(PathSyntaxError) -> PathPredicate {
        depth += 1
        defer { depth -= 1 }
        guard depth <= Self.depthLimit else { throw error("filters are nested too deeply") }
        var parts = [try conjunction()]
        while takeOperator("||") { parts.append(try conjunction()) }
        return parts.count == 1 ? parts[0] : .or(parts)
    }

    private mutating func conjunction() throws(PathSyntaxError) -> PathPredicate {
        var parts = [try negation()]
        while takeOperator("&&") { parts.append(try negation()) }
        return parts.count == 1 ? parts[0] : .and(parts)
    }

    private mutating func negation() throws(PathSyntaxError) -> PathPredicate {
        var isNegated = false
        skipSpace()
        while peek == UInt8(ascii: "!") {
            position += 1
            isNegated.toggle()
            skipSpace()
        }
        let inner = try comparison()
        return isNegated ? .not(inner) : inner
    }

    private mutating func comparison() throws(PathSyntaxError) -> PathPredicate {
        skipSpace()
        if take("(") {
            let inner = try disjunction()
            skipSpace()
            guard take(")") else { throw error("found '\(found)', expected ')'") }
            return inner
        }
        let left = try operand()
        skipSpace()
        for comparison in PathPredicate.Comparison.longestFirst where takeOperator(comparison.rawValue) {
            skipSpace()
            if comparison == .matches { return .matches(left, try pattern()) }
            return .compare(left, comparison, try operand())
        }
        return .exists(left)
    }

    private mutating func operand() throws(PathSyntaxError) -> PathPredicate.Operand {
        skipSpace()
        guard let byte = peek else { throw error("the filter ends too soon") }
        switch byte {
        case UInt8(ascii: "@"), UInt8(ascii: "$"):
            position += 1
            let steps = try self.steps()
            return .path(isRoot: byte == UInt8(ascii: "$"), steps)
        case UInt8(ascii: "'"), UInt8(ascii: "\""):
            return .literal(.string(try quotedText()))
        case UInt8(ascii: "["), UInt8(ascii: "{"):
            return .literal(try jsonLiteral())
        default:
            let start = position
            while let byte = peek, !isDelimiter(byte) || byte == UInt8(ascii: "+"), !"=<>!&|]".utf8.contains(byte) { position += 1 }
            let word = String(decoding: bytes[start..<position], as: UTF8.self)
            if let value = try? JSONValue(parsing: word) { return .literal(value) }
            // A bare word is a text: AWS accepts definitions that forget the quotes.
            guard let first = word.unicodeScalars.first, first.properties.isXIDStart else {
                throw error("'\(word.isEmpty ? found : word)' is no value")
            }
            return .literal(.string(word))
        }
    }

    private mutating func quotedText() throws(PathSyntaxError) -> String {
        let quote = bytes[position]
        position += 1
        var text: [UInt8] = []
        while let byte = peek {
            position += 1
            if byte == quote { return String(decoding: text, as: UTF8.self) }
            if byte == UInt8(ascii: "\\"), let next = peek {
                position += 1
                switch next {
                case UInt8(ascii: "n"): text.append(10)
                case UInt8(ascii: "t"): text.append(9)
                case UInt8(ascii: "r"): text.append(13)
                default: text.append(next)
                }
            } else {
                text.append(byte)
            }
        }
        throw error("a text is never closed")
    }

    /// `['a', 2]` or `{"a": 1}`: JSON, where single quotes may stand for double ones.
    private mutating func jsonLiteral() throws(PathSyntaxError) -> JSONValue {
        var level = 0
        var json: [UInt8] = []
        var quote: UInt8?
        let start = position
        while let byte = peek {
            position += 1
            if let open = quote {
                if byte == open {
                    quote = nil
                    json.append(UInt8(ascii: "\""))
                } else {
                    if byte == UInt8(ascii: "\"") { json.append(UInt8(ascii: "\\")) }
                    json.append(byte)
                    if byte == UInt8(ascii: "\\"), let next = peek {
                        position += 1
                        if next == UInt8(ascii: "'") { json.removeLast() }
                        json.append(next)
                    }
                }
                continue
            }
            switch byte {
            case UInt8(ascii: "'"), UInt8(ascii: "\""):
                quote = byte
                json.append(UInt8(ascii: "\""))
                continue
            case UInt8(ascii: "["), UInt8(ascii: "{"): level += 1
            case UInt8(ascii: "]"), UInt8(ascii: "}"): level -= 1
            default: break
            }
            json.append(byte)
            if level == 0 { break }
        }
        guard let value = try? JSONValue(parsing: json) else {
            position = start
            throw error("a JSON value was expected")
        }
        return value
    }

    private mutating func pattern() throws(PathSyntaxError) -> PathPattern {
        guard take("/") else { throw error("found '\(found)', expected a pattern between '/'") }
        let start = position
        while let byte = peek, byte != UInt8(ascii: "/") {
            position += 1
            if byte == UInt8(ascii: "\\") { position = min(position + 1, bytes.count) }
        }
        let source = String(decoding: bytes[start..<position], as: UTF8.self)
        guard take("/") else { throw error("a pattern is never closed") }
        var ignoresCase = false
        while let byte = peek, byte >= UInt8(ascii: "a"), byte <= UInt8(ascii: "z") {
            if byte == UInt8(ascii: "i") { ignoresCase = true }
            position += 1
        }
        guard let pattern = PathPattern(source, ignoresCase: ignoresCase) else { throw error("'\(source)' is no pattern") }
        return pattern
    }

    // MARK: bytes

    private var peek: UInt8? { position < bytes.count ? bytes[position] : nil }

    private var found: String {
        guard position < bytes.count else { return "end of path" }
        return String(decoding: bytes[position..<min(position + 12, bytes.count)], as: UTF8.self)
    }

    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard position < bytes.count, bytes[position] == UInt8(ascii: character) else { return false }
        position += 1
        return true
    }

    private mutating func takeOperator(_ text: String) -> Bool {
        skipSpace()
        let word = Array(text.utf8)
        guard position + word.count <= bytes.count, Array(bytes[position..<position + word.count]) == word else { return false }
        let isWord = word[0] >= UInt8(ascii: "a") && word[0] <= UInt8(ascii: "z")
        let end = position + word.count
        if isWord, end < bytes.count, (bytes[end] | 0x20) >= UInt8(ascii: "a"), (bytes[end] | 0x20) <= UInt8(ascii: "z") { return false }
        position = end
        return true
    }

    private mutating func skipSpace() {
        while let byte = peek, byte == 0x20 || (byte >= 9 && byte <= 13) { position += 1 }
    }

    private func isDelimiter(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: " "), UInt8(ascii: "("), UInt8(ascii: ")"), UInt8(ascii: ","), UInt8(ascii: "["), UInt8(ascii: "]"), 9, 10, 13:
            true
        case UInt8(ascii: "="), UInt8(ascii: "<"), UInt8(ascii: ">"), UInt8(ascii: "!"), UInt8(ascii: "&"), UInt8(ascii: "|"): depth > 1
        default: false
        }
    }

    private func error(_ message: String) -> PathSyntaxError { PathSyntaxError(message: message, offset: position) }
}

/// What a variable may be called: a Unicode identifier of at most 80 characters.
package enum VariableName {
    package static func isValid(_ name: String) -> Bool {
        guard name.unicodeScalars.count <= 80, let first = name.unicodeScalars.first else { return false }
        return (first.properties.isXIDStart || first == "_") && name.unicodeScalars.dropFirst().allSatisfy { $0.properties.isXIDContinue }
    }
}
