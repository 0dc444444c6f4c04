import JSON
import Simulator

/// `sfn-simulate --seeds N [--first S] [--bug NAME]`: exits 0 when every seed held (with --bug: when one found it).
var count = 1000
var first: UInt64 = 1
var bug: SeededBug?
var arguments = CommandLine.arguments.dropFirst().makeIterator()
while let word = arguments.next() {
    switch (word, arguments.next()) {
    case ("--seeds", let value?): count = Int(value) ?? count
    case ("--first", let value?): first = UInt64(value) ?? first
    case ("--bug", let value?): bug = SeededBug(rawValue: value)
    default: print("usage: sfn-simulate --seeds N [--first S] [--bug \(SeededBug.allCases.map(\.rawValue).joined(separator: "|"))]")
    }
}
var failed = 0
var crashes = 0
for seed in first..<(first + UInt64(max(0, count))) {
    let outcome = Simulation(seed: seed, bug: bug).run()
    crashes += outcome.crashes
    guard !outcome.problems.isEmpty else { continue }
    failed += 1
    if failed <= 5 {
        // The fewest faults that still show it.
        var fewest = Simulation(seed: seed, bug: bug)
        for most in 0..<fewest.mostFaults {
            var smaller = fewest
            smaller.mostFaults = most
            if !smaller.run().problems.isEmpty {
                fewest = smaller
                break
            }
        }
        print("seed \(seed) (with \(fewest.mostFaults) faults): \(outcome.problems.prefix(3).joined(separator: "; "))")
        print("  machine \(outcome.definition.text())")
        print("  again: scripts/simulate --seeds 1 --first \(seed)")
    }
    if bug != nil { break }
}
print("crashes and power cuts: \(crashes)")
print("simulated \(count) seeds: \(failed) failed")
if (bug == nil) != (failed == 0) { exitProcess(1) }

