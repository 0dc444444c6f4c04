import Glibc

/// How many digits a number's text has.
enum NumberStyle {
    /// As `JSON.stringify` alone: all digits.
    case plain
    /// jsonata-js's `$string`: 15 digits.
    case rounded
    /// Step Functions' `$string`: fractions have 15 digits, whole numbers all.
    case wholeExact
}

/// Numbers as JavaScript writes them.
enum NumberText {
    /// `Number.prototype.toString`: the shortest digits, plain from 1e-6 up to 1e21.
    static func javaScript(_ number: Double) -> String {
        if let integer = Int64(exactly: number), abs(number) < 9e15 { return String(integer) }
        if number.isNaN { return "NaN" }
        if number.isInfinite { return number < 0 ? "-Infinity" : "Infinity" }
        let (digits, exponent) = shortest(abs(number))
        return (number < 0 ? "-" : "") + layout(digits, exponent)
    }

    static func text(_ integer: Int64, _ style: NumberStyle) -> String {
        if style == .rounded, integer.magnitude >= 1_000_000_000_000_000 { return rounded(Double(integer)) }
        return String(integer)
    }

    static func text(_ number: Double, _ style: NumberStyle) -> String {
        switch style {
        case .plain: javaScript(number)
        case .rounded: rounded(number)
        case .wholeExact: number.rounded() == number || !number.isFinite ? javaScript(number) : floored(number)
        }
    }

    /// Fifteen digits of the shortest decimal, the rest cut off towards minus infinity, as Step Functions' `$string` writes
    /// a number that is not whole (measured in 2026).
    private static func floored(_ number: Double) -> String {
        var (digits, exponent) = shortest(abs(number))
        if digits.count > 15 {
            digits = Array(digits.prefix(15))
            if number < 0 {
                var index = 14
                while index >= 0, digits[index] == 57 {
                    digits[index] = 48
                    index -= 1
                }
                if index >= 0 {
                    digits[index] += 1
                } else {
                    digits = [49]
                    exponent += 1
                }
            }
            while digits.count > 1, digits.last == 48 { digits.removeLast() }
        }
        let sign = number < 0 ? "-" : ""
        guard exponent > digits.count - 1 else { return sign + layout(digits, exponent) }
        let fraction = digits.count > 1 ? "." + String(decoding: digits[1...], as: UTF8.self) : ""
        return sign + String(decoding: digits.prefix(1), as: UTF8.self) + fraction + "e+\(exponent)"
    }

    /// As `Number(x.toPrecision(15))` shows itself: how `$string` writes numbers.
    static func rounded(_ number: Double) -> String {
        if let integer = Int64(exactly: number), abs(number) < 1e15 { return String(integer) }
        guard number.isFinite else { return javaScript(number) }
        let (digits, exponent) = shortest(abs(number))
        if digits.count <= 15 { return (number < 0 ? "-" : "") + layout(digits, exponent) }
        return javaScript(Double(format("%.14e", number)) ?? number)
    }

    /// `toFixed` of a number that is not negative.
    static func fixed(_ number: Double, digits: Int) -> String {
        if number >= 1e21 || number.isNaN { return javaScript(number) }
        return withVaList([Int32(clamping: min(max(digits, 0), 100)), number]) { print("%.*f", $0) }
    }

    static func format(_ format: String, _ number: Double) -> String {
        withVaList([number]) { print(format, $0) }
    }

    private static func print(_ format: String, _ arguments: CVaListPointer) -> String {
        var buffer = [CChar](repeating: 0, count: 512)
        let length = vsnprintf(&buffer, buffer.count, format, arguments)
        return String(decoding: buffer.prefix(max(0, min(Int(length), 511))).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// The digits without trailing zeros, and the power of ten of the first one.
    private static func shortest(_ magnitude: Double) -> (digits: [UInt8], exponent: Int) {
        var digits: [UInt8] = []
        var exponent = 0
        var point: Int?
        var isExponent = false
        var isNegative = false
        for byte in "\(magnitude)".utf8 {
            switch byte {
            case UInt8(ascii: "."): point = digits.count
            case UInt8(ascii: "e"): isExponent = true
            case UInt8(ascii: "-"): isNegative = true
            case UInt8(ascii: "+"): break
            default:
                if isExponent { exponent = exponent * 10 + Int(byte - 48) } else { digits.append(byte) }
            }
        }
        if isNegative { exponent = -exponent }
        exponent += (point ?? digits.count) - 1
        let zeros = digits.prefix { $0 == 48 }.count
        digits.removeFirst(zeros)
        exponent -= zeros
        while digits.count > 1, digits.last == 48 { digits.removeLast() }
        return digits.isEmpty ? ([48], 0) : (digits, exponent)
    }

    private static func layout(_ digits: [UInt8], _ exponent: Int) -> String {
        var out: [UInt8] = []
        switch exponent {
        case digits.count - 1..<21 where exponent >= 0:
            out = digits + [UInt8](repeating: 48, count: exponent + 1 - digits.count)
        case 0..<21:
            out = digits[...exponent] + [UInt8(ascii: ".")] + digits[(exponent + 1)...]
        case -6..<0:
            out = [48, UInt8(ascii: ".")] + [UInt8](repeating: 48, count: -exponent - 1) + digits
        default:
            out.append(digits[0])
            if digits.count > 1 { out += [UInt8(ascii: ".")] + digits[1...] }
            out += Array("e\(exponent < 0 ? "-" : "+")\(abs(exponent))".utf8)
        }
        return String(decoding: out, as: UTF8.self)
    }

    /// A JSON number's text, as `$number` reads it: `-?(0|[1-9][0-9]*)(\.[0-9]+)?([Ee][-+]?[0-9]+)?`.
    static func parse(_ text: String, allowingLeadingZeros: Bool = false) -> Double? {
        let bytes = Array(text.utf8)
        var index = 0
        func isDigit(_ index: Int) -> Bool { index < bytes.count && bytes[index] >= 48 && bytes[index] <= 57 }
        if index < bytes.count, bytes[index] == UInt8(ascii: "-") { index += 1 }
        guard isDigit(index) else { return nil }
        if bytes[index] == 48, !allowingLeadingZeros {
            index += 1
        } else {
            while isDigit(index) { index += 1 }
        }
        if index < bytes.count, bytes[index] == UInt8(ascii: ".") {
            index += 1
            guard isDigit(index) else { return nil }
            while isDigit(index) { index += 1 }
        }
        if index < bytes.count, bytes[index] | 0x20 == UInt8(ascii: "e") {
            index += 1
            if index < bytes.count, bytes[index] == UInt8(ascii: "-") || bytes[index] == UInt8(ascii: "+") { index += 1 }
            guard isDigit(index) else { return nil }
            while isDigit(index) { index += 1 }
        }
        guard index == bytes.count, let number = Double(text), number.isFinite else { return nil }
        return number
    }

    /// `parseInt` of a text's leading digits: nil if there are none.
    static func leadingInteger(_ text: some StringProtocol) -> Double? {
        var digits = ""
        var rest = text.unicodeScalars.drop { $0.properties.isWhitespace }
        if let sign = rest.first, sign == "-" || sign == "+" {
            if sign == "-" { digits = "-" }
            rest = rest.dropFirst()
        }
        let numerals = rest.prefix { $0.value >= 48 && $0.value <= 57 }
        guard !numerals.isEmpty else { return nil }
        digits += String(String.UnicodeScalarView(numerals))
        return Double(digits)
    }
}
