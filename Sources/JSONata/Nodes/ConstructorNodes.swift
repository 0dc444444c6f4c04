import JSON

/// `[ … ]`
final class ArrayNode: Node {
    private let items: [(node: NodeRef<Node>, isArray: Bool)]
    private let isConstructed: Bool

    init(_ items: [(node: Node, isArray: Bool)], isConstructed: Bool) {
        self.items = items.map { (NodeRef($0.node), $0.isArray) }
        self.isConstructed = isConstructed
    }

    override var isConstant: Bool { items.allSatisfy { $0.node.node.isConstant } }

    override func evaluate(_ input: Value, _ frame: Frame, _ run: Run) throws(Failure) -> Value {
        try run.enter()
        var values: [Value] = []
        var isShallow = true
        for item in items {
            let value = try item.node.node.evaluate(input, frame, run)
            switch value {
            case .undefined: continue
            case .json(.array), .list, .tuples:
                isShallow = false
                if item.isArray {
                    values.append(value)
                } else if values.isEmpty, let elements = value.items {
                    // The usual case, `[1..n]` or `[path]`: its elements as they are.
                    values = elements.values
                } else if let elements = value.items {
                    try run.allocate(elements.count * 8)
                    for index in 0..<elements.count { values.append(elements[index]) }
                }
            case .json(.object), .object, .function:
                isShallow = false
                values.append(value)
            default: values.append(value)
            }
        }
        run.leave()
        let flags: List.Flags = isConstructed ? .constructed : []
        if isShallow { return .list(List(flat: values, flags)) }
        return try run.bounded(.list(List(values, flags)))
    }
}

/// `{ key: value, … }`, alone or as a grouping of what comes before it.
final class ObjectNode: Node {
    private let pairs: [(key: NodeRef<Node>, value: NodeRef<Node>)]
    private let position: Int
    /// All keys are different literals: no grouping can happen for a single item.
    private let literalKeys: [String]?
    private let shape: JSONShape?

    init(_ pairs: [(key: Node, value: Node)], position: Int) {
        self.pairs = pairs.map { (NodeRef($0.key), NodeRef($0.value)) }
        self.position = position
        var keys: [String] = []
        for pair in pairs {
            guard let literal = pair.key as? LiteralNode, let key = literal.value.string,
                !keys.contains(where: { $0.isSameText(as: key) })
            else { break }
            keys.append(key)
        }
        literalKeys = keys.count == pairs.count ? keys : nil
        shape = literalKeys.map { JSONShape($0) }
    }

    override func evaluate(_ input: Value, _ frame: Frame, _ run: Run) throws(Failure) -> Value {
        try run.enter()
        let result = try group(input, frame, run)
        run.leave()
        return result
    }

    /// The object for what a path or an expression gave: items with the same key share a member.
    func group(_ input: Value, _ frame: Frame, _ run: Run) throws(Failure) -> Value {
        if case .tuples(let stream) = input { return try group(stream, frame, run) }
        guard let items = input.items else { return try single(input, frame, run) }
        switch items.count {
        case 0: return try single(.undefined, frame, run)
        case 1: return try single(items[0], frame, run)
        default: return try many(items, frame, run)
        }
    }

    private func single(_ item: Value, _ frame: Frame, _ run: Run) throws(Failure) -> Value {
        if let literalKeys, let shape { return try literal(item, literalKeys, shape, frame, run) }
        return try many(.list([item]), frame, run)
    }

    /// `{"a": …}` on one item: no key needs to be looked at.
    private func literal(
        _ item: Value, _ keys: [String], _ shape: JSONShape, _ frame: Frame, _ run: Run
    ) throws(Failure) -> Value {
        var values: [JSONValue] = []
        values.reserveCapacity(pairs.count)
        for (index, pair) in pairs.enumerated() {
            let value = try pair.value.node.evaluate(item, frame, run)
            if case .json(let json) = value, json.isFlat {
                values.append(json)
                continue
            }
            return try literalRest(item, keys, values, index, value, frame, run)
        }
        return .json(.object(JSONObject(shape: shape, values: values)))
    }

    private func literalRest(
        _ item: Value, _ keys: [String], _ done: [JSONValue], _ start: Int, _ first: Value, _ frame: Frame, _ run: Run
    ) throws(Failure) -> Value {
        let object = ObjectRef()
        for (index, value) in done.enumerated() { object.set(keys[index], .json(value)) }
        if !first.isUndefined { object.set(keys[start], first) }
        for index in start + 1..<pairs.count {
            let value = try pairs[index].value.node.evaluate(item, frame, run)
            if !value.isUndefined { object.set(keys[index], value) }
        }
        return try run.bounded(object.value)
    }

    // MARK: Groups

    private final class Group {
        let pair: Int
        var items: [Value]
        var tuples: [Tuple] = []
        init(pair: Int, items: [Value]) {
            self.pair = pair
            self.items = items
        }
    }

    private func key(_ index: Int, _ item: Value, _ frame: Frame, _ run: Run) throws(Failure) -> String? {
        let key = try pairs[index].key.node.evaluate(item, frame, run)
        if case .json(.string(let text)) = key { return text }
        if key.isUndefined { return nil }
        throw Failure("T1003", position: position, value: key)
    }

    private func many(_ items: Items, _ frame: Frame, _ run: Run) throws(Failure) -> Value {
        var order: [String] = []
        var groups: [TextKey: Group] = [:]
        for index in 0..<items.count {
            let item = items[index]
            try run.tick()
            for pair in pairs.indices {
                guard let key = try key(pair, item, frame, run) else { continue }
                if let group = groups[TextKey(key)] {
                    if group.pair != pair { throw Failure("D1009", position: position, value: .text(key)) }
                    // As `append`: an array of the input joins with its elements.
                    if group.items.count == 1, let elements = group.items[0].items { group.items = elements.values }
                    if let elements = item.items {
                        group.items += elements.values
                    } else {
                        group.items.append(item)
                    }
                } else {
                    order.append(key)
                    groups[TextKey(key)] = Group(pair: pair, items: [item])
                }
            }
        }
        let object = ObjectRef()
        for key in order {
            guard let group = groups[TextKey(key)] else { continue }
            // jsonata-js's `append` keeps no sequence mark; a group of one is the item itself.
            let context: Value = group.items.count == 1 ? group.items[0] : .list(List(group.items))
            let value = try pairs[group.pair].value.node.evaluate(context, frame, run)
            if !value.isUndefined { object.set(key, value) }
        }
        return try run.bounded(object.value)
    }

    private func group(_ stream: TupleStream, _ frame: Frame, _ run: Run) throws(Failure) -> Value {
        var order: [String] = []
        var groups: [TextKey: Group] = [:]
        for tuple in stream.tuples {
            let inner = Frame(tuple: tuple, parent: frame)
            for pair in pairs.indices {
                guard let key = try key(pair, tuple.value, inner, run) else { continue }
                if let group = groups[TextKey(key)] {
                    if group.pair != pair { throw Failure("D1009", position: position, value: .text(key)) }
                    group.tuples.append(tuple)
                } else {
                    order.append(key)
                    let group = Group(pair: pair, items: [])
                    group.tuples = [tuple]
                    groups[TextKey(key)] = group
                }
            }
        }
        let object = ObjectRef()
        for key in order {
            guard let group = groups[TextKey(key)] else { continue }
            let merged = Self.merge(group.tuples)
            let inner = Frame(tuple: merged, parent: frame)
            let value = try pairs[group.pair].value.node.evaluate(merged.value, inner, run)
            if !value.isUndefined { object.set(key, value) }
        }
        return try run.bounded(object.value)
    }

    /// One tuple for a group: every variable holds the values of all.
    private static func merge(_ tuples: [Tuple]) -> Tuple {
        guard tuples.count > 1 else { return tuples[0] }
        let result = Tuple(tuples[0].value, tuples[0].variables)
        var values = Gathering(result.value)
        var variables: [(name: String, gathering: Gathering)] = result.variables.map { ($0.name, Gathering($0.value)) }
        for tuple in tuples.dropFirst() {
            values.append(tuple.value)
            for variable in tuple.variables {
                if let index = variables.firstIndex(where: { $0.name == variable.name }) {
                    variables[index].gathering.append(variable.value)
                } else {
                    variables.append((variable.name, Gathering(variable.value)))
                }
            }
        }
        return Tuple(values.value, variables.map { ($0.name, $0.gathering.value) })
    }

    /// `append` again and again, without copying each time.
    private struct Gathering {
        private var single: Value
        private var items: [Value]?

        init(_ value: Value) { single = value }

        mutating func append(_ value: Value) {
            if case .undefined = value { return }
            if items == nil, case .undefined = single {
                single = value
                return
            }
            var list = items ?? single.itemsOrSelf.values
            items = nil
            if let more = value.items {
                list += more.values
            } else {
                list.append(value)
            }
            items = list
        }

        var value: Value { items.map { .list(List($0)) } ?? single }
    }
}

extension ObjectRef {
    /// This as a value: plain JSON if no member is a container, so that nesting stays countable.
    var value: Value {
        var plain: [JSONValue] = []
        plain.reserveCapacity(values.count)
        for value in values {
            guard case .json(let json) = value, json.isFlat else { return .object(self) }
            plain.append(json)
        }
        return .json(.object(JSONObject(shape: JSONShape(keys), values: plain)))
    }
}

extension JSONValue {
    /// Neither a filled array nor a filled object.
    @inline(__always)
    var isFlat: Bool {
        switch self {
        case .array(let array): array.isEmpty
        case .object(let object): object.isEmpty
        default: true
        }
    }
}
