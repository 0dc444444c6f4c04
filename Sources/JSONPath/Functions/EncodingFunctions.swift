import Digest
import JSON

/// `States.Base64Encode`, `States.Base64Decode`, `States.Hash`
enum EncodingFunctions {
    private static let lengthLimit = 10_000
    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    static func base64Encode(_ arguments: [JSONValue]) -> JSONValue? {
        guard let text = text(arguments) else { return nil }
        let bytes = Array(text.utf8)
        var out: [UInt8] = []
        out.reserveCapacity((bytes.count + 2) / 3 * 4)
        var index = 0
        while index < bytes.count {
            let rest = bytes.count - index
            let word =
                UInt32(bytes[index]) << 16 | (rest > 1 ? UInt32(bytes[index + 1]) << 8 : 0) | (rest > 2 ? UInt32(bytes[index + 2]) : 0)
            out.append(alphabet[Int(word >> 18)])
            out.append(alphabet[Int(word >> 12 & 63)])
            out.append(rest > 1 ? alphabet[Int(word >> 6 & 63)] : UInt8(ascii: "="))
            out.append(rest > 2 ? alphabet[Int(word & 63)] : UInt8(ascii: "="))
            index += 3
        }
        return .string(String(decoding: out, as: UTF8.self))
    }

    /// As leniently as AWS reads it: characters outside of both alphabets are passed over, the text ends at the first `=`,
    /// and bits left over are dropped.
    static func base64Decode(_ arguments: [JSONValue]) -> JSONValue? {
        guard let text = text(arguments) else { return nil }
        var out: [UInt8] = []
        var word: UInt32 = 0
        var bits: UInt32 = 0
        for digit in text.utf8 {
            if digit == UInt8(ascii: "=") { break }
            guard let value = value(ofDigit: digit) else { continue }
            word = (word << 6 | value) & 0xFF_FFFF
            bits += 6
            if bits >= 8 {
                bits -= 8
                out.append(UInt8(truncatingIfNeeded: word >> bits))
            }
        }
        return .string(String(decoding: out, as: UTF8.self))
    }

    private static func value(ofDigit digit: UInt8) -> UInt32? {
        switch digit {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): UInt32(digit - UInt8(ascii: "A"))
        case UInt8(ascii: "a")...UInt8(ascii: "z"): UInt32(digit - UInt8(ascii: "a")) + 26
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(digit - UInt8(ascii: "0")) + 52
        case UInt8(ascii: "+"), UInt8(ascii: "-"): 62
        case UInt8(ascii: "/"), UInt8(ascii: "_"): 63
        default: nil
        }
    }

    /// Data that is no text is hashed as its JSON text.
    static func hash(_ arguments: [JSONValue]) -> JSONValue? {
        guard arguments.count == 2, case .string(let name) = arguments[1], let algorithm = Digest.Algorithm(rawValue: name) else {
            return nil
        }
        let data: String
        switch arguments[0] {
        case .string(let text): data = text
        case .null: return nil
        default: data = arguments[0].text()
        }
        guard data.utf16.count <= lengthLimit else { return nil }
        return .string(Digest.hex(data, algorithm: algorithm))
    }

    private static func text(_ arguments: [JSONValue]) -> String? {
        guard arguments.count == 1, case .string(let text) = arguments[0], text.utf16.count <= lengthLimit else { return nil }
        return text
    }
}
