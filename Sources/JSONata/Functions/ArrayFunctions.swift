import JSON

/// `$append $reverse $sort $shuffle $distinct $zip`
enum ArrayFunctions {
    static let all = [
        Builtin("append", "<xx:a>", arity: 2) { (call, arguments) throws(Failure) in
            try append(arguments.at(0), arguments.at(1), call.run)
        },
        Builtin("reverse", "<a:a>", arity: 1) { (_, arguments) throws(Failure) in
            guard let items = arguments.at(0).items, items.count > 1 else { return arguments.at(0) }
            return .list(List(items.values.reversed()))
        },
        Builtin("sort", "<af?:a>", arity: 2) { (call, arguments) throws(Failure) in
            try sort(call, arguments.at(0), arguments.at(1))
        },
        Builtin("shuffle", "<a:a>", arity: 1) { (call, arguments) throws(Failure) in
            guard let items = arguments.at(0).items, items.count > 1 else { return arguments.at(0) }
            // Inside-out, as jsonata-js.
            var result = items.values
            for index in result.indices {
                let other = min(index, Int(call.run.random.nextDouble() * Double(index + 1)))
                result[index] = result[other]
                result[other] = items[index]
            }
            return .list(List(result))
        },
        Builtin("distinct", "<x:x>", arity: 1) { (call, arguments) throws(Failure) in
            try distinct(arguments.at(0), call.run)
        },
        Builtin("zip", "<a+>", arity: 0) { (call, arguments) throws(Failure) in
            let arrays = arguments.map { $0.items ?? .list([]) }
            var result: [Value] = []
            for index in 0..<(arrays.map(\.count).min() ?? 0) {
                try call.run.tick()
                result.append(.list(List(arrays.map { $0[index] })))
            }
            return try call.run.bounded(.list(List(result)))
        },
    ]

    /// One array of both; what is no array counts as one of a single value.
    static func append(_ first: Value, _ second: Value, _ run: Run) throws(Failure) -> Value {
        if first.isUndefined { return second }
        if second.isUndefined { return first }
        var items = first.itemsOrSelf.values
        let more = second.itemsOrSelf
        try run.allocate((items.count + more.count) * 8)
        items.reserveCapacity(items.count + more.count)
        for index in 0..<more.count { items.append(more[index]) }
        return try run.bounded(.list(List(items)))
    }

    private static func sort(_ call: Call, _ array: Value, _ comparator: Value) throws(Failure) -> Value {
        guard let items = array.items, items.count > 1 else { return array }
        let order: [Int]
        if case .function(let function) = comparator {
            order = try MergeSort.order(items.count) { (a, b) throws(Failure) in
                try call.run.tick()
                let answer = try Application.call(
                    function, items[a], items[b], .undefined, arity: max(2, min(function.arity, 2)), call)
                if answer.isFunction { return true }
                return try Truth.isTrue(answer)
            }
        } else if items.allSatisfy(.number) {
            var numbers: [Double] = []
            for index in 0..<items.count {
                let number = items[index].number ?? 0
                if number.isInfinite { throw Failure("D1001", value: items[index]) }
                numbers.append(number)
            }
            order = try MergeSort.order(items.count) { (a, b) throws(Failure) in numbers[a] > numbers[b] }
        } else if items.allSatisfy(.string) {
            order = try MergeSort.order(items.count) { (a, b) throws(Failure) in
                TextOrder.compare(items[a].string ?? "", items[b].string ?? "") > 0
            }
        } else {
            throw Failure("D3070", index: 1)
        }
        return .list(List(order.map { items[$0] }))
    }

    private static func distinct(_ value: Value, _ run: Run) throws(Failure) -> Value {
        guard let items = value.items?.values, items.count > 1 else { return value }
        if let texts = distinctTexts(items) { return .list(List(flat: texts, value.isSequence ? .sequence : [])) }
        var seen: Set<DistinctKey> = []
        var result: [Value] = []
        for item in items {
            try run.tick()
            // A few values are looked through faster than hashed.
            if result.count <= 8 {
                if result.contains(where: { Equality.isEqual($0, item) }) { continue }
                result.append(item)
                if result.count == 9 { for value in result { seen.insert(DistinctKey(value: value)) } }
            } else if seen.insert(DistinctKey(value: item)).inserted {
                result.append(item)
            }
        }
        return .list(List(result, value.isSequence ? .sequence : []))
    }
}

extension ArrayFunctions {
    /// For strings alone; nil: there are others.
    fileprivate static func distinctTexts(_ items: [Value]) -> [Value]? {
        var few: [String] = []
        var many: Set<TextKey> = []
        var result: [Value] = []
        for item in items {
            guard case .json(.string(let text)) = item else { return nil }
            if result.count <= 8 {
                if few.contains(where: { $0 == text && $0.isSameText(as: text) }) { continue }
                few.append(text)
                if few.count == 9 { many = Set(few.map { TextKey($0) }) }
            } else if !many.insert(TextKey(text)).inserted {
                continue
            }
            result.append(item)
        }
        return result
    }
}

/// A value as a member of a set, by deep equality.
private struct DistinctKey: Hashable {
    let value: Value

    static func == (left: DistinctKey, right: DistinctKey) -> Bool { Equality.isEqual(left.value, right.value) }

    func hash(into hasher: inout Hasher) { Self.hash(value, &hasher) }

    private static func hash(_ value: Value, _ hasher: inout Hasher) {
        switch value {
        case .json(.null): hasher.combine(1)
        case .json(.bool(let flag)): hasher.combine(flag)
        case .json(.string(let text)):
            var text = text
            text.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
        case .json(.integer), .json(.double), .json(.decimal): hasher.combine(value.number)
        case .json(.array), .list, .tuples:
            let items = value.itemsOrSelf
            hasher.combine(items.count)
            for index in 0..<items.count { hash(items[index], &hasher) }
        case .json(.object(let object)):
            // Without regard to the order of members.
            hasher.combine(object.count)
        case .object(let object): hasher.combine(object.keys.count)
        case .undefined, .unbound, .tailCall, .function: hasher.combine(0)
        }
    }
}
