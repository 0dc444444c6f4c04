/// Encodes Swift values as `JSONValue`: the members in the order in which they are encoded, whole numbers without loss.
///
/// Dates, data and URLs are encoded as their own `encode(to:)` says; a floating-point number that JSON has not (NaN, infinity)
/// is an error.
extension JSONValue {
    public init(encoding value: some Encodable) throws {
        if let json = value as? JSONValue {
            self = json
            return
        }
        let node = EncodedNode()
        try node.encode(value, path: [])
        self = node.json
    }
}

extension JSONValue: Encodable {
    public func encode(to encoder: any Encoder) throws {
        switch self {
        case .null:
            var container = encoder.singleValueContainer()
            try container.encodeNil()
        case .bool(let flag):
            var container = encoder.singleValueContainer()
            try container.encode(flag)
        case .integer(let number):
            var container = encoder.singleValueContainer()
            try container.encode(number)
        case .double(let number):
            var container = encoder.singleValueContainer()
            try container.encode(number)
        case .decimal(let text):
            var container = encoder.singleValueContainer()
            try container.encode(Double(text) ?? 0)
        case .string(let text):
            var container = encoder.singleValueContainer()
            try container.encode(text)
        case .array(let elements):
            var container = encoder.unkeyedContainer()
            for element in elements { try container.encode(element) }
        case .object(let object):
            var container = encoder.container(keyedBy: AnyCodingKey.self)
            for (key, value) in object { try container.encode(value, forKey: AnyCodingKey(stringValue: key)) }
        }
    }
}

/// A key whose text is known only when the program runs.
struct AnyCodingKey: CodingKey {
    let stringValue: String
    let intValue: Int?

    init(stringValue: String) {
        self.stringValue = stringValue
        intValue = nil
    }

    init(intValue: Int) {
        stringValue = String(intValue)
        self.intValue = intValue
    }
}

/// A place that a value is encoded into.
private final class EncodedNode {
    private enum Content {
        case value(JSONValue)
        case array([EncodedNode])
        case object([(String, EncodedNode)])
    }
    /// nil: nothing was encoded, which is an empty object.
    private var content: Content?

    var json: JSONValue {
        switch content {
        case nil: .object(JSONObject())
        case .value(let value): value
        case .array(let nodes): .array(nodes.map(\.json))
        case .object(let members): .object(JSONObject(members.map { ($0.0, $0.1.json) }))
        }
    }

    func set(_ value: JSONValue) { content = .value(value) }

    func encode(_ value: some Encodable, path: [any CodingKey]) throws {
        if let json = value as? JSONValue {
            set(json)
        } else {
            try value.encode(to: NodeEncoder(node: self, codingPath: path))
        }
    }

    func becomeObject() {
        if case .object = content { return }
        content = .object([])
    }

    func becomeArray() {
        if case .array = content { return }
        content = .array([])
    }

    var count: Int {
        guard case .array(let nodes) = content else { return 0 }
        return nodes.count
    }

    func member(_ key: String) -> EncodedNode {
        guard case .object(var members) = content else { return EncodedNode() }
        // One owner while it grows.
        content = nil
        let node = EncodedNode()
        members.append((key, node))
        content = .object(members)
        return node
    }

    func element() -> EncodedNode {
        guard case .array(var nodes) = content else { return EncodedNode() }
        content = nil
        let node = EncodedNode()
        nodes.append(node)
        content = .array(nodes)
        return node
    }
}

private struct NodeEncoder: Encoder, SingleValueEncodingContainer {
    let node: EncodedNode
    let codingPath: [any CodingKey]
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
        node.becomeObject()
        return KeyedEncodingContainer(NodeKeyedContainer<Key>(node: node, codingPath: codingPath))
    }

    func unkeyedContainer() -> any UnkeyedEncodingContainer {
        node.becomeArray()
        return NodeUnkeyedContainer(node: node, codingPath: codingPath)
    }

    func singleValueContainer() -> any SingleValueEncodingContainer { self }

    func encodeNil() throws { node.set(.null) }
    func encode(_ value: Bool) throws { node.set(.bool(value)) }
    func encode(_ value: String) throws { node.set(.string(value)) }
    func encode(_ value: Double) throws {
        guard value.isFinite else {
            throw EncodingError.invalidValue(value, .init(codingPath: codingPath, debugDescription: "JSON has no \(value)"))
        }
        node.set(.normalized(value))
    }
    func encode(_ value: Float) throws { try encode(Double("\(value)") ?? Double(value)) }
    func encode(_ value: Int) throws { node.set(.integer(Int64(value))) }
    func encode(_ value: Int8) throws { node.set(.integer(Int64(value))) }
    func encode(_ value: Int16) throws { node.set(.integer(Int64(value))) }
    func encode(_ value: Int32) throws { node.set(.integer(Int64(value))) }
    func encode(_ value: Int64) throws { node.set(.integer(value)) }
    func encode(_ value: UInt) throws { try encode(UInt64(value)) }
    func encode(_ value: UInt8) throws { node.set(.integer(Int64(value))) }
    func encode(_ value: UInt16) throws { node.set(.integer(Int64(value))) }
    func encode(_ value: UInt32) throws { node.set(.integer(Int64(value))) }
    func encode(_ value: UInt64) throws { node.set(Int64(exactly: value).map { .integer($0) } ?? .decimal(String(value))) }
    func encode<T: Encodable>(_ value: T) throws { try node.encode(value, path: codingPath) }
}

private struct NodeKeyedContainer<Key: CodingKey>: KeyedEncodingContainerProtocol {
    let node: EncodedNode
    let codingPath: [any CodingKey]

    func encodeNil(forKey key: Key) throws { node.member(key.stringValue).set(.null) }

    func encode<T: Encodable>(_ value: T, forKey key: Key) throws {
        try node.member(key.stringValue).encode(value, path: codingPath + [key])
    }

    func nestedContainer<Nested: CodingKey>(keyedBy type: Nested.Type, forKey key: Key) -> KeyedEncodingContainer<Nested> {
        NodeEncoder(node: node.member(key.stringValue), codingPath: codingPath + [key]).container(keyedBy: type)
    }

    func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer {
        NodeEncoder(node: node.member(key.stringValue), codingPath: codingPath + [key]).unkeyedContainer()
    }

    func superEncoder() -> any Encoder { NodeEncoder(node: node.member("super"), codingPath: codingPath) }
    func superEncoder(forKey key: Key) -> any Encoder {
        NodeEncoder(node: node.member(key.stringValue), codingPath: codingPath + [key])
    }
}

private struct NodeUnkeyedContainer: UnkeyedEncodingContainer {
    let node: EncodedNode
    let codingPath: [any CodingKey]
    var count: Int { node.count }

    private var next: [any CodingKey] { codingPath + [AnyCodingKey(intValue: count)] }

    func encodeNil() throws { node.element().set(.null) }

    func encode<T: Encodable>(_ value: T) throws {
        let path = next
        try node.element().encode(value, path: path)
    }

    func nestedContainer<Nested: CodingKey>(keyedBy type: Nested.Type) -> KeyedEncodingContainer<Nested> {
        let path = next
        return NodeEncoder(node: node.element(), codingPath: path).container(keyedBy: type)
    }

    func nestedUnkeyedContainer() -> any UnkeyedEncodingContainer {
        let path = next
        return NodeEncoder(node: node.element(), codingPath: path).unkeyedContainer()
    }

    func superEncoder() -> any Encoder {
        let path = next
        return NodeEncoder(node: node.element(), codingPath: path)
    }
}
