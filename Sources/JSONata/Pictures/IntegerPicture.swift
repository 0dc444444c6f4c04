/// `$formatInteger`, `$parseInteger` and the integers in date pictures: XPath's `format-integer`, as jsonata-js reads it.
struct IntegerPicture {
    enum Primary { case decimal, letters, roman, words, sequence }
    enum Case { case upper, lower, title }

    struct Separator {
        let position: Int
        let character: Unicode.Scalar
    }

    var primary = Primary.decimal
    var letterCase = Case.lower
    var isOrdinal = false
    var zero: UInt32 = 0x30
    var mandatoryDigits = 0
    var optionalDigits = 0
    /// Separators at equal distances.
    var regular: Separator?
    /// Separators at other places, from the right.
    var irregular: [Separator] = []
    /// How many digits a parsed integer has.
    var width: Int?
    private var token = ""

    private static let decimalGroups: [UInt32] = [
        0x30, 0x0660, 0x06F0, 0x07C0, 0x0966, 0x09E6, 0x0A66, 0x0AE6, 0x0B66, 0x0BE6, 0x0C66, 0x0CE6, 0x0D66, 0x0DE6,
        0x0E50, 0x0ED0, 0x0F20, 0x1040, 0x1090, 0x17E0, 0x1810, 0x1946, 0x19D0, 0x1A80, 0x1A90, 0x1B50, 0x1BB0, 0x1C40,
        0x1C50, 0xA620, 0xA8D0, 0xA900, 0xA9D0, 0xA9F0, 0xAA50, 0xABF0, 0xFF10,
    ]

    init(_ picture: String) throws(Failure) {
        var format = Array(picture.unicodeScalars)
        if let semicolon = format.lastIndex(of: ";") {
            isOrdinal = semicolon + 1 < format.count && format[semicolon + 1] == "o"
            format = Array(format[..<semicolon])
        }
        token = String(String.UnicodeScalarView(format))
        switch token {
        case "A": (primary, letterCase) = (.letters, .upper)
        case "a": primary = .letters
        case "I": (primary, letterCase) = (.roman, .upper)
        case "i": primary = .roman
        case "W": (primary, letterCase) = (.words, .upper)
        case "Ww": (primary, letterCase) = (.words, .title)
        case "w": primary = .words
        default: try readDigits(format)
        }
    }

    private mutating func readDigits(_ format: [Unicode.Scalar]) throws(Failure) {
        var zeroFound: UInt32?
        var position = 0
        var separators: [Separator] = []
        for scalar in format.reversed() {
            if let group = Self.decimalGroups.first(where: { scalar.value >= $0 && scalar.value <= $0 + 9 }) {
                mandatoryDigits += 1
                position += 1
                if let zeroFound, zeroFound != group { throw Failure("D3131") }
                zeroFound = group
            } else if scalar == "#" {
                position += 1
                optionalDigits += 1
            } else {
                separators.append(Separator(position: position, character: scalar))
            }
        }
        guard let zeroFound, mandatoryDigits > 0 else {
            primary = .sequence
            return
        }
        zero = zeroFound
        let distance =
            separators.allSatisfy { $0.character == separators[0].character }
            ? Grouping.regular(separators.map(\.position)) : 0
        if distance > 0 {
            regular = Separator(position: distance, character: separators[0].character)
        } else {
            irregular = separators
        }
    }

    // MARK: Format

    func format(_ number: Double) throws(Failure) -> String {
        let magnitude = abs(number)
        var text: String
        switch primary {
        case .letters: text = Letters.text(magnitude, isUpper: letterCase == .upper)
        case .roman: text = try Roman.text(magnitude, isUpper: letterCase == .upper)
        case .words:
            text = NumberWords.text(magnitude, isOrdinal: isOrdinal)
            switch letterCase {
            case .upper: text = text.uppercased()
            case .lower: text = text.lowercased()
            case .title: break
            }
        case .decimal: text = decimal(magnitude)
        case .sequence: throw Failure("D3130", value: .text(token))
        }
        return number < 0 ? "-" + text : text
    }

    private func decimal(_ magnitude: Double) -> String {
        var digits = Array(NumberText.javaScript(magnitude).unicodeScalars)
        if digits.count < mandatoryDigits {
            digits = [Unicode.Scalar](repeating: "0", count: min(mandatoryDigits, 10_000) - digits.count) + digits
        }
        let last = digits.last
        let beforeLast = digits.dropLast().last
        if zero != 0x30 {
            digits = digits.map { $0.value >= 0x30 && $0.value <= 0x39 ? Unicode.Scalar($0.value + zero - 0x30) ?? $0 : $0 }
        }
        if let regular {
            for number in stride(from: (digits.count - 1) / regular.position, to: 0, by: -1) {
                digits.insert(regular.character, at: digits.count - number * regular.position)
            }
        } else {
            for separator in irregular.reversed() where separator.position <= digits.count {
                digits.insert(separator.character, at: digits.count - separator.position)
            }
        }
        if isOrdinal {
            var suffix = "th"
            if beforeLast != "1" {
                switch last {
                case "1": suffix = "st"
                case "2": suffix = "nd"
                case "3": suffix = "rd"
                default: break
                }
            }
            digits += Array(suffix.unicodeScalars)
        }
        return String(String.UnicodeScalarView(digits))
    }

    // MARK: Parse

    /// The pattern that a text in this format matches.
    func pattern() throws(Failure) -> String {
        switch primary {
        case .letters: return letterCase == .upper ? "[A-Z]+" : "[a-z]+"
        case .roman: return letterCase == .upper ? "[MDCLXVI]+" : "[mdclxvi]+"
        case .words: return "(?:" + NumberWords.values.keys.sorted().joined(separator: "|") + "|and|[\\-, ])+"
        case .decimal:
            var text = "[0-9]"
            if let width, width > 0 {
                let most = min(width, 9999)
                text += optionalDigits == 0 ? "{\(most)}" : "{\(max(0, most - optionalDigits)),\(most)}"
            } else {
                text += "+"
            }
            return isOrdinal ? text + "(?:th|st|nd|rd)" : text
        case .sequence: throw Failure("D3130", value: .text(token))
        }
    }

    /// nil: there is no number.
    func parse(_ text: String) throws(Failure) -> Double? {
        switch primary {
        case .letters: return Letters.number(text, isUpper: letterCase == .upper)
        case .roman: return Roman.number(letterCase == .upper ? text : text.uppercased())
        case .words: return NumberWords.number(text.lowercased())
        case .decimal:
            var digits = Array(text.unicodeScalars)
            if isOrdinal { digits = Array(digits.dropLast(2)) }
            if regular != nil {
                digits.removeAll { $0 == "," }
            } else {
                for separator in irregular { digits.removeAll { $0 == separator.character } }
            }
            if zero != 0x30 {
                digits = digits.map { $0.value >= zero ? Unicode.Scalar($0.value - zero + 0x30) ?? $0 : $0 }
            }
            return NumberText.leadingInteger(String(String.UnicodeScalarView(digits)))
        case .sequence: throw Failure("D3130", value: .text(token))
        }
    }
}

/// Columns of a spreadsheet: a … z, aa …
enum Letters {
    static func text(_ number: Double, isUpper: Bool) -> String {
        let first: UInt8 = isUpper ? 0x41 : 0x61
        var letters: [UInt8] = []
        var rest = number.isFinite ? number : 0
        while rest > 0, letters.count < 300 {
            letters.append(first + UInt8((rest - 1).truncatingRemainder(dividingBy: 26)))
            rest = ((rest - 1) / 26).rounded(.down)
        }
        return String(decoding: letters.reversed(), as: UTF8.self)
    }

    static func number(_ text: String, isUpper: Bool) -> Double {
        let first = isUpper ? 0x41 : 0x61
        return text.utf16.reduce(0.0) { $0 * 26 + Double(Int($1) - first + 1) }
    }
}

enum Roman {
    private static let numerals: [(value: Double, text: String)] = [
        (1000, "m"), (900, "cm"), (500, "d"), (400, "cd"), (100, "c"), (90, "xc"), (50, "l"), (40, "xl"), (10, "x"),
        (9, "ix"), (5, "v"), (4, "iv"), (1, "i"),
    ]

    static func text(_ number: Double, isUpper: Bool) throws(Failure) -> String {
        // A thousand thousand M are no numeral any more; jsonata-js dies of its stack.
        guard number <= 1_000_000 else { throw Failure("D3130", value: .text(isUpper ? "I" : "i")) }
        var rest = number
        var text = ""
        for numeral in numerals {
            while rest >= numeral.value {
                text += numeral.text
                rest -= numeral.value
            }
        }
        return isUpper ? text.uppercased() : text
    }

    static func number(_ text: String) -> Double {
        let values: [Character: Double] = ["M": 1000, "D": 500, "C": 100, "L": 50, "X": 10, "V": 5, "I": 1]
        var result = 0.0
        var largest = 1.0
        for letter in text.reversed() {
            guard let value = values[letter] else { return .nan }
            if value < largest {
                result -= value
            } else {
                largest = value
                result += value
            }
        }
        return result
    }
}

/// Numbers in English words.
enum NumberWords {
    private static let few = [
        "Zero", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine", "Ten", "Eleven", "Twelve",
        "Thirteen", "Fourteen", "Fifteen", "Sixteen", "Seventeen", "Eighteen", "Nineteen",
    ]
    private static let ordinals = [
        "Zeroth", "First", "Second", "Third", "Fourth", "Fifth", "Sixth", "Seventh", "Eighth", "Ninth", "Tenth",
        "Eleventh", "Twelfth", "Thirteenth", "Fourteenth", "Fifteenth", "Sixteenth", "Seventeenth", "Eighteenth",
        "Nineteenth",
    ]
    private static let decades = [
        "Twenty", "Thirty", "Forty", "Fifty", "Sixty", "Seventy", "Eighty", "Ninety", "Hundred",
    ]
    private static let magnitudes = ["Thousand", "Million", "Billion", "Trillion"]

    static let values: [String: Double] = {
        var values: [String: Double] = [:]
        for (index, word) in few.enumerated() { values[word.lowercased()] = Double(index) }
        for (index, word) in ordinals.enumerated() { values[word.lowercased()] = Double(index) }
        for (index, word) in decades.enumerated() {
            values[word.lowercased()] = Double(index + 2) * 10
            values[word.lowercased().dropLast() + "ieth"] = Double(index + 2) * 10
        }
        values["hundredth"] = 100
        for (index, word) in magnitudes.enumerated() {
            var value = 1000.0
            for _ in 0..<index { value *= 1000 }
            values[word.lowercased()] = value
            values[word.lowercased() + "th"] = value
        }
        return values
    }()

    static func text(_ number: Double, isOrdinal: Bool) -> String {
        number.isFinite ? words(number, follows: false, isOrdinal: isOrdinal) : "Infinity"
    }

    private static func words(_ number: Double, follows: Bool, isOrdinal: Bool) -> String {
        if number <= 19 {
            let index = Int(max(0, number))
            return (follows ? " and " : "") + (isOrdinal ? ordinals[index] : few[index])
        }
        if number < 100 {
            let tens = Int(number) / 10
            let rest = number.truncatingRemainder(dividingBy: 10)
            let text = (follows ? " and " : "") + decades[tens - 2]
            if rest > 0 { return text + "-" + words(rest, follows: false, isOrdinal: isOrdinal) }
            return isOrdinal ? text.dropLast() + "ieth" : text
        }
        if number < 1000 {
            let text = (follows ? ", " : "") + few[Int(number) / 100] + " Hundred"
            return text + ending(number.truncatingRemainder(dividingBy: 100), isOrdinal)
        }
        var magnitude = 1
        var factor = 1000.0
        while magnitude < magnitudes.count, number >= factor * 1000 {
            factor *= 1000
            magnitude += 1
        }
        let mantissa = (number / factor).rounded(.down)
        let text = (follows ? ", " : "") + words(mantissa, follows: false, isOrdinal: false) + " " + magnitudes[magnitude - 1]
        return text + ending(number - mantissa * factor, isOrdinal)
    }

    private static func ending(_ rest: Double, _ isOrdinal: Bool) -> String {
        if rest > 0 { return words(rest, follows: true, isOrdinal: isOrdinal) }
        return isOrdinal ? "th" : ""
    }

    /// The words split at `, `, ` and ` and single spaces, hyphens and backslashes.
    static func number(_ text: String) -> Double {
        var rest = Array(text.unicodeScalars)[...]
        var words: [String] = []
        var word = String.UnicodeScalarView()
        while let next = rest.first {
            if next == ",", let second = rest.dropFirst().first, second.properties.isWhitespace {
                rest = rest.dropFirst(2)
            } else if next.properties.isWhitespace, rest.dropFirst().starts(with: "and".unicodeScalars),
                let end = rest.dropFirst(4).first, end.properties.isWhitespace
            {
                rest = rest.dropFirst(5)
            } else if next.properties.isWhitespace || next == "-" || next == "\\" {
                rest = rest.dropFirst()
            } else {
                word.append(next)
                rest = rest.dropFirst()
                continue
            }
            words.append(String(word))
            word = String.UnicodeScalarView()
        }
        words.append(String(word))
        var segments = [0.0]
        for word in words {
            let value = values[word] ?? .nan
            let top = segments.removeLast()
            if value < 100 {
                if top >= 1000 { segments += [top, value] } else { segments.append(top + value) }
            } else {
                segments.append(top * value)
            }
        }
        return segments.reduce(0, +)
    }
}
