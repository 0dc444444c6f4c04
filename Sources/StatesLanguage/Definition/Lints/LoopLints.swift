import JSON
import JSONPath

/// Loops that cannot end well: AWS ends an execution at its 25,000th event.
enum LoopLints {
    private static let eventLimit = 25_000.0

    /// A loop with no way to an end.
    static func endless(_ machine: StateMachine, _ graph: TransitionGraph) -> [Diagnostic] {
        graph.loops.compactMap { members in
            guard let first = members.first, !graph.canEnd[first] else { return nil }
            let state = machine.states[first]
            return Diagnostic(
                .warning, "LINT_ENDLESS_LOOP",
                "No end can be reached from the loop through \(names(members, machine)): it runs into the limit of 25000 events",
                location: Lint.location(of: state.pointer), pointer: state.pointer)
        }
    }

    /// A Choice that leaves its loop only after a counter has passed a number too large for the history.
    static func counter(_ view: LintView, _ report: (Diagnostic) -> Void) {
        guard let number = view.graph.loop[view.state.id.index], case .choice(let choice) = view.state.kind else { return }
        let members = view.graph.loops[number]
        let events = members.reduce(0.0) { $0 + self.events(of: view.machine.states[$1]) }
        let shortest = Double(shortestLoop(through: view.state.id.index, view)) * 2
        for (index, rule) in choice.rules.enumerated() {
            guard let (counter, bound) = rule.condition.counterBound, let step = step(of: counter, in: members, view), step > 0 else {
                continue
            }
            let passes = bound / step
            // The least a pass can write: entering and leaving each state of the shortest way round.
            guard passes * min(shortest, events) > eventLimit else { continue }
            report(
                view.warning(
                    "LINT_TOO_MANY_EVENTS",
                    "The loop counts \(counter) to \(JSONValue.normalized(bound).text()) in steps of \(JSONValue.normalized(step).text()), which writes more than 25000 events",
                    at: "/Choices/\(index)"))
        }
    }

    /// A value that holds itself and more after every pass.
    static func growth(_ view: LintView, _ report: (Diagnostic) -> Void) {
        guard view.graph.loop[view.state.id.index] != nil else { return }
        if let assign = view.state.assign {
            for (name, node) in assign.members where node.grows("$" + name) {
                report(view.warning("LINT_GROWING_PAYLOAD", "The variable '\(name)' grows with every pass of the loop", at: "/Assign"))
            }
        }
        guard case .pass(let pass) = view.state.kind, let parameters = pass.parameters else { return }
        switch pass.resultPath {
        case .discard: return
        case .whole:
            for (name, node) in parameters.members {
                if node.isWholeInput {
                    report(
                        view.warning(
                            "LINT_GROWING_PAYLOAD",
                            "'\(name)' nests the whole input into the output, one level deeper with every pass of the loop",
                            at: "/Parameters"))
                } else if node.grows("$." + name) {
                    report(view.warning("LINT_GROWING_PAYLOAD", "'\(name)' grows with every pass of the loop", at: "/Parameters"))
                }
            }
        case .reference(let path):
            let holdsItself = parameters.members.contains {
                $0.node.isWholeInput || $0.node.grows(path.text + "." + $0.name) || $0.node.grows(path.text)
            }
            if holdsItself || parameters.root.grows(path.text) {
                report(
                    view.warning("LINT_GROWING_PAYLOAD", "The value at \(path.text) grows with every pass of the loop", at: "/Parameters"))
            }
        }
    }

    private static func names(_ members: [Int], _ machine: StateMachine) -> String {
        let shown = members.prefix(3).map { "'\(machine.states[$0].name)'" }.joined(separator: ", ")
        return members.count > 3 ? shown + ", …" : shown
    }

    /// How many events one visit writes at least.
    private static func events(of state: State) -> Double {
        switch state.kind {
        case .pass, .choice, .wait, .succeed: 2
        case .fail: 1
        case .task: 5
        case .parallel, .map: 4
        }
    }

    private static func shortestLoop(through start: Int, _ view: LintView) -> Int {
        var distance = [start: 0]
        var open = [start]
        var next = 0
        while next < open.count {
            let node = open[next]
            next += 1
            for target in view.graph.next[node] {
                if target == start { return (distance[node] ?? 0) + 1 }
                if distance[target] == nil {
                    distance[target] = (distance[node] ?? 0) + 1
                    open.append(target)
                }
            }
        }
        return 1
    }

    /// By how much the loop raises the counter with each pass; nil: it cannot be seen.
    private static func step(of counter: String, in members: [Int], _ view: LintView) -> Double? {
        for member in members {
            let state = view.machine.states[member]
            var templates: [Template] = []
            if let assign = state.assign { templates.append(assign) }
            if case .pass(let pass) = state.kind, let parameters = pass.parameters { templates.append(parameters) }
            for template in templates {
                for (_, node) in template.members {
                    if let step = node.increment(of: counter) { return step }
                }
            }
        }
        return nil
    }
}

extension Condition {
    /// The path and the number of a rule that compares a counter from below: `$.i` < 100, `$i < 100`.
    var counterBound: (String, Double)? {
        switch root {
        case .compare(let comparison):
            guard case .numeric(let order, .literal(let value)) = comparison.test, let bound = value.number else { return nil }
            switch order {
            case .lessThan, .lessThanEquals, .greaterThanEquals, .greaterThan, .equals: return (comparison.variable.text, bound)
            }
        case .not(.compare(let comparison)): return Condition(root: .compare(comparison)).counterBound
        case .query(let query):
            let words = query.source.split { $0 == " " }
            guard words.count == 3, words[0].hasPrefix("$"), ["<", "<=", ">", ">=", "="].contains(words[1]), let bound = Double(words[2])
            else { return nil }
            return (String(words[0]), bound)
        case .literal, .and, .or, .not: return nil
        }
    }
}

extension Template {
    /// The members of the top level.
    var members: [(name: String, node: Node)] {
        guard case .object(let shape, let nodes) = root else { return [] }
        return Array(zip(shape.keys, nodes)).map { ($0.0, $0.1) }
    }
}

extension Template.Node {
    /// `$` itself.
    var isWholeInput: Bool {
        switch self {
        case .path(let path, _): path.text == "$"
        case .query(let query): query.source == "$states.input"
        case .literal, .object, .array, .intrinsic: false
        }
    }

    /// Whether the value holds the value at `path` and more.
    func grows(_ path: String) -> Bool {
        switch self {
        case .literal: return false
        case .path: return false
        case .object(_, let nodes): return nodes.contains { $0.holds(path) }
        case .array(let nodes): return nodes.contains { $0.holds(path) }
        case .intrinsic(let call, _):
            guard call.paths.contains(where: { $0.text == path }) else { return false }
            return ["States.Array(", "States.Format(", "States.JsonToString(", "States.Base64Encode("].contains(where: call.text.hasPrefix)
        case .query(let query):
            guard query.mentions(path) else { return false }
            return query.source.contains("$append(") || query.source.contains("&")
                || (query.source.hasPrefix("[") && query.source.hasSuffix("]"))
        }
    }

    private func holds(_ path: String) -> Bool {
        switch self {
        case .path(let own, _): own.text == path
        case .query(let query): query.source == path || grows(path)
        case .literal, .object, .array, .intrinsic: grows(path)
        }
    }

    /// The number that is added to the value at `path`.
    func increment(of path: String) -> Double? {
        switch self {
        case .intrinsic(let call, _):
            guard call.text.hasPrefix("States.MathAdd("), call.paths.map(\.text) == [path] else { return nil }
            let inner = call.text.dropFirst(15).dropLast()
            let parts = inner.split(separator: ",").map { String($0).filter { $0 != " " } }
            return parts.count == 2 ? parts.compactMap(Double.init).first : nil
        case .query(let query):
            let words = query.source.split { $0 == " " }
            guard words.count == 3, words[1] == "+", words[0] == path else { return nil }
            return Double(words[2])
        case .literal, .object, .array, .path: return nil
        }
    }
}

extension QueryExpression {
    /// Whether the text names `path`, not a longer name.
    func mentions(_ path: String) -> Bool {
        var rest = Substring(source)
        while let range = rest.firstRange(of: path) {
            rest = rest[range.upperBound...]
            guard let next = rest.unicodeScalars.first, next.properties.isXIDContinue else { return true }
        }
        return false
    }
}
