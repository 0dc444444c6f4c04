/// A date and time of day in UTC, in the proleptic Gregorian calendar.
struct CivilDate {
    var year: Int
    /// 1 to 12
    var month: Int
    var day: Int
    var hour = 0
    var minute = 0
    var second = 0
    var millisecond = 0

    static let millisecondsInADay: Int64 = 86_400_000

    /// JavaScript's dates end 8.64e15 milliseconds before and after 1970.
    init?(milliseconds: Double) {
        guard abs(milliseconds) <= 8.64e15 else { return nil }
        let total = Int64(milliseconds.rounded(.towardZero))
        var days = total / Self.millisecondsInADay
        var rest = total % Self.millisecondsInADay
        if rest < 0 {
            rest += Self.millisecondsInADay
            days -= 1
        }
        (year, month, day) = Self.civil(days: Int(days))
        millisecond = Int(rest % 1000)
        second = Int(rest / 1000 % 60)
        minute = Int(rest / 60_000 % 60)
        hour = Int(rest / 3_600_000)
    }

    /// Days since 1970-01-01 (Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms").
    static func days(year: Int, month: Int, day: Int) -> Int {
        let y = month <= 2 ? year - 1 : year
        let era = (y >= 0 ? y : y - 399) / 400
        let yearOfEra = y - era * 400
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return era * 146_097 + dayOfEra - 719_468
    }

    private static func civil(days: Int) -> (Int, Int, Int) {
        let z = days + 719_468
        let era = (z >= 0 ? z : z - 146_096) / 146_097
        let dayOfEra = z - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shifted = (5 * dayOfYear + 2) / 153
        let month = shifted < 10 ? shifted + 3 : shifted - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * shifted + 2) / 5 + 1)
    }

    /// JavaScript's `Date.UTC`: months from 0, everything may overflow into the next unit; NaN beyond what dates hold.
    static func utc(
        _ year: Double, _ month: Double, _ day: Double = 1, _ hour: Double = 0, _ minute: Double = 0,
        _ second: Double = 0, _ millisecond: Double = 0
    ) -> Double {
        let parts = [year, month, day, hour, minute, second, millisecond].map { $0.rounded(.towardZero) }
        guard parts.allSatisfy({ abs($0) < 1e15 }), abs(parts[0]) < 400_000, abs(parts[1]) < 4_800_000 else { return .nan }
        var fullYear = Int(parts[0])
        if fullYear >= 0, fullYear <= 99 { fullYear += 1900 }
        var months = Int(parts[1])
        fullYear += months / 12
        months %= 12
        if months < 0 {
            months += 12
            fullYear -= 1
        }
        let days = Double(Self.days(year: fullYear, month: months + 1, day: 1)) + parts[2] - 1
        let time = ((parts[3] * 60 + parts[4]) * 60 + parts[5]) * 1000 + parts[6]
        let result = days * 86_400_000 + time
        return abs(result) <= 8.64e15 ? result : .nan
    }

    /// Days since 1970 of this date.
    var days: Int { Self.days(year: year, month: month, day: day) }

    /// 1 for Monday to 7 for Sunday.
    var weekday: Int { Self.weekday(days) }

    static func weekday(_ days: Int) -> Int {
        // 1970-01-01 was a Thursday.
        let index = (days + 3) % 7
        return (index < 0 ? index + 7 : index) + 1
    }

    /// The Monday of the first week of a month or year: the week that holds its first Thursday.
    static func startOfFirstWeek(year: Int, month: Int) -> Int {
        let first = days(year: year, month: month, day: 1)
        let weekday = weekday(first)
        return weekday > 4 ? first + 8 - weekday : first - (weekday - 1)
    }

    private static func next(_ year: Int, _ month: Int) -> (Int, Int) { month == 12 ? (year + 1, 1) : (year, month + 1) }
    private static func previous(_ year: Int, _ month: Int) -> (Int, Int) { month == 1 ? (year - 1, 12) : (year, month - 1) }

    private static func weeks(from start: Int, to end: Int) -> Int {
        let days = end - start
        return (days >= 0 ? days / 7 : (days - 6) / 7) + 1
    }

    var weekOfYear: Int {
        let week = Self.weeks(from: Self.startOfFirstWeek(year: year, month: 1), to: days)
        if week > 52, days >= Self.startOfFirstWeek(year: year + 1, month: 1) { return 1 }
        if week < 1 { return Self.weeks(from: Self.startOfFirstWeek(year: year - 1, month: 1), to: days) }
        return week
    }

    var weekOfMonth: Int {
        let week = Self.weeks(from: Self.startOfFirstWeek(year: year, month: month), to: days)
        if week > 4 {
            let (nextYear, nextMonth) = Self.next(year, month)
            if days >= Self.startOfFirstWeek(year: nextYear, month: nextMonth) { return 1 }
        } else if week < 1 {
            let (lastYear, lastMonth) = Self.previous(year, month)
            return Self.weeks(from: Self.startOfFirstWeek(year: lastYear, month: lastMonth), to: days)
        }
        return week
    }

    /// The year that the week belongs to.
    var weekYear: Int {
        if days < Self.startOfFirstWeek(year: year, month: 1) { return year - 1 }
        return days >= Self.startOfFirstWeek(year: year + 1, month: 1) ? year + 1 : year
    }

    /// The month that the week belongs to.
    var weekMonth: Int {
        if days < Self.startOfFirstWeek(year: year, month: month) { return Self.previous(year, month).1 }
        let (nextYear, nextMonth) = Self.next(year, month)
        return days >= Self.startOfFirstWeek(year: nextYear, month: nextMonth) ? nextMonth : month
    }

    /// The number that a picture's component shows; nil for what is no number.
    func component(_ letter: Character) -> Int? {
        switch letter {
        case "Y": year
        case "M": month
        case "D": day
        case "d": days - Self.days(year: year, month: 1, day: 1) + 1
        case "F": weekday
        case "W": weekOfYear
        case "w": weekOfMonth
        case "X": weekYear
        case "x": weekMonth
        case "H": hour
        case "h": hour % 12 == 0 ? 12 : hour % 12
        case "m": minute
        case "s": second
        case "f": millisecond
        default: nil
        }
    }
}
