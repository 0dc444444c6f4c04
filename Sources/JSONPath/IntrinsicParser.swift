import JSON

/// Reads `States.Name(argument, …)`.
struct IntrinsicParser {
    private let bytes: [UInt8]
    private var position = 0
    private var depth = 0
    /// AWS nests at most ten.
    private static let depthLimit = 10

    init(_ text: String) { bytes = Array(text.utf8) }

    mutating func whole() throws(PathSyntaxError) -> IntrinsicCall {
        let call = try self.call()
        skipSpace()
        guard position == bytes.count else { throw error("found '\(found)', expected the end") }
        return call
    }

    private mutating func call() throws(PathSyntaxError) -> IntrinsicCall {
        depth += 1
        defer { depth -= 1 }
        guard depth <= Self.depthLimit else { throw error("functions are nested more than \(Self.depthLimit) deep") }
        let start = position
        while let byte = peek, Self.isNameByte(byte) { position += 1 }
        let name = String(decoding: bytes[start..<position], as: UTF8.self)
        guard name.hasPrefix("States."), let function = IntrinsicFunction(rawValue: String(name.dropFirst(7))) else {
            position = start
            throw error("found '\(found)', expected an intrinsic function")
        }
        skipSpace()
        guard take("(") else { throw error("found '\(found)', expected '('") }
        var arguments: [IntrinsicCall.Argument] = []
        skipSpace()
        if take(")") { return IntrinsicCall(function: function, arguments: arguments) }
        repeat {
            skipSpace()
            let isTemplate = function == .format && arguments.isEmpty
            arguments.append(try argument(isTemplate: isTemplate))
            skipSpace()
        } while take(",")
        guard take(")") else { throw error("found '\(found)', expected ',' or ')'") }
        return IntrinsicCall(function: function, arguments: arguments)
    }

    private mutating func argument(isTemplate: Bool) throws(PathSyntaxError) -> IntrinsicCall.Argument {
        guard let byte = peek else { throw error("the call is never closed") }
        switch byte {
        case UInt8(ascii: "'"):
            let raw = try quoted()
            guard isTemplate else { return .literal(.string(try Self.unescape(raw, at: position))) }
            guard let template = FormatTemplate(raw) else { throw error("a '\\' may stand before ', {, } and \\ alone") }
            return .template(template)
        case UInt8(ascii: "$"): return .path(try path())
        case UInt8(ascii: "S"): return .call(try call())
        default: return .literal(try word())
        }
    }

    /// What stands between the quotes, escapes kept.
    private mutating func quoted() throws(PathSyntaxError) -> String {
        position += 1
        let start = position
        while let byte = peek {
            if byte == UInt8(ascii: "'") {
                position += 1
                return String(decoding: bytes[start..<position - 1], as: UTF8.self)
            }
            position += byte == UInt8(ascii: "\\") ? 2 : 1
        }
        position = min(position, bytes.count)
        throw error("a text is never closed")
    }

    private static func unescape(_ raw: String, at position: Int) throws(PathSyntaxError) -> String {
        guard raw.utf8.contains(UInt8(ascii: "\\")) else { return raw }
        var text: [UInt8] = []
        var isEscaped = false
        for byte in raw.utf8 {
            if isEscaped {
                guard FormatTemplate.escapable.contains(byte) else {
                    throw PathSyntaxError(message: "a '\\' may stand before ', {, } and \\ alone", offset: position)
                }
                text.append(byte)
                isEscaped = false
            } else if byte == UInt8(ascii: "\\") {
                isEscaped = true
            } else {
                text.append(byte)
            }
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// Up to the comma, the parenthesis or the space that belongs to the call.
    private mutating func path() throws(PathSyntaxError) -> PathExpression {
        let start = position
        var level = 0
        var quote: UInt8?
        scan: while let byte = peek {
            if let open = quote {
                if byte == open { quote = nil }
                if byte == UInt8(ascii: "\\") { position += 1 }
            } else {
                switch byte {
                case UInt8(ascii: "'") where level > 0, UInt8(ascii: "\"") where level > 0: quote = byte
                case UInt8(ascii: "["), UInt8(ascii: "("): level += 1
                case UInt8(ascii: ")") where level == 0, UInt8(ascii: ",") where level == 0: break scan
                case UInt8(ascii: "]"), UInt8(ascii: ")"): level -= 1
                case 0x20 where level == 0, 9 where level == 0, 10 where level == 0, 13 where level == 0: break scan
                default: break
                }
            }
            position += 1
        }
        position = min(position, bytes.count)
        return try PathExpression(String(decoding: bytes[start..<position], as: UTF8.self))
    }

    private mutating func word() throws(PathSyntaxError) -> JSONValue {
        let start = position
        while let byte = peek, Self.isNameByte(byte) || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "+") { position += 1 }
        let text = String(decoding: bytes[start..<position], as: UTF8.self)
        switch text {
        case "true": return true
        case "false": return false
        case "null": return .null
        default:
            guard let value = try? JSONValue(parsing: text), value.isNumber else {
                position = start
                throw error("found '\(found)', expected an argument")
            }
            return value
        }
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        (byte | 0x20 >= UInt8(ascii: "a") && byte | 0x20 <= UInt8(ascii: "z"))
            || (byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9")) || byte == UInt8(ascii: ".")
    }

    private var peek: UInt8? { position < bytes.count ? bytes[position] : nil }

    private var found: String {
        guard position < bytes.count else { return "end of text" }
        return String(decoding: bytes[position..<min(position + 12, bytes.count)], as: UTF8.self)
    }

    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard position < bytes.count, bytes[position] == UInt8(ascii: character) else { return false }
        position += 1
        return true
    }

    private mutating func skipSpace() {
        while let byte = peek, byte == 0x20 || (byte >= 9 && byte <= 13) { position += 1 }
    }

    private func error(_ message: String) -> PathSyntaxError { PathSyntaxError(message: message, offset: position) }
}
