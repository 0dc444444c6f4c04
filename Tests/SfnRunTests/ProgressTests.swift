import JSON
import StatesLanguage
import Testing

@testable import sfn_run

/// Runs a machine as a value and collects the lines that its progress gives. Tasks are answered by `answer`;
/// the clock moves to each timer, and half a second with each task.
private func lines(
    _ definition: String, input: JSONValue = [:], answer: (String, Int) -> Result<JSONValue, Failure> = { _, _ in .success([:]) },
    whileRunning: (ProgressModel, Timestamp) -> Void = { _, _ in }
) throws -> [String] {
    let machine = try #require(StateMachine.read(text: definition).machine)
    let header = ExecutionHeader(
        arn: "arn:e", name: "e", stateMachineARN: "arn:m", stateMachineName: "m", roleARN: "arn:r", tokenKey: [1], seed: 1)
    var execution = Execution(machine: machine, header: header)
    var model = ProgressModel(machine: machine)
    var now = Timestamp(milliseconds: 1000)
    var lines: [String] = []
    var stimuli: [Stimulus] = [.start(input: input)]
    var turns = 0
    while !stimuli.isEmpty || execution.hasReadyWork {
        turns += 1
        try #require(turns < 10_000)
        let (events, commands) = execution.advance(on: stimuli, at: now)
        stimuli = []
        for event in events { lines += model.apply(event) }
        whileRunning(model, now)
        var timers: [(FrameID, Timestamp)] = []
        for command in commands {
            switch command {
            case .invoke(let task):
                lines += model.log(Array("working on \(task.stateName)\n".utf8), scheduled: task.scheduled, at: now)
                now.milliseconds += 500
                switch answer(task.stateName, task.retryCount) {
                case .success(let output): stimuli.append(.taskSucceeded(task.frame, scheduled: task.scheduled, output: output))
                case .failure(let failure):
                    stimuli.append(.taskFailed(task.frame, scheduled: task.scheduled, error: failure.error, cause: failure.cause))
                }
            case .wake(let frame, let at): timers.append((frame, at))
            case .offerActivity, .runMap, .cancelTask, .cancelMapRun: break
            }
        }
        if stimuli.isEmpty, let next = timers.min(by: { $0.1 < $1.1 }) {
            now = max(now, next.1)
            stimuli.append(.wake(next.0))
        }
    }
    return lines
}

struct ProgressTests {
    @Test func tasksWaitsRetriesAndLogsAreTold() throws {
        let shown = try lines(
            """
            {"StartAt": "A", "States": {
              "A": {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "Parameters": {"FunctionName": "f"}, "Next": "B",
                    "Retry": [{"ErrorEquals": ["Busy"], "IntervalSeconds": 2}]},
              "B": {"Type": "Wait", "Seconds": 3, "Next": "C"}, "C": {"Type": "Succeed"}}}
            """,
            answer: { _, retries in retries == 0 ? .failure(Failure("Busy", "come back later")) : .success(["n": 1]) })
        #expect(
            shown == [
                "    0.0  ▸ A",
                "    0.0  │ A: working on A",
                "    0.5  ✗ A: Busy: come back later",
                "    0.5  ↻ A tries again in 2.0s",
                "    2.5  ▸ A, attempt 2",
                "    2.5  │ A: working on A",
                "    3.0  ✓ A  3.0s",
                "    3.0  ◷ B waits 3.0s",
                "    6.0  ✓ B  3.0s",
                "    6.0  · C",
            ])
    }

    @Test func itemsAndBranchesCarryTheirPlace() throws {
        let shown = try lines(
            """
            {"StartAt": "P", "States": {"P": {"Type": "Parallel", "End": true, "Branches": [
              {"StartAt": "M", "States": {"M": {"Type": "Map", "ItemsPath": "$.items", "End": true, "ItemProcessor": {
                "StartAt": "T", "States": {"T": {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke",
                  "Parameters": {"FunctionName": "f"}, "End": true}}}}}}]}}}
            """, input: ["items": [1, 2]])
        #expect(shown.contains("    0.0  ▸ P/1 › M[1] › T"))
        #expect(shown.contains { $0.hasSuffix("✓ P/1 › M  1.0s") })
        #expect(shown.last?.hasSuffix("✓ P  1.0s") == true)
    }

    @Test func aMapOfManyItemsIsToldInTenths() throws {
        let items = JSONValue.array((0..<200).map { .integer($0) })
        let shown = try lines(
            """
            {"StartAt": "M", "States": {"M": {"Type": "Map", "ItemsPath": "$.items", "End": true, "ItemProcessor": {
              "StartAt": "X", "States": {"X": {"Type": "Pass", "End": true}}}}}}
            """, input: ["items": items])
        #expect(shown.count == 12)
        #expect(shown[5].hasSuffix("· M  [##########----------] 100/200"))
    }

    @Test func aLongLoopDoesNotFloodTheScreen() throws {
        let shown = try lines(
            """
            {"StartAt": "Zero", "States": {
              "Zero": {"Type": "Pass", "Result": {"n": 0}, "Next": "Up"},
              "Up": {"Type": "Pass", "Parameters": {"n.$": "States.MathAdd($.n, 1)"}, "Next": "More"},
              "More": {"Type": "Choice", "Choices": [{"Variable": "$.n", "NumericLessThan": 500, "Next": "Up"}], "Default": "End"},
              "End": {"Type": "Succeed"}}}
            """)
        #expect(shown.count == ProgressModel.passingLineLimit)
        #expect(shown.last?.hasSuffix("(further Pass and Choice states are not listed)") == true)
    }

    @Test func theLivePartShowsBarsAndTimeLeft() throws {
        var seen: Set<String> = []
        _ = try lines(
            """
            {"StartAt": "M", "States": {"M": {"Type": "Map", "ItemsPath": "$.items", "MaxConcurrency": 1, "End": true, "ItemProcessor": {
              "StartAt": "W", "States": {"W": {"Type": "Wait", "Seconds": 90, "End": true}}}}}}
            """, input: ["items": [1, 2, 3]],
            whileRunning: { model, now in
                for line in model.live(now: now, limit: 5) { seen.insert(line) }
            })
        #expect(seen.contains("          M  [######--------------] 1/3"))
        #expect(seen.contains("          ◷ M[1] › W  1m30s left"))
    }

    @Test func theReportNamesEverythingNeededToGoOn() throws {
        let definition = """
            {"StartAt": "A",
             "States": {
               "A": {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "Parameters": {"FunctionName": "f"}, "End": true}}}
            """
        let cause = #"{"errorType":"ValueError","errorMessage":"no rows","stackTrace":["  File \"h.py\", line 3, in f\n    fail()\n"]}"#
        var model: ProgressModel?
        _ = try lines(definition, answer: { _, _ in .failure(Failure("ValueError", cause)) }, whileRunning: { now, _ in model = now })
        let (_, places) = try JSONValue.parseWithLines(Array(definition.utf8))
        let report = FailureReport(
            status: .failed, error: "ValueError", cause: cause, place: model?.lastFailure,
            machine: try #require(model?.machine), file: "m.json", line: { places[$0] ?? 0 }, resumeCommand: "sfn-run resume e")
        #expect(
            report.lines(style: .plain) == [
                "failed: ValueError",
                "  cause   no rows",
                "            File \"h.py\", line 3, in f",
                "              fail()",
                "  state   A",
                "  where   m.json:3 at /States/A",
                "  log",
                "          working on A",
                "  resume  sfn-run resume e",
            ])
    }

    @Test func aTaskCannotMoveTheCursor() {
        #expect(ProgressStyle.safe("a\u{1B}[2Jb\u{9B}c\td") == "a\u{FFFD}[2Jb\u{FFFD}c    d")
        #expect(ProgressStyle.safe("abcdef", limit: 3) == "abc…")
    }

    @Test(arguments: [(0, "0.0s"), (9_949, "9.9s"), (10_000, "10s"), (185_000, "3m05s"), (7_800_000, "2h10m"), (273_600_000, "3d04h"), (-5, "0.0s")])
    func durationsAreShort(_ milliseconds: Int64, _ text: String) {
        #expect(ProgressStyle.duration(milliseconds: milliseconds) == text)
    }

    @Test func coloursDoNotCountAsColumns() {
        #expect(TerminalText.cut("\u{1B}[31mabc\u{1B}[0mdef", columns: 4) == "\u{1B}[31mabc\u{1B}[0md")
    }
}
