import JSON

/// A name by itself: only as a step.
final class NameNode: Node {
    let name: String
    let cache: Int

    init(_ name: String, cache: Int) {
        self.name = name
        self.cache = cache
    }

    override func evaluate(_ input: Value, _ frame: Frame, _ run: Run) throws(Failure) -> Value {
        Lookup.member(name, of: input, cache: cache, run)
    }
}

/// `*`
final class WildcardNode: Node {
    override func evaluate(_ input: Value, _ frame: Frame, _ run: Run) throws(Failure) -> Value {
        var input = input
        if case .list(let list) = input, list.flags.contains(.outerWrapper), let first = list.items.first { input = first }
        var found: [Value] = []
        var flags: List.Flags = .sequence
        func add(_ value: Value) {
            if value.isArray {
                Self.flatten(value, &found)
                // As jsonata-js: what `append` returns is no sequence any more.
                flags = []
            } else {
                found.append(value)
            }
        }
        switch input {
        case .json(.object(let object)): for value in object.values { add(.json(value)) }
        case .object(let object): for index in object.keys.indices { add(object.value(at: index)) }
        case .json(.array), .list:
            let items = input.itemsOrSelf
            for index in 0..<items.count { add(items[index]) }
        case .function(let function): for value in Self.members(function) { add(value) }
        default: break
        }
        return finished(.list(List(found, flags)))
    }

    static func flatten(_ value: Value, _ found: inout [Value]) {
        switch value {
        case .json(.array(let array)): for item in array { flatten(.json(item), &found) }
        case .list(let list): for item in list.items { flatten(item, &found) }
        default: found.append(value)
        }
    }

    /// jsonata-js's functions are objects, and `$sum.*` shows it.
    private static func members(_ function: Function) -> [Value] {
        guard case .builtin(let builtin) = function.kind else { return [] }
        let definition = JSONObject([("definition", .string(builtin.signature?.text ?? ""))])
        return [.bool(true), .json(.null), .json(.object(definition))]
    }
}

/// `**`
final class DescendantNode: Node {
    override func evaluate(_ input: Value, _ frame: Frame, _ run: Run) throws(Failure) -> Value {
        if input.isUndefined { return .undefined }
        var found: [Value] = []
        try run.enter()
        try descend(input, &found, run)
        run.leave()
        if found.count == 1 { return found[0] }
        return finished(.list(List(found, .sequence)))
    }

    private func descend(_ value: Value, _ found: inout [Value], _ run: Run) throws(Failure) {
        switch value {
        case .json(let json): try descend(json, &found, run)
        case .list(let list): for item in list.items { try descend(item, &found, run) }
        case .object(let object):
            found.append(value)
            for index in object.keys.indices { try descend(object.value(at: index), &found, run) }
        default: found.append(value)
        }
    }

    private func descend(_ json: JSONValue, _ found: inout [Value], _ run: Run) throws(Failure) {
        switch json {
        case .array(let array): for item in array { try descend(item, &found, run) }
        case .object(let object):
            found.append(.json(json))
            for value in object.values { try descend(value, &found, run) }
        default:
            if found.count & 0xFFF == 0xFFF {
                try run.tick()
                try run.allocate(0x1000 * 8)
            }
            found.append(.json(json))
        }
    }
}

/// `^(…)`
final class SortNode: Node {
    private let terms: [(descending: Bool, node: NodeRef<Node>)]
    private let position: Int

    init(_ terms: [(descending: Bool, node: Node)], position: Int) {
        self.terms = terms.map { ($0.descending, NodeRef($0.node)) }
        self.position = position
    }

    func sorted(_ items: Items, _ frame: Frame, _ run: Run) throws(Failure) -> Value {
        guard items.count > 1 else {
            return .list(List(items.values, .sequence))
        }
        let order = try order(items.count, run) { (index, term) throws(Failure) in
            try term.node.evaluate(items[index], frame, run)
        }
        var sorted: [Value] = []
        sorted.reserveCapacity(order.count)
        for index in order { sorted.append(items[index]) }
        return .list(List(sorted))
    }

    func sorted(_ stream: TupleStream, _ frame: Frame, _ run: Run) throws(Failure) -> TupleStream {
        guard stream.tuples.count > 1 else { return stream }
        let order = try order(stream.tuples.count, run) { (index, term) throws(Failure) in
            let tuple = stream.tuples[index]
            let inner = Frame(tuple: tuple, parent: frame)
            return try term.node.evaluate(tuple.value, inner, run)
        }
        return TupleStream(order.map { stream.tuples[$0] })
    }

    /// The stable order. Every term is evaluated once for an item, later terms only where earlier ones tie.
    private func order(
        _ count: Int, _ run: Run, _ evaluate: (Int, NodeRef<Node>) throws(Failure) -> Value
    ) throws(Failure) -> [Int] {
        if terms.count == 1, let order = try quickOrder(count, run, evaluate) { return order }
        var keys = [[Value?]](repeating: [Value?](repeating: nil, count: count), count: terms.count)
        func key(_ term: Int, _ index: Int) throws(Failure) -> Value {
            if let key = keys[term][index] { return key }
            let key = try evaluate(index, terms[term].node)
            keys[term][index] = key
            return key
        }
        return try MergeSort.order(count) { (a, b) throws(Failure) in
            try run.tick()
            for (number, term) in self.terms.enumerated() {
                let left = try key(number, a)
                let right = try key(number, b)
                let comparison = try self.compare(left, right)
                if comparison.order == 0 { continue }
                if comparison.isFixed { return comparison.order > 0 }
                return term.descending ? comparison.order < 0 : comparison.order > 0
            }
            return false
        }
    }

    /// One term whose keys are all numbers or all strings.
    private func quickOrder(
        _ count: Int, _ run: Run, _ evaluate: (Int, NodeRef<Node>) throws(Failure) -> Value
    ) throws(Failure) -> [Int]? {
        var numbers: [Double] = []
        var texts: [String] = []
        numbers.reserveCapacity(count)
        for index in 0..<count {
            try run.tick()
            switch try evaluate(index, terms[0].node) {
            case .json(.integer(let integer)) where integer.magnitude < 1 << 53: numbers.append(Double(integer))
            case .json(.double(let double)) where !double.isNaN: numbers.append(double)
            case .json(.string(let text)): texts.append(text)
            default: return nil
            }
            if !numbers.isEmpty, !texts.isEmpty { return nil }
        }
        let isDescending = terms[0].descending
        if texts.isEmpty {
            return try MergeSort.order(count) { (a, b) throws(Failure) in
                isDescending ? numbers[a] < numbers[b] : numbers[a] > numbers[b]
            }
        }
        return try MergeSort.order(count) { (a, b) throws(Failure) in
            let order = TextOrder.compare(texts[a], texts[b])
            return isDescending ? order < 0 : order > 0
        }
    }

    /// `isFixed`: undefined sorts last, whatever the direction.
    private func compare(_ left: Value, _ right: Value) throws(Failure) -> (order: Int, isFixed: Bool) {
        switch (left, right) {
        case (.json(.integer(let a)), .json(.integer(let b))): return (a == b ? 0 : a < b ? -1 : 1, false)
        case (.json(.string(let a)), .json(.string(let b))): return (TextOrder.compare(a, b), false)
        case (.undefined, .undefined): return (0, true)
        case (.undefined, _): return (1, true)
        case (_, .undefined): return (-1, true)
        default: break
        }
        func isSortable(_ value: Value) -> Bool { value.string != nil || value.number != nil }
        guard isSortable(left), isSortable(right) else {
            throw Failure("T2008", position: position, value: isSortable(left) ? right : left)
        }
        guard let a = left.number, let b = right.number else {
            throw Failure("T2007", position: position, value: left, value2: right)
        }
        return (a == b ? 0 : a < b ? -1 : 1, false)
    }
}

/// The stable merge sort that jsonata-js uses, with the same order of comparisons; `swap(a, b)` says that b comes first.
enum MergeSort {
    @inline(__always)
    static func order(_ count: Int, _ swap: (Int, Int) throws(Failure) -> Bool) throws(Failure) -> [Int] {
        var order = Array(0..<count)
        var scratch = order
        try sort(&order, &scratch, 0, count, swap)
        return order
    }

    private static func sort(
        _ order: inout [Int], _ scratch: inout [Int], _ start: Int, _ end: Int,
        _ swap: (Int, Int) throws(Failure) -> Bool
    ) throws(Failure) {
        guard end - start > 1 else { return }
        let middle = start + (end - start) / 2
        try sort(&order, &scratch, start, middle, swap)
        try sort(&order, &scratch, middle, end, swap)
        var left = start
        var right = middle
        var next = start
        while left < middle, right < end {
            if try swap(order[left], order[right]) {
                scratch[next] = order[right]
                right += 1
            } else {
                scratch[next] = order[left]
                left += 1
            }
            next += 1
        }
        while left < middle {
            scratch[next] = order[left]
            left += 1
            next += 1
        }
        while right < end {
            scratch[next] = order[right]
            right += 1
            next += 1
        }
        for index in start..<end { order[index] = scratch[index] }
    }
}
