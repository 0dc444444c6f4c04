import JSON

/// `hashCode` of the Java value that stands for a JSON value, and the order in which a `HashSet` gives its members.
enum JavaHash {
    /// `values` are distinct, in the order in which they were added; `added` counts what was added with its repetitions.
    static func setOrder(_ values: [JSONValue], added: Int) -> [JSONValue] {
        guard values.count > 1 else { return values }
        var buckets: UInt32 = 16
        while Float(buckets) < Float(added) / 0.75 + 1, buckets < 1 << 30 { buckets *= 2 }
        let places = values.enumerated().map { position, value in
            let hash = UInt32(bitPattern: of(value))
            return (bucket: (hash ^ hash >> 16) & (buckets - 1), position: position)
        }
        return places.sorted { ($0.bucket, $0.position) < ($1.bucket, $1.position) }.map { values[$0.position] }
    }

    // The recursion is bounded by the depth that the JSON reader takes.
    static func of(_ value: JSONValue) -> Int32 {
        switch value {
        case .null: 0
        case .bool(let flag): flag ? 1231 : 1237
        case .integer(let integer): Int32(exactly: integer) ?? folded(UInt64(bitPattern: integer))
        case .double, .decimal: folded((value.number ?? 0).bitPattern)
        case .string(let text): of(text)
        case .array(let array): array.reduce(1) { $0 &* 31 &+ of($1) }
        case .object(let object): object.reduce(0) { $0 &+ (of($1.key) ^ of($1.value)) }
        }
    }

    private static func of(_ text: String) -> Int32 {
        text.utf16.reduce(0) { $0 &* 31 &+ Int32($1) }
    }

    private static func folded(_ bits: UInt64) -> Int32 {
        Int32(truncatingIfNeeded: bits ^ bits >> 32)
    }
}
