/// The pictures of `$fromMillis` and `$toMillis`: XPath's `format-dateTime`, as jsonata-js reads it.
struct DateTimePicture {
    struct Marker {
        var component: Character
        var presentation = ""
        var modifier: Character?
        var names: IntegerPicture.Case?
        var minimumWidth: Int?
        var maximumWidth: Int?
        var integer: IntegerPicture?
        /// The digits of a year, month or day; -1: all.
        var digits = -1
    }

    enum Part {
        case literal(String)
        case marker(Marker)
    }

    private(set) var parts: [Part] = []

    static let months = [
        "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
        "December",
    ]
    static let days = ["", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
    static let iso8601 = "[Y0001]-[M01]-[D01]T[H01]:[m01]:[s01].[f001][Z01:01t]"

    private static let defaults: [Character: String] = [
        "Y": "1", "M": "1", "D": "1", "d": "1", "F": "n", "W": "1", "w": "1", "X": "1", "x": "1", "H": "1", "h": "1",
        "P": "n", "m": "01", "s": "01", "f": "1", "Z": "01:01", "z": "01:01", "C": "n", "E": "n",
    ]

    init(_ picture: String) throws(Failure) {
        let letters = Array(picture)
        var start = 0
        var position = 0
        func literal(_ end: Int) -> String? {
            guard end > start else { return nil }
            return Self.single(letters[start..<end])
        }
        while position < letters.count {
            guard letters[position] == "[" else {
                position += 1
                continue
            }
            if let text = literal(position) { parts.append(.literal(text)) }
            if position + 1 < letters.count, letters[position + 1] == "[" {
                parts.append(.literal("["))
                position += 2
                start = position
                continue
            }
            guard let end = letters[position...].firstIndex(of: "]") else { throw Failure("D3135") }
            let text = letters[(position + 1)..<end].filter { !$0.isWhitespace }
            parts.append(.marker(try Self.marker(text)))
            start = end + 1
            position = start
        }
        if let text = literal(letters.count) { parts.append(.literal(text)) }
    }

    /// A doubled bracket means one.
    private static func single(_ letters: ArraySlice<Character>) -> String {
        var result = ""
        var rest = letters
        while let next = rest.popFirst() {
            result.append(next)
            if next == "]", rest.first == "]" { rest.removeFirst() }
        }
        return result
    }

    private static func marker(_ text: [Character]) throws(Failure) -> Marker {
        guard let component = text.first else { throw Failure("D3132", value: .text("")) }
        var marker = Marker(component: component)
        var modifiers = Array(text[1...])
        if let comma = text.lastIndex(of: ",") {
            modifiers = Array(text[1..<max(1, comma)])
            let width = String(text[(comma + 1)...])
            let dash = width.firstIndex(of: "-")
            func number(_ text: Substring) -> Int? {
                NumberText.leadingInteger(text).flatMap { Int(exactly: $0) }.map { min($0, 10_000) }
            }
            marker.minimumWidth = number(dash.map { width[..<$0] } ?? width[...])
            marker.maximumWidth = dash.flatMap { number(width[width.index(after: $0)...]) }
        }
        if modifiers.count > 1, let last = modifiers.last, "atco".contains(last) {
            marker.modifier = last
            modifiers.removeLast()
        }
        if modifiers.isEmpty {
            guard let standard = defaults[component] else { throw Failure("D3132", value: .text(String(component))) }
            marker.presentation = standard
        } else {
            marker.presentation = String(modifiers)
        }
        try readPresentation(&marker)
        return marker
    }

    private static func readPresentation(_ marker: inout Marker) throws(Failure) {
        let first = marker.presentation.first
        if first == "n" {
            marker.names = .lower
        } else if first == "N" {
            marker.names = marker.presentation.dropFirst().first == "n" ? .title : .upper
        } else if "YMDdFWwXxHhmsf".contains(marker.component) {
            var picture = try IntegerPicture(
                marker.presentation + (marker.modifier.map { ";\($0)" } ?? ""))
            if let width = marker.minimumWidth, picture.mandatoryDigits < width { picture.mandatoryDigits = width }
            if "YMD".contains(marker.component) {
                if let width = marker.maximumWidth {
                    marker.digits = width
                    picture.mandatoryDigits = width
                } else if picture.mandatoryDigits + picture.optionalDigits >= 2 {
                    marker.digits = picture.mandatoryDigits + picture.optionalDigits
                }
                picture.width = marker.digits
            }
            marker.integer = picture
        }
        if marker.component == "Z" || marker.component == "z" {
            marker.integer = try IntegerPicture(marker.presentation)
        }
    }

    // MARK: Format

    /// `timezone`: `±hhmm`.
    func format(_ milliseconds: Double, timezone: String?) throws(Failure) -> String {
        var offsetHours = 0.0
        var offsetMinutes = 0.0
        if let timezone {
            let offset = NumberText.leadingInteger(timezone) ?? .nan
            offsetHours = (offset / 100).rounded(.down)
            offsetMinutes = offset.truncatingRemainder(dividingBy: 100)
        }
        let shifted = milliseconds + (60 * offsetHours + offsetMinutes) * 60_000
        guard let date = CivilDate(milliseconds: shifted) else {
            throw Failure(nil, message: "Invalid time value")
        }
        var result = ""
        for part in parts {
            switch part {
            case .literal(let text): result += text
            case .marker(let marker): result += try Self.text(marker, date, offsetHours, offsetMinutes)
            }
        }
        return result
    }

    private static func text(
        _ marker: Marker, _ date: CivilDate, _ offsetHours: Double, _ offsetMinutes: Double
    ) throws(Failure) -> String {
        switch marker.component {
        case "P": return date.hour >= 12 ? "pm" : "am"
        case "C", "E": return "ISO"
        case "Z", "z": return try zone(marker, offsetHours, offsetMinutes)
        default: break
        }
        guard var value = date.component(marker.component) else { return "undefined" }
        if marker.component == "Y", marker.digits >= 0, marker.digits < 18 {
            var modulus = 1
            for _ in 0..<marker.digits { modulus *= 10 }
            value %= modulus
        }
        if marker.component != "f", let names = marker.names { return try name(marker, names, value) }
        guard let picture = marker.integer else { return String(value) }
        return try picture.format(Double(value))
    }

    private static func name(_ marker: Marker, _ names: IntegerPicture.Case, _ value: Int) throws(Failure) -> String {
        var name: String
        switch marker.component {
        case "M", "x": name = months[value - 1]
        case "F": name = days[value]
        default: throw Failure("D3133", value: .text(String(marker.component)))
        }
        switch names {
        case .upper: name = name.uppercased()
        case .lower: name = name.lowercased()
        case .title: break
        }
        if let width = marker.maximumWidth, name.count > width { name = String(name.prefix(max(0, width))) }
        return name
    }

    private static func zone(_ marker: Marker, _ hours: Double, _ minutes: Double) throws(Failure) -> String {
        let offset = hours * 100 + minutes
        guard let picture = marker.integer else { return "" }
        var text: String
        if picture.regular != nil {
            text = try picture.format(offset)
        } else {
            switch picture.mandatoryDigits {
            case 1, 2:
                text = try picture.format(hours)
                if minutes != 0 { text += ":" + (try IntegerPicture("00").format(minutes)) }
            case 3, 4: text = try picture.format(offset)
            default: throw Failure("D3134", value: .integer(picture.mandatoryDigits))
            }
        }
        if offset >= 0 { text = "+" + text }
        if marker.component == "z" { text = "GMT" + text }
        if offset == 0, marker.modifier == "t" { text = "Z" }
        return text
    }
}
