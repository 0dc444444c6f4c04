import JSON
import StatesLanguage
import Testing

@testable import SageMakerPipelines

@Suite struct ExportTests {
    private func document(_ value: JSONValue) -> JSONObject { value.object ?? JSONObject() }

    private func exported(_ steps: JSONValue, durations: [String: Double] = [:]) -> ExportedPipeline {
        PipelineDefinition(document: document(["Version": "2020-12-01", "Parameters": [], "Steps": steps])).exportToStepFunctions(durations: durations)
    }

    private func check(_ members: JSONObject) -> JSONValue {
        var step = document([
            "Name": "Check", "Type": "QualityCheck", "CheckType": "DATA_QUALITY", "ModelPackageGroupName": "g",
            "Arguments": [
                "ProcessingOutputConfig": ["Outputs": [["OutputName": "o", "S3Output": ["S3Uri": "s3://b/o", "LocalPath": "/o", "S3UploadMode": "EndOfJob"]]]]
            ],
        ])
        for (key, value) in members { step[key] = value }
        return [.object(step)]
    }

    @Test func aViolatedCheckFailsTheMachine() throws {
        let export = exported(check(JSONObject([("FailOnViolation", true), ("SkipCheck", false), ("SuppliedBaselineConstraints", "s3://b/constraints.json")])))
        let states = try #require(export.machine["States"]?.object)
        #expect(states["Check has violations"]?["Choices"]?[0]?["Next"] == "Check is violated")
        #expect(states["Check is violated"]?["Type"] == "Fail")
        #expect(states["Check"]?["Arguments"]?["Environment"]?["baseline_constraints"] == "/opt/ml/processing/baseline/constraints/constraints.json")
        #expect(StateMachine.read(export.machine, options: ReadOptions(allowsExtensions: false)).machine != nil)
        #expect(!export.losses.contains { $0.contains("no baseline") })
    }

    @Test func aCheckThatNeverFailsIsTheJobAlone() {
        let export = exported(check(JSONObject([("FailOnViolation", false), ("RegisterNewBaseline", true)])))
        #expect(export.machine["States"]?["Check has violations"] == nil)
        #expect(export.losses.contains { $0.contains("not registered") })
    }

    /// c waits for a; d waits for a and b: not series-parallel.
    private var shapeOfN: JSONValue {
        func step(_ name: String, _ before: [String]) -> JSONValue {
            [
                "Name": .string(name), "Type": "Lambda", "FunctionArn": "arn:aws:lambda:us-east-1:123456789012:function:f", "OutputParameters": [],
                "Arguments": [:], "DependsOn": .array(before.map { .string($0) }),
            ]
        }
        return [step("a", []), step("b", []), step("c", ["a"]), step("d", ["a", "b"])]
    }

    @Test func theBarrierStandsWhereTheMeasuredTimesLoseLeast() {
        // A long b: c must not wait for it. A long c: b before c and d costs nothing.
        let long = exported(shapeOfN, durations: ["a": 1, "b": 50, "c": 100, "d": 1])
        #expect(long.hasBarriers)
        #expect(long.slowdown < 1.5)
        let free = exported(shapeOfN, durations: ["a": 10, "b": 10, "c": 5, "d": 5])
        #expect(free.slowdown == 1)
        #expect(free.losses.contains { $0.hasPrefix("the barriers cost no time") })
    }

    @Test func aMachineTooLongForStepFunctionsIsSaidToBe() {
        let steps = (0..<1500).map { index -> JSONValue in
            [
                "Name": .string("s\(index)"), "Type": "Callback", "SqsQueueUrl": .string(String(repeating: "q", count: 600)), "OutputParameters": [],
                "Arguments": [:],
            ]
        }
        #expect(exported(.array(steps)).losses.contains { $0.contains("Step Functions takes 1048576") })
    }
}
