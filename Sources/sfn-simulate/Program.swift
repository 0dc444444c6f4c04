import Glibc
import JSON
import Simulator
import Synchronization

/// `sfn-simulate --seeds N [--first S] [--jobs N] [--bug NAME] [--machine FILE] [--corpus FOLDER]`: exits 0 when every seed held (with
/// `--bug`: when one found it).
struct Options: Sendable {
    var count = 1000
    var first: UInt64 = 1
    var jobs = max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)))
    var bug: SeededBug?
    var machine: SimulatedMachine?
    var corpus: [SimulatedMachine] = []

    func simulation(_ seed: UInt64) -> Simulation {
        machine.map { Simulation(seed: seed, machine: $0, bug: bug) } ?? Simulation(seed: seed, corpus: corpus, bug: bug)
    }
}

private func usage() -> Never {
    let names = SeededBug.allCases.map(\.name).joined(separator: "|")
    print("usage: sfn-simulate --seeds N [--first S] [--jobs N] [--bug \(names)] [--machine FILE] [--corpus FOLDER]")
    exit(2)
}

private func options() throws -> Options {
    var options = Options()
    var words = CommandLine.arguments.dropFirst().makeIterator()
    while let word = words.next() {
        guard let value = words.next() else { usage() }
        switch word {
        case "--seeds": options.count = Int(value) ?? options.count
        case "--first": options.first = UInt64(value) ?? options.first
        case "--jobs": options.jobs = max(1, Int(value) ?? options.jobs)
        case "--bug":
            guard let bug = SeededBug(name: value) else { usage() }
            options.bug = bug
        case "--machine": options.machine = try MachineFile.read(value)
        case "--corpus": options.corpus = try SimulatedMachine.corpus(in: value)
        default: usage()
        }
    }
    return options
}

/// What all threads share.
final class Tally: Sendable {
    struct Counts {
        var next: UInt64
        var crashes = 0
        var faults = 0
        var compared = 0
        var failed = 0
        var shown = 0
    }
    let counts: Mutex<Counts>
    init(first: UInt64) { counts = Mutex(Counts(next: first)) }
}

/// What a thread does.
private final class Job: Sendable {
    let run: @Sendable () -> Void
    init(_ run: @escaping @Sendable () -> Void) { self.run = run }
}

private func work(_ chosen: Options, _ tally: Tally, until last: UInt64) {
    while true {
        let seed = tally.counts.withLock { counts -> UInt64? in
            guard counts.next < last, chosen.bug == nil || counts.failed == 0 else { return nil }
            counts.next += 1
            return counts.next - 1
        }
        guard let seed else { return }
        let simulation = chosen.simulation(seed)
        let outcome = simulation.run()
        let isShown = tally.counts.withLock { counts in
            counts.crashes += outcome.crashes
            counts.faults += outcome.faults
            counts.compared += outcome.compared
            guard !outcome.problems.isEmpty else { return false }
            counts.failed += 1
            counts.shown += 1
            return counts.shown <= 5
        }
        guard isShown else { continue }
        let small = Shrinking(simulation).smallest()
        let problem = small.run().problems.first ?? outcome.problems.first ?? ""
        var text = "seed \(seed): \(outcome.problems.prefix(3).joined(separator: "; "))\n"
        text += "  with \(small.mostFaults) faults and this machine, \(small.machine.name): \(problem)\n  \(small.machine.definition.text())\n"
        text += "  again: scripts/simulate --seeds 1 --first \(seed)\(chosen.bug.map { " --bug \($0.name)" } ?? "")"
        if let file = MachineFile.write(small.machine, seed) { text += "\n  the smaller one: scripts/simulate --seeds 1 --first \(seed) --machine \(file)" }
        print(text)
    }
}

private func runOnThreads(_ count: Int, _ job: Job) {
    var threads: [pthread_t] = []
    for _ in 0..<count {
        var attributes = pthread_attr_t()
        pthread_attr_init(&attributes)
        pthread_attr_setstacksize(&attributes, 64 << 20)
        var thread = pthread_t()
        pthread_create(
            &thread, &attributes,
            { argument in
                if let argument { Unmanaged<Job>.fromOpaque(argument).takeRetainedValue().run() }
                return nil
            }, Unmanaged.passRetained(job).toOpaque())
        threads.append(thread)
    }
    for thread in threads { pthread_join(thread, nil) }
}

@main struct Program {
    static func main() throws {
        // Sets of this process must be walked in the same order in the next one: a seed replays.
        if getenv("SWIFT_DETERMINISTIC_HASHING") == nil {
            setenv("SWIFT_DETERMINISTIC_HASHING", "1", 1)
            execv("/proc/self/exe", CommandLine.unsafeArgv)
        }
        let chosen = try options()
        let tally = Tally(first: chosen.first)
        let last = chosen.first + UInt64(max(0, chosen.count))
        let job = Job { work(chosen, tally, until: last) }
        runOnThreads(chosen.jobs, job)
        let counts = tally.counts.withLock { $0 }
        print("\(counts.faults) faults, \(counts.crashes) deaths of engines and power cuts, \(counts.compared) ends compared with runs without faults")
        print("simulated \(chosen.count) seeds: \(counts.failed) failed")
        exit((chosen.bug == nil) == (counts.failed == 0) ? 0 : 1)
    }
}
