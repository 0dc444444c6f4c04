/// `java.util.Random`'s generator (its documentation gives the formula): AWS's `$random(42)` is 0.7275636800328681.
struct RandomSource {
    private var state: UInt64
    private static let mask: UInt64 = (1 << 48) - 1

    init(seed: UInt64) {
        state = (seed ^ 0x5_DEEC_E66D) & Self.mask
    }

    private mutating func next(bits: Int) -> UInt32 {
        state = (state &* 0x5_DEEC_E66D &+ 0xB) & Self.mask
        return UInt32(truncatingIfNeeded: state >> (48 - UInt64(bits)))
    }

    /// A double from 0 up to but not 1.
    mutating func nextDouble() -> Double {
        let high = UInt64(next(bits: 26)) << 27
        return Double(high + UInt64(next(bits: 27))) * 0x1p-53
    }

    mutating func nextByte() -> UInt8 { UInt8(truncatingIfNeeded: next(bits: 8)) }
}
