/// What an expression refers to outside of itself: what AWS checks when a state machine is defined.
public struct JSONataReferences: Sendable {
    /// Names of the context that a path starts with in the outermost context (`phone` in `phone.number`), which
    /// Step Functions refuses: `Reference to 'phone' at the top level is not supported.` In order, each once.
    public private(set) var topLevelNames: [String] = []
    /// `$` where it is the outermost context.
    public private(set) var usesTopLevelContext = false
    /// `$$`
    public private(set) var usesRoot = false
    /// `$states.<name>`: the names, in order, each once.
    public private(set) var statesFields: [String] = []
    /// Variables that the expression does not bind itself, without `$`, in order, each once; functions included.
    public private(set) var variables: [String] = []
    /// Functions and wildcards aside, whether any of the first three is used.
    public var hasTopLevelReference: Bool { !topLevelNames.isEmpty || usesTopLevelContext || usesRoot }

    init(_ tree: Syntax) {
        var bound: Set<String> = []
        visit(tree, isTop: true, &bound)
    }

    private mutating func note(variable name: String, isTop: Bool, _ bound: Set<String>) {
        if name.isEmpty {
            if isTop { usesTopLevelContext = true }
        } else if name == "$" {
            usesRoot = true
        } else if !bound.contains(name), !variables.contains(name) {
            variables.append(name)
        }
    }

    private mutating func note(name: String) {
        if !topLevelNames.contains(name) { topLevelNames.append(name) }
    }

    /// `isTop`: the context is still the outermost one.
    private mutating func visit(_ node: Syntax?, isTop: Bool, _ bound: inout Set<String>) {
        guard let node else { return }
        switch node.kind {
        case .variable: note(variable: node.value.text ?? "", isTop: isTop, bound)
        case .name: if isTop { note(name: node.value.text ?? "") }
        case .wildcard: if isTop { note(name: "*") }
        case .descendant: if isTop { note(name: "**") }
        case .path: visit(path: node, isTop: isTop, &bound)
        case .block:
            var inner = bound
            for expression in node.expressions { visit(expression, isTop: isTop, &inner) }
        case .lambda:
            var inner = bound
            for argument in node.arguments { inner.insert(argument.value.text ?? "") }
            visit(node.body, isTop: isTop, &inner)
        case .bind:
            if let name = node.lhs?.value.text { bound.insert(name) }
            visit(node.rhs, isTop: isTop, &bound)
        case .transform:
            visit(node.pattern, isTop: false, &bound)
            visit(node.update, isTop: false, &bound)
            visit(node.deletion, isTop: false, &bound)
        default:
            visit(node.procedure, isTop: isTop, &bound)
            visit(node.lhs, isTop: isTop, &bound)
            visit(node.rhs, isTop: isTop, &bound)
            visit(node.expression, isTop: isTop, &bound)
            visit(node.condition, isTop: isTop, &bound)
            visit(node.then, isTop: isTop, &bound)
            visit(node.otherwise, isTop: isTop, &bound)
            for expression in node.expressions { visit(expression, isTop: isTop, &bound) }
            for argument in node.arguments { visit(argument, isTop: isTop, &bound) }
            for pair in node.pairs {
                visit(pair.key, isTop: isTop, &bound)
                visit(pair.value, isTop: isTop, &bound)
            }
        }
        for stage in node.predicates ?? [] {
            if case .filter(let filter) = stage.kind { visit(filter, isTop: false, &bound) }
        }
        visit(group: node.group, &bound)
    }

    private mutating func visit(path: Syntax, isTop: Bool, _ bound: inout Set<String>) {
        var inner = bound
        for (index, step) in path.steps.enumerated() {
            if index == 1, path.steps[0].kind == .variable, path.steps[0].value.text == "states", step.kind == .name,
                let field = step.value.text, !statesFields.contains(field)
            {
                statesFields.append(field)
            }
            visit(step, isTop: isTop && index == 0, &inner)
            if let focus = step.focus { inner.insert(focus) }
            if let name = step.index { inner.insert(name) }
            for stage in step.stages ?? [] {
                switch stage.kind {
                case .filter(let filter): visit(filter, isTop: false, &inner)
                case .index(let name): inner.insert(name)
                }
            }
            for term in step.terms { visit(term.expression, isTop: false, &inner) }
        }
        visit(group: path.group, &inner)
        // A binding inside a step would be seen by what follows it.
        bound.formUnion(inner.subtracting(path.steps.compactMap(\.focus)).subtracting(path.steps.compactMap(\.index)))
    }

    private mutating func visit(group: Syntax?, _ bound: inout Set<String>) {
        guard let group else { return }
        for pair in group.pairs {
            visit(pair.key, isTop: false, &bound)
            visit(pair.value, isTop: false, &bound)
        }
    }
}
