/// The second stage of jsonata-js's parser: flattens `.` and `[` into paths of steps, finds tail calls, and says
/// for every parent operator which step must remember its ancestor.
struct PathBuilder {
    private var depth = 0
    private var labelCount = 0
    private var parents: [Syntax] = []
    private(set) var nodes: [Syntax] = []

    /// The finished tree.
    static func build(_ tree: Syntax, nodes: inout [Syntax]) throws(Failure) -> Syntax {
        var builder = PathBuilder()
        defer { nodes += builder.nodes }
        let result = try builder.process(tree)
        if result.kind == .parent || result.seekingParent != nil {
            // jsonata-js's nodes of these two kinds have no place.
            let hasPosition = result.kind != .parent && result.kind != .path
            throw Failure("S0217", position: hasPosition ? result.position : nil, token: .text(kindText(result)))
        }
        return result
    }

    private mutating func make(_ kind: SyntaxKind, like other: Syntax) -> Syntax {
        let node = Syntax(kind: kind, symbol: other.symbol, value: other.value, position: other.position)
        nodes.append(node)
        return node
    }

    private mutating func process(_ node: Syntax) throws(Failure) -> Syntax {
        depth += 1
        defer { depth -= 1 }
        if depth > Parser.maximumDepth { throw Failure(limit: "The expression is nested too deeply", code: nil) }
        let result = try processKind(node)
        if node.keepArray { result.keepArray = true }
        return result
    }

    private mutating func processKind(_ node: Syntax) throws(Failure) -> Syntax {
        switch node.kind {
        case .binary: return try binary(node)
        case .unary: return try unary(node)
        case .function, .partial: return try call(node)
        case .lambda:
            let result = make(.lambda, like: node)
            result.arguments = node.arguments
            result.signature = node.signature
            if let body = node.body { result.body = markTailCalls(try process(body)) }
            return result
        case .condition:
            let result = make(.condition, like: node)
            result.condition = try processed(node.condition, into: result)
            result.then = try processed(node.then, into: result)
            result.otherwise = try processed(node.otherwise, into: result)
            return result
        case .transform:
            let result = make(.transform, like: node)
            result.pattern = try node.pattern.map { (part) throws(Failure) in try process(part) }
            result.update = try node.update.map { (part) throws(Failure) in try process(part) }
            result.deletion = try node.deletion.map { (part) throws(Failure) in try process(part) }
            return result
        case .block:
            let result = make(.block, like: node)
            for item in node.expressions {
                let part = try process(item)
                passAncestry(from: part, to: result)
                if part.isConstructedArray || (part.kind == .path && part.steps[0].isConstructedArray) {
                    result.isConstructedArray = true
                }
                result.expressions.append(part)
            }
            return result
        case .name: return namePath(node)
        case .parent:
            let result = make(.parent, like: node)
            result.slot = AncestorSlot(label: "!\(labelCount)", index: labelCount)
            labelCount += 1
            parents.append(result)
            return result
        case .string, .number, .value, .wildcard, .descendant, .variable, .regex: return node
        case .operatorToken:
            if node.symbol == "and" || node.symbol == "or" || node.symbol == "in" {
                node.kind = .name
                return namePath(node)
            }
            if node.symbol == "?" { return node }
            throw .token("S0201", position: node.position, token: node.symbol)
        case .end: throw Failure("S0207", position: node.position, token: .json(.string("(end)")))
        case .path, .bind, .apply, .sort: return node
        }
    }

    private mutating func processed(_ part: Syntax?, into result: Syntax) throws(Failure) -> Syntax? {
        guard let part else { return nil }
        let done = try process(part)
        passAncestry(from: done, to: result)
        return done
    }

    private mutating func namePath(_ node: Syntax) -> Syntax {
        let result = Syntax(kind: .path, position: node.position)
        nodes.append(result)
        result.steps = [node]
        if node.keepArray { result.keepSingletonArray = true }
        return result
    }

    // MARK: Operators

    private mutating func binary(_ node: Syntax) throws(Failure) -> Syntax {
        guard let lhs = node.lhs else { return node }
        switch node.symbol {
        case ".": return try dot(node)
        case "[": return try predicate(node)
        case "{":
            let result = try process(lhs)
            if result.group != nil { throw Failure("S0210", position: node.position) }
            let group = Syntax(kind: .unary, symbol: "{", position: node.position)
            nodes.append(group)
            for pair in node.pairs { group.pairs.append((try process(pair.key), try process(pair.value))) }
            result.group = group
            return result
        case "^": return try orderBy(node)
        case ":=":
            let result = make(.bind, like: node)
            result.lhs = try process(lhs)
            result.rhs = try processed(node.rhs, into: result)
            return result
        case "@":
            let result = try process(lhs)
            let step = result.kind == .path ? result.steps[result.steps.count - 1] : result
            if step.stages != nil || step.predicates != nil { throw Failure("S0215", position: node.position) }
            if step.kind == .sort { throw Failure("S0216", position: node.position) }
            if node.keepArray { step.keepArray = true }
            step.focus = node.rhs?.value.text
            step.isTuple = true
            return result
        case "#":
            var result = try process(lhs)
            var step = result
            if result.kind == .path {
                step = result.steps[result.steps.count - 1]
            } else {
                result = Syntax(kind: .path, position: result.position)
                nodes.append(result)
                result.steps = [step]
                if let predicates = step.predicates {
                    step.stages = predicates
                    step.predicates = nil
                }
            }
            let name = node.rhs?.value.text ?? ""
            if step.stages == nil {
                step.index = name
            } else {
                step.stages?.append(Stage(kind: .index(name), position: node.position))
            }
            step.isTuple = true
            return result
        case "~>":
            let result = make(.apply, like: node)
            result.lhs = try process(lhs)
            result.rhs = try node.rhs.map { (part) throws(Failure) in try process(part) }
            result.keepArray = result.lhs?.keepArray == true || result.rhs?.keepArray == true
            return result
        default:
            let result = make(.binary, like: node)
            result.lhs = try processed(lhs, into: result)
            result.rhs = try processed(node.rhs, into: result)
            return result
        }
    }

    private mutating func dot(_ node: Syntax) throws(Failure) -> Syntax {
        guard let lhs = node.lhs, let rhs = node.rhs else { return node }
        let left = try process(lhs)
        let result: Syntax
        if left.kind == .path {
            result = left
        } else {
            result = Syntax(kind: .path, position: left.position)
            nodes.append(result)
            result.steps = [left]
        }
        if left.kind == .parent, let slot = left.slot { result.seekingParent = [slot] }
        let rest = try process(rhs)
        if rest.kind == .path {
            result.steps += rest.steps
        } else {
            if let predicates = rest.predicates {
                rest.stages = predicates
                rest.predicates = nil
            }
            result.steps.append(rest)
        }
        for step in result.steps {
            if step.kind == .number || step.kind == .value {
                throw Failure("S0213", position: step.position, value: Parser.tokenValue(step))
            }
            if step.kind == .string { step.kind = .name }
        }
        if result.steps.contains(where: \.keepArray) { result.keepSingletonArray = true }
        let first = result.steps[0]
        if first.kind == .unary, first.symbol == "[" { first.isConstructedArray = true }
        let last = result.steps[result.steps.count - 1]
        if last.kind == .unary, last.symbol == "[" { last.isConstructedArray = true }
        resolveAncestry(result, try seekingSlots(result))
        if let failure = pendingFailure { throw failure }
        return result
    }

    private mutating func predicate(_ node: Syntax) throws(Failure) -> Syntax {
        guard let lhs = node.lhs, let rhs = node.rhs else { return node }
        let result = try process(lhs)
        let isPath = result.kind == .path
        let step = isPath ? result.steps[result.steps.count - 1] : result
        if step.group != nil { throw Failure("S0209", position: node.position) }
        let filter = try process(rhs)
        if let slots = filter.seekingParent {
            for slot in slots {
                if slot.level == 1 {
                    _ = try seekParent(step, slot)
                } else {
                    slot.level -= 1
                }
            }
            passAncestry(from: filter, to: step)
        }
        let stage = Stage(kind: .filter(filter), position: node.position)
        if isPath {
            step.stages = (step.stages ?? []) + [stage]
        } else {
            step.predicates = (step.predicates ?? []) + [stage]
        }
        return result
    }

    private mutating func orderBy(_ node: Syntax) throws(Failure) -> Syntax {
        guard let lhs = node.lhs else { return node }
        var result = try process(lhs)
        if result.kind != .path {
            let path = Syntax(kind: .path, position: result.position)
            nodes.append(path)
            path.steps = [result]
            result = path
        }
        let sort = Syntax(kind: .sort, position: node.position)
        nodes.append(sort)
        for term in node.terms {
            let expression = try process(term.expression)
            passAncestry(from: expression, to: sort)
            sort.terms.append((term.descending, expression))
        }
        result.steps.append(sort)
        resolveAncestry(result, try seekingSlots(result))
        if let failure = pendingFailure { throw failure }
        return result
    }

    private mutating func unary(_ node: Syntax) throws(Failure) -> Syntax {
        let result = make(.unary, like: node)
        switch node.symbol {
        case "[":
            for item in node.expressions {
                let value = try process(item)
                passAncestry(from: value, to: result)
                result.expressions.append(value)
            }
        case "{":
            for pair in node.pairs {
                let key = try process(pair.key)
                passAncestry(from: key, to: result)
                let value = try process(pair.value)
                passAncestry(from: value, to: result)
                result.pairs.append((key, value))
            }
        default:
            guard let operand = node.expression else { return result }
            let expression = try process(operand)
            if expression.kind == .number, case .number(let number) = expression.value {
                expression.value = .number(-number)
                return expression
            }
            result.expression = expression
            passAncestry(from: expression, to: result)
        }
        return result
    }

    private mutating func call(_ node: Syntax) throws(Failure) -> Syntax {
        let result = make(node.kind, like: node)
        for argument in node.arguments {
            let done = try process(argument)
            passAncestry(from: done, to: result)
            result.arguments.append(done)
        }
        result.procedure = try node.procedure.map { (part) throws(Failure) in try process(part) }
        return result
    }

    // MARK: Tail calls

    /// A call in the last place of a function's body does not grow the stack.
    private func markTailCalls(_ node: Syntax) -> Syntax {
        var pending = [node]
        while let next = pending.popLast() {
            switch next.kind {
            case .function where next.predicates == nil: next.isTailCall = true
            case .condition:
                if let then = next.then { pending.append(then) }
                if let otherwise = next.otherwise { pending.append(otherwise) }
            case .block where next.predicates == nil && next.group == nil && !next.keepArray:
                if let last = next.expressions.last { pending.append(last) }
            default: break
            }
        }
        return node
    }

    // MARK: Ancestors

    private var pendingFailure: Failure?

    private func passAncestry(from value: Syntax, to result: Syntax) {
        guard value.seekingParent != nil || value.kind == .parent else { return }
        var slots = value.seekingParent ?? []
        if value.kind == .parent, let slot = value.slot { slots.append(slot) }
        result.seekingParent = (result.seekingParent ?? []) + slots
    }

    private func seekingSlots(_ path: Syntax) throws(Failure) -> [AncestorSlot] {
        let last = path.steps[path.steps.count - 1]
        var slots = last.seekingParent ?? []
        if last.kind == .parent, let slot = last.slot { slots.append(slot) }
        return slots
    }

    private mutating func resolveAncestry(_ path: Syntax, _ slots: [AncestorSlot]) {
        for slot in slots {
            var index = path.steps.count - 2
            while slot.level > 0 {
                if index < 0 {
                    path.seekingParent = (path.seekingParent ?? []) + [slot]
                    break
                }
                var step = path.steps[index]
                index -= 1
                // Steps in a row that bind the focus all start from the same place.
                while index >= 0, step.focus != nil, path.steps[index].focus != nil {
                    step = path.steps[index]
                    index -= 1
                }
                do throws(Failure) {
                    _ = try seekParent(step, slot)
                } catch {
                    pendingFailure = error
                    return
                }
            }
        }
    }

    @discardableResult
    private mutating func seekParent(_ node: Syntax, _ slot: AncestorSlot) throws(Failure) -> AncestorSlot {
        switch node.kind {
        case .name, .wildcard:
            slot.level -= 1
            if slot.level == 0 {
                if let ancestor = node.ancestor {
                    parents[slot.index].slot?.label = ancestor.label
                }
                node.ancestor = slot
                node.isTuple = true
            }
        case .parent: slot.level += 1
        case .block:
            if let last = node.expressions.last {
                node.isTuple = true
                try seekParent(last, slot)
            }
        case .path:
            node.isTuple = true
            var index = node.steps.count - 1
            try seekParent(node.steps[index], slot)
            index -= 1
            while slot.level > 0, index >= 0 {
                try seekParent(node.steps[index], slot)
                index -= 1
            }
        default: throw .token("S0217", position: node.position, token: Self.kindText(node))
        }
        return slot
    }

    private static func kindText(_ node: Syntax) -> String {
        switch node.kind {
        case .operatorToken: "operator"
        case .end: "(end)"
        default: "\(node.kind)"
        }
    }
}
