/// Base64 and URLs.
enum EncodingFunctions {
    static let all = [
        Builtin("base64encode", "<s-:s>", arity: 1) { (_, arguments) throws(Failure) in
            guard let text = arguments.at(0).string else { return .undefined }
            // JavaScript's `btoa` on Node: the low byte of every UTF-16 unit.
            return .text(Base64.encode(text.utf16.map { UInt8(truncatingIfNeeded: $0) }))
        },
        Builtin("base64decode", "<s-:s>", arity: 1) { (call, arguments) throws(Failure) in
            guard let text = arguments.at(0).string else { return .undefined }
            // Step Functions decodes with Java's strict decoder and tells of no cause (measured, floci#2736).
            if call.run.options.profile == .stepFunctions, !Base64.isStrict(text) { throw Failure.hidden }
            return .text(String(String.UnicodeScalarView(Base64.decode(text).map { Unicode.Scalar($0) })))
        },
        Builtin("encodeUrlComponent", "<s-:s>", arity: 1) { (_, arguments) throws(Failure) in
            try encode(arguments.at(0), "encodeUrlComponent", keeping: "-_.!~*'()")
        },
        Builtin("encodeUrl", "<s-:s>", arity: 1) { (_, arguments) throws(Failure) in
            try encode(arguments.at(0), "encodeUrl", keeping: "-_.!~*'();/?:@&=+$,#")
        },
        Builtin("decodeUrlComponent", "<s-:s>", arity: 1) { (call, arguments) throws(Failure) in
            // Step Functions decodes a form's text, and what is no UTF-8 becomes U+FFFD (measured in 2026).
            try decode(
                arguments.at(0), "decodeUrlComponent", keeping: "", isForm: call.run.options.profile == .stepFunctions)
        },
        Builtin("decodeUrl", "<s-:s>", arity: 1) { (_, arguments) throws(Failure) in
            try decode(arguments.at(0), "decodeUrl", keeping: ";/?:@&=+$,#")
        },
    ]

    private static let hex = Array("0123456789ABCDEF".utf8)

    private static func encode(_ value: Value, _ name: String, keeping: String) throws(Failure) -> Value {
        guard let text = value.string else { return .undefined }
        if text.unicodeScalars.contains(where: LoneSurrogates.isLone) {
            throw Failure("D3140", token: .text(name), value: value, functionName: name)
        }
        var out: [UInt8] = []
        for byte in text.utf8 {
            let isPlain = (byte >= 48 && byte <= 57) || (byte | 0x20 >= 97 && byte | 0x20 <= 122 && byte < 128)
            if isPlain || keeping.utf8.contains(byte) {
                out.append(byte)
            } else {
                out += [UInt8(ascii: "%"), hex[Int(byte >> 4)], hex[Int(byte & 15)]]
            }
        }
        return .text(String(decoding: out, as: UTF8.self))
    }

    private static func decode(_ value: Value, _ name: String, keeping: String, isForm: Bool = false) throws(Failure) -> Value {
        guard let text = value.string else { return .undefined }
        let bytes = Array(text.utf8)
        var out: [UInt8] = []
        var index = 0
        func digit(_ index: Int) -> UInt8? {
            guard index < bytes.count else { return nil }
            switch bytes[index] {
            case 48...57: return bytes[index] - 48
            case 65...70: return bytes[index] - 55
            case 97...102: return bytes[index] - 87
            default: return nil
            }
        }
        while index < bytes.count {
            guard bytes[index] == UInt8(ascii: "%") else {
                out.append(isForm && bytes[index] == UInt8(ascii: "+") ? UInt8(ascii: " ") : bytes[index])
                index += 1
                continue
            }
            guard let high = digit(index + 1), let low = digit(index + 2) else {
                throw Failure("D3140", token: .text(name), value: value, functionName: name)
            }
            let byte = high << 4 | low
            if keeping.utf8.contains(byte) {
                out += bytes[index..<index + 3]
            } else {
                out.append(byte)
            }
            index += 3
        }
        if isForm { return .text(String(decoding: out, as: UTF8.self)) }
        guard let decoded = String(validating: out, as: UTF8.self) else {
            throw Failure("D3140", token: .text(name), value: value, functionName: name)
        }
        return .text(decoded)
    }
}

/// Base64 as Node reads and writes it.
enum Base64 {
    /// Whether `text` is of the alphabet alone and its padding, if any, complete.
    static func isStrict(_ text: String) -> Bool {
        var count = 0
        var padding = 0
        for byte in text.utf8 {
            if byte == UInt8(ascii: "=") {
                padding += 1
            } else if padding > 0 || !alphabet.contains(byte) {
                return false
            } else {
                count += 1
            }
        }
        return padding == 0 ? count % 4 != 1 : count % 4 > 1 && count % 4 + padding == 4
    }

    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    static func encode(_ bytes: [UInt8]) -> String {
        var out: [UInt8] = []
        out.reserveCapacity((bytes.count + 2) / 3 * 4)
        var index = 0
        while index < bytes.count {
            let rest = bytes.count - index
            let a = bytes[index]
            let b = rest > 1 ? bytes[index + 1] : 0
            let c = rest > 2 ? bytes[index + 2] : 0
            out.append(alphabet[Int(a >> 2)])
            out.append(alphabet[Int((a & 3) << 4 | b >> 4)])
            out.append(rest > 1 ? alphabet[Int((b & 15) << 2 | c >> 6)] : UInt8(ascii: "="))
            out.append(rest > 2 ? alphabet[Int(c & 63)] : UInt8(ascii: "="))
            index += 3
        }
        return String(decoding: out, as: UTF8.self)
    }

    /// What is no digit is skipped; `=` ends.
    static func decode(_ text: String) -> [UInt8] {
        var out: [UInt8] = []
        var buffer: UInt32 = 0
        var bits = 0
        for byte in text.utf8 {
            let value: UInt32
            switch byte {
            case 65...90: value = UInt32(byte - 65)
            case 97...122: value = UInt32(byte - 71)
            case 48...57: value = UInt32(byte + 4)
            case UInt8(ascii: "+"), UInt8(ascii: "-"): value = 62
            case UInt8(ascii: "/"), UInt8(ascii: "_"): value = 63
            case UInt8(ascii: "="): return out
            default: continue
            }
            buffer = (buffer << 6 | value) & 0xFFFFFF
            bits += 6
            if bits >= 8 {
                bits -= 8
                out.append(UInt8(truncatingIfNeeded: buffer >> UInt32(bits)))
            }
        }
        return out
    }
}
