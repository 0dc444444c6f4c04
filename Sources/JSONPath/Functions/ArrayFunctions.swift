import JSON

/// `States.Array…`
enum ArrayFunctions {
    private static let rangeLimit = 1000

    static func partition(_ arguments: [JSONValue]) -> JSONValue? {
        guard arguments.count == 2, case .array(let array) = arguments[0], let size = truncated(arguments[1]), size >= 1 else { return nil }
        let step = Int(clamping: size)
        var chunks: [JSONValue] = []
        var start = 0
        while start < array.count {
            let end = array.count - start > step ? start + step : array.count
            chunks.append(.array(Array(array[start..<end])))
            start = end
        }
        return .array(chunks)
    }

    static func contains(_ arguments: [JSONValue]) -> JSONValue? {
        guard arguments.count == 2, case .array(let array) = arguments[0] else { return nil }
        return .bool(array.contains { isSame($0, arguments[1]) })
    }

    /// AWS compares texts: `true` is found as "true" and a number as its digits, an object only with its keys in the same order.
    private static func isSame(_ a: JSONValue, _ b: JSONValue) -> Bool {
        switch (a, b) {
        case (.array, .array), (.object, .object): a.text() == b.text()
        case (.string(let text), .bool), (.string(let text), .integer), (.string(let text), .double), (.string(let text), .decimal):
            text == b.text()
        case (.bool, .string(let text)), (.integer, .string(let text)), (.double, .string(let text)), (.decimal, .string(let text)):
            text == a.text()
        default: a == b
        }
    }

    /// Fractions are cut off before anything else (asl-brief trap 10).
    static func range(_ arguments: [JSONValue]) -> JSONValue? {
        guard arguments.count == 3, let first = truncated(arguments[0]), let last = truncated(arguments[1]),
            let step = truncated(arguments[2]), step != 0
        else { return nil }
        var result: [JSONValue] = []
        var current = first
        while step > 0 ? current <= last : current >= last {
            guard result.count < rangeLimit else { return nil }
            result.append(.integer(current))
            let (next, overflow) = current.addingReportingOverflow(step)
            if overflow { break }
            current = next
        }
        return .array(result)
    }

    /// An empty array gives null at any index (recorded); an index outside of any other one is an error.
    static func item(_ arguments: [JSONValue]) -> JSONValue? {
        guard arguments.count == 2, case .array(let array) = arguments[0], let index = truncated(arguments[1]), index >= 0 else {
            return nil
        }
        if array.isEmpty { return .null }
        guard index < array.count else { return nil }
        return array[Int(index)]
    }

    static func length(_ arguments: [JSONValue]) -> JSONValue? {
        guard arguments.count == 1, case .array(let array) = arguments[0] else { return nil }
        return .integer(Int64(array.count))
    }

    /// In the order a Java `HashSet` gives: small numbers and short texts mostly keep theirs, `[true, false]` is `[false, true]`.
    static func unique(_ arguments: [JSONValue]) -> JSONValue? {
        guard arguments.count == 1, case .array(let array) = arguments[0] else { return nil }
        var seen: [Int: [Int]] = [:]
        var result: [JSONValue] = []
        for value in array {
            let hash = roughHash(value)
            if let places = seen[hash], places.contains(where: { result[$0] == value }) { continue }
            seen[hash, default: []].append(result.count)
            result.append(value)
        }
        return .array(JavaHash.setOrder(result, added: array.count))
    }

    /// Equal values have equal ones; it looks at the top alone.
    private static func roughHash(_ value: JSONValue) -> Int {
        var hasher = Hasher()
        hasher.combine(value.typeName)
        switch value {
        case .null: break
        case .bool(let flag): hasher.combine(flag)
        case .integer, .double, .decimal: hasher.combine(value.number)
        case .string(let text): for byte in text.utf8 { hasher.combine(byte) }
        case .array(let array): hasher.combine(array.count)
        case .object(let object): hasher.combine(object.count)
        }
        return hasher.finalize()
    }

    private static func truncated(_ value: JSONValue) -> Int64? {
        if case .integer(let integer) = value { return integer }
        return value.number.flatMap { Int64(exactly: $0.rounded(.towardZero)) }
    }
}
