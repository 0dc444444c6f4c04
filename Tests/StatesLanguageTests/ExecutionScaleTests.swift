import ExecutionDriver
import JSON
import StatesLanguage
import Testing

/// Large machines and large inputs.
struct ExecutionScaleTests {
    @Test(arguments: ["Map", "Parallel"], [true, false]) func deepNestingNeedsNoStack(type: String, fails: Bool) throws {
        var workflow: JSONValue = [
            "StartAt": "Inner",
            "States": ["Inner": fails ? ["Type": "Fail", "Error": "Deep"] : ["Type": "Pass", "End": true]],
        ]
        let depth = 200
        for level in 0..<depth {
            let state: JSONValue =
                type == "Map"
                ? ["Type": "Map", "ItemProcessor": workflow, "ItemsPath": "$$.Execution.Input", "End": true]
                : ["Type": "Parallel", "Branches": [workflow], "End": true]
            workflow = ["StartAt": .string("L\(level)"), "States": .object(JSONObject([("L\(level)", state)]))]
        }
        let (machine, diagnostics) = StateMachine.read(workflow)
        let read = try #require(machine, "\(diagnostics.first.map { "\($0)" } ?? "")")
        var driver = ExecutionDriver(machine: read)
        #expect(driver.run([0]) == (fails ? .failed : .succeeded))
        #expect(driver.execution.error == (fails ? "Deep" : nil))
    }

    @Test(arguments: [0, 40]) func aWideMapKeepsItsOrder(concurrency: Int) throws {
        let machine = try #require(
            StateMachine.read([
                "StartAt": "Each",
                "States": [
                    "Each": [
                        "Type": "Map", "MaxConcurrency": .integer(Int64(concurrency)), "End": true,
                        "ItemProcessor": [
                            "StartAt": "Work",
                            "States": ["Work": ["Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "End": true]],
                        ],
                    ]
                ],
            ]).machine)
        let items = JSONValue.array((0..<3000).map { .integer(Int64($0)) })
        var driver = ExecutionDriver(machine: machine, quotas: .lifted) { invocation in
            var numbers = SeededNumbers(seed: UInt64(invocation.scheduled))
            var answer = ExecutionDriver.Answer.success(invocation.schedule.input)
            answer.afterSeconds = Double(numbers.number(0...100))
            return answer
        }
        #expect(driver.run(items) == .succeeded)
        #expect(driver.execution.output == items)
    }

    @Test func theLastEventThatTheQuotaAllowsIsTheFailure() throws {
        let machine = try #require(
            StateMachine.read([
                "StartAt": "Again",
                "States": [
                    "Again": ["Type": "Choice", "Choices": [["Variable": "$.n", "NumericEquals": 1, "Next": "Again"]], "Default": "End"],
                    "End": ["Type": "Succeed"],
                ],
            ]).machine)
        var driver = ExecutionDriver(machine: machine)
        #expect(driver.run(["n": 1]) == .failed)
        #expect(driver.execution.lastEventID == 25_000)
        #expect(driver.execution.cause == "The execution reached the maximum number of history events (25000).")
    }
}
