import JSON

/// The first argument of `States.Format`: the texts between its `{}`.
struct FormatTemplate: Sendable {
    /// One more than there are placeholders.
    let pieces: [String]
    /// What AWS says when the text is used, of a brace that belongs to no placeholder and is not escaped: the first one.
    let problem: String?
    var placeholders: Int { pieces.count - 1 }
    /// Placeholders put back: what the text is elsewhere.
    var text: String { pieces.joined(separator: "{}") }

    static let escapable: [UInt8] = Array("'{}\\".utf8)

    /// nil: a backslash before something else than `'`, `{`, `}`, `\`.
    init?(_ raw: String) {
        var pieces: [String] = []
        var piece: [UInt8] = []
        var problem: String?
        let bytes = Array(raw.utf8)
        var index = 0
        while index < bytes.count {
            let byte = bytes[index]
            index += 1
            if byte == UInt8(ascii: "\\") {
                guard index < bytes.count, Self.escapable.contains(bytes[index]) else { return nil }
                piece.append(bytes[index])
                index += 1
            } else if byte == UInt8(ascii: "{"), index < bytes.count, bytes[index] == UInt8(ascii: "}") {
                index += 1
                pieces.append(String(decoding: piece, as: UTF8.self))
                piece = []
            } else {
                if byte == UInt8(ascii: "{") { problem = problem ?? "matching '}' not found for '{'." }
                if byte == UInt8(ascii: "}") { problem = problem ?? "matching '{' not found for '}'." }
                piece.append(byte)
            }
        }
        pieces.append(String(decoding: piece, as: UTF8.self))
        self.pieces = pieces
        self.problem = problem
    }

    /// As Java's `toString` prints it: texts raw, objects as `{a=1, b=[2, 3]}`.
    static func append(_ value: JSONValue, to text: inout String) {
        switch value {
        case .string(let string): text += string
        case .array(let array):
            text += "["
            for (index, element) in array.enumerated() {
                if index > 0 { text += ", " }
                append(element, to: &text)
            }
            text += "]"
        case .object(let object):
            text += "{"
            for (index, member) in object.enumerated() {
                if index > 0 { text += ", " }
                text += member.key
                text += "="
                append(member.value, to: &text)
            }
            text += "}"
        case .null, .bool, .integer, .double, .decimal: text += value.text()
        }
    }
}
