/// Reads a timestamp by a picture: `$toMillis(text, picture)`.
struct DateTimeParser {
    private enum Reading {
        case none
        case integer(IntegerPicture)
        case names([String: Double])
        case zone(isNamed: Bool, separator: Unicode.Scalar?)
    }

    private let pattern: RegexProgram
    private let fields: [(component: Character?, reading: Reading)]

    init(_ picture: DateTimePicture) throws(Failure) {
        var text = "^"
        var fields: [(component: Character?, reading: Reading)] = []
        for part in picture.parts {
            switch part {
            case .literal(let literal):
                text += "(" + Self.escaped(literal) + ")"
                fields.append((nil, .none))
            case .marker(let marker):
                let (expression, reading) = try Self.field(marker)
                text += "(" + expression + ")"
                fields.append((marker.component, reading))
            }
        }
        self.fields = fields
        pattern = try RegexProgram.compile(text + "$", flags: "i", position: 0)
    }

    private static func escaped(_ literal: String) -> String {
        var result = ""
        for character in literal {
            if ".*+?^${}()|[]\\".contains(character) { result += "\\" }
            result.append(character)
        }
        return result
    }

    private static func field(_ marker: DateTimePicture.Marker) throws(Failure) -> (String, Reading) {
        if marker.component == "Z" || marker.component == "z" {
            let separator = marker.integer?.regular?.character
            var text = (marker.component == "z" ? "GMT" : "") + "[-+][0-9]+"
            if let separator { text += escaped(String(Character(separator))) + "[0-9]+" }
            return (text, .zone(isNamed: marker.component == "z", separator: separator))
        }
        if let integer = marker.integer { return (try integer.pattern(), .integer(integer)) }
        func named(_ names: [String], first: Int) -> [String: Double] {
            var result: [String: Double] = [:]
            for (index, name) in names.enumerated() where !name.isEmpty {
                let key = marker.maximumWidth.flatMap { $0 > 0 ? String(name.prefix($0)) : nil } ?? name
                result[key] = Double(index + first)
            }
            return result
        }
        switch marker.component {
        case "M", "x": return ("[a-zA-Z]+", .names(named(DateTimePicture.months, first: 1)))
        case "F": return ("[a-zA-Z]+", .names(named(DateTimePicture.days, first: 0)))
        case "P": return ("[a-zA-Z]+", .names(["am": 0, "AM": 0, "pm": 1, "PM": 1]))
        default: throw Failure("D3133", value: .text(String(marker.component)))
        }
    }

    /// Milliseconds since 1970; nil: the text does not match. Missing parts before the first given one come from `now`.
    func milliseconds(_ text: String, now: Double, _ run: Run) throws(Failure) -> Double? {
        let source = RegexText(text)
        guard let places = try source.search(pattern, from: 0, run) else { return nil }
        var components: [Character: Double] = [:]
        var isGiven = false
        for (index, field) in fields.enumerated() {
            let group = (index + 1) * 2
            guard let component = field.component, places[group] >= 0 else { continue }
            let value = source.slice(places[group], places[group + 1])
            switch field.reading {
            case .none: continue
            case .integer(let picture): components[component] = try picture.parse(value)
            case .names(let names): components[component] = names[value]
            case .zone(let isNamed, let separator): components[component] = Self.zone(value, isNamed, separator)
            }
            isGiven = true
        }
        return isGiven ? try assemble(&components, now: now) : nil
    }

    private static func zone(_ value: String, _ isNamed: Bool, _ separator: Unicode.Scalar?) -> Double? {
        let scalars = Array(value.unicodeScalars.dropFirst(isNamed ? 3 : 0))
        func number(_ part: some Sequence<Unicode.Scalar>) -> Double? {
            var view = String.UnicodeScalarView()
            for scalar in part { view.append(scalar) }
            return NumberText.leadingInteger(String(view))
        }
        if let separator, let place = scalars.firstIndex(of: separator) {
            return number(scalars[..<place]).flatMap { hours in
                number(scalars[(place + 1)...]).map { hours * 60 + $0 }
            }
        }
        if scalars.count - 1 <= 2 { return number(scalars).map { $0 * 60 } }
        return number(scalars[..<3]).flatMap { hours in number(scalars[3...]).map { hours * 60 + $0 } }
    }

    private func assemble(_ components: inout [Character: Double], now: Double) throws(Failure) -> Double {
        // Which components are there, most significant first, as jsonata-js: 0 and NaN count as missing.
        func mask(_ letters: String) -> Int {
            letters.reduce(0) { mask, letter in
                let value = components[letter] ?? 0
                return mask << 1 | (value != 0 && !value.isNaN ? 1 : 0)
            }
        }
        func isType(_ type: Int, _ mask: Int) -> Bool { ~type & mask == 0 && type & mask != 0 }
        let dates = mask("YXMxWwdD")
        let isByMonth = isType(0b1010_0001, dates)
        let isByDay = !isByMonth && isType(0b1000_0010, dates)
        let isByMonthWeek = isType(0b0101_0100, dates)
        let isByWeek = !isByMonthWeek && isType(0b0100_1000, dates)
        let times = mask("PHhmsf")
        let isTwelveHours = !isType(0b01_0111, times) && isType(0b10_1111, times)
        let order =
            (isByDay ? "YD" : isByMonthWeek ? "XxwF" : isByWeek ? "XWF" : "YMD")
            + (isTwelveHours ? "Phmsf" : "Hmsf")
        let today = CivilDate(milliseconds: now)
        var isStarted = false
        var isEnded = false
        for letter in order {
            if components[letter] != nil {
                isStarted = true
                if isEnded { throw Failure("D3136") }
            } else if isStarted {
                components[letter] = "MDd".contains(letter) ? 1 : 0
                isEnded = true
            } else if letter == "P" {
                components[letter] = .nan
            } else {
                components[letter] = Double(today?.component(letter) ?? 0)
            }
        }
        if isByMonthWeek || isByWeek { throw Failure("D3136") }
        func part(_ letter: Character) -> Double { components[letter] ?? .nan }
        let year = part("Y")
        var month = part("M") > 0 ? part("M") - 1 : 0
        var day = part("D")
        if isByDay {
            let first = CivilDate.utc(year, 0)
            if let date = CivilDate(milliseconds: first + (part("d") - 1) * 86_400_000) {
                month = Double(date.month - 1)
                day = Double(date.day)
            }
        }
        var hour = part("H")
        if isTwelveHours {
            hour = part("h") == 12 ? 0 : part("h")
            if part("P") == 1 { hour += 12 }
        }
        let result = CivilDate.utc(year, month, day, hour, part("m"), part("s"), part("f"))
        let zone = components["Z"].flatMap { $0 == 0 ? nil : $0 } ?? components["z"] ?? 0
        return zone.isNaN ? result : result - zone * 60_000
    }
}
