import JSON

/// A value while an expression runs. What comes from the input stays a `JSONValue`, untouched and not copied;
/// arrays and objects that the expression makes and that hold more than plain values are `list` and `object`.
enum Value {
    case undefined
    case json(JSONValue)
    case list(List)
    case object(ObjectRef)
    case function(Function)
    /// A stream of tuples: values that carry variables of `@`, `#` and `%`.
    case tuples(TupleStream)
    /// A call in tail position that the caller has to make (`Run.tail`).
    case tailCall
    /// A variable's slot that nothing was assigned to.
    case unbound
}

/// An array made by the expression.
final class List {
    struct Flags: OptionSet {
        let rawValue: UInt8
        /// A result sequence: one value alone stands for itself, none for nothing.
        static let sequence = Flags(rawValue: 1)
        /// A sequence that stays an array even with one value.
        static let keepSingleton = Flags(rawValue: 2)
        /// An array constructor that a path must not flatten.
        static let constructed = Flags(rawValue: 4)
        /// The sequence around an input that is an array.
        static let outerWrapper = Flags(rawValue: 8)
    }

    private(set) var items: [Value]
    var flags: Flags
    /// How deep the lists and objects below nest, this one included.
    private(set) var depth: Int32 = 1

    init(_ items: [Value], _ flags: Flags = []) {
        self.items = items
        self.flags = flags
        for item in items { deepen(item) }
    }

    /// Items that hold no list or object made by the expression.
    init(flat items: [Value], _ flags: Flags) {
        self.items = items
        self.flags = flags
    }

    func append(_ value: Value) {
        deepen(value)
        items.append(value)
    }

    func replace(at index: Int, with value: Value) {
        deepen(value)
        items[index] = value
    }

    @inline(__always)
    private func deepen(_ value: Value) {
        switch value {
        case .list(let list): if list.depth >= depth { depth = list.depth + 1 }
        case .object(let object): if object.depth >= depth { depth = object.depth + 1 }
        default: break
        }
    }
}

/// An object made by the expression that holds lists, objects or functions, or the part of a copy that a transform changes.
final class ObjectRef {
    private(set) var keys: [String] = []
    private(set) var values: [Value] = []
    private(set) var depth: Int32 = 1
    private var positions: [TextKey: Int]?
    /// Members that are still the input's are made changeable when they are looked up.
    var isCopy = false

    init() {}

    init(copying object: JSONObject) {
        isCopy = true
        keys = object.keys
        values = object.values.map { .json($0) }
        if keys.count > 16 { indexKeys() }
    }

    private func indexKeys() {
        var result = [TextKey: Int](minimumCapacity: keys.count * 2)
        for (index, key) in keys.enumerated() { result[TextKey(key)] = index }
        positions = result
    }

    func index(of key: String) -> Int? {
        if let positions { return positions[TextKey(key)] }
        var index = 0
        while index < keys.count {
            if keys[index].isSameText(as: key) { return index }
            index += 1
        }
        return nil
    }

    func set(_ key: String, _ value: Value) {
        switch value {
        case .list(let list): if list.depth >= depth { depth = list.depth + 1 }
        case .object(let object): if object.depth >= depth { depth = object.depth + 1 }
        default: break
        }
        if let index = index(of: key) {
            values[index] = value
            return
        }
        keys.append(key)
        values.append(value)
        if positions != nil {
            positions?[TextKey(key)] = keys.count - 1
        } else if keys.count > 16 {
            indexKeys()
        }
    }

    func remove(_ key: String) {
        guard let index = index(of: key) else { return }
        keys.remove(at: index)
        values.remove(at: index)
        if positions != nil { indexKeys() }
    }

    func get(_ key: String) -> Value {
        guard let index = index(of: key) else { return .undefined }
        return value(at: index)
    }

    /// The member; in a copy, containers become changeable on the way.
    func value(at index: Int) -> Value {
        guard isCopy, case .json(let json) = values[index] else { return values[index] }
        let changeable = Value.changeable(json)
        values[index] = changeable
        return changeable
    }
}

/// A dictionary key that is compared by code points.
struct TextKey: Hashable {
    let text: String
    init(_ text: String) { self.text = text }

    static func == (left: TextKey, right: TextKey) -> Bool { left.text.isSameText(as: right.text) }

    func hash(into hasher: inout Hasher) {
        var copy = text
        copy.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
    }
}

extension Value {
    /// A container of the input as something that can be changed in place; its members follow when looked up.
    static func changeable(_ json: JSONValue) -> Value {
        switch json {
        case .object(let object): .object(ObjectRef(copying: object))
        case .array(let array): .list(List(array.map { changeable($0) }))
        default: .json(json)
        }
    }

    @inline(__always)
    static func text(_ text: String) -> Value { .json(.string(text)) }

    @inline(__always)
    static func bool(_ flag: Bool) -> Value { .json(.bool(flag)) }

    @inline(__always)
    static func integer(_ integer: Int) -> Value { .json(.integer(Int64(integer))) }

    /// A number as JSON keeps it: an integer where it is one.
    @inline(__always)
    static func number(_ double: Double) -> Value {
        // 2^53: beyond, a double that is whole says nothing about its last digits.
        if double >= -9_007_199_254_740_992, double <= 9_007_199_254_740_992 {
            let whole = Int64(double)
            if Double(whole) == double { return .json(.integer(whole)) }
        }
        return .json(.double(double))
    }

    static var emptySequence: Value { .list(List(flat: [], .sequence)) }

    static func sequence(_ items: [Value]) -> Value { .list(List(items, .sequence)) }

    @inline(__always)
    var isUndefined: Bool {
        switch self {
        case .undefined: true
        default: false
        }
    }

    @inline(__always)
    var isArray: Bool {
        switch self {
        case .list, .json(.array): true
        default: false
        }
    }

    var isFunction: Bool {
        if case .function = self { return true }
        return false
    }

    @inline(__always)
    var string: String? {
        if case .json(.string(let text)) = self { return text }
        return nil
    }

    /// Any JSON number as a double; NaN and the infinities included.
    @inline(__always)
    var number: Double? {
        switch self {
        case .json(.integer(let integer)): return Double(integer)
        case .json(.double(let double)): return double
        case .json(.decimal(let text)): return Double(text)
        default: return nil
        }
    }

    /// The elements, if this is an array.
    @inline(__always)
    var items: Items? {
        switch self {
        case .list(let list): return .list(list.items)
        case .json(.array(let array)): return .json(array)
        case .tuples(let stream): return .list(stream.tuples.map(\.value))
        default: return nil
        }
    }

    /// The elements, or this value as the only one.
    var itemsOrSelf: Items { items ?? .list([self]) }

    var isSequence: Bool {
        if case .list(let list) = self { return list.flags.contains(.sequence) }
        return false
    }

    var isConstructed: Bool {
        if case .list(let list) = self { return list.flags.contains(.constructed) }
        return false
    }

    /// What an expression's end does to a sequence: none is nothing, one stands for itself.
    @inline(__always)
    func collapsed(keepArray: Bool = false) -> Value {
        guard case .list(let list) = self, list.flags.contains(.sequence) else { return self }
        if keepArray { list.flags.insert(.keepSingleton) }
        switch list.items.count {
        case 0: return .undefined
        case 1: return list.flags.contains(.keepSingleton) ? self : list.items[0]
        default: return self
        }
    }

    var depth: Int32 {
        switch self {
        case .list(let list): list.depth
        case .object(let object): object.depth
        default: 1
        }
    }
}

/// The elements of either kind of array.
enum Items {
    case json([JSONValue])
    case list([Value])

    @inline(__always)
    var count: Int {
        switch self {
        case .json(let array): array.count
        case .list(let list): list.count
        }
    }

    @inline(__always)
    subscript(index: Int) -> Value {
        switch self {
        case .json(let array): .json(array[index])
        case .list(let list): list[index]
        }
    }

    func allSatisfy(_ type: TypeSymbol?) -> Bool {
        switch self {
        case .json(let array): for item in array where TypeSymbol(item) != type { return false }
        case .list(let list): for item in list where TypeSymbol(item) != type { return false }
        }
        return true
    }

    var values: [Value] {
        switch self {
        case .json(let array):
            var result: [Value] = []
            result.reserveCapacity(array.count)
            for value in array { result.append(.json(value)) }
            return result
        case .list(let list): return list
        }
    }
}

/// A value of a tuple stream, with the variables bound on the way to it.
final class Tuple {
    var value: Value
    var variables: [(name: String, value: Value)]

    init(_ value: Value, _ variables: [(name: String, value: Value)] = []) {
        self.value = value
        self.variables = variables
    }

    func bind(_ name: String, _ value: Value) {
        if let index = variables.firstIndex(where: { $0.name == name }) {
            variables[index].value = value
        } else {
            variables.append((name, value))
        }
    }

    func lookup(_ name: String) -> Value? {
        for variable in variables where variable.name == name { return variable.value }
        return nil
    }
}

final class TupleStream {
    var tuples: [Tuple]
    init(_ tuples: [Tuple]) { self.tuples = tuples }
}
