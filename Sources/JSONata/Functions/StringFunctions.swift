import Glibc
import JSON

/// `$string $substring … $match $replace $split $join`
enum StringFunctions {
    static let all = [
        Builtin("string", "<x-b?:s>", arity: 1) { (call, arguments) throws(Failure) in
            let pretty = arguments.at(1)
            guard let text = try string(arguments.at(0), call.run.numberStyle, pretty: Truth.isTrue(pretty)) else { return .undefined }
            try call.run.allocate(text.utf8.count)
            return .text(text)
        },
        Builtin("substring", "<s-nn?:s>", arity: 3) { (_, arguments) throws(Failure) in
            guard let text = arguments.at(0).string else { return .undefined }
            let start = arguments.at(1).number
            // JavaScript: undefined plus a length is no number, and a slice up to there is empty.
            if start == nil, arguments.at(2).number != nil { return .text("") }
            return .text(substring(text, start ?? 0, arguments.at(2).number))
        },
        Builtin("substringBefore", "<s-s:s>", arity: 2) { (_, arguments) throws(Failure) in
            guard let text = arguments.at(0).string else { return .undefined }
            guard let needle = arguments.at(1).string, let place = TextSearch.find(needle, in: text) else { return .text(text) }
            return .text(TextSearch.slice(text, 0, place))
        },
        Builtin("substringAfter", "<s-s:s>", arity: 2) { (_, arguments) throws(Failure) in
            guard let text = arguments.at(0).string else { return .undefined }
            guard let needle = arguments.at(1).string, let place = TextSearch.find(needle, in: text) else { return .text(text) }
            return .text(TextSearch.slice(text, place + needle.utf8.count, text.utf8.count))
        },
        Builtin("lowercase", "<s-:s>", arity: 1) { (_, arguments) throws(Failure) in
            guard let text = arguments.at(0).string else { return .undefined }
            return .text(TextCase.lower(text))
        },
        Builtin("uppercase", "<s-:s>", arity: 1) { (_, arguments) throws(Failure) in
            guard let text = arguments.at(0).string else { return .undefined }
            return .text(TextCase.upper(text))
        },
        Builtin("length", "<s-:n>", arity: 1) { (_, arguments) throws(Failure) in
            guard let text = arguments.at(0).string else { return .undefined }
            return .integer(text.unicodeScalars.count)
        },
        Builtin("trim", "<s-:s>", arity: 1) { (_, arguments) throws(Failure) in
            guard let text = arguments.at(0).string else { return .undefined }
            return .text(trim(text))
        },
        Builtin("pad", "<s-ns?:s>", arity: 3) { (call, arguments) throws(Failure) in
            guard let text = arguments.at(0).string else { return .undefined }
            return .text(try pad(text, arguments.at(1).number ?? 0, arguments.at(2).string, call.run))
        },
        Builtin("match", "<s-f<s:o>n?:a<o>>", arity: 3) { (call, arguments) throws(Failure) in
            try match(call, arguments.at(0), arguments.at(1), arguments.at(2))
        },
        Builtin("contains", "<s-(sf):b>", arity: 2) { (call, arguments) throws(Failure) in
            try contains(call, arguments.at(0), arguments.at(1))
        },
        Builtin("replace", "<s-(sf)(sf)n?:s>", arity: 4) { (call, arguments) throws(Failure) in
            try Replacement.replace(call, arguments.at(0), arguments.at(1), arguments.at(2), arguments.at(3))
        },
        Builtin("split", "<s-(sf)n?:a<s>>", arity: 3) { (call, arguments) throws(Failure) in
            try split(call, arguments.at(0), arguments.at(1), arguments.at(2))
        },
        Builtin("join", "<a<s>s?:s>", arity: 2) { (call, arguments) throws(Failure) in
            guard let items = arguments.at(0).items else { return .undefined }
            return .text(try join(items, arguments.at(1).string ?? "", call.run))
        },
    ]

    // MARK: String

    /// `$string`: nil for undefined.
    static func string(_ value: Value, _ style: NumberStyle, pretty: Bool = false) throws(Failure) -> String? {
        switch value {
        case .json(.string(let text)): return text
        case .json(.integer(let integer)): return NumberText.text(integer, style)
        case .undefined: return nil
        case .function: return ""
        default: break
        }
        if let number = value.number, !number.isFinite { throw Failure("D3001", value: value) }
        var failure: Failure?
        let text = stringify(value, style, pretty: pretty, failure: &failure)
        if let failure { throw failure }
        return text
    }

    /// `JSON.stringify`, with functions as empty strings; nil for undefined.
    static func stringify(_ value: Value) -> String? {
        var failure: Failure?
        return stringify(value, .plain, pretty: false, failure: &failure)
    }

    private static func stringify(
        _ value: Value, _ style: NumberStyle, pretty: Bool, failure: inout Failure?
    ) -> String? {
        switch value {
        case .undefined, .unbound, .tailCall: return nil
        default:
            var writer = Stringifier(isPretty: pretty, style: style)
            writer.write(value, level: 0)
            failure = writer.failure
            return String(decoding: writer.out, as: UTF8.self)
        }
    }

    private struct Stringifier {
        let isPretty: Bool
        let style: NumberStyle
        var out: [UInt8] = []
        var failure: Failure?

        init(isPretty: Bool, style: NumberStyle) {
            self.isPretty = isPretty
            self.style = style
        }

        private mutating func newLine(_ level: Int) {
            guard isPretty else { return }
            out.append(0x0A)
            out.append(contentsOf: repeatElement(0x20, count: level * 2))
        }

        mutating func write(_ value: Value, level: Int) {
            switch value {
            case .undefined, .unbound, .tailCall: out += Array("null".utf8)
            case .function: out += Array("\"\"".utf8)
            case .json(.null): out += Array("null".utf8)
            case .json(.bool(let flag)): out += Array((flag ? "true" : "false").utf8)
            case .json(.string(let text)): write(text)
            case .json(.integer(let integer)): out += Array(NumberText.text(integer, style).utf8)
            case .json(.double), .json(.decimal):
                let number = value.number ?? 0
                if number.isInfinite { failure = failure ?? Failure("D1001", value: value) }
                out += Array((!number.isFinite ? "null" : NumberText.text(number, style)).utf8)
            case .json(.array), .list, .tuples: write(array: value.itemsOrSelf, level)
            case .json(.object), .object: if let members = Members(value) { write(object: members, level) }
            }
        }

        private mutating func write(array: Items, _ level: Int) {
            out.append(UInt8(ascii: "["))
            for index in 0..<array.count {
                if index > 0 { out.append(UInt8(ascii: ",")) }
                newLine(level + 1)
                write(array[index], level: level + 1)
            }
            if array.count > 0 { newLine(level) }
            out.append(UInt8(ascii: "]"))
        }

        private mutating func write(object: Members, _ level: Int) {
            out.append(UInt8(ascii: "{"))
            var isFirst = true
            for index in 0..<object.count {
                let value = object.value(index)
                if value.isUndefined { continue }
                if !isFirst { out.append(UInt8(ascii: ",")) }
                isFirst = false
                newLine(level + 1)
                write(object.key(index))
                out.append(UInt8(ascii: ":"))
                if isPretty { out.append(0x20) }
                write(value, level: level + 1)
            }
            if !isFirst { newLine(level) }
            out.append(UInt8(ascii: "}"))
        }

        private mutating func write(_ text: String) {
            out.append(UInt8(ascii: "\""))
            for byte in text.utf8 {
                switch byte {
                case UInt8(ascii: "\""), UInt8(ascii: "\\"): out += [UInt8(ascii: "\\"), byte]
                case 0x08: out += Array("\\b".utf8)
                case 0x09: out += Array("\\t".utf8)
                case 0x0A: out += Array("\\n".utf8)
                case 0x0C: out += Array("\\f".utf8)
                case 0x0D: out += Array("\\r".utf8)
                case 0..<0x20:
                    let hex = Array("0123456789abcdef".utf8)
                    out += Array("\\u00".utf8) + [hex[Int(byte >> 4)], hex[Int(byte & 15)]]
                default: out.append(byte)
                }
            }
            out.append(UInt8(ascii: "\""))
        }
    }

    // MARK: Parts

    /// JavaScript's `slice` over code points.
    static func substring(_ text: String, _ start: Double, _ length: Double?) -> String {
        let count = Double(text.unicodeScalars.count)
        var start = start
        if count + start < 0 { start = 0 }
        var end = count
        if let length {
            if length <= 0 { return "" }
            end = start >= 0 ? start + length : count + start + length
        }
        func place(_ number: Double) -> Int {
            let whole = number.isNaN ? 0 : number.rounded(.towardZero)
            return Int(min(max(whole < 0 ? whole + count : whole, 0), count))
        }
        let from = place(start)
        let to = place(end)
        guard from < to else { return "" }
        let scalars = text.unicodeScalars
        let first = scalars.index(scalars.startIndex, offsetBy: from)
        let last = scalars.index(first, offsetBy: to - from)
        return String(scalars[first..<last])
    }

    private static func trim(_ text: String) -> String {
        var out: [UInt8] = []
        var isSpace = true
        for byte in text.utf8 {
            if byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D {
                if !isSpace { out.append(0x20) }
                isSpace = true
            } else {
                out.append(byte)
                isSpace = false
            }
        }
        if out.last == 0x20 { out.removeLast() }
        return String(decoding: out, as: UTF8.self)
    }

    private static func pad(_ text: String, _ width: Double, _ filler: String?, _ run: Run) throws(Failure) -> String {
        let missing = abs(width) - Double(text.unicodeScalars.count)
        guard missing >= 1 else { return text }
        let filler = filler.flatMap { $0.isEmpty ? nil : Array($0.unicodeScalars) } ?? [" "]
        try run.allocate(missing < 1e15 ? Int(missing) : Int.max)
        var padding = String.UnicodeScalarView()
        for index in 0..<Int(missing) { padding.append(filler[index % filler.count]) }
        return width > 0 ? text + String(padding) : String(padding) + text
    }

    static func join(_ items: Items, _ separator: String, _ run: Run) throws(Failure) -> String {
        let values = items.values
        var bytes = max(0, values.count - 1) * separator.utf8.count
        for value in values {
            if case .json(.string(let text)) = value { bytes += text.utf8.count }
        }
        try run.allocate(bytes)
        var text = ""
        text.reserveCapacity(bytes)
        for index in values.indices {
            if index > 0 { text += separator }
            if case .json(.string(let part)) = values[index] { text += part }
        }
        return text
    }

    // MARK: Matching

    /// A regular expression, if the function is one.
    static func matcher(_ value: Value) -> (program: RegexProgram, position: Int)? {
        guard case .function(let function) = value, case .matcher(let program, let position) = function.unwrapped.kind
        else { return nil }
        return (program, position)
    }

    /// The match object of a matcher function, checked.
    static func matches(_ call: Call, _ matcher: Value, _ arguments: [Value]) throws(Failure) -> Value {
        let result = try Application.apply(
            matcher, arguments, input: .json(.null), frame: call.frame, call.run
        ).collapsed()
        if result.isUndefined { return .undefined }
        guard let object = Members(result) else {
            if try !Truth.isTrue(result) { return .undefined }
            throw Failure("T1010")
        }
        let isMatch =
            member(object, "start").number != nil || member(object, "end").number != nil
            || member(object, "groups").isArray || member(object, "next").isFunction
        if !isMatch { throw Failure("T1010") }
        return result
    }

    static func member(_ object: Members, _ name: String) -> Value {
        for index in 0..<object.count where object.key(index) == name { return object.value(index) }
        return .undefined
    }

    private static func contains(_ call: Call, _ value: Value, _ token: Value) throws(Failure) -> Value {
        guard let text = value.string else { return .undefined }
        if let needle = token.string { return .bool(TextSearch.find(needle, in: text) != nil) }
        if let (program, _) = matcher(token) {
            return .bool(try RegexText(text).search(program, from: 0, call.run) != nil)
        }
        return .bool(try !matches(call, token, [value]).isUndefined)
    }

    private static func match(
        _ call: Call, _ value: Value, _ matcher: Value, _ limit: Value
    ) throws(Failure) -> Value {
        guard value.string != nil else { return .undefined }
        let most = limit.number
        if let most, most < 0 { throw Failure("D3040", value: limit, index: 3) }
        var found: [Value] = []
        if most != 0 {
            var current = try matches(call, matcher, [value])
            while let object = Members(current), Double(found.count) < most ?? .infinity {
                try call.run.tick()
                let entry = ObjectRef()
                entry.set("match", member(object, "match"))
                entry.set("index", member(object, "start"))
                entry.set("groups", member(object, "groups"))
                found.append(.object(entry))
                guard Double(found.count) < most ?? .infinity else { break }
                current = try matches(call, member(object, "next"), [])
            }
        }
        return .list(List(found, .sequence))
    }

    private static func split(
        _ call: Call, _ value: Value, _ separator: Value, _ limit: Value
    ) throws(Failure) -> Value {
        guard let text = value.string else { return .undefined }
        let most = limit.number
        if let most, most < 0 { throw Failure("D3020", value: limit, index: 3) }
        var parts: [Value] = []
        if let needle = separator.string {
            let count = most.map { Int(min($0, 1e15)) } ?? Int.max
            for part in TextSearch.split(text, needle, limit: count) { parts.append(.text(part)) }
            return .list(List(flat: parts, []))
        }
        let bound = most ?? .infinity
        guard bound > 0 else { return .list(List(flat: [], [])) }
        let units = RegexText(text)
        var start = 0
        var current = try matches(call, separator, [value])
        while let object = Members(current), Double(parts.count) < bound {
            try call.run.tick()
            let from = Int(member(object, "start").number ?? 0)
            parts.append(.text(units.slice(max(0, start), min(from, units.count))))
            start = Int(member(object, "end").number ?? 0)
            guard Double(parts.count) < bound else { break }
            current = try matches(call, member(object, "next"), [])
        }
        if Double(parts.count) < bound { parts.append(.text(units.slice(max(0, start), units.count))) }
        return .list(List(flat: parts, []))
    }
}

/// Searching in a text's bytes.
enum TextSearch {
    /// Where `needle` starts, in bytes.
    static func find(_ needle: String, in text: String, from start: Int = 0) -> Int? {
        var text = text
        var needle = needle
        return text.withUTF8 { haystack -> Int? in
            needle.withUTF8 { needle -> Int? in
                guard let first = needle.first else { return start }
                var index = start
                while index + needle.count <= haystack.count {
                    guard let base = haystack.baseAddress,
                        let found = memchr(base + index, Int32(first), haystack.count - needle.count - index + 1)
                    else { return nil }
                    index = UnsafeRawPointer(found) - UnsafeRawPointer(base)
                    if let wanted = needle.baseAddress, memcmp(found, wanted, needle.count) == 0 { return index }
                    index += 1
                }
                return nil
            }
        }
    }

    static func slice(_ text: String, _ from: Int, _ to: Int) -> String {
        var text = text
        return text.withUTF8 { bytes in
            let from = min(max(from, 0), bytes.count)
            return String(decoding: bytes[from..<min(max(to, from), bytes.count)], as: UTF8.self)
        }
    }

    /// JavaScript's `split` by a text, an empty one between all code points.
    static func split(_ text: String, _ separator: String, limit: Int) -> [String] {
        guard limit > 0 else { return [] }
        if separator.isEmpty { return text.unicodeScalars.prefix(limit).map { String($0) } }
        var parts: [String] = []
        var start = 0
        while let place = find(separator, in: text, from: start) {
            parts.append(slice(text, start, place))
            if parts.count == limit { return parts }
            start = place + separator.utf8.count
        }
        parts.append(slice(text, start, text.utf8.count))
        return parts
    }
}

/// Upper and lower case, with a short way for ASCII.
enum TextCase {
    static func upper(_ text: String) -> String { map(text, 0x61, 0x7A) ?? text.uppercased() }
    static func lower(_ text: String) -> String { map(text, 0x41, 0x5A) ?? text.lowercased() }

    /// nil: not ASCII.
    private static func map(_ text: String, _ first: UInt8, _ last: UInt8) -> String? {
        var text = text
        return text.withUTF8 { bytes in
            for byte in bytes where byte >= 0x80 { return nil }
            return String(unsafeUninitializedCapacity: bytes.count) { out in
                for index in 0..<bytes.count {
                    let byte = bytes[index]
                    out[index] = byte >= first && byte <= last ? byte ^ 0x20 : byte
                }
                return bytes.count
            }
        }
    }
}
