import Engine
import JSON
import ServiceIntegrations
import StatesLanguage
import Store
import Synchronization
import Testing

/// A step that is cached for an hour and counts its calls.
private final class Kitchen: Sendable {
    struct State {
        var calls: [JSONValue] = []
        var now: Int64 = 1_800_000_000_000
        var isBroken = false
        var outputs: JSONObject? = JSONObject()
    }
    let state = Mutex(State())

    static let text = """
        {"QueryLanguage":"JSONata","StartAt":"Train","States":{"Train":{"Type":"Task","Resource":"arn:aws:states:::sagemaker:createTrainingJob.sync",
        "Arguments":{"Depth":"{% $states.input.depth %}","Name":"{% $states.context.Execution.Name %}"},
        "Cache":{"Enabled":true,"ExpireAfter":"PT1H"},"Retry":[{"ErrorEquals":["Broken"],"MaxAttempts":1,"IntervalSeconds":1}],"End":true}}}
        """

    var options: EngineOptions {
        var options = EngineOptions()
        options.clock = { [self] in Timestamp(milliseconds: state.withLock { $0.now }) }
        options.integration = { [self] _ in
            Answering { (request) throws(Failure) in
                let isBroken = self.state.withLock { state in
                    state.calls.append(request.input)
                    return state.isBroken
                }
                if isBroken { throw Failure("States.Broken", "not today") }
                return ["Model": request.input["Name"] ?? .null]
            }
        }
        options.stepCaching = StepCaching(
            subject: { request in
                let fields = JSONObject([("Depth", request.input["Depth"] ?? .null)])
                return StepCacheSubject(fields: fields, contents: JSONObject(), expireAfterSeconds: 3600)
            },
            outputs: { [self] _ in state.withLock { $0.outputs } },
            differences: { before, now in [["Field": "/Fields/Depth", "Before": before["Fields"]?["Depth"] ?? .null, "Now": now["Fields"]?["Depth"] ?? .null]] }
        )
        return options
    }

    var calls: Int { state.withLock { $0.calls.count } }
    func change(_ body: (inout State) -> Void) { state.withLock { body(&$0) } }
}

@Suite struct StepCacheTests {
    private func withKitchen(
        _ body: (Kitchen, ExecutionEngine, (String, JSONValue) async throws -> (result: ExecutionResult, decision: JSONValue?)) async throws -> Void
    ) async throws {
        let (store, path) = try temporaryStore()
        defer { removeStore(path) }
        let kitchen = Kitchen()
        let engine = try ExecutionEngine(store: store, options: kitchen.options)
        let machine = try machine(Kitchen.text)
        try await body(kitchen, engine) { name, depth in
            let started = try await engine.start(StartRequest(machine: machine, input: ["depth": depth], name: name))
            let result = try await engine.result(of: started.arn)
            let events = try store.read { try $0.storedEvents(of: started.id) }
            let decisions = events.compactMap { event -> JSONValue? in if case .note(.cacheDecided(let decision)) = event.kind { decision } else { nil } }
            return (result, decisions.last)
        }
        await engine.shutDown()
    }

    @Test func theSecondExecutionReusesTheFirstsSuccessAndSaysWhose() async throws {
        try await withKitchen { kitchen, _, run in
            let first = try await run("one", 4)
            #expect(first.decision?["Reason"] == "NothingStored")
            let second = try await run("two", 4)
            #expect(kitchen.calls == 1)
            #expect(second.result.output == ["Model": "one"])
            #expect(second.decision?["Outcome"] == "Hit")
            #expect(second.decision?["SourcePipelineExecutionArn"]?.string == first.result.arn)
        }
    }

    @Test func anotherValueOfAFieldThatCountsMissesAndIsNamed() async throws {
        try await withKitchen { kitchen, _, run in
            _ = try await run("one", 4)
            let second = try await run("two", 5)
            #expect(kitchen.calls == 2)
            #expect(second.decision?["Reason"] == "Differs")
            #expect(second.decision?["Differences"] == [["Field": "/Fields/Depth", "Before": 4, "Now": 5]])
            // Both successes are kept.
            _ = try await run("three", 4)
            _ = try await run("four", 5)
            #expect(kitchen.calls == 2)
        }
    }

    @Test func aSuccessThatIsTooOldIsNotUsed() async throws {
        try await withKitchen { kitchen, _, run in
            _ = try await run("one", 4)
            kitchen.change { $0.now += 3_600_000 }
            _ = try await run("two", 4)
            #expect(kitchen.calls == 1)
            kitchen.change { $0.now += 1 }
            let third = try await run("three", 4)
            #expect(kitchen.calls == 2)
            #expect(third.decision?["Reason"] == "Expired")
            _ = try await run("four", 4)
            #expect(kitchen.calls == 2)
        }
    }

    @Test func aFailureIsNeverKept() async throws {
        try await withKitchen { kitchen, _, run in
            kitchen.change { $0.isBroken = true }
            #expect(try await run("one", 4).result.status == .failed)
            kitchen.change { $0.isBroken = false }
            let second = try await run("two", 4)
            #expect(kitchen.calls == 2)
            #expect(second.result.output == ["Model": "two"])
        }
    }

    @Test func aSuccessWhoseFilesChangedIsNotUsed() async throws {
        try await withKitchen { kitchen, _, run in
            _ = try await run("one", 4)
            kitchen.change { $0.outputs = JSONObject([("s3://b/model", "another hash")]) }
            let second = try await run("two", 4)
            #expect(kitchen.calls == 2)
            #expect(second.decision?["Reason"] == "OutputsChanged")
        }
    }

    @Test func aHitIsReplayedFromTheHistoryAlone() async throws {
        let (store, path) = try temporaryStore()
        defer { removeStore(path) }
        let kitchen = Kitchen()
        let engine = try ExecutionEngine(store: store, options: kitchen.options)
        let machine = try machine(Kitchen.text)
        for name in ["one", "two"] { _ = try await engine.run(StartRequest(machine: machine, input: ["depth": 4], name: name)) }
        await engine.shutDown()
        let row = try #require(try store.read { try $0.execution(arn: "arn:aws:states:us-east-1:000000000000:execution:M:two") })
        let events = try store.read { try $0.storedEvents(of: row.id) }
        let header = ExecutionHeader(
            arn: row.arn, name: "two", stateMachineARN: row.stateMachineARN, stateMachineName: "M", roleARN: "r", tokenKey: [], seed: 0)
        var replayed = Execution(machine: machine.definition, header: header)
        let parts = events.prefix { if case .note(.cacheDecided) = $0.kind { false } else { true } }
        replayed = Execution(replaying: Array(parts), machine: machine.definition, header: header)
        // Killed before the decision: the task is asked for again, and the cache with it.
        if case .invoke(let invocation)? = replayed.outstandingCommands.first { #expect(!invocation.hasMissedCache) } else { Issue.record("no task") }
        #expect(Execution(replaying: events, machine: machine.definition, header: header).output == ["Model": "one"])
    }

    @Test func aTaskThatMissedAndWasStartedNeverAsksTheCacheAgain() throws {
        let machine = try machine(Kitchen.text)
        let header = ExecutionHeader(
            arn: "arn:aws:states:us-east-1:000000000000:execution:M:x", name: "x", stateMachineARN: "m", stateMachineName: "M", roleARN: "r", tokenKey: [],
            seed: 0)
        var execution = Execution(machine: machine.definition, header: header)
        var events = execution.advance(on: [.start(input: ["depth": 4])], at: Timestamp(milliseconds: 0)).events
        guard case .invoke(let invocation)? = execution.outstandingCommands.first else {
            Issue.record("no task")
            return
        }
        let missed = Stimulus.taskCacheMissed(invocation.frame, scheduled: invocation.scheduled, decision: ["Outcome": "Miss"])
        events += execution.advance(on: [missed, missed], at: Timestamp(milliseconds: 1)).events
        #expect(events.filter { if case .note(.cacheDecided) = $0.kind { true } else { false } }.count == 1)
        let replayed = Execution(replaying: events, machine: machine.definition, header: header)
        #expect(replayed == execution)
        guard case .invoke(let again)? = replayed.outstandingCommands.first else {
            Issue.record("no task")
            return
        }
        #expect(again.hasMissedCache)
    }
}
