import Glibc

/// Names for executions: 1 to 80 letters, digits, `-` and `_`.
enum ExecutionName {
    /// `train-model-0301-123005-7f`: the machine, the time (UTC), and something that tells apart what starts in one second.
    static func new(for machine: String) -> String {
        var now = time(nil)
        var parts = tm()
        gmtime_r(&now, &parts)
        func two(_ number: Int32) -> String { number < 10 ? "0\(number)" : "\(number)" }
        let day = two(parts.tm_mon + 1) + two(parts.tm_mday)
        let clock = two(parts.tm_hour) + two(parts.tm_min) + two(parts.tm_sec)
        let tail = String(UInt16.random(in: 0x1000 ... .max), radix: 16)
        return "\(sanitized(machine, limit: 55))-\(day)-\(clock)-\(tail)"
    }

    static func sanitized(_ name: String, limit: Int) -> String {
        let allowed = name.unicodeScalars.map { scalar -> Character in
            let isAllowed = scalar.isASCII && (scalar.properties.isAlphabetic || scalar.properties.numericType != nil || scalar == "-" || scalar == "_")
            return isAllowed ? Character(scalar) : "-"
        }
        return allowed.isEmpty ? "machine" : String(allowed.prefix(limit))
    }
}
