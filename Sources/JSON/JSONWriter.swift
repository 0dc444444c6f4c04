/// How a value is spelled.
public enum JSONFormat: Sendable {
    /// No spaces, keys in their order: what AWS puts into events.
    case compact
    /// Two spaces a level, keys in their order.
    case pretty
    /// Two spaces a level, keys sorted by code points: the same text for equal values.
    case canonical
}

extension JSONValue {
    public func text(_ format: JSONFormat = .compact) -> String {
        String(decoding: bytes(format), as: UTF8.self)
    }

    public func bytes(_ format: JSONFormat = .compact) -> [UInt8] {
        var out: [UInt8] = []
        write(to: &out, format)
        return out
    }

    /// Appends the text to `out`.
    public func write(to out: inout [UInt8], _ format: JSONFormat = .compact) {
        switch format {
        case .compact: JSONWriter.writeCompact(self, &out)
        case .pretty: JSONWriter.writeIndented(self, &out, level: 0, sorted: false)
        case .canonical: JSONWriter.writeIndented(self, &out, level: 0, sorted: true)
        }
    }

    /// The length of the compact text in UTF-8 bytes, which is what AWS's limits count.
    public var byteCount: Int { JSONWriter.count(self) }
}

enum JSONWriter {
    static func writeCompact(_ value: JSONValue, _ out: inout [UInt8]) {
        switch value {
        case .null: out.append(contentsOf: "null".utf8)
        case .bool(let flag): out.append(contentsOf: (flag ? "true" : "false").utf8)
        case .integer(let integer): writeInteger(integer, &out)
        case .double(let double): writeDouble(double, &out)
        case .decimal(let text): out.append(contentsOf: text.utf8)
        case .string(let text): writeString(text, &out)
        case .array(let array):
            out.append(UInt8(ascii: "["))
            var first = true
            for element in array {
                if !first { out.append(UInt8(ascii: ",")) }
                first = false
                writeCompact(element, &out)
            }
            out.append(UInt8(ascii: "]"))
        case .object(let object):
            out.append(UInt8(ascii: "{"))
            let keys = object.keys
            var index = 0
            for value in object.values {
                if index > 0 { out.append(UInt8(ascii: ",")) }
                writeString(keys[index], &out)
                out.append(UInt8(ascii: ":"))
                writeCompact(value, &out)
                index += 1
            }
            out.append(UInt8(ascii: "}"))
        }
    }

    static func writeIndented(_ value: JSONValue, _ out: inout [UInt8], level: Int, sorted: Bool) {
        func newLine(_ level: Int) {
            out.append(0x0A)
            out.append(contentsOf: repeatElement(0x20, count: level * 2))
        }
        switch value {
        case .array(let array) where !array.isEmpty:
            out.append(UInt8(ascii: "["))
            for (index, element) in array.enumerated() {
                if index > 0 { out.append(UInt8(ascii: ",")) }
                newLine(level + 1)
                writeIndented(element, &out, level: level + 1, sorted: sorted)
            }
            newLine(level)
            out.append(UInt8(ascii: "]"))
        case .object(let object) where !object.isEmpty:
            out.append(UInt8(ascii: "{"))
            var members = Array(object)
            if sorted { members.sort { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) } }
            for (index, member) in members.enumerated() {
                if index > 0 { out.append(UInt8(ascii: ",")) }
                newLine(level + 1)
                writeString(member.key, &out)
                out.append(contentsOf: ": ".utf8)
                writeIndented(member.value, &out, level: level + 1, sorted: sorted)
            }
            newLine(level)
            out.append(UInt8(ascii: "}"))
        default: writeCompact(value, &out)
        }
    }

    static func writeInteger(_ integer: Int64, _ out: inout [UInt8]) {
        if integer >= 0, integer < 10 {
            out.append(UInt8(ascii: "0") + UInt8(integer))
            return
        }
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 20) { digits in
            var magnitude = integer.magnitude
            var index = 20
            repeat {
                index -= 1
                digits[index] = UInt8(ascii: "0") + UInt8(magnitude % 10)
                magnitude /= 10
            } while magnitude > 0
            if integer < 0 {
                index -= 1
                digits[index] = UInt8(ascii: "-")
            }
            out.append(contentsOf: UnsafeBufferPointer(rebasing: UnsafeBufferPointer(digits)[index..<20]))
        }
    }

    /// As Java's `Double.toString`, which is how AWS spells doubles: `1.0`, `1.789E9`, `1.0E-5`.
    /// A value that is no JSON number is written as the string AWS writes: `"NaN"`, `"Infinity"`, `"-Infinity"`.
    static func writeDouble(_ double: Double, _ out: inout [UInt8]) {
        if writeThousandths(double, &out) { return }
        out.append(contentsOf: javaText(double).utf8)
    }

    /// Times are seconds with three digits after the point, and histories are full of them: `1.789123456789E9`.
    /// A number of at most 15 digits is the shortest text of its double, so its digits are those of the thousandths.
    private static func writeThousandths(_ double: Double, _ out: inout [UInt8]) -> Bool {
        guard double >= 1e7, double < 1e12 else { return false }
        let thousandths = (double * 1000).rounded()
        guard thousandths / 1000 == double else { return false }
        var number = UInt64(thousandths)
        var digits: (UInt64, UInt64) = (0, 0)
        return withUnsafeMutableBytes(of: &digits) { digits in
            var first = digits.count
            while number > 0 {
                first -= 1
                digits[first] = UInt8(ascii: "0") + UInt8(number % 10)
                number /= 10
            }
            let exponent = digits.count - first - 4
            var end = digits.count
            while end > first + 2, digits[end - 1] == UInt8(ascii: "0") { end -= 1 }
            out.append(digits[first])
            out.append(UInt8(ascii: "."))
            out.append(contentsOf: digits[(first + 1)..<end])
            out.append(UInt8(ascii: "E"))
            writeInteger(Int64(exponent), &out)
            return true
        }
    }

    static func javaText(_ double: Double) -> String {
        if double.isNaN { return "\"NaN\"" }
        if double.isInfinite { return double < 0 ? "\"-Infinity\"" : "\"Infinity\"" }
        let magnitude = abs(double)
        if magnitude == 0 { return double.sign == .minus ? "-0.0" : "0.0" }
        let text = "\(magnitude)"
        let sign = double < 0 ? "-" : ""
        if magnitude >= 1e-3, magnitude < 1e7 {
            // Swift prints these plainly but for those below 1e-4, which this branch excludes.
            return sign + text
        }
        let (digits, exponent) = digitsAndExponent(text)
        let fraction = digits.dropFirst()
        return sign + String(digits.first!) + "." + (fraction.isEmpty ? "0" : String(fraction)) + "E\(exponent)"
    }

    /// `12345.0` → ("12345", 4); `1e+20` → ("1", 20).
    private static func digitsAndExponent(_ text: String) -> (digits: String, exponent: Int) {
        let parts = text.split(separator: "e")
        let mantissa = parts[0]
        var exponent = parts.count > 1 ? Int(parts[1].drop { $0 == "+" }) ?? 0 : 0
        let point = mantissa.firstIndex(of: ".") ?? mantissa.endIndex
        let whole = mantissa[..<point]
        let all = mantissa.filter { $0 != "." }
        exponent += whole.count - 1
        let leadingZeros = all.prefix { $0 == "0" }.count
        exponent -= leadingZeros
        var digits = String(all.dropFirst(leadingZeros))
        while digits.count > 1, digits.hasSuffix("0") { digits.removeLast() }
        return (digits, exponent)
    }

    private static let hex: [UInt8] = Array("0123456789ABCDEF".utf8)

    static func writeString(_ text: String, _ out: inout [UInt8]) {
        var text = text
        text.withUTF8 { bytes in
            out.append(UInt8(ascii: "\""))
            var start = 0
            var index = 0
            while index < bytes.count {
                let byte = bytes[index]
                if byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") {
                    out.append(contentsOf: UnsafeBufferPointer(rebasing: bytes[start..<index]))
                    writeEscape(byte, &out)
                    start = index + 1
                }
                index += 1
            }
            out.append(contentsOf: start == 0 ? bytes : UnsafeBufferPointer(rebasing: bytes[start..<bytes.count]))
            out.append(UInt8(ascii: "\""))
        }
    }

    private static func writeEscape(_ byte: UInt8, _ out: inout [UInt8]) {
        out.append(UInt8(ascii: "\\"))
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"): out.append(byte)
        case 8: out.append(UInt8(ascii: "b"))
        case 12: out.append(UInt8(ascii: "f"))
        case 10: out.append(UInt8(ascii: "n"))
        case 13: out.append(UInt8(ascii: "r"))
        case 9: out.append(UInt8(ascii: "t"))
        default: out.append(contentsOf: [UInt8(ascii: "u"), UInt8(ascii: "0"), UInt8(ascii: "0"), hex[Int(byte >> 4)], hex[Int(byte & 15)]])
        }
    }

    static func count(_ value: JSONValue) -> Int {
        switch value {
        case .null: return 4
        case .bool(let flag): return flag ? 4 : 5
        case .integer(let integer):
            var magnitude = integer.magnitude
            var digits = integer < 0 ? 2 : 1
            while magnitude >= 10 {
                magnitude /= 10
                digits += 1
            }
            return digits
        case .double(let double): return javaText(double).utf8.count
        case .decimal(let text): return text.utf8.count
        case .string(let text): return count(text)
        case .array(let array):
            return array.reduce(1 + max(1, array.count)) { $0 + count($1) }
        case .object(let object):
            var total = 1 + max(1, object.count)
            for index in 0..<object.count { total += count(object.keys[index]) + 1 + count(object.values[index]) }
            return total
        }
    }

    private static func count(_ text: String) -> Int {
        var text = text
        return text.withUTF8 { bytes in
            var total = 2 + bytes.count
            for byte in bytes where byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") {
                switch byte {
                case UInt8(ascii: "\""), UInt8(ascii: "\\"), 8, 12, 10, 13, 9: total += 1
                default: total += 5
                }
            }
            return total
        }
    }
}
