import Glibc

/// `$formatNumber`: XPath's decimal formats (F&O 4.7), as jsonata-js reads them.
struct NumberPicture {
    private struct Properties {
        var decimalSeparator: Character = "."
        var groupingSeparator: Character = ","
        var exponentSeparator: Character = "e"
        var minusSign = "-"
        var percent = "%"
        var perMille = "‰"
        var digit: Character = "#"
        var patternSeparator: Character = ";"
        var family: [Character] = Array("0123456789")

        init(_ options: Members?) {
            guard let options else { return }
            for index in 0..<options.count {
                guard let text = options.value(index).string, let first = text.first else { continue }
                switch options.key(index) {
                case "decimal-separator": decimalSeparator = first
                case "grouping-separator": groupingSeparator = first
                case "exponent-separator": exponentSeparator = first
                case "minus-sign": minusSign = text
                case "percent": percent = text
                case "per-mille": perMille = text
                case "zero-digit":
                    if let zero = first.unicodeScalars.first?.value {
                        family = (0..<10).compactMap { Unicode.Scalar(zero + $0).map { Character($0) } }
                        if family.count < 10 { family = Array("0123456789") }
                    }
                case "digit": digit = first
                case "pattern-separator": patternSeparator = first
                default: break
                }
            }
        }

        func isFamily(_ character: Character) -> Bool { family.contains(character) }
        func isDigit(_ character: Character) -> Bool { character == digit || isFamily(character) }
        func isActive(_ character: Character) -> Bool {
            isDigit(character) || character == decimalSeparator || character == exponentSeparator
                || character == groupingSeparator || character == patternSeparator
        }
    }

    /// One of the two parts of a picture, taken apart.
    private struct Part {
        var prefix: [Character] = []
        var suffix: [Character] = []
        var active: [Character] = []
        var mantissa: [Character] = []
        var exponent: [Character]?
        var integer: [Character] = []
        var fraction: [Character] = []
        var whole: [Character] = []
    }

    /// What F&O 4.7.4 derives from a part.
    private struct Analysis {
        var integerGroups: [Int] = []
        var regularGroup = 0
        var minimumInteger = 0
        var scaling = 0
        var prefix: [Character] = []
        var fractionGroups: [Int] = []
        var minimumFraction = 0
        var maximumFraction = 0
        var minimumExponent = 0
        var suffix: [Character] = []
        var whole: [Character] = []
    }

    static func format(_ value: Double, _ picture: String, _ options: Members?, _ run: Run) throws(Failure) -> String {
        let properties = Properties(options)
        let pictures = Array(picture).split(
            separator: properties.patternSeparator, maxSplits: Int.max, omittingEmptySubsequences: false
        ).map(Array.init)
        if pictures.count > 2 { throw Failure("D3080") }
        var analyses: [Analysis] = []
        for text in pictures {
            let part = try split(text, properties)
            try validate(part, properties)
            analyses.append(analyse(part, properties))
        }
        if analyses.count == 1 {
            var negative = analyses[0]
            negative.prefix = Array(properties.minusSign) + negative.prefix
            analyses.append(negative)
        }
        let analysis = value >= 0 ? analyses[0] : analyses[1]
        try run.allocate((analysis.minimumInteger + analysis.maximumFraction) * 2)
        return write(value, analysis, properties)
    }

    private static func split(_ text: [Character], _ properties: Properties) throws(Failure) -> Part {
        var part = Part()
        part.whole = text
        func isPlain(_ character: Character) -> Bool {
            !properties.isActive(character) || character == properties.exponentSeparator
        }
        guard let first = text.firstIndex(where: { !isPlain($0) }), let last = text.lastIndex(where: { !isPlain($0) })
        else {
            // jsonata-js 2.0.6 dies here; later versions say that there is no digit.
            throw Failure(text.isEmpty ? "D3085" : "D3086")
        }
        part.prefix = Array(text[..<first])
        part.suffix = Array(text[(last + 1)...])
        part.active = Array(text[first...last])
        part.mantissa = part.active
        if let exponent = text[first...].firstIndex(of: properties.exponentSeparator), exponent <= last + 1 {
            // As jsonata-js: the place in the picture is used in the active part, prefix or not.
            part.mantissa = Array(part.active.prefix(exponent))
            part.exponent = Array(part.active.dropFirst(exponent + 1))
        }
        if let point = part.mantissa.firstIndex(of: properties.decimalSeparator) {
            part.integer = Array(part.mantissa[..<point])
            part.fraction = Array(part.mantissa[(point + 1)...])
        } else {
            part.integer = part.mantissa
            part.fraction = part.suffix
        }
        return part
    }

    private static func validate(_ part: Part, _ properties: Properties) throws(Failure) {
        var code: String?
        func occurrences(_ text: String) -> Int {
            let wanted = Array(text)
            guard !wanted.isEmpty, part.whole.count >= wanted.count else { return 0 }
            return (0...(part.whole.count - wanted.count)).count {
                Array(part.whole[$0..<$0 + wanted.count]) == wanted
            }
        }
        let points = part.whole.indices.filter { part.whole[$0] == properties.decimalSeparator }
        if points.count > 1 { code = "D3081" }
        let percents = occurrences(properties.percent)
        let perMilles = occurrences(properties.perMille)
        if percents > 1 { code = "D3082" }
        if perMilles > 1 { code = "D3083" }
        if percents > 0, perMilles > 0 { code = "D3084" }
        if !part.mantissa.contains(where: properties.isDigit) { code = "D3085" }
        if part.active.contains(where: { !properties.isActive($0) }) { code = "D3086" }
        let group = properties.groupingSeparator
        if let point = points.first {
            let before = point > 0 && part.whole[point - 1] == group
            let after = point + 1 < part.whole.count && part.whole[point + 1] == group
            if before || after { code = "D3087" }
        } else if part.integer.last == group {
            code = "D3088"
        }
        if zip(part.whole, part.whole.dropFirst()).contains(where: { $0 == group && $1 == group }) { code = "D3089" }
        if let optional = part.integer.firstIndex(of: properties.digit),
            part.integer[..<optional].contains(where: properties.isFamily)
        {
            code = "D3090"
        }
        if let optional = part.fraction.lastIndex(of: properties.digit),
            part.fraction[optional...].contains(where: properties.isFamily)
        {
            code = "D3091"
        }
        if let exponent = part.exponent {
            if !exponent.isEmpty, percents > 0 || perMilles > 0 { code = "D3092" }
            if exponent.isEmpty || exponent.contains(where: { !properties.isFamily($0) }) { code = "D3093" }
        }
        if let code { throw Failure(code) }
    }

    private static func analyse(_ part: Part, _ properties: Properties) -> Analysis {
        var analysis = Analysis()
        func groups(_ text: [Character], toLeft: Bool) -> [Int] {
            var positions: [Int] = []
            var place = text.firstIndex(of: properties.groupingSeparator)
            while let current = place {
                let digits = toLeft ? text.prefix(current) : text[min(current, text.count)...]
                positions.append(digits.count(where: properties.isDigit))
                // As jsonata-js: the next one is looked for in the integer part, whichever part this is.
                place =
                    current + 1 < part.integer.count
                    ? part.integer[(current + 1)...].firstIndex(of: properties.groupingSeparator) : nil
                if let next = place, next > text.count { place = nil }
            }
            return positions
        }
        analysis.integerGroups = groups(part.integer, toLeft: false)
        analysis.regularGroup = Grouping.regular(analysis.integerGroups)
        analysis.fractionGroups = groups(part.fraction, toLeft: true)
        analysis.minimumInteger = part.integer.count(where: properties.isFamily)
        analysis.scaling = analysis.minimumInteger
        analysis.minimumFraction = part.fraction.count(where: properties.isFamily)
        analysis.maximumFraction = part.fraction.count(where: properties.isDigit)
        if analysis.minimumInteger == 0, analysis.maximumFraction == 0 {
            if part.exponent != nil {
                analysis.minimumFraction = 1
                analysis.maximumFraction = 1
            } else {
                analysis.minimumInteger = 1
            }
        }
        if part.exponent != nil, analysis.minimumInteger == 0, part.integer.contains(properties.digit) {
            analysis.minimumInteger = 1
        }
        if analysis.minimumInteger == 0, analysis.minimumFraction == 0 { analysis.minimumFraction = 1 }
        analysis.minimumExponent = part.exponent?.count(where: properties.isFamily) ?? 0
        analysis.prefix = part.prefix
        analysis.suffix = part.suffix
        analysis.whole = part.whole
        return analysis
    }

    /// The digits of a number that is not negative, in the picture's family of digits.
    private static func digits(_ value: Double, _ fraction: Int, _ properties: Properties) -> [Character] {
        NumberText.fixed(abs(value), digits: fraction).map { character in
            character.isASCII ? character.wholeNumberValue.map { properties.family[$0] } ?? character : character
        }
    }

    private static func write(_ value: Double, _ analysis: Analysis, _ properties: Properties) -> String {
        var number = value
        if String(analysis.whole).contains(properties.percent) {
            number = value * 100
        } else if String(analysis.whole).contains(properties.perMille) {
            number = value * 1000
        }
        var exponent: Int?
        if analysis.minimumExponent > 0 {
            // jsonata-js 2.0.6 hangs for 0 and for negative numbers here; later versions scale the magnitude.
            let most = pow(10, Double(analysis.scaling))
            let least = pow(10, Double(analysis.scaling - 1))
            var power = 0
            if number != 0, number.isFinite {
                while abs(number) < least {
                    number *= 10
                    power -= 1
                }
                while abs(number) > most {
                    number /= 10
                    power += 1
                }
            }
            exponent = power
        }
        let rounded = Rounding.halfEven(number, Double(analysis.maximumFraction))
        let zero = properties.family[0]
        let point = properties.decimalSeparator
        var text = digits(rounded, analysis.maximumFraction, properties)
        if let place = text.firstIndex(of: ".") {
            text[place] = point
        } else {
            text.append(point)
        }
        text = Array(text.drop { $0 == zero })
        while text.last == zero { text.removeLast() }
        let place = text.firstIndex(of: point) ?? text.count
        let missingLeft = analysis.minimumInteger - place
        let missingRight = analysis.minimumFraction - (text.count - place - 1)
        text =
            [Character](repeating: zero, count: max(0, missingLeft)) + text
            + [Character](repeating: zero, count: max(0, missingRight))
        group(&text, analysis, properties)
        let end = text.firstIndex(of: point) ?? text.count
        if !analysis.whole.contains(point) || end == text.count - 1 { text.removeLast() }
        if let exponent {
            var power = digits(Double(exponent), 0, properties)
            power = [Character](repeating: zero, count: max(0, analysis.minimumExponent - power.count)) + power
            text += [properties.exponentSeparator] + (exponent < 0 ? Array(properties.minusSign) : []) + power
        }
        return String(analysis.prefix + text + analysis.suffix)
    }

    private static func group(_ text: inout [Character], _ analysis: Analysis, _ properties: Properties) {
        func insert(_ index: Int) {
            text.insert(properties.groupingSeparator, at: min(max(0, index), text.count))
        }
        var point = text.firstIndex(of: properties.decimalSeparator) ?? text.count
        if analysis.regularGroup > 0 {
            let count = (point - 1) / analysis.regularGroup
            for number in stride(from: 1, through: count, by: 1) { insert(point - number * analysis.regularGroup) }
        } else {
            for position in analysis.integerGroups {
                insert(point - position)
                point += 1
            }
        }
        point = text.firstIndex(of: properties.decimalSeparator) ?? text.count
        for position in analysis.fractionGroups { insert(position + point + 1) }
    }
}

/// Separators at equal distances.
enum Grouping {
    /// The distance, if all multiples of it up to the number of separators are separators; else 0.
    static func regular(_ positions: [Int]) -> Int {
        guard let first = positions.first else { return 0 }
        let factor = positions.dropFirst().reduce(first, greatestCommonDivisor)
        guard factor > 0 else { return 0 }
        for number in 1...positions.count where !positions.contains(number * factor) { return 0 }
        return factor
    }

    private static func greatestCommonDivisor(_ a: Int, _ b: Int) -> Int {
        var (a, b) = (a, b)
        while b != 0 { (a, b) = (b, a % b) }
        return a
    }
}
