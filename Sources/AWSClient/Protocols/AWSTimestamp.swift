/// A point in time in milliseconds since 1970, in the spellings that AWS's protocols use.
package struct AWSTimestamp: Sendable, Equatable {
    package var milliseconds: Int64

    package init(milliseconds: Int64) { self.milliseconds = milliseconds }

    package init(seconds: Double) {
        let value = (seconds * 1000).rounded()
        milliseconds = value.isFinite && abs(value) < 9e15 ? Int64(value) : 0
    }

    /// ISO 8601 with any offset and fraction, RFC 7231 (`Sun, 06 Nov 1994 08:49:37 GMT`), or seconds since 1970.
    package init?(_ text: String) {
        if let seconds = Double(text) {
            self.init(seconds: seconds)
        } else if let iso = Self.iso(text) ?? Self.http(text) {
            self.init(milliseconds: iso)
        } else {
            return nil
        }
    }

    /// `2015-08-30T12:36:00Z`, with a fraction where there is one.
    package var iso8601: String {
        let (date, time) = fields
        let fraction = milliseconds - floorSeconds * 1000
        let tail = fraction == 0 ? "" : "." + Self.padded(fraction, 3)
        return "\(Self.padded(date.year, 4))-\(Self.padded(date.month, 2))-\(Self.padded(date.day, 2))T"
            + "\(Self.padded(time.hour, 2)):\(Self.padded(time.minute, 2)):\(Self.padded(time.second, 2))\(tail)Z"
    }

    /// `20150830T123600Z`, what signatures hold.
    package var basic: String {
        let (date, time) = fields
        return "\(Self.padded(date.year, 4))\(Self.padded(date.month, 2))\(Self.padded(date.day, 2))T"
            + "\(Self.padded(time.hour, 2))\(Self.padded(time.minute, 2))\(Self.padded(time.second, 2))Z"
    }

    /// `Sun, 06 Nov 1994 08:49:37 GMT`
    package var httpDate: String {
        let (date, time) = fields
        let days = floorSeconds.flooredDivision(86_400)
        let weekday = Int(((days + 4) % 7 + 7) % 7)
        return "\(Self.weekdays[weekday]), \(Self.padded(date.day, 2)) \(Self.months[Int(date.month) - 1]) "
            + "\(Self.padded(date.year, 4)) \(Self.padded(time.hour, 2)):\(Self.padded(time.minute, 2)):\(Self.padded(time.second, 2)) GMT"
    }

    package var seconds: Double { Double(milliseconds) / 1000 }

    private static let weekdays = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
    private static let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

    private var floorSeconds: Int64 { milliseconds.flooredDivision(1000) }

    private var fields: (date: (year: Int64, month: Int64, day: Int64), time: (hour: Int64, minute: Int64, second: Int64)) {
        let days = floorSeconds.flooredDivision(86_400)
        let rest = floorSeconds - days * 86_400
        return (Self.civil(days), (rest / 3600, rest / 60 % 60, rest % 60))
    }

    /// Howard Hinnant's algorithm: days since 1970 to a date of the Gregorian calendar.
    private static func civil(_ days: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let shifted = days + 719_468
        let era = shifted.flooredDivision(146_097)
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let month = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * month + 2) / 5 + 1
        let calendarMonth = month < 10 ? month + 3 : month - 9
        return (yearOfEra + era * 400 + (calendarMonth <= 2 ? 1 : 0), calendarMonth, day)
    }

    private static func days(_ year: Int64, _ month: Int64, _ day: Int64) -> Int64 {
        let shifted = month <= 2 ? year - 1 : year
        let era = shifted.flooredDivision(400)
        let yearOfEra = shifted - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }

    private static func padded(_ number: Int64, _ width: Int) -> String {
        let text = String(number)
        return String(repeating: "0", count: max(0, width - text.count)) + text
    }

    private static func iso(_ text: String) -> Int64? {
        let bytes = Array(text.utf8)
        func number(_ range: Range<Int>) -> Int64? {
            guard range.upperBound <= bytes.count, bytes[range].allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }) else { return nil }
            return bytes[range].reduce(0) { $0 * 10 + Int64($1 - 0x30) }
        }
        guard bytes.count >= 10, let year = number(0..<4), let month = number(5..<7), let day = number(8..<10),
            (1...12).contains(month), (1...31).contains(day)
        else { return nil }
        var result = days(year, month, day) * 86_400_000
        if bytes.count == 10 { return result }
        guard let hour = number(11..<13), let minute = number(14..<16), let second = number(17..<19) else { return nil }
        result += (hour * 3600 + minute * 60 + second) * 1000
        var index = 19
        if index < bytes.count, bytes[index] == UInt8(ascii: ".") {
            index += 1
            var unit: Int64 = 100
            while index < bytes.count, bytes[index] >= 0x30, bytes[index] <= 0x39 {
                result += Int64(bytes[index] - 0x30) * unit
                unit /= 10
                index += 1
            }
        }
        guard index < bytes.count, bytes[index] != UInt8(ascii: "Z") else { return result }
        guard let hours = number(index + 1..<index + 3) else { return nil }
        let minutes = number(index + 4..<index + 6) ?? number(index + 3..<index + 5) ?? 0
        let offset = (hours * 60 + minutes) * 60_000
        return bytes[index] == UInt8(ascii: "-") ? result + offset : result - offset
    }

    private static func http(_ text: String) -> Int64? {
        let parts = text.split { $0 == " " || $0 == "," || $0 == ":" }
        guard parts.count >= 7, let day = Int64(parts[1]), let month = months.firstIndex(of: String(parts[2])),
            let year = Int64(parts[3]), let hour = Int64(parts[4]), let minute = Int64(parts[5]), let second = Int64(parts[6]),
            (0...9999).contains(year), (1...31).contains(day), (0...24).contains(hour), (0...60).contains(minute),
            (0...61).contains(second)
        else { return nil }
        return (days(year, Int64(month) + 1, day) * 86_400 + hour * 3600 + minute * 60 + second) * 1000
    }
}

extension Int64 {
    fileprivate func flooredDivision(_ divisor: Int64) -> Int64 {
        let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? quotient - 1 : quotient
    }
}
