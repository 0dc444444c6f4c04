import Engine
import Glibc
import JSON
import SQLite
import ServiceIntegrations
import StatesLanguage
import Store

/// Rows as wide as an event, as `../shared/bench/limits.py` stores them: SQLite alone.
struct RawEvents {
    static let insert = SQL("INSERT INTO events VALUES (1, ?, ?, ?, ?, ?)")
    static let select = SQL("SELECT id, prev, at, type, detail FROM events WHERE execution = 1 AND id >= ? ORDER BY id LIMIT ?")
    let connection: Connection

    init(path: String) throws {
        connection = try Connection(path: path)
        try connection.execute(
            """
            PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;
            CREATE TABLE events (execution INTEGER, id INTEGER, prev INTEGER, at REAL, type INTEGER, detail BLOB,
            PRIMARY KEY (execution, id)) WITHOUT ROWID
            """)
    }

    func store(_ count: Int, perCommit: Int) throws {
        let detail = [UInt8](repeating: 0xA7, count: 120)
        var next = 0
        while next < count {
            try connection.execute("BEGIN IMMEDIATE")
            for _ in 0..<min(perCommit, count - next) {
                try connection.run(Self.insert, next, next - 1, 1.7e9, 7, detail)
                next += 1
            }
            try connection.execute("COMMIT")
        }
    }
}

/// History events a second beside SQLite's rows a second, in turns.
@Sendable func measureLimit(_ bench: Bench) async throws {
    let events = 24_004
    let machine = try bench.machine(Machines.chain(6000), name: "chain")
    var raw: [Double] = []
    var ours: [Double] = []
    for _ in 0..<(bench.isQuick ? 3 : 9) {
        let limitPath = bench.newPath()
        let limit = try RawEvents(path: limitPath)
        raw.append(Double(events) / (try await seconds { try limit.store(events, perCommit: 100) }))
        removeStore(limitPath)
        let path = bench.newPath()
        let engine = try ExecutionEngine(store: try Store(path: path))
        _ = try await engine.run(StartRequest(machine: machine, input: ["n": 5999]))
        let spent = try await seconds { _ = try await engine.run(StartRequest(machine: machine, input: ["n": 0])) }
        ours.append(Double(events) / spent)
        await engine.shutDown()
        removeStore(path)
    }
    let ratio = ours.median / raw.median
    Figure.print("SQLite alone, 100 rows a commit", "\(raw.median.shown) rows/s")
    Figure.print(
        "history events, decided and durable", "\(ours.median.shown) events/s, \(ratio.shown) of SQLite's",
        goal: "half of SQLite's", isReached: ratio >= 0.5)
}

/// The shapes of w1, w2 and w3 inside the process: transitions, and what each asks of the processor and the disk.
@Sendable func measureShapes(_ bench: Bench) async throws {
    let items: JSONValue = ["items": .array((0..<10_000).map { ["v": .integer($0)] })]
    try await measureShape(bench, "a line, 12,000 transitions (w1)", Machines.chain(6000), ["n": 0])
    try await measureShape(bench, "a Map of 10,000 items (w2)", Machines.map, items)
    try await measureShape(bench, "a Parallel, 8 branches of 50 states (w3)", Machines.parallel(8, 50), ["x": 1])
}

private func measureShape(_ bench: Bench, _ name: String, _ text: String, _ input: JSONValue) async throws {
    let path = bench.newPath()
    let engine = try ExecutionEngine(store: try Store(path: path))
    var request = StartRequest(machine: try bench.machine(text, name: "shape"), input: input)
    request.isUnlimited = true
    _ = try await engine.run(request)
    var rates: [Double] = []
    let before = engine.metrics
    let processor = Process.processorSeconds
    for _ in 0..<(bench.isQuick ? 3 : 15) {
        let transitions = engine.metrics.transitions
        let spent = try await seconds { _ = try await engine.run(request) }
        rates.append(Double(engine.metrics.transitions - transitions) / spent)
    }
    let after = engine.metrics
    let each = (Process.processorSeconds - processor) * 1e6 / Double(after.transitions - before.transitions)
    await engine.shutDown()
    removeStore(path)
    let commits = Double(after.commits - before.commits) / Double(rates.count)
    Figure.print(name, "\(rates.median.shown) transitions/s, \(each.shown) us of processor time each, \(commits.shown) commits")
}

/// What a transition costs as a history grows.
@Sendable func measureScale(_ bench: Bench) async throws {
    var costs: [Double] = []
    for count in bench.isQuick ? [1000, 10_000] : [1000, 10_000, 100_000] {
        let machine = try bench.machine(Machines.chain(count / 2), name: "chain")
        var runs: [Double] = []
        for _ in 0..<(count > 50_000 ? 3 : 9) {
            let path = bench.newPath()
            let engine = try ExecutionEngine(store: try Store(path: path))
            _ = try await engine.run(StartRequest(machine: machine, input: ["n": .integer(Int64(count / 2 - 1))]))
            var request = StartRequest(machine: machine, input: ["n": 0])
            request.isUnlimited = true
            let spent = try await seconds { _ = try await engine.run(request) }
            runs.append(spent / Double(count) * 1e6)
            await engine.shutDown()
            removeStore(path)
        }
        costs.append(runs.median)
        let isLast = count >= 100_000
        Figure.print(
            "\(Double(count).shown) transitions in a line", "\(runs.median.shown) us each, \((1e6 / runs.median).shown)/s",
            goal: isLast ? "no dearer than of 1,000" : "", isReached: isLast ? runs.median <= costs[0] * 1.1 : nil)
    }
}

/// 1,000 executions of ten states from eight callers (w4), inside the process.
@Sendable func measureMany(_ bench: Bench) async throws {
    let machine = try bench.machine(Machines.line(10, #""Type":"Pass""#), name: "ten")
    let path = bench.newPath()
    let engine = try ExecutionEngine(store: try Store(path: path))
    var rates: [Double] = []
    var atOnce: [Double] = []
    var waits: [Double] = []
    for round in 0..<(bench.isQuick ? 3 : 10) {
        var own: [Double] = []
        let spent = try await seconds {
            own = try await withThrowingTaskGroup(of: [Double].self) { group in
                for _ in 0..<8 {
                    group.addTask {
                        var own: [Double] = []
                        for index in 0..<125 {
                            own.append(
                                try await seconds { _ = try await engine.run(StartRequest(machine: machine, input: .integer(Int64(index)))) } * 1000)
                        }
                        return own
                    }
                }
                return try await group.reduce(into: []) { $0 += $1 }
            }
        }
        if round > 0 {
            rates.append(1000 / spent)
            waits += own
        }
        let together = try await seconds {
            try await withThrowingTaskGroup(of: Void.self) { group in
                for index in 0..<1000 {
                    group.addTask { _ = try await engine.run(StartRequest(machine: machine, input: .integer(Int64(index)))) }
                }
                try await group.waitForAll()
            }
        }
        if round > 0 { atOnce.append(1000 / together) }
    }
    let commits = engine.metrics.commits
    await engine.shutDown()
    removeStore(path)
    Figure.print(
        "1,000 executions of ten states, 8 callers, each waits for its own", "\(rates.median.shown) executions/s", goal: "20,000/s",
        isReached: rates.median >= 20_000)
    Figure.print(
        "from start to end, of those", "p50 \(waits.percentile(0.5).shown) ms, p99 \(waits.percentile(0.99).shown) ms", goal: "p99 under 50 ms",
        isReached: waits.percentile(0.99) < 50)
    Figure.print("the same, all 1,000 asked for at once", "\(atOnce.median.shown) executions/s (\(commits) commits in all)")
}

private struct Immediate: Integration {
    func perform(_ request: TaskRequest, report: any TaskReport) async throws(Failure) -> JSONValue { ["ok": true] }
}

/// 100 Task states in a line (w5): what is added to each task beyond its own commit.
@Sendable func measureTasks(_ bench: Bench) async throws {
    let machine = try bench.machine(
        Machines.line(100, #""Type":"Task","Resource":"arn:aws:lambda:us-east-1:000000000000:function:f""#), name: "tasks")
    let path = bench.newPath()
    var options = EngineOptions()
    options.integration = { _ in Immediate() }
    let engine = try ExecutionEngine(store: try Store(path: path), options: options)
    var each: [Double] = []
    var commits: [Double] = []
    var added: [Double] = []
    for _ in 0..<(bench.isQuick ? 5 : 20) {
        let before = engine.metrics
        let spent = try await seconds { _ = try await engine.run(StartRequest(machine: machine, input: [:])) } * 1000
        let committing = Double(engine.metrics.commitNanoseconds - before.commitNanoseconds) / 1e6
        each.append(spent / 100)
        commits.append(Double(engine.metrics.commits - before.commits) / 100)
        added.append((spent - committing) / 100)
    }
    await engine.shutDown()
    removeStore(path)
    Figure.print("a task in a line of 100", "\(each.median.shown) ms, \(commits.median.shown) commits each")
    Figure.print(
        "of that beyond the commit", "\(added.median.shown) ms", goal: "under 0.2 ms", isReached: added.median < 0.2)
}

/// The command from its start to its result, with a new store (w7).
@Sendable func measureHello(_ bench: Bench) async throws {
    var program = getenv("SFN_RUN").map { String(cString: $0) } ?? ""
    if program.isEmpty {
        var own = [CChar](repeating: 0, count: 4096)
        let count = readlink("/proc/self/exe", &own, 4095)
        let path = String(decoding: own.prefix(max(0, count)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
        program = path.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/") + "/sfn-run"
    }
    let folder = bench.newPath()
    mkdir(folder, 0o755)
    let file = "\(folder)/hello.json"
    guard let handle = fopen(file, "w") else { throw BenchError("\(file) cannot be written") }
    fputs(#"{"StartAt":"A","States":{"A":{"Type":"Pass","End":true}}}"#, handle)
    fclose(handle)
    var fresh: [Double] = []
    var again: [Double] = []
    var code: Int32 = 0
    for _ in 0..<20 {
        let store = "\(folder)/s.db"
        removeStore(store)
        let words = ["sfn-run", "run", file, "--store", store, "--quiet"]
        fresh.append(await seconds { code |= Process.run(program, words, isQuiet: true) } * 1000)
        again.append(await seconds { code |= Process.run(program, words, isQuiet: true) } * 1000)
        removeStore(store)
    }
    unlink(file)
    rmdir(folder)
    guard code == 0 else { throw BenchError("\(program) does not run (SFN_RUN names another)") }
    Figure.print(
        "a one-state machine by the command, new store", "\(fresh.median.shown) ms", goal: "under 30 ms", isReached: fresh.median < 30)
    Figure.print("the same in a store that is there", "\(again.median.shown) ms")
}
