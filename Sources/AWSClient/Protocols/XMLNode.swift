/// An XML element as AWS's answers need it: names without prefixes, attributes, text, children.
package final class XMLNode {
    package let name: String
    package internal(set) var attributes: [(name: String, value: String)] = []
    package internal(set) var children: [XMLNode] = []
    package internal(set) var text = ""

    init(_ name: String) { self.name = name }

    package func child(_ name: String) -> XMLNode? { children.first { $0.name == name } }
    package func children(_ name: String) -> [XMLNode] { children.filter { $0.name == name } }
}

/// A reader of well-formed XML without DTDs (a `<!DOCTYPE` is refused), at most 256 elements deep.
package struct XMLReader {
    private let bytes: [UInt8]
    private var position = 0
    private static let maximumDepth = 256

    /// The root element; nil: not XML that this reader takes.
    package static func read(_ bytes: [UInt8]) -> XMLNode? {
        var reader = XMLReader(bytes: bytes)
        return reader.document()
    }

    private init(bytes: [UInt8]) { self.bytes = bytes }

    private mutating func document() -> XMLNode? {
        var open: [XMLNode] = []
        var root: XMLNode?
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { position = 3 }
        while position < bytes.count {
            guard bytes[position] == UInt8(ascii: "<") else {
                let start = position
                while position < bytes.count, bytes[position] != UInt8(ascii: "<") { position += 1 }
                if let top = open.last { top.text += Self.decoded(bytes[start..<position]) }
                continue
            }
            if startsWith("<?") {
                guard skip(past: "?>") else { return nil }
            } else if startsWith("<!--") {
                guard skip(past: "-->") else { return nil }
            } else if startsWith("<![CDATA[") {
                let start = position + 9
                guard skip(past: "]]>"), let top = open.last else { return nil }
                top.text += String(decoding: bytes[start..<position - 3], as: UTF8.self)
            } else if startsWith("<!") {
                return nil
            } else if startsWith("</") {
                position += 2
                guard let name = name(), let top = open.popLast(), top.name == name else { return nil }
                skipBlanks()
                guard position < bytes.count, bytes[position] == UInt8(ascii: ">") else { return nil }
                position += 1
                if open.isEmpty { root = top }
            } else {
                position += 1
                guard open.count < Self.maximumDepth, let (node, isEmpty) = startTag() else { return nil }
                if let top = open.last { top.children.append(node) } else if root != nil { return nil }
                if isEmpty {
                    if open.isEmpty { root = node }
                } else {
                    open.append(node)
                }
            }
        }
        return open.isEmpty ? root : nil
    }

    private mutating func startTag() -> (XMLNode, isEmpty: Bool)? {
        guard let name = name() else { return nil }
        let node = XMLNode(name)
        while true {
            skipBlanks()
            guard position < bytes.count else { return nil }
            if bytes[position] == UInt8(ascii: ">") {
                position += 1
                return (node, false)
            }
            if startsWith("/>") {
                position += 2
                return (node, true)
            }
            guard let attribute = self.name() else { return nil }
            skipBlanks()
            guard position < bytes.count, bytes[position] == UInt8(ascii: "=") else { return nil }
            position += 1
            skipBlanks()
            guard position < bytes.count else { return nil }
            let quote = bytes[position]
            guard quote == UInt8(ascii: "\"") || quote == UInt8(ascii: "'") else { return nil }
            position += 1
            let start = position
            while position < bytes.count, bytes[position] != quote { position += 1 }
            guard position < bytes.count else { return nil }
            node.attributes.append((attribute, Self.decoded(bytes[start..<position])))
            position += 1
        }
    }

    /// Without its prefix.
    private mutating func name() -> String? {
        let start = position
        var local = position
        while position < bytes.count {
            let byte = bytes[position]
            if byte <= 0x20 || byte == UInt8(ascii: ">") || byte == UInt8(ascii: "/") || byte == UInt8(ascii: "=") { break }
            position += 1
            if byte == UInt8(ascii: ":") { local = position }
        }
        guard position > start, local < position else { return nil }
        return String(decoding: bytes[local..<position], as: UTF8.self)
    }

    private func startsWith(_ text: StaticString) -> Bool {
        text.withUTF8Buffer { bytes[position...].starts(with: $0) }
    }

    private mutating func skip(past end: StaticString) -> Bool {
        end.withUTF8Buffer { end in
            while position + end.count <= bytes.count {
                if bytes[position..<position + end.count].elementsEqual(end) {
                    position += end.count
                    return true
                }
                position += 1
            }
            return false
        }
    }

    private mutating func skipBlanks() {
        while position < bytes.count, bytes[position] <= 0x20 { position += 1 }
    }

    /// Text with its entities replaced; what is no entity stays.
    private static func decoded(_ bytes: ArraySlice<UInt8>) -> String {
        guard bytes.contains(UInt8(ascii: "&")) else { return String(decoding: bytes, as: UTF8.self) }
        var out: [UInt8] = []
        var index = bytes.startIndex
        while index < bytes.endIndex {
            if bytes[index] == UInt8(ascii: "&"), let end = bytes[index...].prefix(12).firstIndex(of: UInt8(ascii: ";")) {
                let entity = String(decoding: bytes[index + 1..<end], as: UTF8.self)
                if let text = replacement(entity) {
                    out.append(contentsOf: text.utf8)
                    index = end + 1
                    continue
                }
            }
            out.append(bytes[index])
            index += 1
        }
        return String(decoding: out, as: UTF8.self)
    }

    private static func replacement(_ entity: String) -> String? {
        switch entity {
        case "lt": return "<"
        case "gt": return ">"
        case "amp": return "&"
        case "quot": return "\""
        case "apos": return "'"
        default:
            guard entity.hasPrefix("#") else { return nil }
            let digits = entity.dropFirst()
            let code = digits.hasPrefix("x") ? UInt32(digits.dropFirst(), radix: 16) : UInt32(digits)
            return code.flatMap(Unicode.Scalar.init).map { String(Character($0)) }
        }
    }
}
