import AWSAPI
import Engine
import Glibc
import JSON
import LocalJobs
import StatesLanguage
import Store

/// 100,000 executions that wait: their memory, the processor time of doing nothing, and taking them up again.
@Sendable func measureWaiting(_ bench: Bench) async throws {
    let path = bench.newPath()
    defer { removeStore(path) }
    guard bench.again("waiting.start", value: path), bench.again("waiting.recover", value: path) else { throw BenchError("a part failed") }
}

@Sendable func startWaiting(_ bench: Bench) async throws {
    let count = bench.isQuick ? 10_000 : 100_000
    let engine = try ExecutionEngine(store: try Store(path: bench.value))
    let machine = try bench.machine(Machines.wait, name: "wait")
    let spent = try await seconds {
        for first in stride(from: 0, to: count, by: 1000) {
            try await withThrowingTaskGroup(of: Void.self) { group in
                for index in first..<first + 1000 {
                    group.addTask { _ = try await engine.start(StartRequest(machine: machine, input: ["order": .integer(Int64(index))])) }
                }
                try await group.waitForAll()
            }
        }
    }
    let memory = Process.memory
    let before = Process.processorSeconds
    try await Task.sleep(for: .seconds(bench.isQuick ? 2 : 10))
    let idle = Process.processorSeconds - before
    let name = Double(count).shown
    Figure.print("\(name) executions started", "\(spent.shown) s, \((Double(count) / spent).shown)/s")
    Figure.print("\(name) executions waiting", "\(memory.now.shown) MiB", goal: "under 1 GiB", isReached: memory.now < 1024)
    Figure.print("processor time while they wait", "\((idle * 1000).shown) ms in \(bench.isQuick ? 2 : 10) s", goal: "0", isReached: idle < 0.01)
    // As a crash does.
    _exit(0)
}

@Sendable func recoverWaiting(_ bench: Bench) async throws {
    var engine: ExecutionEngine?
    var count = 0
    let spent = try await seconds {
        let made = try ExecutionEngine(store: try Store(path: bench.value))
        count = try await made.recover().count
        engine = made
    }
    Figure.print(
        "a store with \(Double(count).shown) running executions taken up", "\(spent.shown) s, then \(Process.memory.now.shown) MiB",
        goal: "seconds", isReached: spent < 10)
    withExtendedLifetime(engine) { _exit(0) }
}

/// A distributed Map over a file: its memory as the number of items grows.
@Sendable func measureDistributed(_ bench: Bench) async throws {
    for count in bench.isQuick ? ["10000", "100000"] : ["10000", "100000", "1000000"] {
        guard bench.again("distributed.run", value: count) else { throw BenchError("a part failed") }
    }
}

@Sendable func runDistributed(_ bench: Bench) async throws {
    let count = Int(bench.value) ?? 10_000
    let path = bench.newPath()
    let buckets = path + ".buckets"
    mkdir(buckets, 0o755)
    mkdir("\(buckets)/items", 0o755)
    guard let file = fopen("\(buckets)/items/items.jsonl", "w") else { throw BenchError("\(buckets) cannot be written") }
    for index in 0..<count { fputs("{\"id\":\(index),\"name\":\"item \(index)\"}\n", file) }
    fclose(file)
    var options = EngineOptions()
    options.buckets = LocalBuckets(root: buckets)
    let engine = try ExecutionEngine(store: try Store(path: path), options: options)
    let before = Process.memory.now
    var result: ExecutionResult?
    let spent = try await seconds {
        result = try await engine.run(StartRequest(machine: bench.machine(Machines.distributed, name: "distributed"), input: [:]))
    }
    guard result?.status == .succeeded else { throw BenchError("the Map failed: \(result?.cause ?? "")") }
    let memory = Process.memory
    Figure.print(
        "distributed Map over \(Double(count).shown) items",
        "\(spent.shown) s, \((Double(count) / spent).shown) items/s, peak \(memory.peak.shown) MiB (\(before.shown) before)",
        goal: count > 500_000 ? "memory as with 10,000" : "")
    await engine.shutDown()
    removeStore(path)
    _ = Process.run("/bin/rm", ["rm", "-rf", buckets])
}

/// A history of 24,004 events in pages of 1,000, beside the same number of rows read from SQLite.
@Sendable func measureHistory(_ bench: Bench) async throws {
    let rawPath = bench.newPath()
    let raw = try RawEvents(path: rawPath)
    try raw.store(24_004, perCommit: 100)
    let path = bench.newPath()
    let store = try Store(path: path)
    let engine = try ExecutionEngine(store: store)
    let result = try await engine.run(StartRequest(machine: bench.machine(Machines.chain(6000), name: "chain"), input: ["n": 0]))
    let api = StepFunctionsAPI(engine: engine)
    var rows: [Double] = []
    var pages: [Double] = []
    var whole: [Double] = []
    for _ in 0..<(bench.isQuick ? 3 : 9) {
        rows.append(
            try await seconds {
                for page in 0..<25 {
                    _ = try raw.connection.rows(RawEvents.select, page * 1000, 1000) { row in
                        (row.integer(0), row.integer(1), row.real(2), row.integer(3), row.bytes(4))
                    }
                }
            })
        pages.append(
            try await seconds {
                var token: String?
                var bytes = 0
                repeat {
                    var body = JSONObject()
                    body["executionArn"] = .string(result.arn)
                    body["maxResults"] = 1000
                    if let token { body["nextToken"] = .string(token) }
                    let answer = try await api.handle(target: "AWSStepFunctions.GetExecutionHistory", body: JSONValue.object(body).bytes())
                    bytes += answer.bytes().count
                    token = answer["nextToken"]?.string
                } while token != nil
                if bytes < 24_004 { throw BenchError("the history is too short") }
            })
        whole.append(
            try await seconds {
                _ = try store.read { tx in
                    guard let row = try tx.execution(arn: result.arn) else { return 0 }
                    return try tx.storedEvents(of: row.id).count
                }
            })
    }
    await engine.shutDown()
    removeStore(path)
    removeStore(rawPath)
    func rate(_ times: [Double]) -> String { "\((24_004 / times.median).shown) events/s, \((times.median * 1000).shown) ms" }
    Figure.print("24,004 rows read from SQLite, 1,000 at a time", "\((24_004 / rows.median).shown) rows/s, \((rows.median * 1000).shown) ms")
    Figure.print("24,004 events loaded for a replay", rate(whole), goal: "SQLite's", isReached: whole.median <= rows.median)
    Figure.print(
        "24,004 events by GetExecutionHistory, as bytes of JSON", rate(pages), goal: "SQLite's", isReached: pages.median <= rows.median)
}
