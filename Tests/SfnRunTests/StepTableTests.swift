import ExecutionDriver
import JSON
import SageMakerPipelines
import StatesLanguage
import Testing

@testable import sfn_run

@Suite struct StepTableTests {
    private func table(_ steps: JSONValue, limit: Int = 24, answer: @escaping (TaskInvocation) -> ExecutionDriver.Answer) throws -> [String] {
        let document: JSONValue = ["Version": "2020-12-01", "Parameters": [], "Steps": steps]
        let definition = PipelineDefinition(document: try #require(document.object))
        let machine = try #require(StateMachine.read(definition.compile().machine).machine)
        var driver = ExecutionDriver(machine: machine, quotas: .lifted, answer: answer)
        driver.run(.object(JSONObject()))
        let steps = PipelineExecutionSteps(definition: definition, machine: machine, events: driver.history)
        return StepTable(style: .plain, limit: limit).lines(steps, now: driver.now)
    }

    private func training(_ name: String, after: [JSONValue] = []) -> JSONValue {
        ["Name": .string(name), "Type": "Training", "Arguments": .object(JSONObject()), "DependsOn": .array(after)]
    }

    @Test func aRowHasStatusAttemptsDurationAndMetrics() throws {
        var count = 0
        let lines = try table([training("Train"), training("Next", after: ["Train"]), training("Never", after: ["Next"])]) { invocation in
            count += 1
            if count == 1 { return .failure("Step.THROTTLING") }
            if invocation.stateName == "Next" { return ExecutionDriver.Answer(.failure(error: "AlgorithmError", cause: "no\u{1B}[2J luck"), afterSeconds: 90) }
            return ExecutionDriver.Answer(.success(["FinalMetricDataList": [["MetricName": "rmse", "Value": 0.123456789]]]), afterSeconds: 4)
        }
        #expect(
            lines == [
                "  STEP   STATUS     ATTEMPTS  TIME   WHAT",
                "  Train  Succeeded  2         5.0s   rmse 0.123457",
                "  Next   Failed     1         1m30s  AlgorithmError: no\u{FFFD}[2J luck",
                "  not started: Never",
            ])
    }

    @Test func aLongPipelineShowsWhatRunsOrFailedFirst() throws {
        let lines = try table(.array((0..<40).map { training("S\($0)") }), limit: 5) { invocation in
            invocation.stateName == "S3" ? .failure("Broken") : .success(.object(JSONObject()))
        }
        #expect(lines.count == 7)
        #expect(lines.contains { $0.hasPrefix("  S3 ") && $0.contains("Failed") })
        #expect(lines.last == "  … and 35 more that succeeded")
    }

    @Test func numbersHaveSixDigits() {
        #expect(StepTable.number(0.1234567) == "0.123457")
        #expect(StepTable.number(131.04567) == "131.046")
        #expect(StepTable.number(3) == "3.0")
        #expect(StepTable.number(0) == "0.0")
        #expect(StepTable.number(-2.5e-9) == "-2.5e-09")
    }
}
