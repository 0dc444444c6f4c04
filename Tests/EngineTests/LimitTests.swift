import Glibc
import JSON
import ServiceIntegrations
import StatesLanguage
import Store
import Synchronization
import Testing

@testable import Engine

/// A task that says when it began and ends when the test lets it.
private final class Turnstile: Sendable {
    private struct State {
        var begun: [String] = []
        var running = 0
        var most = 0
        var held: [String: CheckedContinuation<Void, Never>] = [:]
        var isOpen = false
        var awaited: [(count: Int, continuation: CheckedContinuation<Void, Never>)] = []
    }
    private let state = Mutex(State())

    var begun: [String] { state.withLock { $0.begun } }
    var most: Int { state.withLock { $0.most } }

    func pass(_ name: String) async {
        state.withLock { state in
            state.begun.append(name)
            state.running += 1
            state.most = max(state.most, state.running)
            state.awaited.removeAll { awaited in
                guard state.begun.count >= awaited.count else { return false }
                awaited.continuation.resume()
                return true
            }
        }
        await withCheckedContinuation { continuation in
            let isOpen = state.withLock { state in
                if !state.isOpen { state.held[name] = continuation }
                return state.isOpen
            }
            if isOpen { continuation.resume() }
        }
        state.withLock { $0.running -= 1 }
    }

    /// Returns once so many have begun.
    func begun(_ count: Int) async {
        await withCheckedContinuation { continuation in
            let isThere = state.withLock { state in
                if state.begun.count < count { state.awaited.append((count, continuation)) }
                return state.begun.count >= count
            }
            if isThere { continuation.resume() }
        }
    }

    func open(_ name: String) async {
        // It may have begun and not be held yet.
        while true {
            if let held = state.withLock({ $0.held.removeValue(forKey: name) }) { return held.resume() }
            await Task.yield()
        }
    }

    func openAll() {
        let held = state.withLock { state in
            state.isOpen = true
            defer { state.held = [:] }
            return Array(state.held.values)
        }
        for one in held { one.resume() }
    }
}

private struct Held: Integration {
    let turnstile: Turnstile
    let functionLimit: Int?

    func limit(of request: TaskRequest) -> TaskLimit? { functionLimit.map { TaskLimit(name: request.resource.arn, most: $0) } }

    func perform(_ request: TaskRequest, report: any TaskReport) async throws(Failure) -> JSONValue {
        await turnstile.pass(request.executionName)
        return .null
    }
}

@Suite struct LimitTests {
    private static func task(_ function: String) -> String {
        #"{"StartAt":"T","States":{"T":{"Type":"Task","Resource":"arn:aws:lambda:us-east-1:000000000000:function:\#(function)","End":true}}}"#
    }

    /// An engine whose tasks are held, and what it has to be given up with.
    private func withEngine(
        _ limits: TaskLimits, functionLimits: [String: Int] = [:], _ body: (ExecutionEngine, Turnstile) async throws -> Void
    ) async throws {
        let (store, path) = try temporaryStore()
        defer { removeStore(path) }
        let turnstile = Turnstile()
        var options = EngineOptions()
        options.limits = limits
        options.integration = { resource in
            guard resource.kind == .lambdaFunction else { return nil }
            return Held(turnstile: turnstile, functionLimit: functionLimits.first { resource.arn.hasSuffix($0.key) }?.value)
        }
        let engine = try ExecutionEngine(store: store, options: options)
        try await body(engine, turnstile)
        turnstile.openAll()
        await engine.shutDown()
    }

    @Test func whoComesFirstWithinALimitIsServedFirst() async throws {
        try await withEngine(TaskLimits(perProcess: 2)) { engine, turnstile in
            let held = try machine(Self.task("f"))
            var arns: [String] = []
            for name in ["a", "b", "c", "d", "e"] { arns.append(try await engine.start(StartRequest(machine: held, input: 1, name: name)).arn) }
            await turnstile.begun(2)
            #expect(Set(turnstile.begun) == ["a", "b"])
            for (ended, count) in [("b", 3), ("a", 4), ("c", 5)] {
                await turnstile.open(ended)
                await turnstile.begun(count)
            }
            #expect(Array(turnstile.begun.dropFirst(2)) == ["c", "d", "e"])
            turnstile.openAll()
            for arn in arns { #expect(try await engine.result(of: arn).status == .succeeded) }
            #expect(turnstile.most == 2)
        }
    }

    @Test func aMachinesLimitHoldsBackOnlyItsOwnExecutions() async throws {
        try await withEngine(TaskLimits(perMachine: 5, machines: ["One": 1])) { engine, turnstile in
            let one = try machine(Self.task("f"), name: "One")
            let other = try machine(Self.task("f"), name: "Other")
            for name in ["one-1", "one-2", "one-3"] { _ = try await engine.start(StartRequest(machine: one, input: 1, name: name)) }
            for name in ["other-1", "other-2"] { _ = try await engine.start(StartRequest(machine: other, input: 1, name: name)) }
            await turnstile.begun(3)
            #expect(Set(turnstile.begun) == ["one-1", "other-1", "other-2"])
            await turnstile.open("one-1")
            await turnstile.begun(4)
            #expect(turnstile.begun.last == "one-2")
        }
    }

    @Test func whatWaitsForAStuckFunctionKeepsNobodyFromRunning() async throws {
        try await withEngine(TaskLimits(perProcess: 2), functionLimits: ["stuck": 1]) { engine, turnstile in
            let stuck = try machine(Self.task("stuck"), name: "Stuck")
            for name in ["s1", "s2", "s3", "s4"] { _ = try await engine.start(StartRequest(machine: stuck, input: 1, name: name)) }
            let free = try machine(Self.task("free"), name: "Free")
            for name in ["f1", "f2"] {
                let started = try await engine.start(StartRequest(machine: free, input: 1, name: name))
                await turnstile.open(name)
                #expect(try await engine.result(of: started.arn).status == .succeeded)
            }
            #expect(turnstile.begun == ["s1", "f1", "f2"])
        }
    }

    @Test func anExecutionThatWaitsInTheQueueCanBeStopped() async throws {
        try await withEngine(TaskLimits(perProcess: 1)) { engine, turnstile in
            let held = try machine(Self.task("f"))
            _ = try await engine.start(StartRequest(machine: held, input: 1, name: "a"))
            let second = try await engine.start(StartRequest(machine: held, input: 1, name: "b"))
            _ = try await engine.start(StartRequest(machine: held, input: 1, name: "c"))
            await turnstile.begun(1)
            try await engine.stop(second.arn)
            await turnstile.open("a")
            await turnstile.begun(2)
            #expect(turnstile.begun == ["a", "c"])
        }
    }

    @Test func aNestedExecutionTakesNoPlaceFromItsOwnTasks() async throws {
        try await withEngine(TaskLimits(perProcess: 1)) { engine, turnstile in
            turnstile.openAll()
            let child = try machine(Self.task("f"), name: "Child")
            let text = child.text
            try await engine.write { tx in
                _ = try tx.createStateMachine(
                    arn: child.arn, name: "Child", type: .standard,
                    revision: StateMachineRevision(
                        id: "r", definition: try tx.definitionID(of: text), roleARN: "r", logging: nil, tracing: nil, encryption: nil,
                        isInitial: true, createdMilliseconds: 1))
            }
            let parent = try machine(
                #"{"StartAt":"N","States":{"N":{"Type":"Task","Resource":"arn:aws:states:::states:startExecution.sync:2","Parameters":{"StateMachineArn":"\#(child.arn)"},"End":true}}}"#,
                name: "Parent")
            let result = try await engine.run(StartRequest(machine: parent, input: 1))
            #expect(result.status == .succeeded, "\(result.error ?? "") \(result.cause ?? "")")
        }
    }

    @Test func aDistributedMapRunsNoMoreChildrenAtOnceThanItsMaxConcurrency() async throws {
        try await withEngine(TaskLimits()) { engine, turnstile in
            let text = """
                {"StartAt":"M","States":{"M":{"Type":"Map","MaxConcurrency":3,"ItemProcessor":{"ProcessorConfig":{"Mode":"DISTRIBUTED","ExecutionType":"STANDARD"},
                "StartAt":"T","States":{"T":{"Type":"Task","Resource":"arn:aws:lambda:us-east-1:000000000000:function:f","End":true}}},"End":true}}}
                """
            let run = try await engine.start(StartRequest(machine: machine(text), input: .array((0..<9).map { .integer($0) })))
            await turnstile.begun(3)
            for count in 4...9 {
                await turnstile.open(turnstile.begun[count - 4])
                await turnstile.begun(count)
            }
            turnstile.openAll()
            #expect(try await engine.result(of: run.arn).status == .succeeded)
            #expect(turnstile.most == 3)
        }
    }

    @Test func executionsThatGoOnForEverLetANewOneThrough() async throws {
        let (store, path) = try temporaryStore()
        defer { removeStore(path) }
        var options = EngineOptions()
        options.eventsPerCommit = 400
        let engine = try ExecutionEngine(store: store, options: options)
        let endless = try machine(
            #"{"StartAt":"A","States":{"A":{"Type":"Choice","Choices":[{"Variable":"$","NumericEquals":1,"Next":"B"}],"Default":"C"},"B":{"Type":"Pass","Next":"A"},"C":{"Type":"Succeed"}}}"#,
            name: "Endless")
        let arns = try await withThrowingTaskGroup(of: String.self) { group in
            for _ in 0..<60 {
                group.addTask {
                    var request = StartRequest(machine: endless, input: 1)
                    request.isUnlimited = true
                    return try await engine.start(request).arn
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        let pass = try machine(#"{"StartAt":"A","States":{"A":{"Type":"Pass","End":true}}}"#)
        let result = try await engine.run(StartRequest(machine: pass, input: 7))
        #expect(result.output == 7)
        // One commit holds a bounded part of what could go on, whatever their number.
        #expect(engine.metrics.events / max(1, engine.metrics.commits) < 4000)
        await withTaskGroup(of: Void.self) { group in
            for arn in arns { group.addTask { _ = try? await engine.stop(arn) } }
        }
        await engine.shutDown()
    }

    @Test(arguments: [true, false]) func quotasHoldUnlessTheProcessLiftsThem(areLifted: Bool) async throws {
        let (store, path) = try temporaryStore()
        defer { removeStore(path) }
        var options = EngineOptions()
        options.liftsQuotas = areLifted
        let engine = try ExecutionEngine(store: store, options: options)
        let pass = try machine(#"{"StartAt":"A","States":{"A":{"Type":"Pass","End":true}}}"#)
        let result = try await engine.run(StartRequest(machine: pass, input: .string(String(repeating: "x", count: 300_000))))
        #expect(result.status == (areLifted ? .succeeded : .failed))
        #expect(result.error == (areLifted ? nil : "States.DataLimitExceeded"))
        await engine.shutDown()
    }

    @Test func aCommitServesSoManyCallersAndTheNextOnesThoseWhoCameLater() throws {
        let (store, path) = try temporaryStore()
        defer { removeStore(path) }
        var options = EngineOptions()
        options.messagesPerCommit = 4
        let engine = try ManualEngine(store: store, options: options)
        let pass = try machine(#"{"StartAt":"A","States":{"A":{"Type":"Pass","End":true}}}"#)
        let answered = Mutex<[Int]>([])
        for caller in 0..<10 { engine.start(StartRequest(machine: pass, input: 1)) { _ in answered.withLock { $0.append(caller) } } }
        for count in [4, 8, 10] {
            engine.turn()
            #expect(answered.withLock { $0 } == Array(0..<count))
        }
        #expect(engine.isIdle)
    }

    @Test func aTaskThatPrintsWithoutEndFillsNoQueue() async throws {
        let (store, path) = try temporaryStore()
        defer { removeStore(path) }
        var options = EngineOptions()
        options.logBytesPerAttempt = 10_000
        options.integration = { _ in Printing() }
        let engine = try ExecutionEngine(store: store, options: options)
        let started = try await engine.start(StartRequest(machine: machine(Self.task("f")), input: 1))
        #expect(try await engine.result(of: started.arn).status == .succeeded)
        var chunks: [TaskLogChunk] = []
        try store.read { tx in
            try tx.forEachLogChunk(of: started.id) {
                chunks.append($0)
                return true
            }
        }
        let last = try #require(chunks.last)
        #expect(last.startOffset + Int64(last.bytes.count) == Int64(Printing.times * Printing.line.count))
        #expect(Array(last.bytes.suffix(Printing.line.count)) == Printing.line)
        #expect(chunks.reduce(0) { $0 + $1.bytes.count } < 60_000)
        await engine.shutDown()
    }
}

private struct Printing: Integration {
    static let times = 20_000
    static let line = Array("a line that a task prints again and again\n".utf8)

    func perform(_ request: TaskRequest, report: any TaskReport) async throws(Failure) -> JSONValue {
        for _ in 0..<Self.times { report.log(Self.line) }
        return .null
    }
}

@Suite struct TimerHeapTests {
    private func entry(_ at: Int64, _ execution: Int64, _ frame: Int = 0) -> TimerHeap.Entry {
        TimerHeap.Entry(at: at, execution: ExecutionID(rawValue: execution), frame: FrameID(frame))
    }

    @Test func timersComeInTheOrderOfTheirTimes() {
        var heap = TimerHeap()
        var numbers = SystemRandomNumberGenerator()
        for execution in 0..<1000 { heap.add(entry(Int64.random(in: 0..<500, using: &numbers), Int64(execution))) }
        var times: [Int64] = []
        while let next = heap.popDue(at: 400) { times.append(next.at) }
        #expect(times == times.sorted() && times.allSatisfy { $0 <= 400 })
        #expect(heap.nextDue.map { $0 > 400 } ?? true)
    }

    @Test func aLineOfControlHasOneTimerItsEarliest() {
        var heap = TimerHeap()
        // A heartbeat every millisecond, each of which moves the deadline.
        for at in 1000..<9000 { heap.add(entry(Int64(at), 1)) }
        #expect(heap.count == 1 && heap.nextDue == 1000)
        heap.add(entry(500, 1))
        heap.add(entry(700, 1, 2))
        #expect(heap.popDue(at: 10_000)?.at == 500)
        #expect(heap.popDue(at: 10_000)?.at == 700)
        #expect(heap.popDue(at: 10_000) == nil)
    }

    @Test func timersOfEndedExecutionsAreForgotten() {
        var heap = TimerHeap()
        for execution in 0..<10_000 {
            heap.add(entry(Int64(1_000_000 - execution), Int64(execution)))
            heap.forgetEnded { $0.rawValue % 100 == 0 }
        }
        #expect(heap.count < 4400)
        var left: [Int64] = []
        while let next = heap.popDue(at: .max) { left.append(next.execution.rawValue) }
        #expect(left.count { $0 % 100 == 0 } == 100)
        #expect(left == left.sorted(by: >))
    }
}
