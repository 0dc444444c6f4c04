/// How an expression is evaluated.
public struct JSONataOptions: Sendable {
    /// Which functions and limits there are.
    public enum Profile: Sendable {
        /// jsonata-js 2.0.6 as it is.
        case javascript
        /// AWS Step Functions: no `$eval`; `$partition $range $hash $random $uuid $parse`; AWS's limits.
        case stepFunctions
    }

    public var profile: Profile
    /// What `$now()` and `$millis()` give, in milliseconds since 1970 in UTC.
    public var nowMilliseconds: Int64
    /// The start of `$random()`, `$shuffle()` and `$uuid()`: the same seed gives the same values.
    public var randomSeed: UInt64
    /// How deep evaluation may nest. Calls in tail position do not count.
    public var maximumDepth: Int
    /// How many bytes one value may take.
    public var maximumValueBytes: Int
    /// How many bytes all values together may take that an evaluation makes.
    public var maximumTotalBytes: Int
    /// How many numbers `$range` may give.
    public var maximumRangeElements: Int
    /// How long an evaluation may take; nil: as long as it likes.
    public var timeLimitMilliseconds: Int?

    /// AWS's figures (asl-brief section 12) for `stepFunctions`: 100 levels, 6,990,256 bytes, 360,145 numbers.
    public init(profile: Profile = .javascript, nowMilliseconds: Int64? = nil, randomSeed: UInt64 = 0) {
        self.profile = profile
        self.nowMilliseconds = nowMilliseconds ?? Clock.milliseconds()
        self.randomSeed = randomSeed
        switch profile {
        case .javascript:
            maximumDepth = 20_000
            maximumValueBytes = .max
            maximumTotalBytes = .max
            maximumRangeElements = .max
            timeLimitMilliseconds = nil
        case .stepFunctions:
            maximumDepth = 100
            // 873,782 array elements of 8 bytes pass, one more does not.
            maximumValueBytes = 873_782 * 8
            maximumTotalBytes = 256 << 20
            maximumRangeElements = 360_145
            timeLimitMilliseconds = 5_000
        }
    }
}
