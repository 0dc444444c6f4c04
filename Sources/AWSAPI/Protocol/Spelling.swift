import JSON

/// How a caller wrote the arrays and objects of a JSON text: what a state does not change keeps its blanks in AWS's answers.
struct Spelling: Sendable {
    /// From the text without blanks to the text with them.
    private var written: [String: String] = [:]
    private var budget = 1 << 20

    /// Of valid JSON texts.
    init(_ texts: String?...) {
        for case let text? in texts { read(text) }
    }

    var isEmpty: Bool { written.isEmpty }

    func text(_ value: JSONValue) -> String { text(value.text()) }

    /// A text that was made from a value.
    func text(_ compact: String) -> String { written[compact] ?? compact }

    /// A list of lists that may hold the caller's: what nested branches give.
    mutating func gathered(_ compact: String) -> String {
        guard !written.isEmpty, compact.utf8.count <= 1 << 16, let value = try? JSONValue(parsing: compact) else { return compact }
        let spelled = text(value, depth: 0)
        written[compact] = spelled
        return spelled
    }

    /// A list that was put together anew, of parts that may be the caller's.
    func madeAnew(_ compact: String) -> String {
        guard !written.isEmpty, let array = (try? JSONValue(parsing: compact))?.array else { return compact }
        return "[\(array.map { text($0, depth: 1) }.joined(separator: ","))]"
    }

    mutating func forget(_ compact: String) { written[compact] = nil }

    /// Lists alone are looked into: members of an object are told apart by no one.
    private func text(_ value: JSONValue, depth: Int) -> String {
        let compact = value.text()
        if let known = written[compact] { return known }
        guard depth < 16, !written.isEmpty, let array = value.array, !array.isEmpty else { return compact }
        return "[\(array.map { text($0, depth: depth + 1) }.joined(separator: ","))]"
    }

    private mutating func read(_ text: String) {
        let raw = Array(text.utf8)
        var compact: [UInt8] = []
        compact.reserveCapacity(raw.count)
        var open: [(raw: Int, compact: Int)] = []
        var isInText = false
        var isEscaped = false
        for (index, byte) in raw.enumerated() {
            if isInText {
                compact.append(byte)
                if isEscaped {
                    isEscaped = false
                } else if byte == UInt8(ascii: "\\") {
                    isEscaped = true
                } else if byte == UInt8(ascii: "\"") {
                    isInText = false
                }
                continue
            }
            switch byte {
            case 0x20, 0x09, 0x0A, 0x0D: continue
            case UInt8(ascii: "\""): isInText = true
            case UInt8(ascii: "["), UInt8(ascii: "{"): open.append((index, compact.count))
            default: break
            }
            compact.append(byte)
            guard byte == UInt8(ascii: "]") || byte == UInt8(ascii: "}"), let start = open.popLast() else { continue }
            keep(raw[start.raw...index], compact[start.compact...])
        }
    }

    private mutating func keep(_ raw: ArraySlice<UInt8>, _ compact: ArraySlice<UInt8>) {
        guard raw.count != compact.count, raw.count <= budget else { return }
        budget -= raw.count
        let key = String(decoding: compact, as: UTF8.self)
        if written[key] == nil { written[key] = String(decoding: raw, as: UTF8.self) }
    }
}
