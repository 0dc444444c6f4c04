/// A compiled expression: nodes, and what an evaluation has to prepare for them. Never changed once it is made,
/// which is what makes sharing it between threads safe.
final class Program: @unchecked Sendable {
    let root: Node
    let scope: Scope
    let globalNames: [String]
    let cacheCount: Int
    private let nodes: [Node]

    fileprivate init(root: Node, scope: Scope, globalNames: [String], cacheCount: Int, nodes: [Node]) {
        self.root = root
        self.scope = scope
        self.globalNames = globalNames
        self.cacheCount = cacheCount
        self.nodes = nodes
    }

    /// Parses and compiles. `outer`, `firstCache` and `globals` join an `$eval` to the run it happens in.
    static func compile(
        _ source: String, outer: Scope? = nil, firstCache: Int = 0, globals: [String] = []
    ) throws(Failure) -> (program: Program, references: JSONataReferences) {
        // Deep nesting needs an operator or a bracket a level.
        let nesting = source.utf8.count { !isWordByte($0) }
        let work: () throws(Failure) -> (program: Program, references: JSONataReferences) = { () throws(Failure) in
            var syntax: [Syntax] = []
            defer { for node in syntax { node.dismantle() } }
            let raw = try Parser.parse(source, nodes: &syntax)
            let tree = try PathBuilder.build(raw, nodes: &syntax)
            let references = JSONataReferences(tree)
            var compiler = Compiler(outer: outer, firstCache: firstCache, globals: globals)
            return (try compiler.program(tree), references)
        }
        return nesting > 40 ? try BigStack.run(work) : try work()
    }

    private static func isWordByte(_ byte: UInt8) -> Bool {
        byte >= 0x80 || (byte | 0x20 >= 0x61 && byte | 0x20 <= 0x7A) || (byte >= 0x30 && byte <= 0x39) || byte == 0x20
    }
}

/// Turns the syntax tree into nodes with resolved variables.
struct Compiler {
    private var nodes: [Node] = []
    private var scope: Scope
    private let root: Scope
    private var globalNames: [String]
    private var globalIndices: [String: Int] = [:]
    private var cacheCount: Int
    private var variables: [(node: VariableNode, scope: Scope)] = []
    private var hasTuples: Bool

    init(outer: Scope?, firstCache: Int, globals: [String]) {
        root = Scope(parent: outer)
        scope = root
        globalNames = globals
        for (index, name) in globals.enumerated() { globalIndices[name] = index }
        cacheCount = firstCache
        // An `$eval` may happen inside a tuple stream.
        hasTuples = outer != nil
    }

    mutating func program(_ tree: Syntax) throws(Failure) -> Program {
        let node = try compile(tree)
        for (variable, scope) in variables {
            variable.mayBeInTuple = hasTuples
            var current: Scope? = scope
            while let here = current {
                if let slot = here.names[variable.name] { variable.places.append((here, slot)) }
                current = here.parent
            }
        }
        return Program(root: node, scope: root, globalNames: globalNames, cacheCount: cacheCount, nodes: nodes)
    }

    private mutating func keep<T: Node>(_ node: T) -> T {
        nodes.append(node)
        return node
    }

    private mutating func newCache() -> Int {
        cacheCount += 1
        return cacheCount - 1
    }

    /// A node with its predicates and grouping.
    private mutating func compile(_ syntax: Syntax) throws(Failure) -> Node {
        let node = try compileKind(syntax)
        let hasGroup = syntax.group != nil && syntax.kind != .path
        guard syntax.predicates != nil || hasGroup else {
            node.keepArray = syntax.keepArray
            return node
        }
        node.collapses = false
        var predicates: [FilterPredicate] = []
        for stage in syntax.predicates ?? [] {
            if case .filter(let filter) = stage.kind { predicates.append(try predicate(filter)) }
        }
        let group = hasGroup ? try syntax.group.map { (group) throws(Failure) in try object(group) } : nil
        let filtered = keep(FilteredNode(node, predicates: predicates, group: group))
        filtered.keepArray = syntax.keepArray
        return filtered
    }

    private mutating func predicate(_ filter: Syntax) throws(Failure) -> FilterPredicate {
        var index: Double?
        if filter.kind == .number, case .number(let number) = filter.value { index = number }
        return FilterPredicate(try compile(filter), index: index)
    }

    private mutating func compile(_ syntax: Syntax?) throws(Failure) -> Node {
        guard let syntax else { return keep(LiteralNode(.undefined)) }
        return try compile(syntax)
    }

    private mutating func compileKind(_ syntax: Syntax) throws(Failure) -> Node {
        switch syntax.kind {
        case .string, .number, .value: return keep(LiteralNode(Parser.tokenValue(syntax) ?? .undefined))
        case .regex:
            guard case .regex(let program) = syntax.value else { return keep(LiteralNode(.undefined)) }
            return keep(RegexNode(program, position: syntax.position))
        case .variable:
            let name = syntax.value.text ?? ""
            return name.isEmpty ? keep(ContextNode()) : variable(name)
        case .name: return keep(NameNode(syntax.value.text ?? "", cache: newCache()))
        case .wildcard: return keep(WildcardNode())
        case .descendant: return keep(DescendantNode())
        case .parent:
            guard let slot = syntax.slot else { return keep(LiteralNode(.undefined)) }
            return keep(ParentNode(slot))
        case .path: return try path(syntax)
        case .binary: return try binary(syntax)
        case .unary: return try unary(syntax)
        case .bind: return try bind(syntax)
        case .block: return try block(syntax)
        case .condition:
            let condition = try compile(syntax.condition)
            let then = try compile(syntax.then)
            let otherwise = try syntax.otherwise.map { (part) throws(Failure) in try compile(part) }
            return keep(ConditionNode(condition: condition, then: then, otherwise: otherwise))
        case .lambda: return try lambda(syntax)
        case .function: return try call(syntax)
        case .partial: return try partial(syntax)
        case .apply: return try apply(syntax)
        case .transform: return try transform(syntax)
        case .operatorToken, .sort, .end:
            throw .token("S0201", position: syntax.position, token: syntax.symbol)
        }
    }

    private mutating func variable(_ name: String) -> VariableNode {
        let global: Int
        if let known = globalIndices[name] {
            global = known
        } else {
            global = globalNames.count
            globalNames.append(name)
            globalIndices[name] = global
        }
        let node = keep(VariableNode(name: name, global: global))
        variables.append((node, scope))
        return node
    }

    // MARK: Paths

    private mutating func path(_ syntax: Syntax) throws(Failure) -> Node {
        var steps: [PathStep] = []
        for step in syntax.steps {
            if step.isTuple { hasTuples = true }
            steps.append(try self.step(step))
        }
        let group = try syntax.group.map { (group) throws(Failure) in try object(group) }
        return keep(
            PathNode(
                steps: steps, startsWithVariable: syntax.steps[0].kind == .variable,
                keepsSingletonArray: syntax.keepSingletonArray, isTuple: syntax.isTuple, group: group))
    }

    private mutating func step(_ syntax: Syntax) throws(Failure) -> PathStep {
        let result: PathStep
        if syntax.kind == .sort {
            var terms: [(descending: Bool, node: Node)] = []
            for term in syntax.terms { terms.append((term.descending, try compile(term.expression))) }
            let sort = keep(SortNode(terms, position: syntax.position))
            result = PathStep(node: sort)
            result.sort = sort
        } else {
            let node = try compile(syntax)
            result = PathStep(node: node)
            if let name = node as? NameNode {
                result.name = name.name
                result.cache = name.cache
            }
        }
        for stage in syntax.stages ?? [] {
            switch stage.kind {
            case .filter(let filter): result.stages.append(.filter(try predicate(filter)))
            case .index(let name): result.stages.append(.index(name))
            }
        }
        result.isConstructedArray = syntax.isConstructedArray
        result.isTuple = syntax.isTuple
        result.focus = syntax.focus
        result.index = syntax.index
        result.ancestor = syntax.ancestor
        return result
    }

    // MARK: Operators

    private mutating func binary(_ syntax: Syntax) throws(Failure) -> Node {
        let lhs = try compile(syntax.lhs)
        let rhs = try compile(syntax.rhs)
        let position = syntax.position
        if let operation = ArithmeticNode.Operation(rawValue: syntax.symbol) {
            return keep(ArithmeticNode(operation, lhs, rhs, position: position))
        }
        if let operation = ComparisonNode.Operation(rawValue: syntax.symbol) {
            return keep(ComparisonNode(operation, lhs, rhs, position: position))
        }
        switch syntax.symbol {
        case "=", "!=": return keep(EqualityNode(lhs, rhs, isNegated: syntax.symbol == "!="))
        case "and", "or": return keep(BooleanNode(lhs, rhs, isAnd: syntax.symbol == "and", position: position))
        case "in": return keep(MembershipNode(lhs, rhs))
        case "&": return keep(ConcatenationNode(lhs, rhs, position: position))
        case "..": return keep(RangeNode(lhs, rhs, position: position))
        default: throw .token("S0204", position: position, token: syntax.symbol)
        }
    }

    private mutating func unary(_ syntax: Syntax) throws(Failure) -> Node {
        switch syntax.symbol {
        case "[":
            var items: [(node: Node, isArray: Bool)] = []
            for item in syntax.expressions {
                items.append((try compile(item), item.kind == .unary && item.symbol == "["))
            }
            return keep(ArrayNode(items, isConstructed: syntax.isConstructedArray))
        case "{": return try object(syntax)
        default: return keep(NegateNode(try compile(syntax.expression), position: syntax.position))
        }
    }

    private mutating func object(_ syntax: Syntax) throws(Failure) -> ObjectNode {
        var pairs: [(key: Node, value: Node)] = []
        for pair in syntax.pairs { pairs.append((try compile(pair.key), try compile(pair.value))) }
        return keep(ObjectNode(pairs, position: syntax.position))
    }

    private mutating func bind(_ syntax: Syntax) throws(Failure) -> Node {
        let value = try compile(syntax.rhs)
        let slot = scope.slot(for: syntax.lhs?.value.text ?? "")
        return keep(BindNode(scope: scope, slot: slot, value: value))
    }

    private mutating func block(_ syntax: Syntax) throws(Failure) -> Node {
        let outer = scope
        let inner = Scope(parent: outer)
        scope = inner
        defer { scope = outer }
        var expressions: [Node] = []
        for expression in syntax.expressions { expressions.append(try compile(expression)) }
        return keep(BlockNode(expressions, scope: inner))
    }

    // MARK: Functions

    private mutating func lambda(_ syntax: Syntax) throws(Failure) -> Node {
        let outer = scope
        let inner = Scope(parent: outer)
        scope = inner
        defer { scope = outer }
        let parameters = syntax.arguments.map { inner.slot(for: $0.value.text ?? "") }
        let body = try compile(syntax.body)
        return keep(LambdaNode(scope: inner, parameters: parameters, signature: syntax.signature, body: body))
    }

    private mutating func site(_ syntax: Syntax) throws(Failure) -> CallSite {
        let procedure = syntax.procedure
        let node = try compile(procedure)
        var name = procedure.flatMap(Parser.tokenValue)
        var meant: VariableNode?
        if let procedure, procedure.kind == .path {
            name = Parser.tokenValue(procedure.steps[0])
            if let text = procedure.steps[0].value.text { meant = variable(text) }
        } else if let procedure {
            // jsonata-js's nodes of these kinds carry no value.
            switch procedure.kind {
            case .block, .lambda, .condition, .transform, .parent: name = nil
            default: break
            }
        }
        return CallSite(
            procedure: node, name: name, position: syntax.position, meant: meant,
            procedurePosition: procedure?.position ?? 0, isVariable: procedure?.kind == .variable)
    }

    private mutating func call(_ syntax: Syntax) throws(Failure) -> Node {
        let site = try site(syntax)
        var arguments: [Node] = []
        for argument in syntax.arguments { arguments.append(try compile(argument)) }
        if syntax.isTailCall { return keep(TailCallNode(site, arguments: arguments)) }
        return keep(CallNode(site, arguments: arguments))
    }

    private mutating func partial(_ syntax: Syntax) throws(Failure) -> Node {
        let site = try site(syntax)
        var arguments: [Node?] = []
        for argument in syntax.arguments {
            arguments.append(argument.kind == .operatorToken ? nil : try compile(argument))
        }
        return keep(PartialNode(site, arguments: arguments))
    }

    private mutating func apply(_ syntax: Syntax) throws(Failure) -> Node {
        let lhs = try compile(syntax.lhs)
        if let rhs = syntax.rhs, rhs.kind == .function {
            // As jsonata-js: what follows the call's parentheses is not looked at.
            let node = try call(rhs)
            node.collapses = false
            return keep(ApplyNode(lhs, node, call: node as? CallNode, position: syntax.position))
        }
        return keep(ApplyNode(lhs, try compile(syntax.rhs), call: nil, position: syntax.position))
    }

    private mutating func transform(_ syntax: Syntax) throws(Failure) -> Node {
        let pattern = try compile(syntax.pattern)
        let update = try compile(syntax.update)
        let deletion = try syntax.deletion.map { (part) throws(Failure) in try compile(part) }
        return keep(
            TransformNode(
                pattern: pattern, update: update, deletion: deletion, clone: variable("clone"),
                position: syntax.position, updatePosition: syntax.update?.position ?? 0,
                deletionPosition: syntax.deletion?.position ?? 0))
    }
}
