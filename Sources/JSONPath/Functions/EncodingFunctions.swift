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

    static func base64Decode(_ arguments: [JSONValue]) -> JSONValue? {
        guard let text = text(arguments) else { return nil }
        var digits = Array(text.utf8)
        while digits.last == UInt8(ascii: "="), digits.count > 0 { digits.removeLast() }
        guard digits.count % 4 != 1 else { return nil }
        var out: [UInt8] = []
        var word: UInt32 = 0
        var bits = 0
        for digit in digits {
            guard let value = alphabet.firstIndex(of: digit) else { return nil }
            word = (word << 6 | UInt32(value)) & 0xFF_FFFF
            bits += 6
            if bits >= 8 {
                bits -= 8
                out.append(UInt8(truncatingIfNeeded: word >> UInt32(bits)))
            }
        }
        return .string(String(decoding: out, as: UTF8.self))
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
