/// Where chance comes from: SplitMix64, so that the same seed gives the same values on every run.
package struct Dice {
    private var state: UInt64
    package init(seed: UInt64) { state = seed }

    package mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }

    /// A version 4 UUID.
    package mutating func uuid() -> String {
        let high = (next() & 0xFFFF_FFFF_FFFF_0FFF) | 0x4000
        let low = (next() & 0x3FFF_FFFF_FFFF_FFFF) | 0x8000_0000_0000_0000
        let digits = Self.hex(high) + Self.hex(low)
        var text = ""
        for (index, digit) in digits.enumerated() {
            if index == 8 || index == 12 || index == 16 || index == 20 { text.append("-") }
            text.unicodeScalars.append(Unicode.Scalar(digit))
        }
        return text
    }

    private static func hex(_ value: UInt64) -> [UInt8] {
        let digits = Array("0123456789abcdef".utf8)
        return (0..<16).map { digits[Int((value >> (60 - UInt64($0) * 4)) & 15)] }
    }
}

/// java.util.Random, whose values AWS's seeded functions give.
package struct JavaRandom {
    private var state: Int64
    private static let mask: Int64 = (1 << 48) - 1

    package init(seed: Int64) { state = (seed ^ 0x5_DEEC_E66D) & Self.mask }

    package mutating func next(bits: Int64) -> Int32 {
        state = (state &* 0x5_DEEC_E66D &+ 0xB) & Self.mask
        return Int32(truncatingIfNeeded: state >> (48 - bits))
    }

    /// From 0 to `bound` - 1; `bound` is positive.
    package mutating func nextInt(_ bound: Int32) -> Int32 {
        if bound & (bound &- 1) == 0 { return Int32(truncatingIfNeeded: (Int64(bound) &* Int64(next(bits: 31))) >> 31) }
        while true {
            let bits = next(bits: 31)
            let value = bits % bound
            if bits &- value &+ (bound &- 1) >= 0 { return value }
        }
    }

    package mutating func nextDouble() -> Double {
        let high = Int64(next(bits: 26)) << 27
        return Double(high + Int64(next(bits: 27))) * 0x1p-53
    }
}
