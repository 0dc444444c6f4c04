/// How the steps of a pipeline are arranged in the machine: sequences of items, kept in one table so that nothing
/// recurses, however deep Conditions nest.
struct Plan {
    typealias SequenceID = Int

    struct Sequence {
        var items: [Item] = []
        /// The sequence that holds the item that holds this one.
        var parent: SequenceID?
        /// A branch of a Parallel, which has a scope of variables of its own; else it belongs to its parent's scope.
        var isBranch: Bool
        /// How many Parallels are around it.
        var depth: Int
    }

    enum Item {
        /// One step; for a Condition its decision alone, the branches being an item of their own.
        case step(Int)
        /// A Condition's branches, entered after its decision. Directly after it, the two are one Choice.
        case arms(condition: Int, ifSteps: SequenceID, elseSteps: SequenceID)
        /// The steps of a sequence, only if the Conditions came out so.
        case guarded([Literal], SequenceID)
        /// Sequences that do not wait for each other.
        case parallel([SequenceID])
        /// Sequences some of which wait for others of the same item.
        case network([NetworkBranch])
    }

    struct NetworkBranch {
        struct Wait: Hashable {
            let branch: Int
            let trigger: StepDependency.Trigger
        }
        let sequence: SequenceID
        let waits: [Wait]
    }

    var sequences: [Sequence] = []
    let root: SequenceID
    /// Nodes that no outcome lets start, and why: left out of the machine.
    var dead: [Int] = []
    /// Edges that were added to make a strict form possible: the second waits for the first though it need not.
    var addedBarriers: [(before: [Int], after: [Int])] = []

    init() {
        sequences = [Sequence(parent: nil, isBranch: true, depth: 0)]
        root = 0
    }

    mutating func newSequence(in parent: SequenceID, isBranch: Bool) -> SequenceID {
        let depth = sequences[parent].depth + (isBranch ? 1 : 0)
        sequences.append(Sequence(parent: parent, isBranch: isBranch, depth: depth))
        return sequences.count - 1
    }
}
