/// `$now $millis $toMillis $fromMillis`
enum DateTimeFunctions {
    static let all = [
        Builtin("now", "<s?s?:s>", arity: 2) { (call, arguments) throws(Failure) in
            let now = Double(call.run.options.nowMilliseconds)
            return .text(try format(now, arguments.at(0).string, timezone(arguments.at(1), call.run)))
        },
        Builtin("millis", "<:n>", arity: 0) { (call, _) throws(Failure) in
            .json(.integer(call.run.options.nowMilliseconds))
        },
        Builtin("fromMillis", "<n-s?s?:s>", arity: 3) { (call, arguments) throws(Failure) in
            guard let milliseconds = arguments.at(0).number else { return .undefined }
            return .text(try format(milliseconds, arguments.at(1).string, timezone(arguments.at(2), call.run)))
        },
        Builtin("toMillis", "<s-s?:n>", arity: 2) { (call, arguments) throws(Failure) in
            guard let text = arguments.at(0).string else { return .undefined }
            if let picture = arguments.at(1).string {
                let parser = try DateTimeParser(DateTimePicture(picture))
                let now = Double(call.run.options.nowMilliseconds)
                guard let milliseconds = try parser.milliseconds(text, now: now, call.run) else { return .undefined }
                return .number(milliseconds)
            }
            guard let milliseconds = Timestamp.parse(text) else { throw Failure("D3110", value: arguments.at(0)) }
            return .number(milliseconds)
        },
    ]

    /// Step Functions takes what is not `±hhmm` for UTC (measured in 2026).
    private static func timezone(_ value: Value, _ run: Run) -> String? {
        guard let text = value.string, run.options.profile == .stepFunctions else { return value.string }
        let bytes = Array(text.utf8)
        let isOffset =
            bytes.count == 5 && (bytes[0] == UInt8(ascii: "+") || bytes[0] == UInt8(ascii: "-"))
            && bytes.dropFirst().allSatisfy {
                $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9")
            }
        return isOffset ? text : nil
    }

    private static func format(_ milliseconds: Double, _ picture: String?, _ timezone: String?) throws(Failure) -> String {
        try DateTimePicture(picture ?? DateTimePicture.iso8601).format(milliseconds, timezone: timezone)
    }
}

/// ISO 8601 timestamps as jsonata-js accepts them: its regular expression, then JavaScript's `Date.parse`.
enum Timestamp {
    /// nil: no timestamp. NaN: one of a day that does not exist.
    static func parse(_ text: String) -> Double? {
        var bytes = Array(text.utf8)[...]
        func isDigit(_ byte: UInt8?) -> Bool { byte.map { $0 >= 48 && $0 <= 57 } ?? false }
        func digits(_ count: Int) -> Double? {
            guard bytes.count >= count, bytes.prefix(count).allSatisfy({ isDigit($0) }) else { return nil }
            let value = bytes.prefix(count).reduce(0) { $0 * 10 + Int($1 - 48) }
            bytes = bytes.dropFirst(count)
            return Double(value)
        }
        func take(_ character: Unicode.Scalar) -> Bool {
            guard bytes.first == UInt8(ascii: character) else { return false }
            bytes = bytes.dropFirst()
            return true
        }
        guard let year = digits(4) else { return nil }
        var month = 1.0
        var day = 1.0
        var time = [0.0, 0.0, 0.0]
        var fraction = 0.0
        var offset = 0.0
        if bytes.first == UInt8(ascii: "-"), !isZone(bytes) {
            _ = take("-")
            guard let value = digits(2), value < 20 else { return nil }
            month = value
            if bytes.first == UInt8(ascii: "-"), !isZone(bytes) {
                _ = take("-")
                guard let value = digits(2), value < 40 else { return nil }
                day = value
            }
        }
        if take("T") {
            guard let hour = digits(2), hour < 30, take(":"), let minute = digits(2), minute < 60, take(":"),
                let second = digits(2), second < 60
            else { return nil }
            time = [hour, minute, second]
        }
        if take(".") {
            guard isDigit(bytes.first) else { return nil }
            var scale = 100.0
            while let byte = bytes.first, isDigit(byte) {
                if scale >= 1 { fraction += Double(byte - 48) * scale }
                scale = (scale / 10).rounded(.down)
                bytes = bytes.dropFirst()
            }
        }
        if take("Z") {
        } else if let sign = bytes.first, sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-") {
            bytes = bytes.dropFirst()
            guard let hours = digits(2), hours < 30 else { return nil }
            _ = take(":")
            guard let minutes = digits(2), minutes < 60 else { return nil }
            offset = (hours * 60 + minutes) * (sign == UInt8(ascii: "-") ? -1 : 1)
        }
        guard bytes.isEmpty else { return nil }
        guard month >= 1, month <= 12, day >= 1, day <= 31, time[0] <= 24 else { return .nan }
        return utc(year, month - 1, day, time, fraction) - offset * 60_000
    }

    /// Whether a hyphen starts an offset (`-0500`, `-05:00` at the end) and not a month or day.
    private static func isZone(_ bytes: ArraySlice<UInt8>) -> Bool {
        bytes.count == 5 && bytes.dropFirst().allSatisfy { $0 >= 48 && $0 <= 57 } || bytes.count == 6 && bytes.dropFirst(3).first == 58
    }

    /// As `Date.UTC`, but years before 100 are what they say.
    private static func utc(_ year: Double, _ month: Double, _ day: Double, _ time: [Double], _ fraction: Double) -> Double {
        let days = CivilDate.days(year: Int(year), month: Int(month) + 1, day: 1)
        return (Double(days) + day - 1) * 86_400_000 + ((time[0] * 60 + time[1]) * 60 + time[2]) * 1000 + fraction
    }
}
