import Engine
import FaultyDisk
import JSON
import ServiceIntegrations
import StatesLanguage
import Store
import Synchronization
import Testing

/// What a new engine makes of what a dead one left.
@Suite struct TakeoverTests {
    /// Says that a job was taken, and waits for its end until it is cancelled.
    private struct EndlessJob: Integration {
        let begun: @Sendable (TaskRequest) -> Void

        func perform(_ request: TaskRequest, report: any TaskReport) async throws(Failure) -> JSONValue {
            if let submitted = request.submitted {
                begun(request)
                return ["of": submitted]
            }
            report.submitted(["JobName": "j"])
            begun(request)
            while !Task.isCancelled { try? await Task.sleep(for: .milliseconds(5)) }
            throw Failure("Cancelled", nil)
        }
    }

    @Test func aRestartedJobIsToldWhatItHadSubmitted() async throws {
        let disk = FaultyDisk(seed: 1)
        let (begun, signal) = AsyncStream.makeStream(of: TaskRequest.self)
        var requests = begun.makeAsyncIterator()
        var options = EngineOptions()
        options.integration = { _ in EndlessJob { signal.yield($0) } }
        let text = #"{"StartAt":"J","States":{"J":{"Type":"Task","Resource":"arn:aws:states:::glue:startJobRun.sync","End":true}}}"#
        let dying = try ExecutionEngine(store: Store(path: "sfn.db", options: disk.options), options: options)
        let started = try await dying.start(StartRequest(machine: machine(text), input: [:], name: "e"))
        let first = try #require(await requests.next())
        #expect(first.submitted == nil && !first.isReattached)
        // Whatever arrived before this is durable after it.
        try await dying.write { _ in }
        disk.cutPower(.everythingUnsyncedIsLost)
        try? await dying.write { _ in }

        let engine = try ExecutionEngine(store: Store(path: "sfn.db", options: disk.options), options: options)
        try await engine.recover()
        let second = try #require(await requests.next())
        #expect(second.submitted == ["JobName": "j"] && second.isReattached && second.taskID == first.taskID)
        let result = try await engine.result(of: started.arn)
        #expect(result.output == ["of": ["JobName": "j"]])
        await engine.shutDown()
    }

    private final class StillClock: Sendable {
        let milliseconds = Atomic<Int64>(1_700_000_000_000)
    }

    @Test func anAnswerAfterTheTimeLimitIsLateThoughNobodyWasThere() async throws {
        let disk = FaultyDisk(seed: 2)
        let clock = StillClock()
        try await withTokenOptions { options, tokens in
            options.clock = { Timestamp(milliseconds: clock.milliseconds.load(ordering: .relaxed)) }
            options.isClockManual = true
            let text =
                #"{"StartAt":"T","States":{"T":{"Type":"Task","Resource":"arn:aws:states:::sqs:sendMessage.waitForTaskToken","#
                + #""Parameters":{"QueueUrl":"q","MessageBody.$":"$$.Task.Token"},"TimeoutSeconds":60,"End":true}}}"#
            let dying = try ExecutionEngine(store: Store(path: "sfn.db", options: disk.options), options: options)
            let started = try await dying.start(StartRequest(machine: machine(text), input: [:], name: "e"))
            var given = tokens.makeAsyncIterator()
            let token = try #require(await given.next())
            try await dying.write { _ in }
            disk.cutPower(.everythingUnsyncedIsLost)
            try? await dying.write { _ in }

            clock.milliseconds.add(61_000, ordering: .relaxed)
            let engine = try ExecutionEngine(store: Store(path: "sfn.db", options: disk.options), options: options)
            try engine.adoptDeadEngines()
            // It brings the execution back to memory, and its time limit comes first.
            try? await engine.completeTask(token: token, .success("too late"))
            let result = try await engine.result(of: started.arn)
            #expect(result.status == .failed && result.error == "States.Timeout")
            await engine.shutDown()
        }
    }

    /// Tasks that give their tokens away and are not answered.
    private func withTokenOptions(_ body: (inout EngineOptions, AsyncStream<String>) async throws -> Void) async throws {
        let (tokens, signal) = AsyncStream.makeStream(of: String.self)
        var options = EngineOptions()
        options.integration = { _ in
            Answering { (request) throws(Failure) in
                if let token = request.taskToken { signal.yield(token) }
                return [:]
            }
        }
        try await body(&options, tokens)
    }

    @Test func aStoreThatCannotBeReadIsNoFailureOfADistributedMap() async throws {
        let text =
            #"{"StartAt":"M","States":{"M":{"Type":"Map","ItemsPath":"$.items","End":true,"ItemProcessor":{"ProcessorConfig":"#
            + #"{"Mode":"DISTRIBUTED","ExecutionType":"STANDARD"},"StartAt":"P","States":{"P":{"Type":"Pass","End":true}}}}}}"#
        for nth in 1...12 {
            let disk = FaultyDisk(seed: UInt64(nth))
            let first = try ExecutionEngine(store: Store(path: "sfn.db", options: disk.options))
            disk.fail(.read, at: nth, .before)
            let started = try? await first.start(StartRequest(machine: machine(text), input: ["items": [1, 2]], name: "e"))
            if let started, let result = try? await first.result(of: started.arn) { #expect(result.status == .succeeded, "read \(nth)") }
            disk.cutPower(.everythingUnsyncedIsLost)
            disk.fail(.read, at: nil, .before)
            try? await first.write { _ in }

            let engine = try ExecutionEngine(store: Store(path: "sfn.db", options: disk.options))
            try await engine.recover()
            if let started { #expect(try await engine.result(of: started.arn).status == .succeeded, "read \(nth)") }
            await engine.shutDown()
        }
    }

    /// Each is one event of a machine with one state, after ExecutionStarted.
    @Test(arguments: [
        #"["in",2,1,1700000000000,0,99,{}]"#, #"["out",2,1,1700000000000,0,0,7,{}]"#, #"["out",2,1,1700000000000,0,0,-3,{}]"#,
        #"["map",2,1,1700000000000,0,0,-1]"#, #"["map",2,1,1700000000000,0,0,9000000000000000000]"#, #"["in",9,1,1700000000000,0,0,{}]"#,
        #"["in",2,1,9000000000000000000,0,0,{}]"#, #"["n.retry",0,0,1700000000000,0,-5,1700000000000]"#,
        #"["redrive",2,1,1700000000000,0,9223372036854775807]"#, #"["nonsense"]"#, #"{"#,
    ])
    func aDamagedHistoryIsOneSentenceAndHoldsUpNobody(_ event: String) async throws {
        let store = try Store.inMemory()
        let text = #"{"StartAt":"W","States":{"W":{"Type":"Wait","Seconds":0,"End":true}}}"#
        let start = #"["start",1,0,1700000000000,0,{},"arn:aws:iam::000000000000:role/r"]"#
        let arns = try store.write { tx in
            try [("damaged", event), ("sound", nil)].map { name, event in
                let arn = "arn:aws:states:us-east-1:000000000000:execution:M:\(name)"
                let new = NewExecution(
                    arn: arn, name: name,
                    stateMachine: try tx.stateMachineID(forARN: "arn:aws:states:us-east-1:000000000000:stateMachine:M", name: "M", type: .standard, at: 1),
                    definition: try tx.definitionID(of: text), type: .standard, startMilliseconds: 1, input: "{}", owner: nil)
                let id = try tx.insert(new)
                let bytes = "[" + [start, event].compactMap { $0 }.joined(separator: ",") + "]"
                try tx.append(HistorySegment(firstEventID: 1, lastEventID: event == nil ? 1 : 2, events: Array(bytes.utf8)), to: id)
                return arn
            }
        }
        let engine = try ExecutionEngine(store: store)
        let recovered = try await engine.recover()
        #expect(recovered.count == 1 && recovered.damaged.count == 1)
        #expect(recovered.damaged.first?.hasPrefix("the history of execution 1 is damaged after event") == true, "\(recovered.damaged)")
        #expect(try await engine.result(of: arns[1]).status == .succeeded)
        await #expect(throws: EngineError.self) { try await engine.resume(arns[0]) }
        await engine.shutDown()
    }
}
