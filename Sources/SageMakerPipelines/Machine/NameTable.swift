/// Hands out names that nothing else bears.
struct NameTable {
    private(set) var used: Set<String>
    private let limit: Int
    /// The next number for a name that was asked for before.
    private var next: [String: Int] = [:]

    init(reserving used: some Sequence<String> = [], limit: Int) {
        self.used = Set(used)
        self.limit = limit
    }

    /// `wanted`, cut and numbered where needed.
    mutating func name(_ wanted: String, separator: String = " ") -> String {
        var candidate = Self.cut(wanted, limit)
        var number = next[candidate] ?? 2
        let base = candidate
        defer { next[base] = number }
        while !used.insert(candidate).inserted {
            let suffix = "\(separator)\(number)"
            candidate = Self.cut(wanted, limit - suffix.utf8.count) + suffix
            number += 1
        }
        return candidate
    }

    private static func cut(_ text: String, _ limit: Int) -> String {
        text.unicodeScalars.count <= limit ? text : String(text.unicodeScalars.prefix(limit))
    }
}

extension NameTable {
    /// The names of JSONata's and Step Functions' functions, and of what every machine assigns: a variable of such a
    /// name would hide it.
    static let reservedVariables: Set<String> = [
        "states", "Parameters", "Run", "Item", "sum", "count", "max", "min", "average", "string", "substring", "substringBefore", "substringAfter",
        "lowercase", "uppercase", "length", "trim", "pad", "match", "contains", "replace", "split", "join", "formatNumber", "formatBase",
        "formatInteger", "parseInteger", "number", "floor", "ceil", "round", "abs", "sqrt", "power", "random", "boolean", "not", "map", "zip",
        "filter", "single", "reduce", "sift", "keys", "lookup", "append", "exists", "spread", "merge", "reverse", "each", "error", "assert",
        "type", "sort", "shuffle", "distinct", "base64encode", "base64decode", "encodeUrlComponent", "encodeUrl", "decodeUrlComponent",
        "decodeUrl", "eval", "toMillis", "fromMillis", "clone", "now", "millis", "partition", "range", "hash", "uuid", "parse",
    ]

    /// A step's name as a variable: letters, digits and `_`, no digit first.
    static func variable(_ step: String) -> String {
        var text = String(decoding: step.utf8.map { $0 == UInt8(ascii: "-") ? UInt8(ascii: "_") : $0 }, as: UTF8.self)
        if let first = text.utf8.first, (48...57).contains(first) { text = "_" + text }
        return text
    }
}
