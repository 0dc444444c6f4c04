import ExecutionDriver
import JSON
import StatesLanguage

/// One seed's world: a machine, a disk that fails, one or two engines that die, tasks that answer late or twice, a clock that jumps.
/// What holds after every step, and how it must end, is checked; the seed replays it all.
package struct Simulation {
    package let seed: UInt64
    package let machine: SimulatedMachine
    /// A mistake put in on purpose, to show that the simulator finds it.
    package var bug: SeededBug?
    /// For shrinking: at most so many faults.
    package var mostFaults = 12

    /// Every fifth seed runs a machine of the corpus, if there is one, the others a generated one.
    package init(seed: UInt64, corpus: [SimulatedMachine] = [], bug: SeededBug? = nil) {
        let isGenerated = corpus.isEmpty || seed % 5 != 0
        self.init(seed: seed, machine: isGenerated ? .generated(seed: seed) : corpus[Int(seed / 5) % corpus.count], bug: bug)
    }

    package init(seed: UInt64, machine: SimulatedMachine, bug: SeededBug? = nil) {
        self.seed = seed
        self.machine = machine
        self.bug = bug
    }

    package struct Outcome: Sendable {
        package var problems: [String] = []
        package var crashes = 0
        package var faults = 0
        package var steps = 0
        /// Executions whose end was compared with that of a run without faults.
        package var compared = 0
    }

    package func run() -> Outcome {
        guard let definition = StateMachine.read(machine.definition).machine else { return Outcome(problems: ["the machine cannot be read"]) }
        let world = World(WorldPlan(seed: seed, machine: machine, definition: definition, bug: bug, mostFaults: mostFaults))
        world.run()
        var outcome = Outcome(problems: world.problems, crashes: world.crashes, faults: world.faults, steps: world.steps)
        if outcome.problems.isEmpty { compare(world.ends, definition, &outcome) }
        return outcome
    }

    /// An end must be one that a run without faults can have. Which failure of several comes first, and so what catches it, may hang
    /// on how long tasks take: more paces are tried before an end counts as wrong.
    private func compare(_ ends: [World.End], _ definition: StateMachine, _ outcome: inout Outcome) {
        let comparable = ends.filter(\.isComparable)
        guard !comparable.isEmpty else { return }
        var possible: Set<String> = []
        for pace in 0..<UInt64(40) {
            var plan = WorldPlan(seed: seed, machine: machine, definition: definition, bug: nil, mostFaults: 0)
            plan.pace = pace == 0 ? 0 : SeededNumbers.hash("pace", seed &+ pace)
            plan.executionCount = 1
            // Limits fix an order of tasks, which a crash changes.
            if pace % 2 == 1 { plan.liftLimits() }
            let calm = World(plan)
            calm.run()
            if let problem = calm.problems.first {
                outcome.problems.append("without faults: \(problem)")
                return
            }
            for end in calm.ends { possible.insert(end.text) }
            if comparable.allSatisfy({ possible.contains($0.text) }) { break }
        }
        for end in comparable where !possible.contains(end.text) {
            outcome.problems.append("\(end.name) ended \(end.text.prefix(300)), without faults \(possible.sorted().first?.prefix(300) ?? "?")")
        }
        outcome.compared = comparable.count
    }
}

/// What a world is made of; all else follows from its seed.
struct WorldPlan {
    let seed: UInt64
    let machine: SimulatedMachine
    let definition: StateMachine
    let bug: SeededBug?
    let mostFaults: Int
    /// Another pace, other times that tasks take.
    var pace: UInt64 = 0
    var executionCount: Int
    /// Processes that share the store.
    let engineCount: Int
    /// Tasks at once in each, of each machine and of each function there; 0: no limit.
    private(set) var taskLimit: Int
    private(set) var machineLimit: Int
    private(set) var functionLimit: Int
    /// Where the engine cuts what it does into parts; a run without faults does it all at once.
    let eventsPerCommit: Int
    let knownChildrenPerPage: Int
    let recoveredPerCommit: Int

    init(seed: UInt64, machine: SimulatedMachine, definition: StateMachine, bug: SeededBug?, mostFaults: Int) {
        self.seed = seed
        self.machine = machine
        self.definition = definition
        self.bug = bug
        self.mostFaults = mostFaults
        executionCount = 1 + Int(seed % 3)
        engineCount = seed % 2 == 0 ? 2 : 1
        taskLimit = [0, 0, 1, 3][Int(seed / 2 % 4)]
        machineLimit = [0, 0, 2][Int(seed / 3 % 3)]
        functionLimit = [0, 1, 0, 2, 0][Int(seed / 5 % 5)]
        let isCalm = mostFaults == 0
        eventsPerCommit = isCalm ? 20_000 : [20_000, 1, 7, 30][Int(seed / 7 % 4)]
        knownChildrenPerPage = isCalm ? 1000 : [1000, 1, 2][Int(seed / 4 % 3)]
        recoveredPerCommit = isCalm ? 2000 : [2000, 1][Int(seed / 6 % 2)]
    }

    mutating func liftLimits() { (taskLimit, machineLimit, functionLimit) = (0, 0, 0) }
}
