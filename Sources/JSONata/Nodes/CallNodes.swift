import JSON

/// `function($a, $b)<sig>{ … }`
final class LambdaNode: Node {
    let scope: Scope
    let parameters: [Int]
    let signature: Signature?
    unowned(unsafe) let body: Node

    var parameterCount: Int { parameters.count }

    init(scope: Scope, parameters: [Int], signature: Signature?, body: Node) {
        self.scope = scope
        self.parameters = parameters
        self.signature = signature
        self.body = body
    }

    override func evaluate(_ input: Value, _ frame: Frame, _ run: Run) throws(Failure) -> Value {
        .function(Function(.lambda(self, input: input, frame: frame)))
    }
}

/// The function that is called, as the node knows it.
struct CallSite {
    unowned(unsafe) let procedure: Node
    /// What errors say: the variable's name, or the first step of a path.
    let name: Value?
    let position: Int
    /// The path's first name as a variable, for "Did you mean".
    let meant: VariableNode?
    let procedurePosition: Int
    let isVariable: Bool

    func function(_ input: Value, _ frame: Frame, _ run: Run, code: String) throws(Failure) -> Value {
        let function = try procedure.evaluate(input, frame, run)
        if function.isUndefined, let meant, try Truth.isTrue(meant.lookup(frame, run)) || meant.lookup(frame, run).isFunction {
            throw Failure(code, position: position, token: name)
        }
        return function
    }
}

/// `f(…)`
final class CallNode: Node {
    private let site: CallSite
    private let arguments: [NodeRef<Node>]

    init(_ site: CallSite, arguments: [Node]) {
        self.site = site
        self.arguments = arguments.map { NodeRef($0) }
    }

    override func evaluate(_ input: Value, _ frame: Frame, _ run: Run) throws(Failure) -> Value {
        try call(first: nil, input, frame, run)
    }

    /// The call, with what stands before `~>` as the first argument.
    func call(first: Value?, _ input: Value, _ frame: Frame, _ run: Run) throws(Failure) -> Value {
        try run.enter()
        if run.needsBigStack {
            let result = try run.onBigStack { () throws(Failure) in try self.perform(first, input, frame, run) }
            run.leave()
            return finished(result)
        }
        let result = try perform(first, input, frame, run)
        run.leave()
        return finished(result)
    }

    private func perform(_ first: Value?, _ input: Value, _ frame: Frame, _ run: Run) throws(Failure) -> Value {
        let function = try site.function(input, frame, run, code: "T1005")
        var values: [Value] = []
        values.reserveCapacity(arguments.count + 1)
        if let first { values.append(first) }
        for argument in arguments {
            let value = try argument.node.evaluate(input, frame, run)
            if case .function(let function) = value, !function.isMatcher {
                values.append(.function(Function(.closure(function))))
            } else {
                values.append(value)
            }
        }
        if case .function(let function) = function, function.remembersCall {
            function.token = site.name
            function.position = site.position
        }
        do throws(Failure) {
            if case .function(let function) = function, case .builtin(let builtin) = function.kind {
                return try Application.builtin(function, builtin, values, input: input, frame: frame, run)
            }
            return try Application.apply(function, values, input: input, frame: frame, run)
        } catch {
            if (error.detail.position ?? 0) == 0 { error.detail.position = site.position }
            if error.detail.token == nil { error.detail.token = site.name }
            throw error
        }
    }
}

/// A call in tail position: leaves the call to whoever called the function around it.
final class TailCallNode: Node {
    private let site: CallSite
    private let arguments: [NodeRef<Node>]

    init(_ site: CallSite, arguments: [Node]) {
        self.site = site
        self.arguments = arguments.map { NodeRef($0) }
    }

    override func evaluate(_ input: Value, _ frame: Frame, _ run: Run) throws(Failure) -> Value {
        try run.enter()
        let function = try site.procedure.evaluate(input, frame, run)
        var values: [Value] = []
        values.reserveCapacity(arguments.count)
        for argument in arguments {
            values.append(
                try argument.node.evaluate(input, frame, run))
        }
        run.leave()
        run.tail = (function, values, site.isVariable ? site.name : nil, site.procedurePosition)
        return .tailCall
    }
}

/// `f(?, x)`
final class PartialNode: Node {
    private let site: CallSite
    private let arguments: [NodeRef<Node>?]

    init(_ site: CallSite, arguments: [Node?]) {
        self.site = site
        self.arguments = arguments.map { argument in argument.map { NodeRef($0) } }
    }

    override func evaluate(_ input: Value, _ frame: Frame, _ run: Run) throws(Failure) -> Value {
        try run.enter()
        var values: [Value?] = []
        for argument in arguments {
            if let argument {
                values.append(
                    try argument.node.evaluate(input, frame, run))
            } else {
                values.append(nil)
            }
        }
        let function = try site.function(input, frame, run, code: "T1007")
        run.leave()
        guard case .function(let function) = function else {
            throw Failure("T1008", position: site.position, token: site.name)
        }
        // Parameters beyond the given arguments are bound to nothing.
        while values.count < function.arity { values.append(.undefined) }
        return .function(Function(.partial(function, arguments: values)))
    }
}

/// `lhs ~> rhs`
final class ApplyNode: Node {
    private unowned(unsafe) let lhs: Node
    private unowned(unsafe) let rhs: Node
    private let call: CallNode?
    private let position: Int

    init(_ lhs: Node, _ rhs: Node, call: CallNode?, position: Int) {
        self.lhs = lhs
        self.rhs = rhs
        self.call = call
        self.position = position
    }

    override func evaluate(_ input: Value, _ frame: Frame, _ run: Run) throws(Failure) -> Value {
        try run.enter()
        let left = try lhs.evaluate(input, frame, run)
        if let call {
            run.leave()
            return finished(try call.call(first: left, input, frame, run))
        }
        let right = try rhs.evaluate(input, frame, run)
        guard case .function(let function) = right else {
            throw Failure("T2006", position: position, value: right)
        }
        var result: Value
        if case .function(let first) = left {
            // A chain: the second function of what the first one gives.
            result = .function(
                Function(
                    .native(arity: 1, signature: nil) { (run, arguments) throws(Failure) in
                        let inner = try Application.apply(
                            .function(first), Array(arguments.prefix(1)), input: .undefined, frame: frame, run)
                        return try Application.apply(
                            .function(function), [inner.collapsed()], input: .undefined, frame: frame, run)
                    }))
        } else {
            result = try Application.apply(right, [left], input: .json(.null), frame: frame, run)
        }
        run.leave()
        result = finished(result)
        return result
    }
}

/// `|pattern|update, deletion|`: a function that copies an object with changes.
final class TransformNode: Node {
    private unowned(unsafe) let pattern: Node
    private unowned(unsafe) let update: Node
    private unowned(unsafe) let deletion: Node?
    private let clone: VariableNode
    private let position: Int
    private let updatePosition: Int
    private let deletionPosition: Int
    private static let signature = try? Signature("<(oa):o>")

    init(
        pattern: Node, update: Node, deletion: Node?, clone: VariableNode, position: Int, updatePosition: Int,
        deletionPosition: Int
    ) {
        self.pattern = pattern
        self.update = update
        self.deletion = deletion
        self.clone = clone
        self.position = position
        self.updatePosition = updatePosition
        self.deletionPosition = deletionPosition
    }

    override func evaluate(_ input: Value, _ frame: Frame, _ run: Run) throws(Failure) -> Value {
        .function(
            Function(
                .native(arity: 1, signature: Self.signature) { (run, arguments) throws(Failure) in
                    try self.transform(arguments.first ?? .undefined, frame, run)
                }))
    }

    private func transform(_ value: Value, _ frame: Frame, _ run: Run) throws(Failure) -> Value {
        if value.isUndefined { return .undefined }
        let cloneFunction = clone.lookup(frame, run)
        guard case .function(let function) = cloneFunction else { throw Failure("T2013", position: position) }
        let copy: Value
        if case .builtin = function.unwrapped.kind {
            if let names = pattern.plainNames, case .json(let json) = value,
                let changed = try PlainTransform(names: names, update: update, deletion: deletion, self).apply(json, frame, run)
            {
                return .json(changed)
            }
            copy = try run.bounded(Clone.changeable(value))
        } else {
            let own = try Application.apply(cloneFunction, [value], input: .json(.null), frame: frame, run)
            copy = try run.bounded(Clone.changeable(own))
        }
        let matches = try pattern.evaluate(copy, frame, run)
        if matches.isUndefined { return copy }
        let items = matches.itemsOrSelf
        for index in 0..<items.count {
            try run.tick()
            try change(items[index], frame, run)
        }
        return copy
    }

    func updateFailure(_ value: Value) -> Failure { Failure("T2011", position: updatePosition, value: value) }

    func deletionFailure(_ value: Value) -> Failure { Failure("T2012", position: deletionPosition, value: value) }

    private func change(_ match: Value, _ frame: Frame, _ run: Run) throws(Failure) {
        let changes = try update.evaluate(match, frame, run)
        if !changes.isUndefined {
            guard let members = Members(changes) else { throw updateFailure(changes) }
            if case .object(let object) = match {
                // What the update took from the copy itself is copied again: JavaScript would tie the object into a knot.
                for index in 0..<members.count { object.set(members.key(index), Clone.snapshot(members.value(index))) }
            }
        }
        guard let deletion else { return }
        let deletions = try deletion.evaluate(match, frame, run)
        if deletions.isUndefined { return }
        let items = deletions.itemsOrSelf
        guard items.allSatisfy(.string) else { throw deletionFailure(deletions) }
        guard case .object(let object) = match else { return }
        for index in 0..<items.count {
            if let key = items[index].string { object.remove(key) }
        }
    }
}

/// The members of any kind of object.
enum Members {
    case json(JSONObject)
    case object(ObjectRef)

    init?(_ value: Value) {
        switch value {
        case .json(.object(let object)): self = .json(object)
        case .object(let object): self = .object(object)
        default: return nil
        }
    }

    var count: Int {
        switch self {
        case .json(let object): object.count
        case .object(let object): object.keys.count
        }
    }

    func key(_ index: Int) -> String {
        switch self {
        case .json(let object): object.keys[index]
        case .object(let object): object.keys[index]
        }
    }

    func value(_ index: Int) -> Value {
        switch self {
        case .json(let object): .json(object.values[index])
        case .object(let object): object.value(at: index)
        }
    }
}

/// `$clone`, and the changeable copy that a transform works on.
enum Clone {
    static func changeable(_ value: Value) -> Value {
        switch value {
        case .json(let json): .changeable(json)
        case .list(let list): .list(List(list.items.map { changeable($0.isUndefined ? .json(.null) : $0) }))
        case .object(let object): .object(copy(object))
        default: value
        }
    }

    /// The same value in containers of its own.
    static func snapshot(_ value: Value) -> Value {
        switch value {
        case .list(let list): return .list(List(list.items.map(snapshot), list.flags))
        case .object(let object):
            let copy = ObjectRef()
            for (index, key) in object.keys.enumerated() { copy.set(key, snapshot(object.values[index])) }
            return .object(copy)
        default: return value
        }
    }

    private static func copy(_ object: ObjectRef) -> ObjectRef {
        let copy = ObjectRef()
        for (index, key) in object.keys.enumerated() { copy.set(key, changeable(object.values[index])) }
        copy.isCopy = true
        return copy
    }
}
