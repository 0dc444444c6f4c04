/// A JSON value: ordered, lossless, cheap to copy.
///
/// Numbers keep what the text said: an integer that fits 64 bits is `integer`, any other number
/// whose shortest spelling a `Double` keeps is `double`, and the rest (19 digits and more, 1e400)
/// is `decimal`, the text itself, so that reading and writing never changes a number.
public enum JSONValue: Sendable {
    case null
    case bool(Bool)
    case integer(Int64)
    case double(Double)
    /// The text of a number that neither `Int64` nor `Double` holds exactly.
    case decimal(String)
    case string(String)
    case array([JSONValue])
    case object(JSONObject)
}

extension JSONValue {
    /// The member of an object, or nil.
    public subscript(key: String) -> JSONValue? {
        guard case .object(let object) = self else { return nil }
        return object[key]
    }

    /// The element of an array, or nil.
    public subscript(index: Int) -> JSONValue? {
        guard case .array(let array) = self, array.indices.contains(index) else { return nil }
        return array[index]
    }

    public var string: String? {
        guard case .string(let text) = self else { return nil }
        return text
    }

    public var bool: Bool? {
        guard case .bool(let flag) = self else { return nil }
        return flag
    }

    public var array: [JSONValue]? {
        guard case .array(let array) = self else { return nil }
        return array
    }

    public var object: JSONObject? {
        guard case .object(let object) = self else { return nil }
        return object
    }

    public var isNull: Bool {
        guard case .null = self else { return false }
        return true
    }

    /// Any number as a `Double` (a `decimal` is rounded, and may become infinite), else nil.
    public var number: Double? {
        switch self {
        case .integer(let integer): Double(integer)
        case .double(let double): double
        case .decimal(let text): Double(text)
        default: nil
        }
    }

    /// A number without a fraction that fits 64 bits (`3`, `3.0`), else nil.
    public var wholeNumber: Int64? {
        switch self {
        case .integer(let integer): integer
        case .double(let double): Int64(exactly: double)
        case .decimal(let text): Double(text).flatMap(Int64.init(exactly:))
        default: nil
        }
    }

    public var isNumber: Bool {
        switch self {
        case .integer, .double, .decimal: true
        default: false
        }
    }

    /// The type's name as JSON Schema and JSONata say it.
    public var typeName: String {
        switch self {
        case .null: "null"
        case .bool: "boolean"
        case .integer, .double, .decimal: "number"
        case .string: "string"
        case .array: "array"
        case .object: "object"
        }
    }

    /// An integer where the double has no fraction and is exact, else the double.
    /// Non-finite doubles stay what they are; a writer must not meet them.
    public static func normalized(_ double: Double) -> JSONValue {
        if let integer = Int64(exactly: double), abs(double) <= 9_007_199_254_740_992 { return .integer(integer) }
        return .double(double)
    }
}

/// Deep equality: numbers by value, strings by code points, objects without regard to order.
extension JSONValue: Equatable {
    public static func == (left: JSONValue, right: JSONValue) -> Bool {
        switch (left, right) {
        case (.null, .null): return true
        case (.bool(let a), .bool(let b)): return a == b
        case (.integer(let a), .integer(let b)): return a == b
        case (.double(let a), .double(let b)): return a == b
        case (.string(let a), .string(let b)): return a.isSameText(as: b)
        case (.array(let a), .array(let b)): return a == b
        case (.object(let a), .object(let b)): return a == b
        case (.decimal(let a), .decimal(let b)) where a == b: return true
        default:
            guard left.isNumber, right.isNumber, let a = left.number, let b = right.number else { return false }
            return a == b
        }
    }
}

extension String {
    /// Equality of code points. Swift's `==` says that "é" in one and in two code points are equal;
    /// JSON says they are not.
    @inlinable
    public func isSameText(as other: String) -> Bool {
        var left = self
        var right = other
        return left.withUTF8 { a in
            right.withUTF8 { b in
                a.count == b.count && a.elementsEqual(b)
            }
        }
    }
}

extension JSONValue: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral,
    ExpressibleByBooleanLiteral, ExpressibleByNilLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
    public init(stringLiteral value: String) { self = .string(value) }
    public init(integerLiteral value: Int64) { self = .integer(value) }
    public init(floatLiteral value: Double) { self = .double(value) }
    public init(booleanLiteral value: Bool) { self = .bool(value) }
    public init(nilLiteral: ()) { self = .null }
    public init(arrayLiteral elements: JSONValue...) { self = .array(elements) }
    public init(dictionaryLiteral elements: (String, JSONValue)...) { self = .object(JSONObject(elements)) }
}
