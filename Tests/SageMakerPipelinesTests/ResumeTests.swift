import ExecutionDriver
import JSON
import StatesLanguage
import Testing

@testable import SageMakerPipelines

/// RetryPipelineExecution: what failed goes on, under another parallelism where one is given.
@Suite struct ResumeTests {
    /// Eight trainings side by side, then one that waits for all.
    private func pipeline() throws -> PipelineDefinition {
        var steps: [JSONValue] = (0..<8).map { ["Name": .string("S\($0)"), "Type": "Training", "Arguments": .object(JSONObject())] }
        steps.append(["Name": "End", "Type": "Training", "Arguments": .object(JSONObject()), "DependsOn": .array((0..<8).map { .string("S\($0)") })])
        let document: JSONValue = ["Version": "2020-12-01", "Parameters": [], "Steps": .array(steps)]
        return PipelineDefinition(document: try #require(document.object))
    }

    private static func atWork(_ execution: Execution) -> Int {
        execution.outstandingCommands.filter { if case .invoke = $0 { true } else { false } }.count
    }

    @Test(arguments: [(compiled: 1, resumed: 3), (compiled: 8, resumed: 2), (compiled: 2, resumed: 8), (compiled: 3, resumed: 1)])
    func aResumeMayBringAnotherParallelism(_ limits: (compiled: Int, resumed: Int)) throws {
        let machine = try #require(StateMachine.read(try pipeline().compile(CompileOptions(maxParallelExecutionSteps: limits.compiled)).machine).machine)
        var isBroken = true
        var started: [String: Int] = [:]
        var most = 0
        var driver = ExecutionDriver(machine: machine, quotas: .lifted) { invocation in
            started[invocation.stateName, default: 0] += 1
            let fails = isBroken && (invocation.stateName == "S1" || invocation.stateName == "S2")
            return ExecutionDriver.Answer(fails ? .failure(error: "AlgorithmError", cause: nil) : .success(.object(JSONObject())), afterSeconds: 10)
        }
        driver.observe = { execution, _, _ in most = max(most, Self.atWork(execution)) }
        driver.run(.object(JSONObject()))
        #expect(driver.execution.status == .failed)
        #expect(most <= limits.compiled)
        let before = started
        isBroken = false
        most = 0
        driver.give([.redrive, .limitTasks(limits.resumed)])
        #expect(driver.execution.taskLimit == limits.resumed)
        // A crash in the middle keeps the limit.
        _ = driver.advanceTime()
        driver.crash()
        driver.runToEnd()
        #expect(driver.execution.status == .succeeded)
        let left = (0..<8).filter { before["S\($0)"] == nil || $0 == 1 || $0 == 2 }.count
        #expect(most == min(limits.resumed, left))
        for index in 0..<8 where before["S\(index)"] != nil && index != 1 && index != 2 { #expect(started["S\(index)"] == 1) }
        let replayed = Execution(replaying: driver.history, machine: machine, header: driver.execution.header, quotas: .lifted)
        #expect(replayed == driver.execution)
    }

    @Test func whatAFailStepEndedIsNotRetried() throws {
        let json: JSONValue = [
            "Version": "2020-12-01", "Parameters": [],
            "Steps": [
                [
                    "Name": "C", "Type": "Condition",
                    "Arguments": [
                        "Conditions": [["Type": "Equals", "LeftValue": 1, "RightValue": 1]],
                        "IfSteps": [["Name": "Bad", "Type": "Fail", "Arguments": ["ErrorMessage": "too bad"]]], "ElseSteps": [],
                    ],
                ]
            ],
        ]
        let definition = PipelineDefinition(document: try #require(json.object))
        let machine = try #require(StateMachine.read(definition.compile().machine).machine)
        var driver = ExecutionDriver(machine: machine, quotas: .lifted)
        driver.run(.object(JSONObject()))
        let steps = PipelineExecutionSteps(definition: definition, machine: machine, events: driver.history)
        #expect(steps.retryRefusal == "it ended in the Fail step 'Bad' (too bad), and an execution that a Fail step ended cannot be retried: start a new one")
        #expect(steps["C"]?.outcome == true && steps["Bad"]?.status == .failed && steps["Bad"]?.failureReason == "too bad")
    }

    @Test(arguments: [0, 1, 10]) func aStepWhoseFileCannotBeReadIsAStepThatFailed(faults: Int) throws {
        let json: JSONValue = [
            "Version": "2020-12-01", "Parameters": [],
            "Steps": [
                [
                    "Name": "Use", "Type": "Lambda", "FunctionArn": "arn:aws:lambda:us-east-1:123456789012:function:f", "OutputParameters": [],
                    "Arguments": ["x": ["Std:JsonGet": ["S3Uri": "s3://b/k.json", "Path": "a"]]],
                ]
            ],
        ]
        let definition = PipelineDefinition(document: try #require(json.object))
        #expect(definition.validate().isEmpty)
        let machine = try #require(StateMachine.read(definition.compile().machine).machine)
        var reads = 0
        var driver = ExecutionDriver(machine: machine, quotas: .lifted) { invocation in
            guard invocation.schedule.input["Payload"] == nil else { return .success(["Payload": .object(JSONObject())]) }
            reads += 1
            if faults == 10 { return .failure("S3.NoSuchKeyException", "no such key") }
            return reads <= faults ? .failure("Step.THROTTLING", "slow down") : .success(["Body": "{\"a\":1}"])
        }
        driver.run(.object(JSONObject()))
        let steps = PipelineExecutionSteps(definition: definition, machine: machine, events: driver.history)
        #expect(steps.steps.map(\.name) == ["Use"])
        if faults == 10 {
            #expect(steps["Use"]?.status == .failed && steps["Use"]?.failureReason == "S3.NoSuchKeyException: no such key")
            #expect(steps["Use"]?.attempts == 0)
        } else {
            #expect(steps["Use"]?.status == .succeeded && steps["Use"]?.attempts == 1 && steps["Use"]?.failureReason == nil)
        }
    }

    @Test func theStepsOfAForEachAreCountedAndListedByTheirIndex() throws {
        let body: JSONValue = [
            "Name": "Work", "Type": "Lambda", "FunctionArn": "arn:aws:lambda:us-east-1:123456789012:function:f", "OutputParameters": [],
            "Arguments": ["item": ["Get": "ForEach.CurrentItem"]],
        ]
        let json: JSONValue = [
            "Version": "2020-12-01", "Parameters": [],
            "Steps": [["Name": "Each", "Type": "ForEach", "Arguments": ["IterableItems": ["a", "b", "c"], "MaxConcurrency": 1, "ForEachBody": [body]]]],
        ]
        let definition = PipelineDefinition(document: try #require(json.object))
        let machine = try #require(StateMachine.read(definition.compile().machine).machine)
        var driver = ExecutionDriver(machine: machine, quotas: .lifted) { invocation in
            invocation.schedule.input["Payload"]?["item"] == "b" ? .failure("Broken", "no b") : .success(["Payload": .object(JSONObject())])
        }
        driver.run(.object(JSONObject()))
        let steps = PipelineExecutionSteps(definition: definition, machine: machine, events: driver.history)
        #expect(steps.steps.map(\.name) == ["Each", "Work-0", "Work-1"])
        #expect(steps["Each"]?.items == PipelineExecutionStep.Items(total: 3, succeeded: 1, failed: 1, stopped: 0))
        #expect(steps["Each"]?.status == .failed && steps["Work-1"]?.failureReason == "Broken: no b")
        #expect(steps["Work-1"]?.json["IterationContext"] == ["ParentStepName": "Each", "Index": 1, "Item": "b"])
    }
}
