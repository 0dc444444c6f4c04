import JSON

/// `[predicate]`: a number picks by position, anything else is a condition for every item.
struct FilterPredicate {
    let node: NodeRef<Node>
    /// A literal number.
    let index: Double?
    let isBoolean: Bool

    /// `index`: the predicate is a number, whatever follows it (`[0[a]]`), as in jsonata-js.
    init(_ node: Node, index: Double?) {
        self.node = NodeRef(node)
        self.index = index
        isBoolean = node.isBoolean
    }

    private static func position(_ number: Double, count: Int) -> Int? {
        guard let whole = Int(exactly: number.rounded(.down)) else { return nil }
        return whole < 0 ? whole + count : whole
    }

    func filter(_ value: Value, _ frame: Frame, _ run: Run) throws(Failure) -> Value {
        if case .tuples(let stream) = value { return .tuples(try filter(stream, frame, run)) }
        let items = value.itemsOrSelf
        if let index {
            guard let place = Self.position(index, count: items.count), place >= 0, place < items.count else {
                return .emptySequence
            }
            let item = items[place]
            if item.isArray { return item }
            return item.isUndefined ? .emptySequence : .list(List([item], .sequence))
        }
        var kept: [Value] = []
        for number in 0..<items.count {
            let item = items[number]
            try keep(item, number, items.count, item, frame, run, &kept)
        }
        return .list(List(kept, .sequence))
    }

    func filter(_ stream: TupleStream, _ frame: Frame, _ run: Run) throws(Failure) -> TupleStream {
        let count = stream.tuples.count
        if let index {
            guard let place = Self.position(index, count: count), place >= 0, place < count else { return TupleStream([]) }
            return TupleStream([stream.tuples[place]])
        }
        var kept: [Tuple] = []
        for (number, tuple) in stream.tuples.enumerated() {
            let inner = Frame(tuple: tuple, parent: frame)
            var times: [Value] = []
            try keep(tuple.value, number, count, .undefined, inner, run, &times)
            for _ in times { kept.append(tuple) }
        }
        return TupleStream(kept)
    }

    /// Appends `kept` for every reason the predicate gives.
    @inline(__always)
    private func keep(
        _ item: Value, _ number: Int, _ count: Int, _ result: Value, _ frame: Frame, _ run: Run, _ kept: inout [Value]
    ) throws(Failure) {
        if isBoolean {
            let holds = try node.node.test(item, frame, run)
            if holds { kept.append(result) }
            return
        }
        let answer = try node.node.evaluate(item, frame, run)
        if let value = answer.number, !value.isNaN {
            if value.isInfinite { throw Failure("D1001", value: answer) }
            if Self.position(value, count: count) == number { kept.append(result) }
            return
        }
        if let answers = answer.items, answers.allSatisfy(.number) {
            for index in 0..<answers.count {
                if let value = answers[index].number, Self.position(value, count: count) == number { kept.append(result) }
            }
            return
        }
        if try Truth.isTrue(answer) { kept.append(result) }
    }
}

/// An expression that is not a path, with predicates or a grouping behind it.
final class FilteredNode: Node {
    private unowned(unsafe) let base: Node
    private let predicates: [FilterPredicate]
    private let group: NodeRef<ObjectNode>?

    init(_ base: Node, predicates: [FilterPredicate], group: ObjectNode?) {
        self.base = base
        self.predicates = predicates
        self.group = group.map { NodeRef($0) }
    }

    override func evaluate(_ input: Value, _ frame: Frame, _ run: Run) throws(Failure) -> Value {
        var value = try base.evaluate(input, frame, run)
        try run.enter()
        for predicate in predicates { value = try predicate.filter(value, frame, run) }
        if let group {
            value = try group.node.group(value, frame, run)
        }
        run.leave()
        return finished(value)
    }
}
