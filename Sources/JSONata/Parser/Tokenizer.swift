/// A token; `position` is where it ends, in UTF-16 units.
struct Token {
    enum Kind { case name, variable, string, number, value, regex, operatorToken }
    let kind: Kind
    let value: TokenValue
    let position: Int
}

/// Splits an expression into tokens, one at a time, because whether `/` starts a regular expression depends on the parser.
struct Tokenizer {
    private let units: [UInt16]
    private(set) var position = 0

    init(_ source: String) {
        units = Array(source.utf16)
    }

    var length: Int { units.count }

    /// The next token, or nil at the end. `infix`: an operator may follow, so `/` is a division.
    mutating func next(infix: Bool) throws(Failure) -> Token? {
        try skipSpaceAndComments()
        guard position < units.count else { return nil }
        let unit = units[position]
        if unit == Self.slash, !infix {
            position += 1
            return try regularExpression()
        }
        if let text = operatorText() {
            return Token(kind: .operatorToken, value: .text(text), position: position)
        }
        if unit == Self.doubleQuote || unit == Self.singleQuote {
            return try string(quote: unit)
        }
        if let token = try number() { return token }
        if unit == Self.backquote { return try quotedName() }
        return name()
    }

    // MARK: Pieces

    private static let slash = UInt16(UInt8(ascii: "/"))
    private static let star = UInt16(UInt8(ascii: "*"))
    private static let backslash = UInt16(UInt8(ascii: "\\"))
    private static let doubleQuote = UInt16(UInt8(ascii: "\""))
    private static let singleQuote = UInt16(UInt8(ascii: "'"))
    private static let backquote = UInt16(UInt8(ascii: "`"))
    private static let dollar = UInt16(UInt8(ascii: "$"))
    private static let minus = UInt16(UInt8(ascii: "-"))
    private static let point = UInt16(UInt8(ascii: "."))
    private static let zero = UInt16(UInt8(ascii: "0"))
    private static let singleOperators = Set(".[]{}(),@#;:?+-*/%|=<>^&!~".utf16)
    private static let doubleOperators: [(UInt16, UInt16, String)] = [
        ("..", ".", "."), (":=", ":", "="), ("!=", "!", "="), (">=", ">", "="), ("<=", "<", "="), ("**", "*", "*"),
        ("~>", "~", ">"),
    ].map { (text: String, a: Unicode.Scalar, b: Unicode.Scalar) in (UInt16(a.value), UInt16(b.value), text) }

    private func unit(at index: Int) -> UInt16? {
        index >= 0 && index < units.count ? units[index] : nil
    }

    private func text(_ range: Range<Int>) -> String {
        String(decoding: units[range], as: UTF16.self)
    }

    private static func isSpace(_ unit: UInt16) -> Bool {
        // space, tab, line feed, carriage return, vertical tab
        unit == 0x20 || unit == 0x09 || unit == 0x0A || unit == 0x0D || unit == 0x0B
    }

    private mutating func skipSpaceAndComments() throws(Failure) {
        while true {
            while let unit = unit(at: position), Self.isSpace(unit) { position += 1 }
            guard unit(at: position) == Self.slash, unit(at: position + 1) == Self.star else { return }
            let start = position
            position += 2
            while !(unit(at: position) == Self.star && unit(at: position + 1) == Self.slash) {
                position += 1
                if position >= units.count { throw Failure("S0106", position: start) }
            }
            position += 2
        }
    }

    private mutating func operatorText() -> String? {
        let first = units[position]
        if let second = unit(at: position + 1) {
            for (a, b, text) in Self.doubleOperators where a == first && b == second {
                position += 2
                return text
            }
        }
        guard Self.singleOperators.contains(first) else { return nil }
        position += 1
        return String(decoding: [first], as: UTF16.self)
    }

    private mutating func string(quote: UInt16) throws(Failure) -> Token {
        position += 1
        var result: [UInt16] = []
        while position < units.count {
            let unit = units[position]
            if unit == Self.backslash {
                position += 1
                try escape(&result)
            } else if unit == quote {
                position += 1
                return Token(kind: .string, value: .text(LoneSurrogates.string(result)), position: position)
            } else {
                result.append(unit)
            }
            position += 1
        }
        throw Failure("S0101", position: position)
    }

    /// One escape; `position` is at the character after the backslash and stays at the last character of the escape.
    private mutating func escape(_ result: inout [UInt16]) throws(Failure) {
        guard let unit = unit(at: position) else {
            throw Failure("S0103", position: position, token: .json(.string("")))
        }
        switch UInt8(truncatingIfNeeded: unit) {
        case _ where unit > 0x7F:
            throw Failure("S0103", position: position, token: .json(.string(text(position..<position + 1))))
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): result.append(unit)
        case UInt8(ascii: "b"): result.append(0x08)
        case UInt8(ascii: "f"): result.append(0x0C)
        case UInt8(ascii: "n"): result.append(0x0A)
        case UInt8(ascii: "r"): result.append(0x0D)
        case UInt8(ascii: "t"): result.append(0x09)
        case UInt8(ascii: "u"):
            // jsonata-js takes up to four digits and accepts fewer at the end of the text.
            let end = min(position + 5, units.count)
            var code: UInt16 = 0
            guard position + 1 < end else { throw Failure("S0104", position: position) }
            for index in position + 1..<end {
                guard let digit = Self.hexValue(units[index]) else { throw Failure("S0104", position: position) }
                code = code << 4 | digit
            }
            result.append(code)
            position += 4
        default:
            throw Failure("S0103", position: position, token: .json(.string(text(position..<position + 1))))
        }
    }

    private static func hexValue(_ unit: UInt16) -> UInt16? {
        switch unit {
        case 0x30...0x39: unit - 0x30
        case 0x41...0x46: unit - 0x41 + 10
        case 0x61...0x66: unit - 0x61 + 10
        default: nil
        }
    }

    private func isDigit(_ index: Int) -> Bool {
        guard let unit = unit(at: index) else { return false }
        return unit >= 0x30 && unit <= 0x39
    }

    private mutating func number() throws(Failure) -> Token? {
        // A minus is an operator, so it never gets here.
        var end = position
        guard isDigit(end) else { return nil }
        if units[end] == Self.zero {
            end += 1
        } else {
            while isDigit(end) { end += 1 }
        }
        if unit(at: end) == Self.point, isDigit(end + 1) {
            end += 1
            while isDigit(end) { end += 1 }
        }
        if let e = unit(at: end), e == 0x45 || e == 0x65 {
            var exponent = end + 1
            if let sign = unit(at: exponent), sign == Self.minus || sign == 0x2B { exponent += 1 }
            if isDigit(exponent) {
                while isDigit(exponent) { exponent += 1 }
                end = exponent
            }
        }
        let digits = text(position..<end)
        guard let number = Double(digits), number.isFinite else {
            throw Failure("S0102", position: position, token: .json(.string(digits)))
        }
        position = end
        return Token(kind: .number, value: .number(number), position: position)
    }

    private mutating func quotedName() throws(Failure) -> Token {
        position += 1
        guard let end = units[position...].firstIndex(of: Self.backquote) else {
            position = units.count
            throw Failure("S0105", position: position)
        }
        let name = text(position..<end)
        position = end + 1
        return Token(kind: .name, value: .text(name), position: position)
    }

    private mutating func name() -> Token {
        let start = position
        var end = position
        while end < units.count, !Self.isSpace(units[end]), !Self.singleOperators.contains(units[end]) { end += 1 }
        position = end
        if units[start] == Self.dollar {
            return Token(kind: .variable, value: .text(text(start + 1..<end)), position: end)
        }
        let name = text(start..<end)
        switch name {
        case "or", "in", "and": return Token(kind: .operatorToken, value: .text(name), position: end)
        case "true": return Token(kind: .value, value: .bool(true), position: end)
        case "false": return Token(kind: .value, value: .bool(false), position: end)
        case "null": return Token(kind: .value, value: .null, position: end)
        default: return Token(kind: .name, value: .text(name), position: end)
        }
    }

    /// The slash has been read. The end is the next slash that is neither escaped nor within brackets.
    private mutating func regularExpression() throws(Failure) -> Token {
        let start = position
        var depth = 0
        while position < units.count {
            let unit = units[position]
            if unit == Self.slash, depth == 0, !isEscaped(position) {
                let pattern = text(start..<position)
                if pattern.isEmpty { throw Failure("S0301", position: position) }
                position += 1
                let flagStart = position
                while let flag = self.unit(at: position), flag == 0x69 || flag == 0x6D { position += 1 }
                let flags = text(flagStart..<position)
                let program = try RegexProgram.compile(pattern, flags: flags, position: position)
                return Token(kind: .regex, value: .regex(program), position: position)
            }
            let previous = self.unit(at: position - 1)
            if previous != Self.backslash {
                switch unit {
                case 0x28, 0x5B, 0x7B: depth += 1
                case 0x29, 0x5D, 0x7D: depth -= 1
                default: break
                }
            }
            position += 1
        }
        throw Failure("S0302", position: position)
    }

    private func isEscaped(_ index: Int) -> Bool {
        var count = 0
        while unit(at: index - count - 1) == Self.backslash { count += 1 }
        return count % 2 == 1
    }
}

/// JavaScript's strings may hold half a surrogate pair, Swift's cannot: such a half is kept as a private-use
/// scalar of plane 16 inside an evaluation, so that `$encodeUrl` can refuse it.
enum LoneSurrogates {
    private static let base: UInt32 = 0x100000

    static func string(_ units: [UInt16]) -> String {
        guard units.contains(where: { $0 & 0xF800 == 0xD800 }) else { return String(decoding: units, as: UTF16.self) }
        var text = String.UnicodeScalarView()
        var index = 0
        while index < units.count {
            let unit = units[index]
            if unit & 0xFC00 == 0xD800, index + 1 < units.count, units[index + 1] & 0xFC00 == 0xDC00 {
                let code = 0x10000 + (UInt32(unit & 0x3FF) << 10 | UInt32(units[index + 1] & 0x3FF))
                if let scalar = Unicode.Scalar(code) { text.append(scalar) }
                index += 2
                continue
            }
            let code = unit & 0xF800 == 0xD800 ? base + UInt32(unit) : UInt32(unit)
            if let scalar = Unicode.Scalar(code) { text.append(scalar) }
            index += 1
        }
        return String(text)
    }

    static func isLone(_ scalar: Unicode.Scalar) -> Bool {
        scalar.value >= base + 0xD800 && scalar.value <= base + 0xDFFF
    }
}
