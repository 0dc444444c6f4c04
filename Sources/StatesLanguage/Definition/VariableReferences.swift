import JSON

extension StateMachine {
    /// The variables that the fields of each state read, as DescribeStateMachine lists them: states in the order of the definition,
    /// names sorted.
    public var variableReferences: [(state: String, variables: [String])] {
        var result: [(state: String, variables: [String])] = []
        for state in states {
            guard case .object(let fields)? = JSONPointer.value(state.pointer, in: definition) else { continue }
            var names = Set<String>()
            for (key, value) in fields where !["Type", "Comment", "Next", "States", "ItemProcessor", "Iterator", "Branches", "Result"].contains(key) {
                Self.collect(value, key: key, isQuery: state.language == .jsonata, into: &names)
            }
            if !names.isEmpty { result.append((state.name, names.sorted())) }
        }
        return result
    }

    private static func collect(_ value: JSONValue, key: String, isQuery: Bool, into names: inout Set<String>) {
        switch value {
        case .object(let object):
            for (key, member) in object { collect(member, key: key, isQuery: isQuery, into: &names) }
        case .array(let array):
            for member in array { collect(member, key: key, isQuery: isQuery, into: &names) }
        case .string(let text):
            if isQuery {
                guard text.hasPrefix("{%"), text.hasSuffix("%}") else { return }
                names.formUnion(variables(in: text, isQuery: true))
            } else if key.hasSuffix(".$") || key.hasSuffix("Path") || key == "Variable" {
                names.formUnion(variables(in: text, isQuery: false))
            }
        default: return
        }
    }

    /// `$name` outside of quotes; in JSONata no calls, no `$states`, and nothing that the expression itself binds.
    private static func variables(in text: String, isQuery: Bool) -> Set<String> {
        let bytes = Array(text.utf8)
        var names = Set<String>()
        var bound = Set<String>()
        var quote: UInt8?
        var index = 0
        while index < bytes.count {
            let byte = bytes[index]
            index += 1
            if let open = quote {
                if byte == UInt8(ascii: "\\") { index += 1 } else if byte == open { quote = nil }
                continue
            }
            if byte == UInt8(ascii: "'") || byte == UInt8(ascii: "\"") {
                quote = byte
                continue
            }
            guard byte == UInt8(ascii: "$") else { continue }
            if index < bytes.count, bytes[index] == UInt8(ascii: "$") {
                index += 1
                continue
            }
            let start = index
            while index < bytes.count, isNameByte(bytes[index]) { index += 1 }
            guard index > start else { continue }
            let name = String(decoding: bytes[start..<index], as: UTF8.self)
            var next = index
            while next < bytes.count, bytes[next] == 0x20 { next += 1 }
            let isCall = next < bytes.count && bytes[next] == UInt8(ascii: "(")
            let isBinding = next + 1 < bytes.count && bytes[next] == UInt8(ascii: ":") && bytes[next + 1] == UInt8(ascii: "=")
            if isQuery, isBinding { bound.insert(name) }
            if isQuery, isCall || name == "states" || bound.contains(name) { continue }
            names.insert(name)
        }
        return names
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), 0x80...:
            true
        default: false
        }
    }
}
