import Engine
import Glibc
import JSON
import LocalJobs
import StatesLanguage
import Store
import Testing

@Suite struct DistributedMapTests {
    static let text = """
        {"StartAt":"M","States":{"M":{"Type":"Map","MaxConcurrency":10,"ItemProcessor":{"ProcessorConfig":{"Mode":"DISTRIBUTED","ExecutionType":"STANDARD"},
        "StartAt":"P","States":{"P":{"Type":"Pass","Parameters":{"twice.$":"States.MathAdd($, $)"},"End":true}}},"End":true}}}
        """

    @Test func everyItemIsAChildAndTheOutputsAreInOrder() async throws {
        let (store, path) = try temporaryStore()
        defer { removeStore(path) }
        let engine = try ExecutionEngine(store: store)
        let items = JSONValue.array((0..<100).map { .integer($0) })
        let result = try await engine.run(StartRequest(machine: machine(Self.text), input: items))
        #expect(result.status == .succeeded, "\(result.error ?? "") \(result.cause ?? "")")
        #expect(result.output == .array((0..<100).map { ["twice": .integer($0 * 2)] }))
        let row = try #require(try store.read { try $0.execution(arn: result.arn) })
        let runs = try store.read { try $0.mapRuns(of: row.id, limit: 10) }
        #expect(runs.count == 1 && runs[0].status == "SUCCEEDED")
        #expect(try JSONValue(parsing: runs[0].itemCounts)["succeeded"] == 100)
        await engine.shutDown()
    }

    @Test func theEntriesOfAnObjectAreItems() async throws {
        let (store, path) = try temporaryStore()
        defer { removeStore(path) }
        let engine = try ExecutionEngine(store: store)
        func run(_ more: String) async throws -> ExecutionResult {
            let text = """
                {"QueryLanguage":"JSONata","StartAt":"M","States":{"M":{"Type":"Map","Items":"{% $states.input %}",\(more)"ItemProcessor":{
                "ProcessorConfig":{"Mode":"DISTRIBUTED","ExecutionType":"STANDARD"},"StartAt":"P","States":{"P":{"Type":"Pass","End":true}}},"End":true}}}
                """
            return try await engine.run(StartRequest(machine: machine(text), input: ["b": 1, "a": [2]]))
        }
        #expect(try await run("").output == [["Key": "b", "Value": 1], ["Key": "a", "Value": [2]]])
        let item = #""{% $states.context.Map.Item.Key & $string($states.context.Map.Item.Value) %}""#
        #expect(try await run(#""ItemSelector":{"k":\#(item)},"#).output == [["k": "b1"], ["k": "a[2]"]])
        let batched = try await run(#""ItemBatcher":{"MaxItemsPerBatch":1},"#)
        #expect(batched.error == "States.QueryEvaluationError" && batched.cause?.contains("Expected 'array', but was 'object'") == true)
        await engine.shutDown()
    }

    @Test func oneFailureTooManyEndsTheRun() async throws {
        let (store, path) = try temporaryStore()
        defer { removeStore(path) }
        let engine = try ExecutionEngine(store: store)
        let result = try await engine.run(StartRequest(machine: machine(Self.text), input: [1, "x", 3]))
        #expect(result.status == .failed && result.error == "States.ExceedToleratedFailureThreshold")
        await engine.shutDown()
    }

    @Test func toleratedFailuresHaveTheirPlaceInTheResult() async throws {
        let (store, path) = try temporaryStore()
        defer { removeStore(path) }
        let engine = try ExecutionEngine(store: store)
        func run(_ thresholds: String) async throws -> ExecutionResult {
            let text = Self.text.replacing("\"MaxConcurrency\":10", with: thresholds)
            return try await engine.run(StartRequest(machine: machine(text), input: [1, "x", 3]))
        }
        for thresholds in [#""ToleratedFailureCount":1"#, #""ToleratedFailureCount":0,"ToleratedFailurePercentage":40"#] {
            let result = try await run(thresholds)
            #expect(result.output?[0] == ["twice": 2] && result.output?[2] == ["twice": 6])
            let failed = result.output?[1]?.object
            #expect(failed.map { Array($0.keys) } == ["Status", "Error", "Cause"] && failed?["Status"] == "FAILED", "\(result.cause ?? "")")
        }
        for thresholds in [#""ToleratedFailureCount":0"#, #""ToleratedFailureCount":1,"ToleratedFailurePercentage":30"#] {
            #expect(try await run(thresholds).error == "States.ExceedToleratedFailureThreshold")
        }
        await engine.shutDown()
    }

    @Test func aWorkerOfAnActivityGetsTheTaskAndAnswersIt() async throws {
        let (store, path) = try temporaryStore()
        defer { removeStore(path) }
        let engine = try ExecutionEngine(store: store)
        let arn = "arn:aws:states:us-east-1:000000000000:activity:A"
        let text = #"{"StartAt":"T","States":{"T":{"Type":"Task","Resource":"\#(arn)","End":true}}}"#
        let started = try await engine.start(StartRequest(machine: machine(text), input: ["q": 1]))
        let task = try #require(try await engine.activityTask(arn, worker: "w", waitingSeconds: 5))
        #expect(task.input == #"{"q":1}"#)
        await #expect(throws: EngineError.self) { try await engine.completeTask(token: task.token + "0", .success(1)) }
        try await engine.completeTask(token: task.token, .success(["a": 2]))
        let result = try await engine.result(of: started.arn)
        #expect(result.output == ["a": 2])
        let types = try store.read { try $0.storedEvents(of: started.id) }.compactMap { $0.type(in: try! machine(text).definition) }
        #expect(
            types == [
                "ExecutionStarted", "TaskStateEntered", "ActivityScheduled", "ActivityStarted", "ActivitySucceeded", "TaskStateExited", "ExecutionSucceeded",
            ])
        await #expect(throws: EngineError.self) { try await engine.completeTask(token: task.token, .success(3)) }
        await engine.shutDown()
    }

    @Test func aNestedExecutionEndsItsParentsTask() async throws {
        let (store, path) = try temporaryStore()
        defer { removeStore(path) }
        let engine = try ExecutionEngine(store: store)
        let child = #"{"StartAt":"P","States":{"P":{"Type":"Pass","Result":{"r":1},"End":true}}}"#
        let arn = "arn:aws:states:us-east-1:000000000000:stateMachine:Child"
        _ = try await engine.write { tx in
            try tx.createStateMachine(
                arn: arn, name: "Child", type: .standard,
                revision: StateMachineRevision(
                    id: "r1", definition: try tx.definitionID(of: child), roleARN: "r", logging: nil, tracing: nil, encryption: nil, isInitial: true,
                    createdMilliseconds: 1))
        }
        let text = """
            {"StartAt":"T","States":{"T":{"Type":"Task","Resource":"arn:aws:states:::states:startExecution.sync:2",
            "Parameters":{"StateMachineArn":"\(arn)"},"OutputPath":"$.Output","End":true}}}
            """
        let result = try await engine.run(StartRequest(machine: machine(text), input: [:]))
        #expect(result.output == ["r": 1], "\(result.error ?? "") \(result.cause ?? "")")
        await engine.shutDown()
    }
}
