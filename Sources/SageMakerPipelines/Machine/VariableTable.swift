/// Where the variables of the machine live: for each step whose properties are read later, the scopes (Parallel branches,
/// the machine itself) that hold them and their names there.
///
/// Step Functions forbids an inner scope to assign a name of an outer one, so a variable that leaves a branch has
/// another name inside than outside.
struct VariableTable {
    private let plan: Plan
    /// The sequence each node stands in.
    private(set) var sequenceOf: [Int: Plan.SequenceID] = [:]
    private var names: [Int: [Int: String]] = [:]
    private var shallowest: [Int: Int] = [:]
    /// Read in the scope in which the step itself assigns it.
    private var readAtHome: Set<Int> = []
    /// The nodes whose variables a branch hands on, by branch.
    private(set) var exports: [Plan.SequenceID: [Int]] = [:]

    /// A place that reads a node's variable.
    struct Reader {
        let node: Int
        let sequence: Plan.SequenceID
    }

    init(plan: Plan, readers: [Reader], reserving: Set<String> = [], names stepNames: (Int) -> String) {
        self.plan = plan
        for (id, sequence) in plan.sequences.enumerated() {
            for case .step(let node) in sequence.items { sequenceOf[node] = id }
        }
        for reader in readers {
            guard let home = sequenceOf[reader.node].map(scope) else { continue }
            let (depth, isHome) = depth(of: home, seenFrom: scope(reader.sequence))
            shallowest[reader.node] = min(shallowest[reader.node] ?? .max, depth)
            if isHome { readAtHome.insert(reader.node) }
        }
        allocate(stepNames, reserving)
    }

    private mutating func allocate(_ stepNames: (Int) -> String, _ reserving: Set<String>) {
        var table = NameTable(reserving: NameTable.reservedVariables.union(reserving), limit: 76)
        for node in shallowest.keys.sorted() {
            guard let top = shallowest[node], let home = sequenceOf[node].map(scope) else { continue }
            let base = table.name(NameTable.variable(stepNames(node)), separator: "_")
            var current = home
            while true {
                let depth = plan.sequences[current].depth
                names[node, default: [:]][depth] = depth == top ? base : table.name("\(base)_\(depth)", separator: "_")
                guard depth > top, let parent = plan.sequences[current].parent else { break }
                exports[current, default: []].append(node)
                current = scope(parent)
            }
        }
        for branch in exports.keys { exports[branch]?.sort() }
    }

    /// The sequence that is the branch, or the machine, around `sequence`.
    func scope(_ sequence: Plan.SequenceID) -> Plan.SequenceID {
        var current = sequence
        while !plan.sequences[current].isBranch, let parent = plan.sequences[current].parent { current = parent }
        return current
    }

    /// The depth of the scope in which a reader finds the variable, and whether that is the step's own.
    private func depth(of home: Plan.SequenceID, seenFrom reader: Plan.SequenceID) -> (depth: Int, isHome: Bool) {
        var a = home
        var b = reader
        var belowA: Plan.SequenceID?
        var belowB: Plan.SequenceID?
        func climb(_ scope: Plan.SequenceID) -> Plan.SequenceID? { plan.sequences[scope].parent.map(self.scope) }
        while a != b {
            if plan.sequences[a].depth >= plan.sequences[b].depth {
                belowA = a
                guard let up = climb(a) else { break }
                a = up
            } else {
                belowB = b
                guard let up = climb(b) else { break }
                b = up
            }
        }
        let common = plan.sequences[a].depth
        // Branches of one network see what the branches they wait for assigned.
        if let belowA, let belowB, areSiblings(belowA, belowB) { return (common + 1, belowA == home) }
        return (common, a == home)
    }

    private func areSiblings(_ a: Plan.SequenceID, _ b: Plan.SequenceID) -> Bool {
        guard let holder = plan.sequences[a].parent, holder == plan.sequences[b].parent else { return false }
        for case .network(let branches) in plan.sequences[holder].items {
            let ids = branches.map(\.sequence)
            if ids.contains(a) { return ids.contains(b) }
        }
        return false
    }

    /// Every name that is given.
    var allNames: Set<String> { Set(names.values.flatMap(\.values)) }

    func isRead(_ node: Int) -> Bool { shallowest[node] != nil }
    func isReadAtHome(_ node: Int) -> Bool { readAtHome.contains(node) }

    /// The name under which a reader in `sequence` finds the variable of `node`.
    func name(of node: Int, from sequence: Plan.SequenceID) -> String {
        guard let home = sequenceOf[node].map(scope) else { return "unknown" }
        return name(of: node, depth: depth(of: home, seenFrom: scope(sequence)).depth)
    }

    func name(of node: Int, depth: Int) -> String { names[node]?[depth] ?? "unknown" }

    func homeName(of node: Int) -> String {
        guard let home = sequenceOf[node].map(scope) else { return "unknown" }
        return name(of: node, depth: plan.sequences[home].depth)
    }
}
