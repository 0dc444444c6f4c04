/// Percent-encoding (RFC 3986) of UTF-8.
package enum URLEncoding {
    private static let digits = Array("0123456789ABCDEF".utf8)

    /// All but letters, digits, `-._~` and the characters of `keeping`.
    package static func encode(_ text: String, keeping: String = "") -> String {
        var out: [UInt8] = []
        out.reserveCapacity(text.utf8.count)
        let kept = Array(keeping.utf8)
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
                UInt8(ascii: "~"):
                out.append(byte)
            case _ where kept.contains(byte): out.append(byte)
            default: out.append(contentsOf: [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]])
            }
        }
        return String(decoding: out, as: UTF8.self)
    }

    /// What a URL may not hold (blanks, controls, quotes, what is not ASCII) is encoded, the rest stays,
    /// `%` included: for a URL that a person wrote.
    package static func repaired(_ url: String) -> String {
        encode(url, keeping: "%:/?#[]@!$&'()*+,;=")
    }
}

extension URLEncoding {
    /// `%XX` replaced by its byte; what is not an escape stays, bytes that are not UTF-8 are repaired.
    package static func decode(_ text: String) -> String {
        let bytes = Array(text.utf8)
        guard bytes.contains(UInt8(ascii: "%")) else { return text }
        func digit(_ index: Int) -> UInt8? {
            guard index < bytes.count else { return nil }
            switch bytes[index] {
            case 0x30...0x39: return bytes[index] - 0x30
            case 0x41...0x46: return bytes[index] - 0x41 + 10
            case 0x61...0x66: return bytes[index] - 0x61 + 10
            default: return nil
            }
        }
        var out: [UInt8] = []
        var index = 0
        while index < bytes.count {
            if bytes[index] == UInt8(ascii: "%"), let high = digit(index + 1), let low = digit(index + 2) {
                out.append(high << 4 | low)
                index += 3
            } else {
                out.append(bytes[index])
                index += 1
            }
        }
        return String(decoding: out, as: UTF8.self)
    }
}
