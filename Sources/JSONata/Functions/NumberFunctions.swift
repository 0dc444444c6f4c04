import Glibc
import JSON

/// `$number $abs $round … $formatNumber $formatInteger`
enum NumberFunctions {
    static let all = [
        Builtin("number", "<(nsb)-:n>", arity: 1) { (_, arguments) throws(Failure) in try number(arguments.at(0)) },
        Builtin("abs", "<n-:n>", arity: 1) { (_, arguments) throws(Failure) in map(arguments.at(0)) { abs($0) } },
        Builtin("floor", "<n-:n>", arity: 1) { (_, arguments) throws(Failure) in
            map(arguments.at(0)) { $0.rounded(.down) }
        },
        Builtin("ceil", "<n-:n>", arity: 1) { (_, arguments) throws(Failure) in
            map(arguments.at(0)) { $0.rounded(.up) }
        },
        Builtin("round", "<n-n?:n>", arity: 2) { (_, arguments) throws(Failure) in
            if case .json(.integer) = arguments.at(0), arguments.at(1).isUndefined { return arguments.at(0) }
            return map(arguments.at(0)) { Rounding.halfEven($0, arguments.at(1).number ?? 0) }
        },
        Builtin("sqrt", "<n-:n>", arity: 1) { (_, arguments) throws(Failure) in
            guard let number = arguments.at(0).number else { return .undefined }
            if number < 0 { throw Failure("D3060", value: arguments.at(0), index: 1) }
            return .number(number.squareRoot())
        },
        Builtin("power", "<n-n:n>", arity: 2) { (_, arguments) throws(Failure) in
            guard let base = arguments.at(0).number else { return .undefined }
            let exponent = arguments.at(1).number ?? .nan
            let result = pow(base, exponent)
            // JavaScript knows no 1 to the power of NaN or infinity.
            guard result.isFinite, !exponent.isNaN, !(abs(base) == 1 && exponent.isInfinite) else {
                throw Failure("D3061", value: arguments.at(0), index: 1, exponent: arguments.at(1))
            }
            return .number(result)
        },
        Builtin("random", "<:n>", arity: 0) { (call, _) throws(Failure) in .number(call.run.random.nextDouble()) },
        Builtin("formatNumber", "<n-so?:s>", arity: 3) { (call, arguments) throws(Failure) in
            guard let number = arguments.at(0).number else { return .undefined }
            let picture = arguments.at(1).string ?? "undefined"
            return .text(try NumberPicture.format(number, picture, Members(arguments.at(2)), call.run))
        },
        Builtin("formatBase", "<n-n?:s>", arity: 2) { (_, arguments) throws(Failure) in
            guard let value = arguments.at(0).number else { return .undefined }
            let radix = Rounding.halfEven(arguments.at(1).number ?? 10, 0)
            guard radix >= 2, radix <= 36 else { throw Failure("D3100", value: .number(radix)) }
            return .text(formatBase(Rounding.halfEven(value, 0), Int(radix)))
        },
        Builtin("formatInteger", "<n-s:s>", arity: 2) { (_, arguments) throws(Failure) in
            guard let number = arguments.at(0).number else { return .undefined }
            let picture = try IntegerPicture(arguments.at(1).string ?? "undefined")
            return .text(try picture.format(number.rounded(.down)))
        },
        Builtin("parseInteger", "<s-s:n>", arity: 2) { (_, arguments) throws(Failure) in
            guard let text = arguments.at(0).string else { return .undefined }
            let picture = try IntegerPicture(arguments.at(1).string ?? "undefined")
            return .number(try picture.parse(text) ?? .nan)
        },
    ]

    private static func map(_ value: Value, _ transform: (Double) -> Double) -> Value {
        guard let number = value.number else { return .undefined }
        return .number(transform(number))
    }

    private static func number(_ value: Value) throws(Failure) -> Value {
        switch value {
        case .undefined, .json(.integer), .json(.double), .json(.decimal): return value
        case .json(.bool(let flag)): return .integer(flag ? 1 : 0)
        case .json(.string(let text)): if let number = parse(text) { return .number(number) }
        default: break
        }
        throw Failure("D3030", value: value, index: 1)
    }

    /// As JSON writes numbers, leading zeros allowed, or hexadecimal, octal, binary with their prefix.
    private static func parse(_ text: String) -> Double? {
        if let number = NumberText.parse(text, allowingLeadingZeros: true) { return number }
        let bytes = Array(text.utf8)
        guard bytes.count > 2, bytes[0] == 48 else { return nil }
        let radix: Int
        switch bytes[1] | 0x20 {
        case UInt8(ascii: "x"): radix = 16
        case UInt8(ascii: "o"): radix = 8
        case UInt8(ascii: "b"): radix = 2
        default: return nil
        }
        var result = 0.0
        for byte in bytes[2...] {
            guard let digit = Character(Unicode.Scalar(byte)).hexDigitValue, digit < radix else { return nil }
            result = result * Double(radix) + Double(digit)
        }
        return result.isFinite ? result : nil
    }

    private static func formatBase(_ value: Double, _ radix: Int) -> String {
        if let integer = Int64(exactly: value) { return String(integer, radix: radix) }
        guard value.isFinite else { return NumberText.javaScript(value) }
        if radix == 10 { return NumberText.javaScript(value) }
        // Far beyond 2^63: digit by digit, from the last.
        var rest = abs(value)
        var digits: [Character] = []
        while rest >= 1, digits.count < 1100 {
            let digit = Int(rest.truncatingRemainder(dividingBy: Double(radix)))
            digits.append(Character(String(digit, radix: radix)))
            rest = (rest / Double(radix)).rounded(.down)
        }
        return (value < 0 ? "-" : "") + String(digits.reversed())
    }
}

/// Rounding half to even at a decimal place, on the number's digits as JavaScript shows them.
enum Rounding {
    static func halfEven(_ number: Double, _ precision: Double) -> Double {
        guard number.isFinite else { return number }
        if let quick = quick(number, precision) { return quick }
        var value = number
        if precision != 0 { value = shift(number, precision) }
        guard value.isFinite else { return value }
        let floor = value.rounded(.down)
        var result = value - floor >= 0.5 ? floor + 1 : floor
        if abs(result - value) == 0.5, abs(result.truncatingRemainder(dividingBy: 2)) == 1 { result -= 1 }
        if precision != 0 { result = shift(result, -precision) }
        return result == 0 ? 0 : result
    }

    /// Away from halves and for small numbers, arithmetic gives what the digits give: whole numbers below 2^53 and
    /// powers of ten up to 10^15 are exact, and so is the rounding of their quotient.
    private static func quick(_ number: Double, _ precision: Double) -> Double? {
        guard precision >= 0, precision <= 15, precision.rounded() == precision, abs(number) < 1e12 else { return nil }
        var power = 1.0
        for _ in 0..<Int(precision) { power *= 10 }
        let scaled = number * power
        guard abs(scaled) < 1e15 else { return nil }
        let floor = scaled.rounded(.down)
        let fraction = scaled - floor
        // A product is off by 2^-53 of itself at most, far less than this near 10^15 only below 2^-3.
        guard abs(fraction - 0.5) > 0.2 || abs(scaled) < 1e9 && abs(fraction - 0.5) > 1e-4 else { return nil }
        let result = fraction > 0.5 ? floor + 1 : floor
        return result == 0 ? 0 : result / power
    }

    private static func shift(_ number: Double, _ places: Double) -> Double {
        guard let whole = Int(exactly: places), abs(whole) < 10_000 else { return .nan }
        let parts = NumberText.javaScript(number).split(separator: "e")
        let exponent = parts.count > 1 ? Int(parts[1].drop { $0 == "+" }) ?? 0 : 0
        return Double("\(parts[0])e\(exponent + whole)") ?? .nan
    }
}
