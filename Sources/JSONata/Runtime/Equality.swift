import JSON

/// `Boolean` as jsonata-js casts it.
enum Truth {
    /// Undefined counts as false.
    @inline(__always)
    static func isTrue(_ value: Value) throws(Failure) -> Bool {
        if case .json(.bool(let flag)) = value { return flag }
        return try cast(value)
    }

    private static func cast(_ value: Value) throws(Failure) -> Bool {
        switch value {
        case .undefined, .unbound, .tailCall: return false
        case .function(let function): return function.isObject
        case .object(let object): return !object.keys.isEmpty
        case .list, .tuples:
            guard let items = value.items else { return false }
            if items.count == 1 { return try cast(items[0]) }
            for index in 0..<items.count where try cast(items[index]) { return true }
            return false
        case .json(let json): return try cast(json)
        }
    }

    private static func cast(_ json: JSONValue) throws(Failure) -> Bool {
        switch json {
        case .null: return false
        case .bool(let flag): return flag
        case .integer(let integer): return integer != 0
        case .double(let double):
            if double.isInfinite { throw Failure("D1001", value: .json(json)) }
            return double != 0 && !double.isNaN
        case .decimal(let text): return (Double(text) ?? 0) != 0
        case .string(let text): return !text.isEmpty
        case .object(let object): return !object.isEmpty
        case .array(let array):
            if array.count == 1 { return try cast(array[0]) }
            for item in array where try cast(item) { return true }
            return false
        }
    }
}

/// Deep equality, and JavaScript's `===`.
enum Equality {
    static func isEqual(_ left: Value, _ right: Value) -> Bool {
        if case .json(let a) = left, case .json(let b) = right {
            if case .string(let x) = a, case .string(let y) = b {
                return x.utf8.count == y.utf8.count && x.isSameText(as: y)
            }
            return a == b
        }
        if let a = left.items, let b = right.items {
            guard a.count == b.count else { return false }
            for index in 0..<a.count where !isEqual(a[index], b[index]) { return false }
            return true
        }
        switch (left, right) {
        case (.function(let a), .function(let b)): return a.unwrapped === b.unwrapped
        case (.object(let a), .object(let b)):
            if a === b { return true }
            guard a.keys.count == b.keys.count else { return false }
            for (index, key) in a.keys.enumerated() {
                guard let other = b.index(of: key), isEqual(a.values[index], b.values[other]) else { return false }
            }
            return true
        case (.object(let a), .json(.object(let b))): return isEqual(a, b)
        case (.json(.object(let a)), .object(let b)): return isEqual(b, a)
        case (.undefined, .undefined): return true
        default: return false
        }
    }

    private static func isEqual(_ a: ObjectRef, _ b: JSONObject) -> Bool {
        guard a.keys.count == b.count else { return false }
        for (index, key) in a.keys.enumerated() {
            guard let other = b[key], isEqual(a.values[index], .json(other)) else { return false }
        }
        return true
    }

    /// `===`: containers are the same only if they share their storage.
    static func isIdentical(_ left: Value, _ right: Value) -> Bool {
        switch (left, right) {
        case (.list(let a), .list(let b)): a === b
        case (.object(let a), .object(let b)): a === b
        case (.function(let a), .function(let b)): a.unwrapped === b.unwrapped
        case (.json(.array(let a)), .json(.array(let b))): !a.isEmpty && hasSameStorage(a, b)
        case (.json(.object(let a)), .json(.object(let b))): !a.isEmpty && hasSameStorage(a.values, b.values)
        case (.json(.array), _), (.json(.object), _), (_, .json(.array)), (_, .json(.object)): false
        case (.json(let a), .json(let b)): a == b
        default: false
        }
    }

    private static func hasSameStorage(_ a: [JSONValue], _ b: [JSONValue]) -> Bool {
        a.withUnsafeBufferPointer { first in b.withUnsafeBufferPointer { $0.baseAddress == first.baseAddress } }
    }
}

/// The order of UTF-16 code units, in which JavaScript and Java compare strings.
enum TextOrder {
    /// Negative, zero or positive.
    static func compare(_ left: String, _ right: String) -> Int {
        var left = left
        var right = right
        return left.withUTF8 { a in
            right.withUTF8 { b in
                let count = min(a.count, b.count)
                var index = 0
                while index < count, a[index] == b[index] { index += 1 }
                if index == count { return a.count - b.count }
                let (x, y) = (a[index], b[index])
                // Surrogates (scalars of four bytes) come before U+E000 to U+FFFF in UTF-16, after them in UTF-8.
                if x >= 0xF0, y == 0xEE || y == 0xEF { return -1 }
                if y >= 0xF0, x == 0xEE || x == 0xEF { return 1 }
                return Int(x) - Int(y)
            }
        }
    }
}
