/// A compiled expression. Children are unowned: the program owns all nodes, so that evaluation counts no
/// references and a deep tree is freed without recursion.
class Node {
    /// Whether a sequence that comes out stands for its only value.
    var collapses = true
    /// `[]` was written after the expression.
    var keepArray = false

    func evaluate(_ input: Value, _ frame: Frame, _ run: Run) throws(Failure) -> Value { .undefined }

    /// Whether the result is always a boolean or undefined, so that a filter may ask `test`.
    var isBoolean: Bool { false }

    /// The result as a condition.
    func test(_ input: Value, _ frame: Frame, _ run: Run) throws(Failure) -> Bool {
        try Truth.isTrue(try evaluate(input, frame, run))
    }

    /// Whether the result is the same for every context.
    var isConstant: Bool { false }

    /// The names, if this is nothing but a path of names (none: the context itself).
    var plainNames: [String]? { nil }

    @inline(__always)
    final func finished(_ value: Value) -> Value {
        guard collapses, case .list = value else { return value }
        return value.collapsed(keepArray: keepArray)
    }
}

/// A node that somebody else keeps alive: the program.
struct NodeRef<N: Node> {
    unowned(unsafe) let node: N
    init(_ node: N) { self.node = node }
}

/// A number, string, boolean or null.
final class LiteralNode: Node {
    let value: Value
    init(_ value: Value) { self.value = value }

    override var isConstant: Bool { true }

    override func evaluate(_ input: Value, _ frame: Frame, _ run: Run) throws(Failure) -> Value { value }
}

/// `$`
final class ContextNode: Node {
    override var plainNames: [String]? { keepArray ? nil : [] }

    override func evaluate(_ input: Value, _ frame: Frame, _ run: Run) throws(Failure) -> Value {
        if case .list(let list) = input {
            if list.flags.contains(.outerWrapper), let first = list.items.first { return first }
            return finished(input)
        }
        return input
    }
}

/// `$name`: looked for in the scopes that bind it, inner first, then among the globals.
final class VariableNode: Node {
    let name: String
    let global: Int
    /// The scopes that bind the name somewhere, filled in when all of them are known.
    var places: [(scope: Scope, slot: Int)] = []
    var mayBeInTuple = true

    init(name: String, global: Int) {
        self.name = name
        self.global = global
    }

    @inline(__always)
    func lookup(_ frame: Frame, _ run: Run) -> Value {
        if places.isEmpty, !mayBeInTuple { return run.globals[global] }
        var next = 0
        var current: Frame? = frame
        while let here = current {
            if let tuple = here.tuple {
                if let value = tuple.lookup(name) { return value }
            } else if next < places.count, places[next].scope === here.scope {
                let value = here[places[next].slot]
                if case .unbound = value {} else { return value }
                next += 1
            }
            current = here.parent
        }
        return run.globals[global]
    }

    override func evaluate(_ input: Value, _ frame: Frame, _ run: Run) throws(Failure) -> Value {
        finished(lookup(frame, run))
    }
}

/// `%`: the ancestor that an earlier step of the path remembered.
final class ParentNode: Node {
    private let slot: AncestorSlot
    init(_ slot: AncestorSlot) { self.slot = slot }

    override func evaluate(_ input: Value, _ frame: Frame, _ run: Run) throws(Failure) -> Value {
        var current: Frame? = frame
        while let here = current {
            if let value = here.tuple?.lookup(slot.label) { return finished(value) }
            current = here.parent
        }
        return .undefined
    }
}

/// `$name := value`
final class BindNode: Node {
    private unowned(unsafe) let value: Node
    private let scope: Scope
    private let slot: Int

    init(scope: Scope, slot: Int, value: Node) {
        self.scope = scope
        self.slot = slot
        self.value = value
    }

    override func evaluate(_ input: Value, _ frame: Frame, _ run: Run) throws(Failure) -> Value {
        try run.enter()
        let result = try value.evaluate(input, frame, run)
        var current: Frame? = frame
        while let here = current {
            if here.scope === scope {
                here[slot] = result
                break
            }
            current = here.parent
        }
        run.leave()
        return finished(result)
    }
}

/// `condition ? then : otherwise`
final class ConditionNode: Node {
    private unowned(unsafe) let condition: Node
    private unowned(unsafe) let then: Node
    private unowned(unsafe) let otherwise: Node?

    init(condition: Node, then: Node, otherwise: Node?) {
        self.condition = condition
        self.then = then
        self.otherwise = otherwise
    }

    override func evaluate(_ input: Value, _ frame: Frame, _ run: Run) throws(Failure) -> Value {
        try run.enter()
        let result: Value
        if try condition.test(input, frame, run) {
            result = try then.evaluate(input, frame, run)
        } else if let otherwise {
            result = try otherwise.evaluate(input, frame, run)
        } else {
            result = .undefined
        }
        run.leave()
        return finished(result)
    }
}

/// `( …; … )`: a frame of its own if it binds variables.
final class BlockNode: Node {
    private let expressions: [NodeRef<Node>]
    private let scope: Scope

    init(_ expressions: [Node], scope: Scope) {
        self.expressions = expressions.map { NodeRef($0) }
        self.scope = scope
    }

    override func evaluate(_ input: Value, _ frame: Frame, _ run: Run) throws(Failure) -> Value {
        try run.enter()
        let inner = scope.names.isEmpty ? frame : Frame(scope: scope, parent: frame)
        var result = Value.undefined
        for expression in expressions {
            result = try expression.node.evaluate(input, inner, run)
        }
        run.leave()
        return finished(result)
    }
}

/// A regular expression: a function that gives matches.
final class RegexNode: Node {
    /// Never marked by a call, so one for all evaluations will do.
    private let function: Function

    init(_ program: RegexProgram, position: Int) {
        function = Function(.matcher(program, position: position))
    }

    override func evaluate(_ input: Value, _ frame: Frame, _ run: Run) throws(Failure) -> Value { .function(function) }
}
