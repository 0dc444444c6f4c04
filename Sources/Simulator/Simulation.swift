import Engine
import ExecutionDriver
import FaultyDisk
import JSON
import StatesLanguage
import Store

/// One seed's world: a generated machine, a disk that fails, an engine that dies, tasks that answer late or twice, a clock that
/// jumps. What holds after every step, and how it must end, is checked; the seed replays it all.
package struct Simulation {
    package let seed: UInt64
    /// A mistake put in on purpose, to show that the simulator finds it.
    package var bug: SeededBug?
    /// For shrinking: at most so many faults.
    package var mostFaults = 12

    package init(seed: UInt64, bug: SeededBug? = nil) {
        self.seed = seed
        self.bug = bug
    }

    package struct Outcome: Sendable {
        package var problems: [String] = []
        package var crashes = 0
        package var steps = 0
        package var definition: JSONValue = .null
    }

    package func run() -> Outcome {
        var generator = MachineGenerator(seed: seed)
        generator.usesExtensions = seed % 3 == 0
        let definition = generator.definition()
        guard let machine = StateMachine.read(definition).machine else {
            return Outcome(problems: ["the generated machine cannot be read"], definition: definition)
        }
        var world = World(seed: seed, machine: machine, text: definition.text(), bug: bug, mostFaults: mostFaults)
        world.run()
        return Outcome(problems: world.problems, crashes: world.crashes, steps: world.steps, definition: definition)
    }
}

/// Mistakes that a durable engine could make, put in on purpose: the simulator must find each.
package enum SeededBug: String, CaseIterable, Sendable {
    /// Tasks are started before the events that ask for them are durable.
    case performsBeforeCommit = "performs-before-commit"
    /// Recovery does not ask for timers again.
    case forgetsTimers = "forgets-timers"
    /// A finished task's attempt runs again after a crash.
    case runsFinishedTasksAgain = "runs-finished-tasks-again"
    /// What is read back lacks the last event.
    case losesTheLastEvent = "loses-the-last-event"
    /// What is read back lacks the engine's notes.
    case losesNotes = "loses-notes"
    /// What is read back has a gap in its ids.
    case skipsAnEventID = "skips-an-event-id"

    /// What the store would give back if it had this mistake.
    func tamper(_ events: [HistoryEvent]) -> [HistoryEvent] {
        switch self {
        case .losesTheLastEvent: Array(events.dropLast())
        case .losesNotes: events.filter { $0.id > 0 }
        case .skipsAnEventID:
            events.map { event in
                guard event.id >= 5, case .array(var fields)? = Self.stored(event) else { return event }
                fields[1] = .integer(event.id + 1)
                return HistoryEvent(stored: .array(fields)) ?? event
            }
        case .performsBeforeCommit, .forgetsTimers, .runsFinishedTasksAgain: events
        }
    }

    private static func stored(_ event: HistoryEvent) -> JSONValue? {
        var bytes: [UInt8] = []
        event.write(to: &bytes)
        return try? JSONValue(parsing: bytes)
    }
}
