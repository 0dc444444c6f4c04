import JSON

/// `{Enabled, ExpireAfter?}`.
public struct CacheConfig: Sendable, Equatable {
    public var document: JSONObject
    public init(document: JSONObject) { self.document = document }
    public var isEnabled: Bool { document["Enabled"]?.bool ?? false }
    public var expireAfter: String? { document["ExpireAfter"]?.string }
}

/// The durations of `ExpireAfter`: ISO 8601, with the `P` left out in AWS's own examples
/// (`30d`, `T16m`, `30dT5h`), in either case, without spaces.
public struct CacheDuration: Sendable, Equatable {
    public let seconds: Int64
    /// As ISO 8601 writes it: `P30D`, `PT1H`.
    public let iso8601: String

    /// nil: `text` is no such duration. A month counts 30 days and a year 365.
    public init?(_ text: String) {
        var bytes = Array(text.utf8)[...]
        func lower(_ byte: UInt8) -> UInt8 { (65...90).contains(byte) ? byte + 32 : byte }
        if let first = bytes.first, lower(first) == UInt8(ascii: "p") { bytes.removeFirst() }
        guard !bytes.isEmpty else { return nil }
        var total: Int64 = 0
        var inTime = false
        var lastRank = -1
        var sawPart = false
        var sawPartSinceT = true
        var text = "P"
        while let first = bytes.first {
            if lower(first) == UInt8(ascii: "t") {
                guard !inTime else { return nil }
                inTime = true
                sawPartSinceT = false
                lastRank = 3
                text += "T"
                bytes.removeFirst()
                continue
            }
            var number: Int64 = 0
            var digits = 0
            while let byte = bytes.first, (48...57).contains(byte) {
                guard digits < 9 else { return nil }
                number = number * 10 + Int64(byte - 48)
                digits += 1
                bytes.removeFirst()
            }
            guard digits > 0, let unit = bytes.popFirst(), let (rank, scale) = Self.unit(lower(unit), inTime: inTime), rank > lastRank else { return nil }
            lastRank = rank
            text += "\(number)\(Character(UnicodeScalar(lower(unit) - 32)))"
            sawPart = true
            sawPartSinceT = true
            total += number * scale
        }
        guard sawPart, sawPartSinceT else { return nil }
        seconds = total
        iso8601 = text
    }

    private static func unit(_ letter: UInt8, inTime: Bool) -> (rank: Int, scale: Int64)? {
        switch (Character(UnicodeScalar(letter)), inTime) {
        case ("y", false): (0, 365 * 86_400)
        case ("m", false): (1, 30 * 86_400)
        case ("w", false): (2, 7 * 86_400)
        case ("d", false): (3, 86_400)
        case ("h", true): (4, 3_600)
        case ("m", true): (5, 60)
        case ("s", true): (6, 1)
        default: nil
        }
    }
}
