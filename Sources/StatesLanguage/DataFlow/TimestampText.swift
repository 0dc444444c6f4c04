/// A time as RFC 3339 writes it: `2016-12-05T21:29:29.123Z`, capital `T` and `Z` or an offset, seconds required.
struct Instant: Comparable, Sendable {
    let seconds: Int64
    let nanoseconds: Int

    static func < (left: Instant, right: Instant) -> Bool {
        (left.seconds, left.nanoseconds) < (right.seconds, right.nanoseconds)
    }

    /// `isJava`: as Java's `OffsetDateTime` reads it: `t` and `z` too, seconds optional, no more than nine digits after the point.
    init?(_ text: String, isJava: Bool = false) {
        var reader = DigitReader(text)
        guard let year = reader.number(4), reader.take("-"), let month = reader.number(2), reader.take("-"), let day = reader.number(2),
            reader.take("T") || isJava && reader.take("t"), let hour = reader.number(2), reader.take(":"),
            let minute = reader.number(2), (1...12).contains(month), day >= 1, day <= Calendar.days(in: month, of: year), hour < 24,
            minute < 60
        else { return nil }
        var second = 0
        var fraction = 0
        if reader.take(":") {
            guard let read = reader.number(2), read < 60 else { return nil }
            second = read
            if reader.take(".") {
                guard let read = reader.fraction(most: isJava ? 9 : .max) else { return nil }
                fraction = read
            }
        } else if !isJava {
            return nil
        }
        var offset = 0
        if !reader.take("Z"), !(isJava && reader.take("z")) {
            let sign = reader.take("+") ? 1 : (reader.take("-") ? -1 : 0)
            guard sign != 0, let hours = reader.number(2), reader.take(":"), let minutes = reader.number(2), hours <= 18, minutes < 60
            else {
                return nil
            }
            offset = sign * (hours * 3600 + minutes * 60)
        }
        guard reader.isAtEnd else { return nil }
        seconds = Int64(Calendar.daysSince1970(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second - offset)
        nanoseconds = fraction
    }
}

extension Timestamp {
    /// nil: not RFC 3339 with capital `T` and `Z` or an offset.
    public init?(iso8601 text: String) { self.init(iso8601: text, isJava: false) }

    init?(iso8601 text: String, isJava: Bool) {
        guard let instant = Instant(text, isJava: isJava) else { return nil }
        self.init(milliseconds: instant.seconds * 1000 + Int64(instant.nanoseconds / 1_000_000))
    }

    /// `YYYY-MM-DDThh:mm:ss.SSSZ`
    public var iso8601: String {
        let days = Int(milliseconds.flooredDivision(by: 86_400_000))
        let rest = Int(milliseconds - Int64(days) * 86_400_000)
        let (year, month, day) = Calendar.date(daysSince1970: days)
        var bytes: [UInt8] = []
        bytes.reserveCapacity(24)
        func append(_ number: Int, _ width: Int) {
            var divisor = 1
            for _ in 1..<width { divisor *= 10 }
            var rest = number
            while divisor > 0 {
                bytes.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest / divisor % 10))
                rest %= divisor
                divisor /= 10
            }
        }
        if year < 0 || year > 9999 { bytes.append(contentsOf: "\(year < 0 ? "-" : "+")".utf8) }
        append(abs(year), abs(year) > 9999 ? "\(abs(year))".utf8.count : 4)
        bytes.append(UInt8(ascii: "-"))
        append(month, 2)
        bytes.append(UInt8(ascii: "-"))
        append(day, 2)
        bytes.append(UInt8(ascii: "T"))
        append(rest / 3_600_000, 2)
        bytes.append(UInt8(ascii: ":"))
        append(rest / 60_000 % 60, 2)
        bytes.append(UInt8(ascii: ":"))
        append(rest / 1000 % 60, 2)
        bytes.append(UInt8(ascii: "."))
        append(rest % 1000, 3)
        bytes.append(UInt8(ascii: "Z"))
        return String(decoding: bytes, as: UTF8.self)
    }
}

/// The proleptic Gregorian calendar, after Howard Hinnant's `days_from_civil`.
private enum Calendar {
    static func days(in month: Int, of year: Int) -> Int {
        switch month {
        case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    static func daysSince1970(_ year: Int, _ month: Int, _ day: Int) -> Int {
        let year = month <= 2 ? year - 1 : year
        let era = (year >= 0 ? year : year - 399) / 400
        let yearOfEra = year - era * 400
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return era * 146_097 + dayOfEra - 719_468
    }

    static func date(daysSince1970: Int) -> (year: Int, month: Int, day: Int) {
        let days = daysSince1970 + 719_468
        let era = (days >= 0 ? days : days - 146_096) / 146_097
        let dayOfEra = days - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shifted = (5 * dayOfYear + 2) / 153
        let month = shifted < 10 ? shifted + 3 : shifted - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * shifted + 2) / 5 + 1)
    }
}

extension Int64 {
    fileprivate func flooredDivision(by divisor: Int64) -> Int64 {
        let quotient = self / divisor
        return self % divisor < 0 ? quotient - 1 : quotient
    }
}

private struct DigitReader {
    private let bytes: [UInt8]
    private var position = 0

    init(_ text: String) { bytes = Array(text.utf8) }

    var isAtEnd: Bool { position == bytes.count }

    mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard position < bytes.count, bytes[position] == UInt8(ascii: character) else { return false }
        position += 1
        return true
    }

    /// Exactly so many digits.
    mutating func number(_ digits: Int) -> Int? {
        guard position + digits <= bytes.count else { return nil }
        var number = 0
        for byte in bytes[position..<position + digits] {
            guard byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") else { return nil }
            number = number * 10 + Int(byte - UInt8(ascii: "0"))
        }
        position += digits
        return number
    }

    /// Digits after the point, as nanoseconds; what is finer is dropped.
    mutating func fraction(most: Int) -> Int? {
        var nanoseconds = 0
        var count = 0
        while position < bytes.count, bytes[position] >= UInt8(ascii: "0"), bytes[position] <= UInt8(ascii: "9") {
            if count < 9 { nanoseconds = nanoseconds * 10 + Int(bytes[position] - UInt8(ascii: "0")) }
            count += 1
            position += 1
        }
        guard count > 0, count <= most else { return nil }
        for _ in min(count, 9)..<9 { nanoseconds *= 10 }
        return nanoseconds
    }
}
