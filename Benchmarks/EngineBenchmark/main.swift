import Glibc

// What the engine does at most, beside what SQLite does at most on the same disk. See BENCHMARKS.md.
//
//     sfn-benchmark                    every figure, each measured in a process of its own
//     sfn-benchmark limit many         these
//     sfn-benchmark --folder DIR       where the stores are made (default /var/tmp; not a tmpfs)
//     sfn-benchmark --quick            a tenth of the large numbers

let benchmarks: [(name: String, run: @Sendable (Bench) async throws -> Void)] = [
    ("limit", measureLimit), ("shapes", measureShapes), ("scale", measureScale), ("many", measureMany), ("tasks", measureTasks), ("waiting", measureWaiting),
    ("distributed", measureDistributed), ("history", measureHistory), ("hello", measureHello),
]
// Halves of others, in processes of their own.
let parts: [(name: String, run: @Sendable (Bench) async throws -> Void)] = [
    ("waiting.start", startWaiting), ("waiting.recover", recoverWaiting), ("distributed.run", runDistributed),
]

var names: [String] = []
var bench = Bench()
var words = CommandLine.arguments.dropFirst()
while let word = words.popFirst() {
    switch word {
    case "--quick": bench.isQuick = true
    case "--folder": bench.folder = words.popFirst() ?? bench.folder
    case "--value": bench.value = words.popFirst() ?? ""
    default: names.append(word)
    }
}
let known = benchmarks + parts
guard names.allSatisfy({ name in known.contains { $0.name == name } }) else {
    print("sfn-benchmark [--quick] [--folder DIR] [\(benchmarks.map(\.name).joined(separator: "|"))]…")
    exit(64)
}
if names.count == 1, let one = known.first(where: { $0.name == names[0] }) {
    do { try await one.run(bench) } catch {
        print("\(one.name): \(error)")
        exit(1)
    }
} else {
    Figure.printHeader()
    for name in names.isEmpty ? benchmarks.map(\.name) : names { _ = bench.again(name) }
}
