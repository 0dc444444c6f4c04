/// Where and why a text is not JSON. `message` is written as Jackson writes it, since that is what AWS prints.
public struct JSONError: Error, Equatable, Sendable, CustomStringConvertible {
    public let message: String
    /// Bytes before the place.
    public let offset: Int
    /// 1-based; columns count characters.
    public let line: Int
    public let column: Int

    public var description: String { "line \(line), column \(column): \(message)" }

    /// The place as Jackson writes it, with the text: `[Source: (String)"{"; line: 1, column: 2]`; of long texts the first 500 characters.
    public func source(of text: String) -> String {
        let beginning = text.unicodeScalars.prefix(500)
        let rest = text.unicodeScalars.count - beginning.count
        let shown = "\"\(String(String.UnicodeScalarView(beginning)))\"" + (rest > 0 ? "[truncated \(rest) chars]" : "")
        return "[Source: (String)\(shown); line: \(line), column: \(column)]"
    }

    func source(_ bytes: UnsafeBufferPointer<UInt8>) -> String { source(of: String(decoding: bytes, as: UTF8.self)) }
}

/// What a text may be, beyond JSON's grammar.
public struct JSONLimits: Sendable {
    /// Nesting of arrays and objects; Jackson's own limit is 1000.
    public var depth = 1000
    /// Whether an object may name a key twice (the last one counts).
    public var allowsDuplicateKeys = true
    public init() {}
    public init(depth: Int = 1000, allowsDuplicateKeys: Bool = true) {
        self.depth = depth
        self.allowsDuplicateKeys = allowsDuplicateKeys
    }
}

extension JSONLimits {
    /// For texts of our own making: an event wraps values that are themselves as deep as others may be.
    public static let stored = JSONLimits(depth: 2500)
}

extension JSONValue {
    /// Whether arrays and objects are nested more than `limit` deep. Stops there, so that it needs no more stack than that.
    public func isNested(deeperThan limit: Int) -> Bool {
        switch self {
        case .array(let array):
            if limit <= 0 { return true }
            return array.contains { $0.isNested(deeperThan: limit - 1) }
        case .object(let object):
            if limit <= 0 { return true }
            return object.values.contains { $0.isNested(deeperThan: limit - 1) }
        default: return false
        }
    }

    /// Reads one JSON text (RFC 8259, UTF-8, nothing after it).
    public init(parsing text: String, limits: JSONLimits = JSONLimits()) throws(JSONError) {
        self = try JSONValue(parsing: Array(text.utf8), limits: limits)
    }

    public init(parsing bytes: [UInt8], limits: JSONLimits = JSONLimits()) throws(JSONError) {
        let result = bytes.withUnsafeBufferPointer { buffer in
            var parser = JSONParser(buffer, limits: limits)
            return Result { () throws(JSONError) in try parser.document() }
        }
        self = try result.get()
    }

    /// Reads one JSON text and tells at which line each value starts, by JSON Pointer.
    public static func parseWithLines(
        _ bytes: [UInt8], limits: JSONLimits = JSONLimits()
    ) throws(JSONError)
        -> (value: JSONValue, lines: [String: Int])
    {
        let result = bytes.withUnsafeBufferPointer { buffer in
            var parser = JSONParser(buffer, limits: limits)
            parser.places = []
            return Result { () throws(JSONError) -> (JSONValue, [String: Int]) in
                let value = try parser.document()
                return (value, parser.linesByPointer())
            }
        }
        let (value, lines) = try result.get()
        return (value, lines)
    }
}

struct JSONParser {
    private let bytes: UnsafeBufferPointer<UInt8>
    private let limits: JSONLimits
    private var position = 0
    private var depth = 0
    private var lastShape: [JSONShape?] = []
    private var lastCount: [UInt8] = []
    /// Pointer and byte offset of each value, where lines are asked for.
    var places: [(pointer: String, offset: Int)]?
    private var pointer: [String] = []

    init(_ bytes: UnsafeBufferPointer<UInt8>, limits: JSONLimits) {
        self.bytes = bytes
        self.limits = limits
    }

    mutating func document() throws(JSONError) -> JSONValue {
        if bytes.count >= 3, bytes[0] == 0xEF, bytes[1] == 0xBB, bytes[2] == 0xBF { position = 3 }
        skipSpace()
        guard position < bytes.count else { throw error("No content to map due to end-of-input") }
        let value = try self.value()
        skipSpace()
        if position < bytes.count {
            throw error("Unexpected content after the end of the value: found character (\(foundHere()))")
        }
        return value
    }

    // MARK: values

    private mutating func value() throws(JSONError) -> JSONValue {
        if places != nil { places?.append((pointer.isEmpty ? "" : "/" + pointer.joined(separator: "/"), position)) }
        guard position < bytes.count else { throw endOfInput() }
        switch bytes[position] {
        case UInt8(ascii: "{"): return try object()
        case UInt8(ascii: "["): return try array()
        default: return try scalar()
        }
    }

    private mutating func scalar() throws(JSONError) -> JSONValue {
        switch bytes[position] {
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return try number()
        case UInt8(ascii: "t"): return try word("true", .bool(true))
        case UInt8(ascii: "f"): return try word("false", .bool(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        default:
            if startsWord(bytes[position]) { throw unknownWord() }
            throw unexpectedHere("expected a valid value (JSON String, Number, Array, Object or token 'null', 'true' or 'false')")
        }
    }

    private mutating func word(_ text: StaticString, _ value: JSONValue) throws(JSONError) -> JSONValue {
        let count = text.utf8CodeUnitCount
        let matches = text.withUTF8Buffer { word in
            position + count <= bytes.count && (0..<count).allSatisfy { bytes[position + $0] == word[$0] }
        }
        let end = position + count
        if matches, end == bytes.count || !isWordByte(bytes[end]) {
            position = end
            return value
        }
        throw unknownWord()
    }

    /// The place is behind the word, as Jackson has read it by then.
    @inline(never)
    private mutating func unknownWord() -> JSONError {
        let start = position
        while position < bytes.count, isWordByte(bytes[position]) { position += 1 }
        let token = String(decoding: bytes[start..<min(position, start + 256)], as: UTF8.self)
        if token == "NaN" { return error("Non-standard token 'NaN': enable JsonParser.Feature.ALLOW_NON_NUMERIC_NUMBERS to allow") }
        return error("Unrecognized token '\(token)': was expecting (JSON String, Number, Array, Object or token 'null', 'true' or 'false')")
    }

    private mutating func object() throws(JSONError) -> JSONValue {
        try enter()
        defer { depth -= 1 }
        let opening = position
        position += 1
        skipSpace()
        try expectClosing("Object", opening)
        if bytes[position] == UInt8(ascii: "}") {
            position += 1
            return .object(JSONObject())
        }
        if bytes[position] == UInt8(ascii: "]") { throw mismatch("Object", opening) }
        var values: [JSONValue] = []
        // Objects of one array mostly look alike: as long as the keys are those of the last object at this depth, share them.
        let guess = depth < lastShape.count ? lastShape[depth] : nil
        var keys: [String]? = guess == nil ? [] : nil
        if let guess, guess.keys.count <= 32 { values.reserveCapacity(guess.keys.count) }
        var positions: [KeyText: Int]?
        while true {
            try expectMore("within/between Object entries")
            guard bytes[position] == UInt8(ascii: "\"") else {
                throw unexpectedHere("was expecting double-quote to start field name")
            }
            var matched = false
            var key = ""
            if keys == nil, let guess, values.count < guess.keys.count, skipKey(guess.keys[values.count]) {
                matched = true
                if places != nil { key = guess.keys[values.count] }
            } else {
                if keys == nil { keys = Array(guess!.keys.prefix(values.count)) }
                key = try string(isName: true)
            }
            skipSpace()
            try expectMore("within/between Object entries")
            guard bytes[position] == UInt8(ascii: ":") else {
                throw unexpectedHere("was expecting a colon to separate field name and value")
            }
            position += 1
            skipSpace()
            try expectMore("within/between Object entries")
            if places != nil { pointer.append(JSONPointer.escape(key)) }
            let value = try self.value()
            if places != nil { pointer.removeLast() }
            if matched {
                values.append(value)
            } else if let index = Self.place(of: key, in: keys!, &positions) {
                guard limits.allowsDuplicateKeys else { throw error("Duplicate field '\(key)'") }
                values[index] = value
            } else {
                positions?[KeyText(key)] = keys!.count
                keys!.append(key)
                values.append(value)
            }
            skipSpace()
            try expectClosing("Object", opening)
            let next = bytes[position]
            if next == UInt8(ascii: ",") {
                position += 1
                skipSpace()
            } else if next == UInt8(ascii: "]") {
                throw mismatch("Object", opening)
            } else if next == UInt8(ascii: "}") {
                position += 1
                break
            } else {
                throw unexpectedHere("was expecting comma to separate Object entries")
            }
        }
        let shape: JSONShape
        if keys == nil, let guess {
            shape = values.count == guess.keys.count ? guess : JSONShape(Array(guess.keys.prefix(values.count)))
        } else {
            shape = JSONShape(keys!)
        }
        while lastShape.count <= depth { lastShape.append(nil) }
        lastShape[depth] = shape
        return .object(JSONObject(shape: shape, values: values))
    }

    /// Steps over `"key"` if that is what stands here.
    private mutating func skipKey(_ key: String) -> Bool {
        var key = key
        let count = key.utf8.count
        guard position + count + 1 < bytes.count, bytes[position + count + 1] == UInt8(ascii: "\"") else { return false }
        let start = position + 1
        let same = key.withUTF8 { text in
            for index in 0..<count where text[index] != bytes[start + index] || text[index] == UInt8(ascii: "\\") || text[index] == UInt8(ascii: "\"") {
                return false
            }
            return true
        }
        if same { position = start + count + 1 }
        return same
    }

    private static func place(of key: String, in keys: [String], _ positions: inout [KeyText: Int]?) -> Int? {
        if keys.count < 32 { return keys.firstIndex { $0.isSameText(as: key) } }
        if positions == nil {
            positions = Dictionary(keys.enumerated().map { (KeyText($1), $0) }, uniquingKeysWith: { first, _ in first })
        }
        return positions?[KeyText(key)]
    }

    private mutating func array() throws(JSONError) -> JSONValue {
        try enter()
        defer { depth -= 1 }
        let opening = position
        position += 1
        skipSpace()
        try expectClosing("Array", opening)
        if bytes[position] == UInt8(ascii: "]") {
            position += 1
            return .array([])
        }
        if bytes[position] == UInt8(ascii: "}") { throw mismatch("Array", opening) }
        var values: [JSONValue] = []
        // Arrays of one array mostly are as long as each other.
        if depth < lastCount.count { values.reserveCapacity(Int(lastCount[depth])) }
        while true {
            if places != nil { pointer.append(String(values.count)) }
            values.append(try value())
            if places != nil { pointer.removeLast() }
            skipSpace()
            try expectClosing("Array", opening)
            let next = bytes[position]
            if next == UInt8(ascii: ",") {
                position += 1
                skipSpace()
                try expectMore("within/between Array entries")
            } else if next == UInt8(ascii: "}") {
                throw mismatch("Array", opening)
            } else if next == UInt8(ascii: "]") {
                position += 1
                while lastCount.count <= depth { lastCount.append(0) }
                // A long one says nothing of the next.
                lastCount[depth] = UInt8(values.count <= 16 ? values.count : 0)
                return .array(values)
            } else {
                throw unexpectedHere("was expecting comma to separate Array entries")
            }
        }
    }

    // Objects and arrays call each other: what they do when something is wrong is not in their frames.

    private func expectMore(_ place: String) throws(JSONError) {
        if position >= bytes.count { throw endOfInput(place) }
    }

    private func expectClosing(_ kind: String, _ opening: Int) throws(JSONError) {
        if position >= bytes.count { throw unclosed(kind, opening) }
    }

    private mutating func enter() throws(JSONError) {
        depth += 1
        if depth > limits.depth {
            throw error("Document nesting depth (\(depth)) exceeds the maximum allowed (\(limits.depth))")
        }
    }

    // MARK: strings

    private mutating func string(isName: Bool = false) throws(JSONError) -> String {
        position += 1
        let start = position
        var ascii: UInt8 = 0
        while position < bytes.count {
            let byte = bytes[position]
            if byte == UInt8(ascii: "\"") {
                let end = position
                position += 1
                return try text(start, end, isASCII: ascii < 0x80)
            }
            if byte == UInt8(ascii: "\\") { return try escapedString(from: start, isName) }
            if byte < 0x20 { throw illegalControl(byte, isName) }
            ascii |= byte
            position += 1
        }
        throw endOfString(isName)
    }

    @inline(never)
    private func endOfString(_ isName: Bool) -> JSONError {
        endOfInput(isName ? "in field name" : ": was expecting closing quote for a string value")
    }

    private func text(_ start: Int, _ end: Int, isASCII: Bool) throws(JSONError) -> String {
        let slice = UnsafeBufferPointer(rebasing: bytes[start..<end])
        if isASCII { return String(decoding: slice, as: UTF8.self) }
        guard let text = String(validating: slice, as: UTF8.self) else { throw error("Invalid UTF-8 in a string", at: start) }
        return text
    }

    private mutating func escapedString(from start: Int, _ isName: Bool) throws(JSONError) -> String {
        var out = [UInt8](bytes[start..<position])
        while position < bytes.count {
            let byte = bytes[position]
            if byte == UInt8(ascii: "\"") {
                position += 1
                guard let text = String(validating: out, as: UTF8.self) else { throw error("Invalid UTF-8 in a string", at: start) }
                return text
            }
            if byte < 0x20 { throw illegalControl(byte, isName) }
            position += 1
            guard byte == UInt8(ascii: "\\") else {
                out.append(byte)
                continue
            }
            guard position < bytes.count else { break }
            let escape = bytes[position]
            position += 1
            switch escape {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): out.append(escape)
            case UInt8(ascii: "b"): out.append(8)
            case UInt8(ascii: "f"): out.append(12)
            case UInt8(ascii: "n"): out.append(10)
            case UInt8(ascii: "r"): out.append(13)
            case UInt8(ascii: "t"): out.append(9)
            case UInt8(ascii: "u"): try unicodeEscape(into: &out)
            default:
                position -= 1
                throw error("Unrecognized character escape \(foundHere())", at: behindHere())
            }
        }
        throw endOfString(isName)
    }

    private mutating func unicodeEscape(into out: inout [UInt8]) throws(JSONError) {
        let start = position - 2
        let first = try hex4()
        var scalar = UInt32(first)
        if (0xD800..<0xDC00).contains(first) {
            guard position + 1 < bytes.count, bytes[position] == UInt8(ascii: "\\"), bytes[position + 1] == UInt8(ascii: "u") else {
                throw error("Lone surrogate in a string: \\u\(String(first, radix: 16)) without its second half", at: start)
            }
            position += 2
            let second = try hex4()
            guard (0xDC00..<0xE000).contains(second) else {
                throw error("Lone surrogate in a string: \\u\(String(first, radix: 16)) without its second half", at: start)
            }
            scalar = 0x10000 + ((UInt32(first) - 0xD800) << 10) + (UInt32(second) - 0xDC00)
        }
        guard let character = Unicode.Scalar(scalar) else {
            throw error("Lone surrogate in a string: \\u\(String(first, radix: 16)) without its first half", at: start)
        }
        out.append(contentsOf: UTF8.encode(character)!)
    }

    private mutating func hex4() throws(JSONError) -> UInt16 {
        guard position + 4 <= bytes.count else { throw endOfInput("in character escape sequence") }
        var value: UInt16 = 0
        for _ in 0..<4 {
            guard let digit = Character(Unicode.Scalar(bytes[position])).hexDigitValue else {
                throw unexpectedHere("expected a hex-digit for character escape sequence")
            }
            value = value << 4 | UInt16(digit)
            position += 1
        }
        return value
    }

    // MARK: numbers

    private mutating func number() throws(JSONError) -> JSONValue {
        let start = position
        let negative = bytes[position] == UInt8(ascii: "-")
        if negative { position += 1 }
        guard let first = digit() else {
            throw unexpectedHere("expected digit (0-9) to follow minus sign, for valid numeric value", "in numeric value")
        }
        var magnitude = UInt64(first)
        var digits = 1
        position += 1
        if first == 0, digit() != nil { throw error("Invalid numeric value: Leading zeroes not allowed", at: behindHere()) }
        while let next = digit() {
            if digits < 19 { magnitude = magnitude * 10 + UInt64(next) }
            digits += 1
            position += 1
        }
        var isInteger = true
        if position < bytes.count, bytes[position] == UInt8(ascii: ".") {
            isInteger = false
            position += 1
            guard digit() != nil else {
                throw unexpectedHere("Decimal point not followed by a digit", "in numeric value")
            }
            while digit() != nil {
                digits += 1
                position += 1
            }
        }
        if position < bytes.count, bytes[position] | 0x20 == UInt8(ascii: "e") {
            isInteger = false
            position += 1
            if position < bytes.count, bytes[position] == UInt8(ascii: "+") || bytes[position] == UInt8(ascii: "-") { position += 1 }
            guard digit() != nil else {
                throw unexpectedHere("Exponent indicator not followed by a digit", "in numeric value")
            }
            while digit() != nil { position += 1 }
        }
        if depth == 0, position < bytes.count, isWordByte(bytes[position]) {
            throw unexpectedHere("Expected space separating root-level values")
        }
        if isInteger, digits <= 18 {
            return .integer(negative ? -Int64(magnitude) : Int64(magnitude))
        }
        return JSONNumberText.value(String(decoding: bytes[start..<position], as: UTF8.self), significantDigits: digits)
    }

    private func digit() -> UInt8? {
        guard position < bytes.count else { return nil }
        let value = bytes[position] &- UInt8(ascii: "0")
        return value < 10 ? value : nil
    }

    // MARK: errors and places

    private mutating func skipSpace() {
        while position < bytes.count {
            switch bytes[position] {
            case 0x20, 0x0A, 0x0D, 0x09: position += 1
            default: return
            }
        }
    }

    private func isWordByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
            UInt8(ascii: "_"), UInt8(ascii: "$"), 0x80...:
            true
        default: false
        }
    }

    /// Letters, `_` and `$`, with which Jackson begins a word that it then does not know.
    private func startsWord(_ byte: UInt8) -> Bool { isWordByte(byte) && !(UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }

    /// `'x' (code 120)`; codes above 255 in hexadecimal too.
    private func foundHere() -> String {
        let rest = String(decoding: bytes[position..<min(bytes.count, position + 4)], as: UTF8.self)
        guard let first = rest.unicodeScalars.first else { return "end-of-input" }
        if first.value < 0x20 || (0x7F...0x9F).contains(first.value) { return "(CTRL-CHAR, code \(first.value))" }
        return "'\(first)' (code \(first.value)\(first.value > 255 ? " / 0x\(String(first.value, radix: 16))" : ""))"
    }

    /// The place behind the character here: Jackson has read it when it complains of it.
    private func behindHere() -> Int {
        var next = position + 1
        while next < bytes.count, bytes[next] & 0xC0 == 0x80 { next += 1 }
        return next
    }

    @inline(never)
    private func unexpectedHere(_ expectation: String, _ place: String? = nil) -> JSONError {
        guard position < bytes.count else { return endOfInput(place ?? "") }
        return error("Unexpected character (\(foundHere()))\(place.map { " " + $0 } ?? ""): \(expectation)", at: behindHere())
    }

    @inline(never)
    private func endOfInput(_ place: String = "") -> JSONError {
        error("Unexpected end-of-input\(place.isEmpty || place.hasPrefix(":") ? place : " " + place)", at: bytes.count)
    }

    @inline(never)
    private func unclosed(_ kind: String, _ opening: Int) -> JSONError {
        let marker = error("", at: opening).source(bytes)
        return error("Unexpected end-of-input: expected close marker for \(kind) (start marker at \(marker))", at: bytes.count)
    }

    /// A `]` for a `}` or the other way round.
    @inline(never)
    private func mismatch(_ kind: String, _ opening: Int) -> JSONError {
        let (found, wanted) = kind == "Object" ? ("]", "}") : ("}", "]")
        let start = error("", at: opening).source(bytes)
        return error("Unexpected close marker '\(found)': expected '\(wanted)' (for \(kind) starting at \(start))", at: position + 1)
    }

    @inline(never)
    private func illegalControl(_ byte: UInt8, _ isName: Bool) -> JSONError {
        error(
            "Illegal unquoted character ((CTRL-CHAR, code \(byte))): has to be escaped using backslash to be included in \(isName ? "name" : "string value")",
            at: position + 1)
    }

    @inline(never)
    private func error(_ message: String, at offset: Int? = nil) -> JSONError {
        let offset = min(offset ?? position, bytes.count)
        var line = 1
        var lineStart = 0
        for index in 0..<offset where bytes[index] == 0x0A {
            line += 1
            lineStart = index + 1
        }
        let column = bytes[lineStart..<offset].reduce(1) { $0 + ($1 & 0xC0 == 0x80 ? 0 : 1) }
        return JSONError(message: message, offset: offset, line: line, column: column)
    }

    func linesByPointer() -> [String: Int] {
        var result: [String: Int] = [:]
        var line = 1
        var index = 0
        // Values start in the order of the text, so one walk counts all lines.
        for place in places ?? [] {
            while index < place.offset {
                if bytes[index] == 0x0A { line += 1 }
                index += 1
            }
            result[place.pointer] = line
        }
        return result
    }
}

/// Numbers that need more care than 18 digits.
enum JSONNumberText {
    static func value(_ text: String, significantDigits: Int) -> JSONValue {
        if let integer = Int64(text) { return .integer(integer) }
        guard let double = Double(text), double.isFinite else { return .decimal(text) }
        if double == 0 { return isZero(text) ? .double(double) : .decimal(text) }
        // 15 significant digits always survive a Double; beyond that, compare with what it would print.
        if significantDigits <= 15 { return .double(double) }
        return normalized(text) == normalized("\(double)") ? .double(double) : .decimal(text)
    }

    private static func isZero(_ text: String) -> Bool {
        text.utf8.prefix { $0 | 0x20 != UInt8(ascii: "e") }.allSatisfy { !(UInt8(ascii: "1")...UInt8(ascii: "9")).contains($0) }
    }

    /// Sign, digits without zeros around them, and the exponent: equal for equal numbers.
    private static func normalized(_ text: String) -> String {
        var digits: [UInt8] = []
        var exponent = 0
        var sawPoint = false
        var negative = false
        var bytes = text.utf8.makeIterator()
        scan: while let byte = bytes.next() {
            switch byte {
            case UInt8(ascii: "-"): negative = true
            case UInt8(ascii: "."): sawPoint = true
            case UInt8(ascii: "e"), UInt8(ascii: "E"):
                var rest: [UInt8] = []
                while let byte = bytes.next() { if byte != UInt8(ascii: "+") { rest.append(byte) } }
                exponent += Int(String(decoding: rest, as: UTF8.self)) ?? 0
                break scan
            default:
                digits.append(byte)
                if sawPoint { exponent -= 1 }
            }
        }
        let zero = UInt8(ascii: "0")
        while digits.last == zero {
            digits.removeLast()
            exponent += 1
        }
        let significant = digits.drop { $0 == zero }
        return (negative ? "-" : "") + String(decoding: significant, as: UTF8.self) + "e\(exponent)"
    }
}
