import Engine
import Glibc
import JSON
import ServiceIntegrations
import StatesLanguage
import Store
import Testing

/// Answers every task by a closure.
struct Answering: Integration {
    let answer: @Sendable (TaskRequest) async throws(Failure) -> JSONValue
    func perform(_ request: TaskRequest, report: any TaskReport) async throws(Failure) -> JSONValue { try await answer(request) }
}

/// Also sees what the engine tells.
private struct Stopping: Integration {
    let answer: @Sendable (any TaskReport) async throws(Failure) -> JSONValue
    func perform(_ request: TaskRequest, report: any TaskReport) async throws(Failure) -> JSONValue { try await answer(report) }
}

func machine(_ text: String, name: String = "M", isExpress: Bool = false) throws -> Machine {
    let (machine, diagnostics) = StateMachine.read(text: text)
    return Machine(
        arn: "arn:aws:states:us-east-1:000000000000:stateMachine:\(name)", name: name, roleARN: "arn:aws:iam::000000000000:role/r",
        isExpress: isExpress, definition: try #require(machine, "\(diagnostics)"), text: text)
}

func temporaryStore() throws -> (store: Store, path: String) {
    let path = "/tmp/sfn-run-engine-\(getpid())-\(UInt64.random(in: 0 ... .max)).db"
    return (try Store(path: path), path)
}

func removeStore(_ path: String) {
    for suffix in ["", "-wal", "-shm", ".turn"] { unlink(path + suffix) }
}

@Suite struct EngineTests {
    static let chain = """
        {"StartAt":"A","States":{"A":{"Type":"Task","Resource":"arn:aws:states:::lambda:invoke","ResultPath":"$.a","Next":"W"},
        "W":{"Type":"Wait","Seconds":0,"Next":"B"},"B":{"Type":"Pass","Parameters":{"sum.$":"States.MathAdd($.a, 1)"},"End":true}}}
        """

    @Test func aMachineRunsToItsEnd() async throws {
        let (store, path) = try temporaryStore()
        defer { removeStore(path) }
        var options = EngineOptions()
        options.integration = { _ in Answering { _ in 41 } }
        let engine = try ExecutionEngine(store: store, options: options)
        let started = try await engine.start(StartRequest(machine: machine(Self.chain), input: ["x": 1], name: "one"))
        let result = try await engine.result(of: started.arn)
        #expect(result.status == .succeeded)
        #expect(result.output == ["sum": 42])
        let events = try store.read { try $0.storedEvents(of: started.id) }
        #expect(events.filter { $0.id > 0 }.map(\.id) == Array(1...Int64(events.filter { $0.id > 0 }.count)))
        await engine.shutDown()
    }

    @Test func aFailedExecutionIsResumedWhereItFailed() async throws {
        let (store, path) = try temporaryStore()
        defer { removeStore(path) }
        let isBroken = Flag(true)
        var options = EngineOptions()
        options.integration = { _ in
            Answering { (_) throws(Failure) in
                if isBroken.value { throw Failure("Broken", "not yet") }
                return 41
            }
        }
        let engine = try ExecutionEngine(store: store, options: options)
        let started = try await engine.start(StartRequest(machine: machine(Self.chain), input: ["x": 1]))
        let failed = try await engine.result(of: started.arn)
        #expect(failed.status == .failed && failed.error == "Broken" && failed.failedState?.name == "A")
        isBroken.value = false
        try await engine.resume(started.arn)
        let result = try await engine.result(of: started.arn)
        #expect(result.status == .succeeded && result.output == ["sum": 42])
        await engine.shutDown()
    }

    /// What a task has started is stopped before the process ends, though its execution has ended already.
    @Test func anEngineWaitsForTasksThatStopTheirWork() async throws {
        let (store, path) = try temporaryStore()
        defer { removeStore(path) }
        let stopped = Flag(false)
        let begun = Flag(false)
        var options = EngineOptions()
        options.integration = { resource in
            Stopping { (report) throws(Failure) in
                if resource.isService("lambda", "invoke") {
                    while !begun.value { await Task.yield() }
                    throw Failure("Broken", "the other is wanted no more")
                }
                begun.value = true
                while !Task.isCancelled { await Task.yield() }
                // The calls that stop a job are not cancelled with it.
                await Task.detached { for _ in 0..<1000 { await Task.yield() } }.value
                stopped.value = !report.isShuttingDown
                return 1
            }
        }
        let engine = try ExecutionEngine(store: store, options: options)
        let both = try machine(
            """
            {"StartAt":"P","States":{"P":{"Type":"Parallel","End":true,"Branches":[
            {"StartAt":"A","States":{"A":{"Type":"Task","Resource":"arn:aws:states:::lambda:invoke","End":true}}},
            {"StartAt":"B","States":{"B":{"Type":"Task","Resource":"arn:aws:states:::sqs:sendMessage","End":true}}}]}}}
            """)
        let started = try await engine.start(StartRequest(machine: both, input: [:]))
        #expect(try await engine.result(of: started.arn).error == "Broken")
        await engine.shutDown()
        #expect(stopped.value)
    }

    @Test func aThousandExecutionsFromEightCallersAreAllThere() async throws {
        let (store, path) = try temporaryStore()
        defer { removeStore(path) }
        let engine = try ExecutionEngine(store: store)
        let pass = try machine(#"{"StartAt":"A","States":{"A":{"Type":"Pass","End":true}}}"#)
        let arns = try await withThrowingTaskGroup(of: [String].self) { group in
            for _ in 0..<8 {
                group.addTask {
                    var arns: [String] = []
                    for index in 0..<125 { arns.append(try await engine.start(StartRequest(machine: pass, input: .integer(Int64(index)))).arn) }
                    return arns
                }
            }
            return try await group.reduce(into: []) { $0 += $1 }
        }
        #expect(Set(arns).count == 1000)
        for arn in arns {
            let result = try await engine.result(of: arn)
            #expect(result.status == .succeeded)
        }
        await engine.shutDown()
    }
}

/// A switch that tests turn while tasks look at it.
final class Flag: @unchecked Sendable {
    private var stored: Bool
    private let lock = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    init(_ value: Bool) {
        stored = value
        pthread_mutex_init(lock, nil)
    }
    var value: Bool {
        get {
            pthread_mutex_lock(lock)
            defer { pthread_mutex_unlock(lock) }
            return stored
        }
        set {
            pthread_mutex_lock(lock)
            stored = newValue
            pthread_mutex_unlock(lock)
        }
    }
}

@Suite struct SecondsOfJavaTests {
    @Test func javaLeavesOutTheZerosAtTheEnd() {
        #expect(Timestamp(milliseconds: 1_763_726_000_123).secondsOfJava == "1.763726000123E9")
        #expect(Timestamp(milliseconds: 1_763_726_000_120).secondsOfJava == "1.76372600012E9")
        #expect(Timestamp(milliseconds: 1_000_000_000_000).secondsOfJava == "1.0E9")
    }
}
