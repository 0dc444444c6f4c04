import JSON

/// `States.MathAdd`, `States.MathRandom`, `States.UUID`
enum MathFunctions {
    static func add(_ arguments: [JSONValue]) -> JSONValue? {
        guard arguments.count == 2, let a = rounded(arguments[0]), let b = rounded(arguments[1]) else { return nil }
        let sum = a + b
        guard sum >= Int64(Int32.min), sum <= Int64(Int32.max) else { return nil }
        return .integer(sum)
    }

    /// Java's `Math.round`, half up towards plus infinity, within 32 bits. `1e309` is accepted on AWS as a literal
    /// and becomes the largest there is, which the sum then refuses.
    static func rounded(_ value: JSONValue) -> Int64? {
        if case .integer(let integer) = value { return Int32(exactly: integer).map(Int64.init) }
        guard let number = value.number, !number.isNaN else { return nil }
        let whole = (number + 0.5).rounded(.down)
        guard whole >= Double(Int32.min), whole <= Double(Int32.max) else { return nil }
        return Int64(whole)
    }

    private static func truncated(_ value: JSONValue) -> Int64? {
        if case .integer(let integer) = value { return Int32(exactly: integer).map(Int64.init) }
        return value.number.flatMap { Int32(exactly: $0.rounded(.towardZero)) }.map(Int64.init)
    }

    /// Unlike what is documented, bounds are cut off: (1.6, 5.4) can give 1, and (1.4, 1.6) is refused.
    static func random(_ arguments: [JSONValue], _ dice: inout Dice) -> JSONValue? {
        guard arguments.count == 2 || arguments.count == 3, let low = truncated(arguments[0]), let high = truncated(arguments[1]), low < high
        else { return nil }
        let span = high - low
        if arguments.count == 3 {
            guard let seed = truncated(arguments[2]) else { return nil }
            var random = JavaRandom(seed: seed)
            guard let bound = Int32(exactly: span) else {
                return .integer(low + Int64(random.nextDouble() * Double(span)))
            }
            return .integer(low + Int64(random.nextInt(bound)))
        }
        return .integer(low + Int64(dice.next() % UInt64(span)))
    }

    static func uuid(_ arguments: [JSONValue], _ dice: inout Dice) -> JSONValue? {
        arguments.isEmpty ? .string(dice.uuid()) : nil
    }
}
