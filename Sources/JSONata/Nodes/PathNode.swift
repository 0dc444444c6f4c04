import JSON

/// A step of a path. A class, so that walking the steps copies nothing; not changed after compilation.
final class PathStep {
    let node: NodeRef<Node>
    /// The key, if the step is a plain name: looked up without a call.
    var name: String?
    var cache = 0
    var stages: [CompiledStage] = []
    var sort: SortNode?
    var isConstructedArray = false
    var isTuple = false
    var focus: String?
    var index: String?
    var ancestor: AncestorSlot?

    init(node: Node) {
        self.node = NodeRef(node)
    }

    var isPlain: Bool { stages.isEmpty && !isTuple && sort == nil && !isConstructedArray }
}

/// A filter or index binding behind a step.
enum CompiledStage {
    case filter(FilterPredicate)
    case index(String)
}

/// `a.b[c]^(d){…}`: steps, each over what the one before gave.
final class PathNode: Node {
    private let steps: [PathStep]
    private let startsWithVariable: Bool
    private let keepsSingletonArray: Bool
    private let isTuple: Bool
    private let group: NodeRef<ObjectNode>?
    /// All steps from here on are plain names, and before it comes a variable or nothing; nil: they are not.
    private let namesStart: Int?
    /// For every step: it is `**` and the next one a plain name, so that the two go together.
    private let isFused: [Bool]

    init(steps: [PathStep], startsWithVariable: Bool, keepsSingletonArray: Bool, isTuple: Bool, group: ObjectNode?) {
        self.steps = steps
        self.startsWithVariable = startsWithVariable
        self.keepsSingletonArray = keepsSingletonArray
        self.isTuple = isTuple
        self.group = group.map { NodeRef($0) }
        var start: Int?
        if !isTuple, group == nil, !keepsSingletonArray, steps.allSatisfy(\.isPlain) {
            let first = startsWithVariable ? 1 : 0
            if steps[first...].allSatisfy({ $0.name != nil }) { start = first }
        }
        namesStart = start
        isFused = steps.indices.map { index in
            index + 1 < steps.count && steps[index].node.node is DescendantNode && steps[index].isPlain
                && steps[index + 1].isPlain && steps[index + 1].name != nil
        }
    }

    override var plainNames: [String]? { namesStart == 0 && collapses ? steps.compactMap(\.name) : nil }

    override func evaluate(_ input: Value, _ frame: Frame, _ run: Run) throws(Failure) -> Value {
        try run.enter()
        if let namesStart {
            var value = input
            if namesStart == 1 { value = try steps[0].node.node.evaluate(input, frame, run) }
            run.leave()
            return chain(value, namesStart, run)
        }
        let result = try path(input, frame, run)
        run.leave()
        return finished(result)
    }

    /// Plain names one after the other, for a value that is not an array as long as possible.
    private func chain(_ value: Value, _ first: Int, _ run: Run) -> Value {
        var value = value
        var index = first
        while index < steps.count {
            let step = steps[index]
            switch value {
            case .json(.object(let object)):
                if let name = step.name { value = run.member(object, name, cache: step.cache) }
            case .object(let object):
                if let name = step.name { value = object.get(name) }
            case .json(.array), .list:
                return rest(value, index, run)
            default: return .undefined
            }
            index += 1
        }
        // The last array is what it is; a sequence inside an object is flattened into a new one.
        if case .list(let list) = value {
            return list.flags.contains(.sequence) ? Value.list(List(list.items, .sequence)).collapsed() : value
        }
        return value
    }

    private func rest(_ value: Value, _ first: Int, _ run: Run) -> Value {
        var value = value
        if first > 0, value.isConstructed { value = .list(List([value], .sequence)) }
        for index in first..<steps.count {
            guard let items = value.items, items.count > 0 else { return .undefined }
            let step = steps[index]
            value = names(step.name ?? "", step.cache, items, isLast: index == steps.count - 1, run)
        }
        return finished(value)
    }

    /// What flows from step to step: the values, or one array that has not been taken apart yet.
    private func path(_ input: Value, _ frame: Frame, _ run: Run) throws(Failure) -> Value {
        var current: Items
        if !startsWithVariable, let items = input.items {
            current = items
        } else {
            current = .list([input])
        }
        var result = Value.undefined
        var stream: TupleStream?
        for number in steps.indices {
            let step = steps[number]
            if number > 0, isFused[number - 1], stream == nil { continue }
            if step.isTuple, stream == nil, !(number == 0 && step.isConstructedArray) {
                stream = try tuples(step, start: current, frame, run)
                continue
            }
            if let tuples = stream {
                stream = try advance(step, tuples, frame, run)
                continue
            }
            var isLast = number == steps.count - 1
            if isFused[number] {
                let next = steps[number + 1]
                isLast = number + 1 == steps.count - 1
                result = try descendants(named: next.name ?? "", next.cache, current, isLast: isLast, run)
            } else if number == 0, step.isConstructedArray {
                result = try step.node.node.evaluate(input.isArray ? input : .sequence([input]), frame, run)
            } else {
                result = try advance(step, current, isLast: isLast, frame, run)
            }
            guard let items = result.items, items.count > 0 else {
                // A predicate or a grouping made the first array something else, which the next step does not iterate
                // over; but JavaScript iterates over the characters of a string.
                if !isLast, let text = result.string, !text.isEmpty {
                    current = .list(text.unicodeScalars.map { .text(String($0)) })
                    continue
                }
                if !isLast, !result.isUndefined, !result.isArray { result = .emptySequence }
                break
            }
            if !isLast { current = items }
        }
        if let stream {
            if isTuple {
                result = .tuples(stream)
            } else {
                result = .list(List(stream.tuples.map(\.value), .sequence))
            }
        }
        if keepsSingletonArray { result = kept(result) }
        if let group {
            let source = stream.map { Value.tuples($0) } ?? result
            return try group.node.group(source, frame, run)
        }
        return result
    }

    /// `[]`: a sequence of one value stays an array.
    private func kept(_ value: Value) -> Value {
        switch value {
        case .list(let list):
            if list.flags.contains(.constructed), !list.flags.contains(.sequence) {
                return .list(List([value], [.sequence, .keepSingleton]))
            }
            list.flags.insert(.keepSingleton)
            return value
        default: return value
        }
    }

    // MARK: Plain steps

    private func advance(
        _ step: PathStep, _ input: Items, isLast: Bool, _ frame: Frame, _ run: Run
    ) throws(Failure) -> Value {
        if let sort = step.sort {
            var result = try sort.sorted(input, frame, run)
            for stage in step.stages {
                if case .filter(let predicate) = stage { result = try predicate.filter(result, frame, run) }
            }
            return result
        }
        if let name = step.name, step.stages.isEmpty { return names(name, step.cache, input, isLast: isLast, run) }
        var collector = Collector(isLast: isLast)
        for index in 0..<input.count {
            let item = input[index]
            var value: Value
            if let name = step.name {
                value = Lookup.member(name, of: item, cache: step.cache, run)
            } else {
                value = try step.node.node.evaluate(item, frame, run)
            }
            for stage in step.stages {
                if case .filter(let predicate) = stage { value = try predicate.filter(value, frame, run) }
            }
            collector.append(value)
        }
        return collector.result
    }

    /// A name on every item.
    private func names(_ name: String, _ cache: Int, _ input: Items, isLast: Bool, _ run: Run) -> Value {
        var collector = Collector(isLast: isLast)
        switch input {
        case .json(let array):
            for item in array {
                if case .object(let object) = item {
                    collector.append(run.member(object, name, cache: cache))
                } else if case .array = item {
                    collector.append(Lookup.member(name, of: .json(item), cache: cache, run))
                }
            }
        case .list(let list):
            for item in list {
                if case .json(.object(let object)) = item {
                    collector.append(run.member(object, name, cache: cache))
                } else {
                    collector.append(Lookup.member(name, of: item, cache: cache, run))
                }
            }
        }
        return collector.result
    }

    /// `**.name`: the members of all objects below, without a list of all values.
    private func descendants(
        named name: String, _ cache: Int, _ input: Items, isLast: Bool, _ run: Run
    ) throws(Failure) -> Value {
        var collector = Collector(isLast: isLast)
        func visit(_ json: JSONValue) throws(Failure) {
            switch json {
            case .array(let array): for item in array { try visit(item) }
            case .object(let object):
                try run.tick()
                collector.append(run.member(object, name, cache: cache))
                for value in object.values {
                    switch value {
                    case .array, .object: try visit(value)
                    default: break
                    }
                }
            default: break
            }
        }
        func visit(_ value: Value) throws(Failure) {
            switch value {
            case .json(let json): try visit(json)
            case .list(let list): for item in list.items { try visit(item) }
            case .object(let object):
                collector.append(object.get(name))
                for index in object.keys.indices { try visit(object.value(at: index)) }
            default: break
            }
        }
        for index in 0..<input.count { try visit(input[index]) }
        return collector.result
    }

    // MARK: Tuple streams

    private func tuples(_ step: PathStep, start: Items, _ frame: Frame, _ run: Run) throws(Failure) -> TupleStream {
        if let sort = step.sort {
            let sorted = try sort.sorted(start, frame, run)
            let stream = TupleStream([])
            let items = sorted.itemsOrSelf
            for index in 0..<items.count {
                let tuple = Tuple(items[index])
                if let name = step.index { tuple.bind(name, .integer(index)) }
                stream.tuples.append(tuple)
            }
            return try stages(step.stages, stream, frame, run)
        }
        var tuples: [Tuple] = []
        tuples.reserveCapacity(start.count)
        for index in 0..<start.count { tuples.append(Tuple(start[index])) }
        return try advance(step, TupleStream(tuples), frame, run)
    }

    private func advance(
        _ step: PathStep, _ stream: TupleStream, _ frame: Frame, _ run: Run
    ) throws(Failure) -> TupleStream {
        if let sort = step.sort {
            return try stages(step.stages, try sort.sorted(stream, frame, run), frame, run)
        }
        let result = TupleStream([])
        for tuple in stream.tuples {
            try run.tick()
            let inner = Frame(tuple: tuple, parent: frame)
            let value = try step.node.node.evaluate(tuple.value, inner, run)
            if value.isUndefined { continue }
            if case .tuples(let more) = value {
                for other in more.tuples {
                    let next = Tuple(other.value, tuple.variables)
                    for variable in other.variables { next.bind(variable.name, variable.value) }
                    result.tuples.append(next)
                }
                continue
            }
            let items = value.itemsOrSelf
            for index in 0..<items.count {
                let next = Tuple(items[index], tuple.variables)
                if let focus = step.focus {
                    next.bind(focus, items[index])
                    next.value = tuple.value
                }
                if let name = step.index { next.bind(name, .integer(index)) }
                if let ancestor = step.ancestor { next.bind(ancestor.label, tuple.value) }
                result.tuples.append(next)
            }
        }
        return try stages(step.stages, result, frame, run)
    }

    private func stages(
        _ stages: [CompiledStage], _ stream: TupleStream, _ frame: Frame, _ run: Run
    ) throws(Failure) -> TupleStream {
        var stream = stream
        for stage in stages {
            switch stage {
            case .filter(let predicate): stream = try predicate.filter(stream, frame, run)
            case .index(let name): for (index, tuple) in stream.tuples.enumerated() { tuple.bind(name, .integer(index)) }
            }
        }
        return stream
    }
}

/// Collects what a step gives for each item, flattening arrays by one level.
struct Collector {
    private let isLast: Bool
    private var items: [Value] = []
    /// How many values came, before flattening.
    private var count = 0
    private var single = Value.undefined

    init(isLast: Bool) { self.isLast = isLast }

    @inline(__always)
    mutating func append(_ value: Value) {
        switch value {
        case .undefined: return
        case .json(.array), .list: appendArray(value)
        default:
            flushSingle()
            count += 1
            items.append(value)
        }
    }

    private mutating func appendArray(_ value: Value) {
        flushSingle()
        count += 1
        if count == 1 {
            // Often the only one: kept whole until another comes.
            single = value
        } else {
            flatten(value)
        }
    }

    @inline(__always)
    private mutating func flushSingle() {
        if case .undefined = single { return }
        let value = single
        single = .undefined
        flatten(value)
    }

    private mutating func flatten(_ value: Value) {
        if value.isConstructed {
            items.append(value)
            return
        }
        switch value {
        case .json(.array(let array)):
            for item in array { items.append(.json(item)) }
        case .list(let list): items += list.items
        default: items.append(value)
        }
    }

    var result: Value {
        mutating get {
            if count == 1, !single.isUndefined {
                // One array alone: as it is in the last step, as its elements before.
                if case .list(let list) = single {
                    if list.flags.contains(.sequence) {
                        return .list(List(list.items, .sequence))
                    }
                    if isLast { return single }
                    if list.flags.contains(.constructed) { return .list(List([single], .sequence)) }
                    return .list(List(list.items, .sequence))
                }
                // A step before the last only takes the elements, so the array itself will do, if there are any.
                if !isLast, single.items?.count == 0 { return .emptySequence }
                return single
            }
            flushSingle()
            return .list(List(items, .sequence))
        }
    }
}

/// Names looked up in values.
enum Lookup {
    /// The member of an object; of an array, the members of all its objects. Sequences come out collapsed.
    static func member(_ name: String, of value: Value, cache: Int, _ run: Run) -> Value {
        switch value {
        case .json(.object(let object)): return run.member(object, name, cache: cache)
        case .object(let object): return object.get(name)
        case .json(.array), .list, .tuples:
            var found: [Value] = []
            collect(name, value, cache, run, &found)
            return Value.list(List(found, .sequence)).collapsed()
        default: return .undefined
        }
    }

    private static func collect(_ name: String, _ value: Value, _ cache: Int, _ run: Run, _ found: inout [Value]) {
        guard let items = value.items else { return }
        for index in 0..<items.count {
            let item = items[index]
            switch item {
            case .json(.array), .list: collect(name, item, cache, run, &found)
            default:
                let member = member(name, of: item, cache: cache, run)
                if member.isUndefined { continue }
                if let elements = member.items {
                    found += elements.values
                } else {
                    found.append(member)
                }
            }
        }
    }

    /// `$lookup`: as a path's name, but a sequence stays one.
    static func lookup(_ name: String, of value: Value) -> Value {
        switch value {
        case .json(.object(let object)): return object[name].map { .json($0) } ?? .undefined
        case .object(let object): return object.get(name)
        case .json(.array), .list, .tuples:
            var found: [Value] = []
            let items = value.itemsOrSelf
            for index in 0..<items.count {
                let member = lookup(name, of: items[index])
                if member.isUndefined { continue }
                if let elements = member.items {
                    found += elements.values
                } else {
                    found.append(member)
                }
            }
            return .list(List(found, .sequence))
        default: return .undefined
        }
    }
}
