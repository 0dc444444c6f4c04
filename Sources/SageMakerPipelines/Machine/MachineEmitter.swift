import JSON

/// Writes the states of a plan.
struct MachineEmitter {
    enum Dialect {
        /// With the extensions of DESIGN.md section 4.
        case extended
        /// What Step Functions accepts.
        case strict
    }

    /// The states of one scope: the machine or a branch.
    struct Container {
        var states: [(name: String, fields: JSONObject)] = []
        /// The state at which the container's ways meet, where they must meet in one.
        var terminal: String?
        /// Strict: where a failure inside goes, to be told after the join.
        var failed: String?
        var parallels: [(state: Int, branches: [(sequence: Plan.SequenceID, fields: JSONObject)])] = []
    }

    /// A file that a step reads before it runs.
    struct FileRead {
        let source: PipelineExpression.JSONSource
        let state: String
        let variable: String
        var kept = KeptProperties()
    }

    let definition: PipelineDefinition
    let graph: StepGraph
    let plan: Plan
    let options: CompileOptions
    let dialect: Dialect

    var kept: [Int: KeptProperties] = [:]
    var reads: [Int: [FileRead]] = [:]
    /// Strict: a state that must come before the step's own, by node.
    var preludes: [Int: String] = [:]
    /// Strict: whether what ASL's Retry cannot say becomes a loop, or a wider Retry.
    var isSimple = false
    var strictLosses = StrictLosses()
    /// Strict: variables that hold what a description said, by node.
    var results: [Int: String] = [:]
    var tunings: [Int: String] = [:]
    var emrSteps: [Int: String] = [:]
    /// Strict: whether a check's report is read.
    var readsReports = false
    var readsFiles: Bool { !reads.isEmpty || readsReports }
    let variables: VariableTable
    var stateNames: NameTable
    var variableNames: NameTable
    var containers: [Plan.SequenceID: Container] = [:]
    var itemNames: [Plan.SequenceID: [Int: String]] = [:]
    var context: [Plan.SequenceID: String] = [:]
    var placements: [Int: StepPlacement] = [:]
    var notes: [String] = []
    /// Set where the emitter writes the body of a ForEach: what the ForEach itself can read, and its names.
    var outer: Outer?

    struct Outer {
        let property: (String, PropertyPath) -> String
        let isForEach = true
    }

    init(
        definition: PipelineDefinition, graph: StepGraph, plan: Plan, options: CompileOptions, dialect: Dialect, outer: Outer? = nil,
        names: (NameTable, NameTable)? = nil, alsoKept: [Int: [PropertyPath]] = [:]
    ) {
        self.definition = definition
        self.graph = graph
        self.plan = plan
        self.options = options
        self.dialect = dialect
        self.outer = outer
        let collected = PropertyReaders(graph: graph, plan: plan)
        kept = collected.kept
        for (node, paths) in alsoKept {
            for path in paths { kept[node, default: KeptProperties()].keep(path) }
        }
        let extra = alsoKept.keys.map { VariableTable.Reader(node: $0, sequence: plan.root) }
        variables = VariableTable(plan: plan, readers: collected.readers + extra, reserving: names?.1.used ?? []) { graph.nodes[$0].step.name }
        stateNames = names?.0 ?? NameTable(reserving: definition.allSteps.map(\.step.name), limit: 80)
        variableNames = names?.1 ?? NameTable(reserving: NameTable.reservedVariables.union(variables.allNames), limit: 76)
    }

    // MARK: The machine

    mutating func run() -> CompiledPipeline {
        let start = stateNames.name("Start")
        let first = emitAll()
        var states = JSONObject()
        var fields = JSONObject([("Type", "Pass"), ("Comment", "The parameters, and a short name of this execution for its jobs")])
        var assigned = JSONObject([("Run", ExpressionText.template("$substring($hash($states.context.Execution.Id, 'MD5'), 0, 12)"))])
        if !definition.parameters.isEmpty {
            var defaults = JSONObject()
            for parameter in definition.parameters { defaults[parameter.name] = parameter.defaultValue }
            assigned["Parameters"] = ExpressionText.template("$merge([\(JSONValue.object(defaults).text()), $states.input])")
        }
        fields["Assign"] = .object(assigned)
        fields["Output"] = .object(JSONObject())
        Self.follow(&fields, first)
        states[start] = .object(fields)
        for (name, state) in assemble() { states[name] = state }
        var machine = JSONObject()
        machine["Comment"] = .string(options.name.map { "SageMaker pipeline \($0)" } ?? "A SageMaker pipeline")
        machine["QueryLanguage"] = "JSONata"
        machine["StartAt"] = .string(start)
        machine["States"] = .object(states)
        return CompiledPipeline(machine: .object(machine), placements: orderedPlacements(), notes: notes)
    }

    /// Emits every state; the name of the first, nil where there is none.
    mutating func emitAll() -> String? {
        nameItems()
        collectFiles()
        if dialect == .strict { collectPreludes() }
        context[plan.root] = "in the main line"
        containers[plan.root] = Container()
        var work: [(sequence: Plan.SequenceID, container: Plan.SequenceID, next: String?)] = [(plan.root, plan.root, containerEnd(plan.root))]
        while let next = work.popLast() {
            let more = emit(next.sequence, next.container, next.next)
            work.append(contentsOf: more.reversed())
        }
        for container in containers.keys.sorted() {
            addTerminal(container)
            addFailed(container)
        }
        return entry(of: plan.root) ?? containers[plan.root]?.terminal
    }

    private func orderedPlacements() -> [StepPlacement] {
        var result: [StepPlacement] = []
        for node in graph.topologicalOrder() {
            if let placement = placements[node] {
                result.append(placement)
            } else {
                let step = graph.nodes[node].step
                result.append(
                    StepPlacement(
                        step: step.name, type: step.typeName, state: nil, helpers: [],
                        reason: "can never start: it needs both branches of one Condition, so it is left out"))
            }
        }
        return result
    }

    // MARK: Names

    private mutating func nameItems() {
        for (id, sequence) in plan.sequences.enumerated() {
            for (index, item) in sequence.items.enumerated() {
                switch item {
                case .step: break
                case .guarded(let literals, _):
                    if !literals.isEmpty { itemNames[id, default: [:]][index] = stateNames.name("If \(phrase(literals))") }
                case .arms(let condition, _, _):
                    if !isMerged(id, index) { itemNames[id, default: [:]][index] = stateNames.name("\(graph.nodes[condition].step.name) branches") }
                case .parallel(let branches):
                    itemNames[id, default: [:]][index] = stateNames.name(parallelName(branches))
                case .network(let branches):
                    itemNames[id, default: [:]][index] = stateNames.name(parallelName(branches.map(\.sequence)))
                }
            }
        }
    }

    private func phrase(_ literals: [Literal]) -> String {
        literals.map { ($0.outcome ? "" : "not ") + graph.nodes[$0.condition].step.name }.joined(separator: " and ")
    }

    private func parallelName(_ branches: [Plan.SequenceID]) -> String {
        let firsts = branches.prefix(2).map { firstStep(of: $0) }
        let rest = branches.count - firsts.count
        return firsts.joined(separator: rest > 0 ? ", " : " and ") + (rest > 0 ? " and \(rest) more" : "")
    }

    /// The name of a step that stands first in a sequence.
    private func firstStep(of sequence: Plan.SequenceID) -> String {
        var current = sequence
        while let item = plan.sequences[current].items.first {
            switch item {
            case .step(let node), .arms(let node, _, _): return graph.nodes[node].step.name
            case .guarded(_, let inner): current = inner
            case .parallel(let branches):
                guard let first = branches.first else { return "nothing" }
                current = first
            case .network(let branches):
                guard let first = branches.first else { return "nothing" }
                current = first.sequence
            }
        }
        return "nothing"
    }

    private func lastStep(of sequence: Plan.SequenceID) -> String {
        guard let item = plan.sequences[sequence].items.last else { return "nothing" }
        switch item {
        case .step(let node): return graph.nodes[node].step.name
        case .arms(let node, _, _): return "\(graph.nodes[node].step.name)"
        default: return firstStep(of: sequence)
        }
    }

    /// Whether the branches stand directly after their decision: then the two are one Choice.
    private func isMerged(_ sequence: Plan.SequenceID, _ index: Int) -> Bool {
        guard index > 0, case .arms(let condition, _, _) = plan.sequences[sequence].items[index],
            case .step(condition) = plan.sequences[sequence].items[index - 1]
        else { return false }
        return true
    }

    // MARK: Files

    private mutating func collectFiles() {
        for node in graph.nodes.indices where variables.sequenceOf[node] != nil {
            let own = graph.nodes[node]
            for (step, pointer) in [(own.step, own.pointer)] {
                for found in step.expressions(at: pointer).found {
                    guard case .jsonGet(let source, let path) = found.expression else { continue }
                    var list = reads[node] ?? []
                    if let known = list.firstIndex(where: { $0.source == source }) {
                        list[known].kept.keep(path)
                    } else {
                        let label = Self.label(source)
                        var read = FileRead(
                            source: source, state: stateNames.name("\(step.name) reads \(label)"),
                            variable: variableNames.name(
                                NameTable.variable("\(step.name)_\(label)").filter { $0.isLetter || $0.isNumber || $0 == "_" }, separator: "_"))
                        read.kept.keep(path)
                        list.append(read)
                    }
                    reads[node] = list
                }
            }
        }
    }

    private static func label(_ source: PipelineExpression.JSONSource) -> String {
        switch source {
        case .propertyFile(_, let name): name
        case .s3URI: "results"
        }
    }

    // MARK: Ways

    /// The first state of a sequence; nil: it is empty.
    private func entry(of sequence: Plan.SequenceID) -> String? { entry(of: sequence, at: 0) }

    func entryName(_ sequence: Plan.SequenceID) -> String? { entry(of: sequence, at: 0) }
    mutating func terminalName(_ container: Plan.SequenceID) -> String { terminal(container) }

    private func entry(of sequence: Plan.SequenceID, at start: Int) -> String? {
        var (current, index) = (sequence, start)
        while index < plan.sequences[current].items.count {
            switch plan.sequences[current].items[index] {
            case .step(let node): return reads[node]?.first?.state ?? preludes[node] ?? graph.nodes[node].step.name
            case .arms where isMerged(current, index): index += 1
            case .guarded(let literals, let inner) where literals.isEmpty:
                if plan.sequences[inner].items.isEmpty { index += 1 } else { (current, index) = (inner, 0) }
            default: return itemNames[current]?[index]
            }
        }
        return nil
    }

    /// Where the last state of a container goes: to a state that hands its variables on, or nowhere.
    private mutating func containerEnd(_ container: Plan.SequenceID) -> String? {
        if outer != nil, container == plan.root { return terminal(container) }
        guard !exports(container).isEmpty, !endsInStep(container) else { return nil }
        return terminal(container)
    }

    private func exports(_ container: Plan.SequenceID) -> [Int] { variables.exports[container] ?? [] }

    /// Whether the last state is a step, which can hand the variables on itself.
    private func endsInStep(_ container: Plan.SequenceID) -> Bool {
        guard dialect == .extended, case .step? = plan.sequences[container].items.last else { return false }
        return true
    }

    private mutating func terminal(_ container: Plan.SequenceID) -> String {
        if let known = containers[container]?.terminal { return known }
        let name = stateNames.name("Done")
        containers[container]?.terminal = name
        return name
    }

    private mutating func addTerminal(_ container: Plan.SequenceID) {
        guard let name = containers[container]?.terminal else { return }
        var fields = JSONObject([("Type", "Succeed")])
        if let output = bodyOutput(container) {
            fields["Output"] = output
        } else if !exports(container).isEmpty {
            fields["Output"] = ExpressionText.template(handingOn(container, own: nil))
        } else {
            fields["Output"] = .object(JSONObject())
        }
        add(name, fields, to: container)
    }

    /// What an iteration of a ForEach returns: the properties of its steps, by step.
    private func bodyOutput(_ container: Plan.SequenceID) -> JSONValue? {
        guard outer != nil, container == plan.root else { return nil }
        let members = graph.nodes.indices.filter { variables.isRead($0) && kept[$0]?.isEmpty == false }.map { node in
            "\(ExpressionText.literal(graph.nodes[node].step.name)): $\(variables.name(of: node, from: plan.root))"
        }
        return ExpressionText.template("{\(members.joined(separator: ", "))}")
    }

    /// `{'Train': $Train_1, …}`: what a branch gives to the Parallel around it. `own`: the node whose state says it, and its value.
    func handingOn(_ container: Plan.SequenceID, own: (node: Int, value: String)?) -> String {
        let depth = plan.sequences[container].depth
        let members = exports(container).map { node in
            let key = ExpressionText.literal(variables.name(of: node, depth: depth - 1))
            if let own, own.node == node { return "\(key): \(own.value)" }
            return "\(key): $\(variables.name(of: node, depth: depth))"
        }
        return "{\(members.joined(separator: ", "))}"
    }

    mutating func add(_ name: String, _ fields: JSONObject, to container: Plan.SequenceID) {
        containers[container]?.states.append((name, fields))
    }

    static func follow(_ fields: inout JSONObject, _ next: String?) {
        if let next {
            fields["Next"] = .string(next)
        } else {
            fields["End"] = true
        }
    }

    // MARK: Sequences

    /// Emits the states of a sequence; what is inside its items is returned as further work.
    private mutating func emit(
        _ sequence: Plan.SequenceID, _ container: Plan.SequenceID, _ next: String?
    ) -> [(sequence: Plan.SequenceID, container: Plan.SequenceID, next: String?)] {
        var work: [(sequence: Plan.SequenceID, container: Plan.SequenceID, next: String?)] = []
        let items = plan.sequences[sequence].items
        var before: String?
        for (index, item) in items.enumerated() {
            let following = entry(of: sequence, at: index + 1) ?? next
            switch item {
            case .step(let node):
                let isChoice = index + 1 < items.count && isMerged(sequence, index + 1)
                let isEnd = sequence == container && index == items.count - 1
                if !isChoice, dialect == .strict { emitStrictStep(node, sequence, container, following) }
                if !isChoice, dialect == .extended { emitStep(node, sequence, container, following, handsOn: isEnd && !exports(container).isEmpty) }
                explain(node, sequence, before)
                before = graph.nodes[node].step.name
            case .arms(let condition, let ifSteps, let elseSteps):
                let merged = isMerged(sequence, index)
                emitChoice(condition, sequence, container, name: merged ? nil : itemNames[sequence]?[index], ifSteps, elseSteps, following)
                let name = graph.nodes[condition].step.name
                context[ifSteps] = "inside Choice '\(name)', if it holds"
                context[elseSteps] = "inside Choice '\(name)', if it does not hold"
                work.append((ifSteps, container, following))
                work.append((elseSteps, container, following))
            case .guarded(let literals, let inner):
                if !literals.isEmpty { emitGuard(literals, sequence, container, itemNames[sequence]?[index] ?? "", inner, following) }
                context[inner] =
                    literals.isEmpty
                    ? context[sequence]
                    : "behind Choice '\(itemNames[sequence]?[index] ?? "")', because a branch of \(phrase(literals)) is waited for from elsewhere; \(context[sequence] ?? "")"
                work.append((inner, container, following))
            case .parallel(let branches):
                let name = itemNames[sequence]?[index] ?? ""
                work += emitParallel(name, branches.map { Plan.NetworkBranch(sequence: $0, waits: []) }, sequence, container, following, before)
                before = name
            case .network(let branches):
                let name = itemNames[sequence]?[index] ?? ""
                work += emitParallel(name, branches, sequence, container, following, before)
                before = name
            }
        }
        return work
    }

    private mutating func explain(_ node: Int, _ sequence: Plan.SequenceID, _ before: String?) {
        let step = graph.nodes[node].step
        let place = before.map { "after '\($0)', " } ?? ""
        placements[node] = StepPlacement(
            step: step.name, type: step.typeName, state: step.name, helpers: (reads[node] ?? []).map(\.state), reason: place + (context[sequence] ?? ""))
    }

    private mutating func emitParallel(
        _ name: String, _ branches: [Plan.NetworkBranch], _ sequence: Plan.SequenceID, _ container: Plan.SequenceID, _ next: String?, _ before: String?
    ) -> [(sequence: Plan.SequenceID, container: Plan.SequenceID, next: String?)] {
        var work: [(sequence: Plan.SequenceID, container: Plan.SequenceID, next: String?)] = []
        var labels = NameTable(limit: 80)
        let isNetwork = branches.contains { !$0.waits.isEmpty }
        let names = branches.map { branch -> String in
            let (first, last) = (firstStep(of: branch.sequence), lastStep(of: branch.sequence))
            return labels.name(first == last ? first : "\(first) to \(last)")
        }
        var parts: [(sequence: Plan.SequenceID, fields: JSONObject)] = []
        for (index, branch) in branches.enumerated() {
            var fields = JSONObject()
            if isNetwork {
                fields["Name"] = .string(names[index])
                let waits = branch.waits.map { wait -> JSONValue in
                    wait.trigger == .succeeded
                        ? .string(names[wait.branch]) : ["Name": .string(names[wait.branch]), "Trigger": .string(wait.trigger.rawValue)]
                }
                if !waits.isEmpty { fields["DependsOn"] = .array(waits) }
            }
            parts.append((branch.sequence, fields))
            containers[branch.sequence] = Container()
            let waitText = branch.waits.map { "\(names[$0.branch])\($0.trigger == .succeeded ? "" : " (\($0.trigger.rawValue))")" }.joined(separator: ", ")
            context[branch.sequence] =
                isNetwork
                ? "a branch of '\(name)'\(waitText.isEmpty ? "" : " that waits for \(waitText)"): the graph is not series-parallel here"
                : "one of \(branches.count) branches of '\(name)' that do not wait for each other"
            work.append((branch.sequence, branch.sequence, containerEnd(branch.sequence)))
        }
        var fields = JSONObject([("Type", "Parallel")])
        fields["Branches"] = []
        if dialect == .extended {
            if let limit = options.maxParallelExecutionSteps, branches.count > limit { fields["MaxConcurrency"] = .integer(Int64(limit)) }
            fields["OnFailure"] = "FinishRunning"
        }
        let depth = plan.sequences[container].depth
        var assigned = JSONObject()
        for branch in branches {
            for node in exports(branch.sequence) {
                let outerName = variables.name(of: node, depth: depth)
                let value = "$states.result\(ExpressionText.field(outerName))"
                let mayMiss =
                    dialect == .strict || isConditional(node, in: branch.sequence) || branch.waits.contains { $0.trigger != .succeeded }
                    || isNetwork && hasTriggers(branches)
                assigned[outerName] = ExpressionText.template(mayMiss ? "$exists(\(value)) ? \(value) : {}" : value)
            }
        }
        // Inside a branch the variables are handed on by its end, not by this state.
        if !assigned.isEmpty { fields["Assign"] = .object(assigned) }
        if dialect == .strict {
            fields["Output"] = ExpressionText.template("{'Failed': [$states.result.Failed]}")
            fields["Next"] = .string(strictJoin(name, container, next))
        } else {
            fields["Output"] = .object(JSONObject())
            Self.follow(&fields, next)
        }
        add(name, fields, to: container)
        let index = (containers[container]?.states.count ?? 1) - 1
        containers[container]?.parallels.append((index, parts))
        return work
    }

    private func hasTriggers(_ branches: [Plan.NetworkBranch]) -> Bool {
        branches.contains { $0.waits.contains { $0.trigger != .succeeded } }
    }

    /// Whether the node may not have run though the branch ended well.
    private func isConditional(_ node: Int, in branch: Plan.SequenceID) -> Bool {
        guard var current = variables.sequenceOf[node] else { return true }
        while current != branch {
            guard let parent = plan.sequences[current].parent else { return true }
            if !plan.sequences[current].isBranch {
                let isPlain = plan.sequences[parent].items.contains {
                    if case .guarded(let literals, current) = $0 { return literals.isEmpty } else { return false }
                }
                if !isPlain { return true }
            }
            current = parent
        }
        return false
    }

    // MARK: Putting together

    /// The states of the outermost container, with the branches in their Parallels.
    mutating func assemble() -> [(String, JSONValue)] {
        var workflows: [Plan.SequenceID: JSONObject] = [:]
        // A branch has a higher number than the sequence that holds it.
        for id in containers.keys.sorted(by: >) {
            guard var container = containers[id] else { continue }
            for parallel in container.parallels {
                let branches = parallel.branches.map { branch -> JSONValue in
                    var fields = branch.fields
                    for (key, value) in workflows.removeValue(forKey: branch.sequence) ?? JSONObject() { fields[key] = value }
                    return .object(fields)
                }
                container.states[parallel.state].fields["Branches"] = .array(branches)
            }
            if id == plan.root { return container.states.map { ($0.name, .object($0.fields)) } }
            var workflow = JSONObject()
            workflow["StartAt"] = .string(entry(of: id) ?? container.terminal ?? "")
            var states = JSONObject()
            for state in container.states { states[state.name] = .object(state.fields) }
            workflow["States"] = .object(states)
            workflows[id] = workflow
        }
        return []
    }
}
