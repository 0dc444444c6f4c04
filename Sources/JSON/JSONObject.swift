/// The members of a JSON object in their order: the keys (shared between objects of one shape) and the values.
public struct JSONObject: Sendable {
    var shape: JSONShape
    public private(set) var values: [JSONValue]

    public init() {
        shape = .empty
        values = []
    }

    /// The last of several equal keys wins, in the place of the first.
    public init(_ members: some Sequence<(String, JSONValue)>) {
        self.init()
        for (key, value) in members { self[key] = value }
    }

    /// The keys must be the shape's, one value each.
    package init(shape: JSONShape, values: [JSONValue]) {
        precondition(shape.keys.count == values.count)
        self.shape = shape
        self.values = values
    }

    public var keys: [String] { shape.keys }
    public var count: Int { values.count }
    public var isEmpty: Bool { values.isEmpty }

    /// Objects with the same keys in the same order often share this: use it with `===` to keep an index found once.
    public var keysIdentity: AnyObject { shape }

    public func index(of key: String) -> Int? { shape.index(of: key) }

    public subscript(key: String) -> JSONValue? {
        get {
            guard let index = shape.index(of: key) else { return nil }
            return values[index]
        }
        set {
            switch (shape.index(of: key), newValue) {
            case (let index?, let value?): values[index] = value
            case (let index?, nil):
                shape = shape.removing(at: index)
                values.remove(at: index)
            case (nil, let value?):
                if isKnownUniquelyReferenced(&shape) {
                    shape.append(key)
                } else {
                    shape = shape.appending(key)
                }
                values.append(value)
            case (nil, nil): break
            }
        }
    }

    /// Replaces every value, keys kept.
    public func mapValues<E>(_ transform: (JSONValue) throws(E) -> JSONValue) throws(E) -> JSONObject {
        var result = [JSONValue]()
        result.reserveCapacity(values.count)
        for value in values { result.append(try transform(value)) }
        return JSONObject(shape: shape, values: result)
    }
}

extension JSONObject: RandomAccessCollection {
    public var startIndex: Int { 0 }
    public var endIndex: Int { values.count }
    public subscript(position: Int) -> (key: String, value: JSONValue) { (shape.keys[position], values[position]) }
}

extension JSONObject: Equatable {
    /// Order does not count.
    public static func == (left: JSONObject, right: JSONObject) -> Bool {
        if left.shape === right.shape { return left.values == right.values }
        guard left.count == right.count else { return false }
        for (key, value) in left {
            guard let other = right[key], other == value else { return false }
        }
        return true
    }
}

/// The keys of objects that look alike. Written only while one object owns it (`isKnownUniquelyReferenced`),
/// which is what makes sharing it between threads safe.
package final class JSONShape: @unchecked Sendable {
    package private(set) var keys: [String]
    /// Built when there are more keys than a linear search likes; measured in shared/spec/swift-facts.md section 5.
    private var positions: [KeyText: Int]?
    private static let linearLimit = 24

    package static let empty = JSONShape([])

    package init(_ keys: [String]) {
        self.keys = keys
        if keys.count > Self.linearLimit { buildPositions() }
    }

    func index(of key: String) -> Int? {
        if let positions { return positions[KeyText(key)] }
        var index = 0
        while index < keys.count {
            if keys[index].isSameText(as: key) { return index }
            index += 1
        }
        return nil
    }

    func append(_ key: String) {
        keys.append(key)
        if positions != nil {
            positions?[KeyText(key)] = keys.count - 1
        } else if keys.count > Self.linearLimit {
            buildPositions()
        }
    }

    func appending(_ key: String) -> JSONShape { JSONShape(keys + [key]) }

    func removing(at index: Int) -> JSONShape {
        var rest = keys
        rest.remove(at: index)
        return JSONShape(rest)
    }

    private func buildPositions() {
        var result = [KeyText: Int](minimumCapacity: keys.count * 2)
        for (index, key) in keys.enumerated() { result[KeyText(key)] = index }
        positions = result
    }
}

/// A dictionary key that is compared by code points.
struct KeyText: Hashable {
    let text: String
    init(_ text: String) { self.text = text }

    static func == (left: KeyText, right: KeyText) -> Bool { left.text.isSameText(as: right.text) }

    func hash(into hasher: inout Hasher) {
        var copy = text
        copy.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
    }
}
