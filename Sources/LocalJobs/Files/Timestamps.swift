import Glibc

/// The wall clock of this room, as milliseconds since 1970 and as AWS spells it.
package enum Timestamps {
    package static func milliseconds() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
    }

    /// `2026-11-21T10:00:00.000Z`
    package static func iso(_ milliseconds: Int64, fraction: Bool = true) -> String {
        var seconds = time_t(milliseconds >= 0 ? milliseconds / 1000 : (milliseconds - 999) / 1000)
        let rest = milliseconds - Int64(seconds) * 1000
        var parts = tm()
        gmtime_r(&seconds, &parts)
        let date = "\(padded(Int(parts.tm_year) + 1900, 4))-\(padded(Int(parts.tm_mon) + 1, 2))-\(padded(Int(parts.tm_mday), 2))"
        let clock = "\(padded(Int(parts.tm_hour), 2)):\(padded(Int(parts.tm_min), 2)):\(padded(Int(parts.tm_sec), 2))"
        return fraction ? "\(date)T\(clock).\(padded(Int(rest), 3))Z" : "\(date)T\(clock)Z"
    }

    /// `Sat, 21 Nov 2026 10:00:00 GMT`
    package static func http(_ milliseconds: Int64) -> String {
        var seconds = time_t(milliseconds / 1000)
        var parts = tm()
        gmtime_r(&seconds, &parts)
        let days = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        let clock = "\(padded(Int(parts.tm_hour), 2)):\(padded(Int(parts.tm_min), 2)):\(padded(Int(parts.tm_sec), 2))"
        return "\(days[Int(parts.tm_wday) % 7]), \(padded(Int(parts.tm_mday), 2)) \(months[Int(parts.tm_mon) % 12]) "
            + "\(padded(Int(parts.tm_year) + 1900, 4)) \(clock) GMT"
    }

    static func padded(_ number: Int, _ width: Int) -> String {
        let text = String(number)
        return text.count < width ? String(repeating: "0", count: width - text.count) + text : text
    }
}

/// Random identifiers.
package enum Identifiers {
    /// A version 4 UUID in lower case.
    package static func uuid() -> String {
        var high = UInt64.random(in: 0 ... .max)
        var low = UInt64.random(in: 0 ... .max)
        high = (high & ~0xF000) | 0x4000
        low = (low & 0x3FFF_FFFF_FFFF_FFFF) | 0x8000_0000_0000_0000
        let a = hex(high, 16)
        let b = hex(low, 16)
        let parts = [a.prefix(8), a.dropFirst(8).prefix(4), a.dropFirst(12), b.prefix(4), b.dropFirst(4)]
        return parts.joined(separator: "-")
    }

    static func hex(_ number: UInt64, _ width: Int) -> String {
        let text = String(number, radix: 16)
        return String(repeating: "0", count: max(0, width - text.count)) + text
    }
}
