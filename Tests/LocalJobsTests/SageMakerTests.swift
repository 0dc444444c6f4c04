import Foundation
import JSON
import Testing

@testable import LocalJobs

@Suite struct SageMakerTests {
    private let folder = Folder()

    private func jobs(_ way: ContainerPaths.Way? = nil) throws -> SageMakerJobs {
        // Any image runs with this machine's Python.
        let configuration = Configuration.parse(
            ["images": ["*none*": ["false"], "*": ["environment": ["MARK": "1"]]], "data": .string("\(folder.path)/data")], folder: folder.path)
        #expect(configuration.diagnostics.isEmpty)
        var jobs = SageMakerJobs(configuration.configuration)
        if let way { jobs.container = ContainerPaths(way: way) }
        return jobs
    }

    private func put(_ jobs: SageMakerJobs, _ key: String, _ text: String) throws {
        try jobs.data.buckets.put(Array(text.utf8), to: S3Location(bucket: "b", key: key))
    }

    private func text(_ jobs: SageMakerJobs, _ key: String) throws -> String {
        String(decoding: try jobs.data.buckets.get(S3Location(bucket: "b", key: key)), as: UTF8.self)
    }

    private func ended(_ ending: SageMakerJobs.Ending) throws -> JSONValue {
        guard case .ended(_, let description) = ending else {
            Issue.record("it was cancelled")
            return .null
        }
        return description
    }

    /// A sourcedir.tar.gz with one file, in the bucket.
    private func putSource(_ jobs: SageMakerJobs, _ files: [String: String]) async throws {
        let source = "\(folder.path)/source-\(UInt32.random(in: 0 ... .max))"
        for (name, text) in files { try Files.write(text, to: "\(source)/\(name)") }
        let output = await CommandRun.run(
            ["tar", "-czf", "\(source).tar.gz", "-C", source, "."], environment: Executable.environment, directory: "/", log: { _ in })
        #expect(output.exit == .exited(0))
        try jobs.data.buckets.put(try Files.read("\(source).tar.gz"), to: S3Location(bucket: "b", key: "code/sourcedir.tar.gz"))
    }

    private func training(_ name: String, _ parameters: JSONObject = JSONObject(), metrics: JSONValue = []) -> JSONValue {
        var all = parameters
        all["sagemaker_program"] = "\"train.py\""
        all["sagemaker_submit_directory"] = "\"s3://b/code/sourcedir.tar.gz\""
        return [
            "TrainingJobName": .string(name), "HyperParameters": .object(all), "RoleArn": "arn:aws:iam::123456789012:role/r",
            "AlgorithmSpecification": ["TrainingImage": "x/some-image:1", "TrainingInputMode": "File", "MetricDefinitions": metrics],
            "InputDataConfig": [["ChannelName": "train", "DataSource": ["S3DataSource": ["S3Uri": "s3://b/data/", "S3DataType": "S3Prefix"]]]],
            "OutputDataConfig": ["S3OutputPath": "s3://b/out/"],
            "ResourceConfig": ["InstanceCount": 1, "InstanceType": "ml.m5.large", "VolumeSizeInGB": 1],
            "StoppingCondition": ["MaxRuntimeInSeconds": 60],
        ]
    }

    @Test(arguments: [ContainerPaths.Way?.none, .rewriting])
    func aProcessingJobSeesItsInputsAndItsOutputsAreKept(way: ContainerPaths.Way?) async throws {
        let jobs = try jobs(way)
        try put(jobs, "in/a.csv", "1\n2\n3\n")
        try put(
            jobs, "code/sum.py",
            """
            import os, sys
            total = sum(int(line) for line in open("/opt/ml/processing/input/a.csv"))
            open("/opt/ml/processing/out/total.txt", "w").write("%d %s %s" % (total, sys.argv[1], os.environ["WHO"]))
            print("summed")
            """)
        let request: JSONValue = [
            "ProcessingJobName": "sum-1",
            "AppSpecification": ["ImageUri": "x", "ContainerEntrypoint": ["python3", "/opt/ml/processing/code/sum.py"], "ContainerArguments": ["it's"]],
            "ProcessingInputs": [
                ["InputName": "i", "S3Input": ["S3Uri": "s3://b/in/", "LocalPath": "/opt/ml/processing/input"]],
                ["InputName": "code", "S3Input": ["S3Uri": "s3://b/code/sum.py", "LocalPath": "/opt/ml/processing/code"]],
            ],
            "ProcessingOutputConfig": [
                "Outputs": [["OutputName": "o", "S3Output": ["S3Uri": "s3://b/results/x", "LocalPath": "/opt/ml/processing/out"]]]
            ],
            "Environment": ["WHO": "me"],
        ]
        let log = Log()
        let description = try ended(
            try await jobs.run(.processing, request, SageMakerJobs.Caller(taskID: "t1", log: log.add)))
        #expect(description["ProcessingJobStatus"] == "Completed", "\(description.text()) \(log.text)")
        #expect(try text(jobs, "results/x/total.txt") == "6 it's me")
        #expect(log.text == "summed\n")
        #expect(description["ProcessingJobArn"] == "arn:aws:sagemaker:us-east-1:123456789012:processing-job/sum-1")
        #expect(description["ProcessingOutputConfig"]?["Outputs"]?[0]?["S3Output"]?["S3Uri"] == "s3://b/results/x")
        #expect(!Files.exists("/opt/ml/processing/out/total.txt"))
    }

    @Test func aTrainingScriptGetsWhatSageMakerGivesIt() async throws {
        let jobs = try jobs()
        try put(jobs, "data/x.txt", "4")
        try await putSource(
            jobs,
            [
                "train.py": """
                import argparse, json, os, helper
                p = argparse.ArgumentParser()
                p.add_argument("--learning-rate", type=float); p.add_argument("--name"); p.add_argument("-k", type=int)
                p.add_argument("--train", default=os.environ["SM_CHANNEL_TRAIN"]); p.add_argument("--model-dir", default=os.environ["SM_MODEL_DIR"])
                a = p.parse_args()
                n = int(open(a.train + "/x.txt").read())
                for epoch in range(n): print("epoch %d; loss=%.2f;" % (epoch, 1 / (epoch + 1)))
                hp = json.load(open("/opt/ml/input/config/hyperparameters.json"))
                json.dump([a.learning_rate, a.name, a.k, os.environ["SM_HP_LEARNING_RATE"], hp["name"], helper.x], open(a.model_dir + "/model.json", "w"))
                open(os.environ["SM_OUTPUT_DATA_DIR"] + "/extra", "w").close()
                """, "helper.py": "x = 7",
            ])
        let request = training(
            "train-1", JSONObject([("learning-rate", "0.5"), ("name", "\"an adder\""), ("k", "3")]),
            metrics: [["Name": "loss", "Regex": "loss=(.*?);"]])
        let description = try ended(try await jobs.run(.training, request, SageMakerJobs.Caller(taskID: "t1")))
        #expect(
            description["TrainingJobStatus"] == "Completed", "\(description.text()) \(String(decoding: jobs.log(.training, name: "train-1"), as: UTF8.self))")
        #expect(description["ModelArtifacts"]?["S3ModelArtifacts"] == "s3://b/out/train-1/output/model.tar.gz")
        #expect(description["FinalMetricDataList"]?[0]?["Value"] == 0.25)
        #expect(jobs.metricValues(trainingJob: "train-1").map(\.value) == [1, 0.5, 0.33, 0.25])
        let unpacked = "\(folder.path)/unpacked"
        try await jobs.data.unpack("\(folder.path)/data/buckets/b/out/train-1/output/model.tar.gz", to: unpacked)
        let model = try JSONValue(parsing: try Files.read("\(unpacked)/model.json"))
        #expect(model == [0.5, "an adder", 3, "0.5", "\"an adder\"", 7])
        #expect(jobs.data.buckets.exists(S3Location(bucket: "b", key: "out/train-1/output/output.tar.gz")))
    }

    @Test(arguments: [
        (
            "raise ValueError('no such column')", "AlgorithmError: ExecuteUserScriptError:\nExitCode 1\nErrorMessage \"ValueError: no such column\"",
            "States.TaskFailed"
        ),
        ("open('/opt/ml/output/failure', 'w').write('bad labels'); raise SystemExit(3)", "AlgorithmError: bad labels, exit code: 3", "States.TaskFailed"),
        ("open('/opt/ml/output/failure', 'w').write('CapacityError: none left'); raise SystemExit(1)", "CapacityError: none left", "SageMaker.CAPACITY_ERROR"),
    ])
    func aFailedScriptSaysWhy(code: String, reason: String, error: String) async throws {
        let jobs = try jobs()
        try put(jobs, "data/x.txt", "4")
        try await putSource(jobs, ["train.py": code])
        let description = try ended(try await jobs.run(.training, training("f"), SageMakerJobs.Caller(taskID: "t1")))
        #expect(description["TrainingJobStatus"] == "Failed")
        #expect(description["FailureReason"]?.string?.hasPrefix(reason) == true, "\(description["FailureReason"]?.text() ?? "")")
        #expect(SageMakerJobs.errorName(description) == error)
    }

    @Test func missingDataFailsTheJobNotTheCall() async throws {
        let jobs = try jobs()
        let description = try ended(try await jobs.run(.training, training("f"), SageMakerJobs.Caller(taskID: "t1")))
        #expect(description["TrainingJobStatus"] == "Failed")
        #expect(description["FailureReason"]?.string?.hasPrefix("ClientError: Data download failed: no object matches s3://b/data/") == true)
    }

    @Test func aJobOutlivesItsEngineAndIsFoundAgain() async throws {
        let jobs = try jobs()
        try put(jobs, "data/x.txt", "4")
        let gate = "\(folder.path)/gate"
        try await putSource(
            jobs,
            [
                "train.py":
                    "import os, time\nprint('started', flush=True)\nopen('\(folder.path)/starts', 'a').write('x')\nwhile not os.path.exists('\(gate)'): time.sleep(0.01)\nprint('done')"
            ])
        let (started, continuation) = AsyncStream<Void>.makeStream()
        let first = Task {
            try await jobs.run(
                .training, training("long"),
                SageMakerJobs.Caller(taskID: "t1", leavesRunning: { true }, log: { _ in continuation.yield() }))
        }
        var iterator = started.makeAsyncIterator()
        _ = await iterator.next()
        first.cancel()
        guard case .cancelled = try await first.value else {
            Issue.record("it ended")
            return
        }
        #expect(try jobs.describe(.training, name: "long")["TrainingJobStatus"] == "InProgress")
        // Another task may not have the name; the same one attaches.
        await #expect(throws: JobFailure.self) { try await jobs.run(.training, training("long"), SageMakerJobs.Caller(taskID: "t2")) }
        try Files.write("", to: gate)
        let log = Log()
        let description = try ended(try await jobs.run(.training, training("long"), SageMakerJobs.Caller(taskID: "t1", log: log.add)))
        #expect(description["TrainingJobStatus"] == "Completed")
        #expect(log.text == "done\n")
        #expect(try Files.read("\(folder.path)/starts").count == 1)
    }

    @Test func cancellingStopsTheJob() async throws {
        let jobs = try jobs()
        try put(jobs, "data/x.txt", "4")
        try await putSource(jobs, ["train.py": "import time\nprint('started', flush=True)\ntime.sleep(600)"])
        let (started, continuation) = AsyncStream<Void>.makeStream()
        let call = Task {
            try await jobs.run(.training, training("stopped"), SageMakerJobs.Caller(taskID: "t1", log: { _ in continuation.yield() }))
        }
        var iterator = started.makeAsyncIterator()
        _ = await iterator.next()
        call.cancel()
        guard case .cancelled = try await call.value else {
            Issue.record("it ended")
            return
        }
        let description = try jobs.describe(.training, name: "stopped")
        #expect(description["TrainingJobStatus"] == "Stopped")
        #expect(description["SecondaryStatus"] == "Stopped")
    }

    @Test func aTaskCancelledBeforeItsJobBeganLeavesAStoppedJob() async throws {
        let jobs = try jobs()
        try put(jobs, "data/x.txt", "4")
        try await putSource(jobs, ["train.py": "import time\ntime.sleep(600)"])
        let (submitted, continuation) = AsyncStream<Void>.makeStream()
        let call = Task {
            var iterator = submitted.makeAsyncIterator()
            _ = await iterator.next()
            return try await jobs.run(.training, training("early"), SageMakerJobs.Caller(taskID: "t1"))
        }
        call.cancel()
        continuation.yield()
        guard case .cancelled = try await call.value else {
            Issue.record("it ended")
            return
        }
        #expect(try jobs.describe(.training, name: "early")["TrainingJobStatus"] == "Stopped")
    }

    @Test func tuningFindsTheBestOfItsTrials() async throws {
        let jobs = try jobs()
        try put(jobs, "data/x.txt", "4")
        try await putSource(
            jobs,
            [
                "train.py":
                    "import argparse\np = argparse.ArgumentParser()\np.add_argument('--rate', type=float)\np.add_argument('--kind')\na = p.parse_args()\nprint('score=%f;' % (a.rate if a.kind == 'good' else -1))"
            ])
        let base = training("unused")
        let request: JSONValue = [
            "HyperParameterTuningJobName": "tune",
            "HyperParameterTuningJobConfig": [
                "Strategy": "Random", "ResourceLimits": ["MaxNumberOfTrainingJobs": 4, "MaxParallelTrainingJobs": 2],
                "HyperParameterTuningJobObjective": ["Type": "Maximize", "MetricName": "score"],
                "ParameterRanges": [
                    "ContinuousParameterRanges": [["Name": "rate", "MinValue": "0", "MaxValue": "10", "ScalingType": "Linear"]],
                    "CategoricalParameterRanges": [["Name": "kind", "Values": ["\"good\""]]],
                ],
            ],
            "TrainingJobDefinition": [
                "StaticHyperParameters": base["HyperParameters"] ?? .null, "InputDataConfig": base["InputDataConfig"] ?? .null,
                "OutputDataConfig": base["OutputDataConfig"] ?? .null, "ResourceConfig": base["ResourceConfig"] ?? .null,
                "AlgorithmSpecification": [
                    "TrainingImage": "x", "TrainingInputMode": "File", "MetricDefinitions": [["Name": "score", "Regex": "score=(.*?);"]],
                ],
            ],
        ]
        let description = try ended(try await jobs.run(.tuning, request, SageMakerJobs.Caller(taskID: "t1")))
        #expect(description["HyperParameterTuningJobStatus"] == "Completed", "\(description.text(.pretty))")
        let summaries = try #require(description["TrainingJobSummaries"]?.array)
        let scores = summaries.compactMap { $0["FinalHyperParameterTuningJobObjectiveMetric"]?["Value"]?.number }
        #expect(scores.count == 4 && scores == scores.sorted(by: >))
        #expect(description["BestTrainingJob"]?["TrainingJobName"] == summaries[0]["TrainingJobName"])
        #expect(description["BestTrainingJob"]?["TunedHyperParameters"]?["rate"]?.string.flatMap(Double.init).map { abs($0 - scores[0]) < 1e-5 } == true)
        #expect(description["TrainingJobStatusCounters"]?["Completed"] == 4)
        // The same task again: nothing runs a second time.
        #expect(try ended(try await jobs.run(.tuning, request, SageMakerJobs.Caller(taskID: "t1"))) == description)
    }

    @Test func aTransformAnswersEachLine() async throws {
        let jobs = try jobs()
        let model = "\(folder.path)/model"
        try Files.write("3", to: "\(model)/factor")
        try Files.write(
            """
            def model_fn(model_dir): return int(open(model_dir + "/factor").read())
            def input_fn(body, content_type): return [[float(c) for c in line.split(",")] for line in body.splitlines()]
            def predict_fn(rows, factor): return [sum(row) * factor for row in rows]
            def output_fn(prediction, accept): return "\\n".join(str(p) for p in prediction)
            """, to: "\(model)/code/inference.py")
        _ = await CommandRun.run(["tar", "-czf", "\(model).tar.gz", "-C", model, "."], environment: Executable.environment, directory: "/", log: { _ in })
        try jobs.data.buckets.put(try Files.read("\(model).tar.gz"), to: S3Location(bucket: "b", key: "model.tar.gz"))
        let answer = try jobs.records.perform(
            "createModel", ["ModelName": "m", "PrimaryContainer": ["Image": "x", "ModelDataUrl": "s3://b/model.tar.gz"]], taskID: "t0")
        #expect(answer == ["ModelArn": "arn:aws:sagemaker:us-east-1:123456789012:model/m"])
        try put(jobs, "batch/one.csv", "id1,1,2\nid2,3,4\n")
        let request: JSONValue = [
            "TransformJobName": "tr", "ModelName": "m",
            "TransformInput": [
                "DataSource": ["S3DataSource": ["S3Uri": "s3://b/batch/", "S3DataType": "S3Prefix"]], "ContentType": "text/csv", "SplitType": "Line",
            ],
            "TransformOutput": ["S3OutputPath": "s3://b/scored", "AssembleWith": "Line", "Accept": "text/csv"],
            "DataProcessing": ["InputFilter": "$[1:]", "JoinSource": "Input", "OutputFilter": "$[0,-1]"],
        ]
        let description = try ended(try await jobs.run(.transform, request, SageMakerJobs.Caller(taskID: "t1")))
        #expect(description["TransformJobStatus"] == "Completed", "\(description.text()) \(String(decoding: jobs.log(.transform, name: "tr"), as: UTF8.self))")
        #expect(try text(jobs, "scored/one.csv.out") == "id1,9.0\nid2,21.0\n")
    }

    @Test func aModelPackageGroupCountsItsVersions() throws {
        let records = try jobs().records
        let request: JSONValue = ["ModelPackageGroupName": "Group", "ModelApprovalStatus": "PendingManualApproval"]
        let first = try records.perform("createModelPackage", request, taskID: "t1")
        #expect(first?["ModelPackageArn"] == "arn:aws:sagemaker:us-east-1:123456789012:model-package/group/1")
        #expect(try records.perform("createModelPackage", request, taskID: "t1") == first)
        #expect(try records.perform("createModelPackage", request, taskID: "t2")?["ModelPackageArn"]?.string?.hasSuffix("/2") == true)
        let approve: JSONValue = ["ModelPackageArn": first?["ModelPackageArn"] ?? .null, "ModelApprovalStatus": "Approved"]
        _ = try records.perform("updateModelPackage", approve)
        let approved = try records.perform("listModelPackages", ["ModelPackageGroupName": "Group", "ModelApprovalStatus": "Approved"])
        #expect(approved?["ModelPackageSummaryList"]?.array?.map { $0["ModelPackageVersion"] } == [1])
        #expect(throws: JobFailure.self) { try records.perform("describeModel", ["ModelName": "../../x"]) }
        #expect(try records.perform("startLaundry", [:]) == nil)
    }
}
