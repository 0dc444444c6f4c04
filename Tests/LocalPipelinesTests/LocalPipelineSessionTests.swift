import Foundation
import JSON
import LocalPipelines
import SageMakerPipelines
import Testing

@Suite struct LocalPipelineSessionTests {
    /// A folder with functions that are shell commands: JSON in, JSON out.
    private func folder(_ functions: [String: String]) throws -> String {
        let folder = FileManager.default.temporaryDirectory.appending(path: "local-pipelines-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let entries = functions.map { "\"\($0.key)\": {\"command\": [\"sh\", \"-c\", \(JSONValue.string($0.value).text())]}" }
        try "{\"functions\": {\(entries.joined(separator: ", "))}}".write(to: folder.appending(path: "sfn-run.json"), atomically: true, encoding: .utf8)
        return folder.path
    }

    private func pipeline(_ name: String = "Doubling") -> Pipeline {
        let number = ParameterInteger("Number", defaultValue: 3)
        let double = LambdaStep(
            name: "Double", functionARN: "arn:aws:lambda:us-east-1:123456789012:function:double", inputs: [("n", number)],
            outputs: [StepOutput("n", .integer)])
        let fail = FailStep(name: "TooMuch", errorMessage: "more than enough")
        let check = ConditionStep(name: "Check", conditions: [.greaterThan(double.properties.Outputs["n"], 100)], ifSteps: [fail])
        return Pipeline(name: name, parameters: [number], steps: [double, check])
    }

    private let doubling = ["double": "python3 -c 'import json, sys; print(json.dumps({\"n\": 2 * json.load(sys.stdin)[\"n\"]}))'"]

    @Test func aPipelineIsKeptStartedAndDescribed() async throws {
        let local = try LocalPipelineSession(folder: try folder(doubling))
        let (execution, status) = try await pipeline().execute(on: local, parameters: ["Number": 21])
        #expect(status == "Succeeded")
        #expect(try await execution.describe()["PipelineExecutionStatus"] == "Succeeded")
        #expect(try await execution.parameters() == [["Name": "Number", "Value": "21"]])
        let steps = try await execution.listSteps()
        #expect(steps.map { $0["StepName"] } == ["Check", "Double"])
        #expect(steps[0]["Metadata"] == ["Condition": ["Outcome": "False"]])
        #expect(steps[1]["Metadata"]?["Lambda"]?["OutputParameters"]?["n"] == 42)
        #expect(steps[1]["AttemptCount"] == 1)
        await local.close()
    }

    @Test func aFailStepFailsTheExecutionAndSaysWhy() async throws {
        let local = try LocalPipelineSession(folder: try folder(doubling))
        let (execution, status) = try await pipeline().execute(on: local, parameters: ["Number": 51])
        #expect(status == "Failed")
        #expect(try await execution.describe()["FailureReason"]?.string?.contains("One or multiple steps failed") == true)
        let newest = try #require(try await execution.listSteps().first)
        #expect(newest["StepName"] == "TooMuch")
        #expect(newest["StepStatus"] == "Failed")
        #expect(newest["FailureReason"] == "more than enough")
        await local.close()
    }

    @Test func anUpsertThatChangesNothingMakesNoVersion() async throws {
        let local = try LocalPipelineSession(folder: try folder(doubling))
        try await pipeline().upsert(on: local)
        try await pipeline().upsert(on: local)
        #expect(try await pipeline().describe(on: local)["PipelineVersionId"] == 1)
        try await pipeline().upsert(on: local, description: "now described")
        let described = try await pipeline().describe(on: local)
        #expect(described["PipelineVersionId"] == 2)
        #expect(try described["PipelineDefinition"]?.string.map { try JSONValue(parsing: $0) } == pipeline().definition().json)
        await local.close()
    }

    @Test func retryGoesOnFromTheFailedStep() async throws {
        // The function fails until the file is there, and notes each call.
        let home = try folder(["touchy": "echo x >> calls; test -e ready && echo '{}'", "first": "echo x >> firsts; echo '{}'"])
        let local = try LocalPipelineSession(folder: home)
        let first = LambdaStep(name: "First", functionARN: "first")
        let touchy = LambdaStep(name: "Touchy", functionARN: "touchy", options: StepOptions(dependsOn: [first]))
        let (execution, status) = try await Pipeline(name: "Touchy", steps: [first, touchy]).execute(on: local)
        #expect(status == "Failed")
        try "".write(toFile: home + "/ready", atomically: true, encoding: .utf8)
        try await execution.retry()
        #expect(try await execution.wait() == "Succeeded")
        let firsts = try String(contentsOfFile: home + "/firsts", encoding: .utf8)
        #expect(firsts == "x\n")
        #expect(try await execution.listSteps().map { $0["StepStatus"] } == ["Succeeded", "Succeeded"])
        await local.close()
    }

    @Test func aSecondRunIsServedFromTheCache() async throws {
        let home = try folder([:])
        try #"{"images": {"work": ["sh", "-c", "echo x >> \#(home)/runs"]}}"#.write(toFile: home + "/sfn-run.json", atomically: true, encoding: .utf8)
        let local = try LocalPipelineSession(folder: home)
        let step = ProcessingStep(name: "Work", processor: Processor(imageURI: "work"), options: StepOptions(cache: CacheConfig()))
        let pipeline = Pipeline(name: "Cached", steps: [step])
        let first = try await pipeline.execute(on: local)
        let second = try await pipeline.execute(on: local)
        #expect(first.status == "Succeeded" && second.status == "Succeeded")
        #expect(try await first.execution.listSteps()[0]["CacheHitResult"] == nil)
        #expect(try await second.execution.listSteps()[0]["CacheHitResult"] == ["SourcePipelineExecutionArn": .string(first.execution.arn)])
        #expect(try String(contentsOfFile: home + "/runs", encoding: .utf8) == "x\n")
        await local.close()
    }

    @Test func whatIsNotValidIsRefusedBeforeItIsKept() async throws {
        let local = try LocalPipelineSession(folder: try folder([:]))
        let (one, other) = (FailStep(name: "Same", errorMessage: "one"), FailStep(name: "Same", errorMessage: "other"))
        await #expect(throws: PipelineServiceError.self) { try await Pipeline(name: "P", steps: [one, other]).upsert(on: local) }
        await #expect(throws: PipelineServiceError.self) { try await pipeline("Unknown").start(on: local) }
        await local.close()
    }
}

@Suite struct LocalRepackTests {
    @Test func aModelIsRepackedWithItsCode() async throws {
        let home = FileManager.default.temporaryDirectory.appending(path: "local-repack-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: home + "/buckets/models", withIntermediateDirectories: true)
        // The image needs no packages here: an empty environment is enough for a shell script.
        try FileManager.default.createDirectory(atPath: home + "/venv/bin", withIntermediateDirectories: true)
        try #"{"buckets": {"models": "buckets/models"}, "images": {"*scikit-learn*": {"venv": "venv"}}}"#.write(
            toFile: home + "/sfn-run.json", atomically: true, encoding: .utf8)
        try "print('predict')".write(toFile: home + "/inference.py", atomically: true, encoding: .utf8)
        try "weights".write(toFile: home + "/weights", atomically: true, encoding: .utf8)
        #expect(try run(["tar", "-czf", home + "/buckets/models/model.tar.gz", "-C", home, "weights"]) == "")

        let local = try LocalPipelineSession(folder: home)
        let model = Model(imageURI: "image", modelData: "s3://models/model.tar.gz", entryPoint: "inference.py")
        let step = ModelStep(name: "M", stepArgs: model.create())
        let (execution, status) = try await Pipeline(name: "Repacks", steps: [step], session: local.session).execute(on: local)
        let listed = try await execution.listSteps()
        #expect(status == "Succeeded", "\(listed)")
        let archives = try run(["find", home + "/.sfn-run/data/buckets", "-name", "model.tar.gz"]).split(separator: "\n")
        let archive = try #require(archives.first)
        let names = try run(["tar", "-tzf", String(archive)])
        #expect(names.contains("./weights") && names.contains("./code/inference.py") && !names.contains("launcher"))
        await local.close()
    }

    private func run(_ words: [String]) throws -> String {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = words
        let pipe = Pipe()
        process.standardOutput = pipe
        try process.run()
        let output = pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return String(decoding: output, as: UTF8.self)
    }
}
