import Curl
import JSON
import LocalServers
import StatesLanguage
import Synchronization
import Testing

let base = LocalServer.faulty?.url ?? ""

/// A server that answers a key's requests in turn.
struct Script {
    let key: String
    var url: String { "\(base)/play/\(key)" }

    init(_ key: String, _ steps: [JSONValue]) async throws {
        self.key = key
        let body = JSONValue.array(steps).bytes()
        _ = try await HTTPClient.shared.perform(HTTPRequest("PUT", "\(base)/script/\(key)", body: body))
    }

    /// What it was asked: `X-Amz-Target`'s operation, the form's action, or method and path.
    func operations() async throws -> [String] {
        let response = try await HTTPClient.shared.perform(HTTPRequest("GET", "\(base)/log/\(key)"))
        return (try JSONValue(parsing: response.body).array ?? []).map { request in
            for header in request["headers"]?.array ?? [] where header[0]?.string?.lowercased() == "x-amz-target" {
                return String(header[1]?.string?.split(separator: ".").last ?? "")
            }
            let body = request["body"]?.string ?? ""
            if body.hasPrefix("Action=") { return String(body.dropFirst(7).prefix { $0 != "&" }) }
            let path = (request["target"]?.string ?? "").dropFirst("/play/\(key)".count)
            return (request["method"]?.string ?? "") + " " + path.prefix { $0 != "?" }
        }
    }

    func log() async throws -> [UInt8] { try await HTTPClient.shared.perform(HTTPRequest("GET", "\(base)/log/\(key)")).body }

    func bodies() async throws -> [String] {
        let response = try await HTTPClient.shared.perform(HTTPRequest("GET", "\(base)/log/\(key)"))
        return (try JSONValue(parsing: response.body).array ?? []).map { $0["body"]?.string ?? "" }
    }
}

private let throttledJSON: JSONValue = [
    "status": 400, "body": ["__type": "ThrottlingException", "message": "Rate exceeded"],
    "headers": ["x-amzn-RequestId": "id-1"],
]

@Suite(.enabled(if: LocalServer.faulty != nil, "python3 is needed"))
struct FaultTests {
    @Test func aFunctionsErrorIsTheTasksError() async throws {
        let script = try await Script(
            "functionerror",
            [["headers": ["X-Amz-Function-Error": "Unhandled"], "body": ["errorType": "CustomError", "errorMessage": "m"]]])
        let failure = await Harness(script.url).failure("lambda:invoke", ["FunctionName": "f", "Payload": ["a": 1]])
        #expect(failure?.error == "CustomError")
        #expect(failure?.cause == #"{"errorType": "CustomError", "errorMessage": "m"}"#)
        #expect(try await script.bodies() == [#"{"a":1}"#])
    }

    @Test func aFunctionsResultIsThePayload() async throws {
        let script = try await Script(
            "functionresult", [["headers": ["X-Amz-Executed-Version": "3", "x-amzn-RequestId": "r"], "body": ["n": [1, 2]]]])
        let result = try await Harness(script.url).run("lambda:invoke", ["FunctionName": "f", "Payload": "text"]).get()
        #expect(result["Payload"] == ["n": [1, 2]])
        #expect(result["ExecutedVersion"] == "3")
        #expect(result["StatusCode"] == 200)
        #expect(result["SdkResponseMetadata"] == ["RequestId": "r"])
        #expect(result.object?.keys == ["ExecutedVersion", "Payload", "SdkHttpMetadata", "SdkResponseMetadata", "StatusCode"])
        #expect(try await script.bodies() == [#""text""#])
        let direct = try await Harness(script.url).run("arn:aws:lambda:us-east-1:123456789012:function:f", ["in": 1]).get()
        #expect(direct == ["n": [1, 2]])
    }

    @Test func anHTTPAPIAnswers() async throws {
        let result = try await Harness(base).run(
            "apigateway:invoke",
            [
                "ApiEndpoint": .string(base), "Method": "POST", "Stage": "echo", "Path": "/a b", "AuthType": "IAM_ROLE",
                "QueryParameters": ["q": ["1", "&"]], "Headers": ["X-H": ["v"]], "RequestBody": ["a": 1],
            ]
        ).get()
        #expect(result["StatusCode"] == 200)
        #expect(result["ResponseBody"]?["target"] == "/echo/a%20b?q=1&q=%26")
        #expect(result["ResponseBody"]?["body"] == #"{"a":1}"#)
        #expect(result["ResponseBody"]?.text().contains("/us-east-1/execute-api/aws4_request") == true)
    }
}

@Suite(.enabled(if: LocalServer.faulty != nil, "python3 is needed"))
struct JobTests {
    private func answer(_ body: JSONValue) -> JSONValue { ["body": body] }

    /// Start, still running, throttled, done.
    @Test func aJobIsAskedForUntilItHasEnded() async throws {
        let script = try await Script(
            "jobends",
            [
                answer(["JobRunId": "jr_1"]), answer(["JobRun": ["Id": "jr_1", "JobRunState": "RUNNING"]]), throttledJSON,
                answer(["JobRun": ["Id": "jr_1", "JobName": "j", "JobRunState": "SUCCEEDED"]]),
            ])
        let report = RecordingReport()
        let result = try await Harness(script.url).run("glue:startJobRun.sync", ["JobName": "j"], report: report).get()
        #expect(result == ["Id": "jr_1", "JobName": "j", "JobRunState": "SUCCEEDED"])
        #expect(try await script.operations() == ["StartJobRun", "GetJobRun", "GetJobRun", "GetJobRun"])
        #expect(report.submissions.withLock { $0.first?["JobRunId"] } == "jr_1")
        #expect(report.submissions.withLock { $0.first?["SdkHttpMetadata"]?["HttpStatusCode"] } == 200)
    }

    @Test(
        arguments: [
            (
                "ecs:runTask.sync", ["TaskDefinition": "t"], ["tasks": [["taskArn": "a", "clusterArn": "c"]]],
                ["tasks": [["taskArn": "a", "lastStatus": "STOPPED", "containers": [["exitCode": 3]]]]], #""ExitCode":3"#
            ),
            (
                "batch:submitJob.sync", ["JobName": "n", "JobQueue": "q", "JobDefinition": "d"], ["jobId": "1"],
                ["jobs": [["jobId": "1", "status": "FAILED", "statusReason": "why"]]], #""StatusReason":"why""#
            ),
            (
                "athena:startQueryExecution.sync", ["QueryString": "q"], ["QueryExecutionId": "1"],
                ["QueryExecution": ["Status": ["State": "FAILED", "StateChangeReason": "why"]]], #""StateChangeReason":"why""#
            ),
            (
                "sagemaker:createProcessingJob.sync", ["ProcessingJobName": "n"], ["ProcessingJobArn": "a"],
                ["ProcessingJobStatus": "Failed", "FailureReason": "why"], #""FailureReason":"why""#
            ),
            (
                "codebuild:startBuild.sync", ["ProjectName": "p"], ["build": ["id": "1"]],
                ["builds": [["id": "1", "buildStatus": "FAULT"]]], #""BuildStatus":"FAULT""#
            ),
            (
                "elasticmapreduce:addStep.sync", ["ClusterId": "c", "Step": ["Name": "n", "HadoopJarStep": ["Jar": "j"]]], ["StepIds": ["s"]],
                ["Step": ["Id": "s", "Status": ["State": "FAILED"]]], #""State":"FAILED""#
            ),
            (
                "emr-serverless:startJobRun.sync", ["ApplicationId": "a", "ExecutionRoleArn": "r"], ["applicationId": "a", "jobRunId": "1"],
                ["jobRun": ["jobRunId": "1", "state": "FAILED"]], #""State":"FAILED""#
            ),
            (
                "eks:createNodegroup.sync", ["ClusterName": "c", "NodegroupName": "n"], ["nodegroup": ["status": "CREATING"]],
                ["nodegroup": ["status": "CREATE_FAILED"]], #""Status":"CREATE_FAILED""#
            ),
            (
                "bedrock:createModelCustomizationJob.sync", ["JobName": "n"], ["jobArn": "a"], ["status": "Failed", "failureMessage": "why"],
                #""FailureMessage":"why""#
            ),
            (
                "states:startExecution.sync", ["StateMachineArn": "m"], ["executionArn": "e"],
                ["executionArn": "e", "status": "FAILED", "error": "E", "input": "{}"], #"{"Error":"E","ExecutionArn":"e","Input":"{}","Status":"FAILED"}"#
            ),
            (
                "states:startExecution.sync:2", ["StateMachineArn": "m"], ["executionArn": "e"],
                ["executionArn": "e", "status": "FAILED", "error": "E", "input": "{}"], #"{"Error":"E","ExecutionArn":"e","Input":{},"Status":"FAILED"}"#
            ),
        ] as [(String, JSONValue, JSONValue, JSONValue, String)])
    func aFailedJobIsATaskFailureWithItsDescription(
        _ resource: String, _ input: JSONValue, _ started: JSONValue, _ description: JSONValue, _ part: String
    ) async throws {
        let script = try await Script("fails" + resource.filter { $0.isLetter || $0.isNumber }, [answer(started), answer(description)])
        let failure = await Harness(script.url).failure(resource, input)
        #expect(failure?.error == "States.TaskFailed")
        #expect(failure?.cause?.contains(part) == true, "\(failure?.cause ?? "")")
    }

    @Test func aRestartedEngineFindsItsBatchJobByItsTag() async throws {
        let task = "feed-7"
        let script = try await Script(
            "restartbatch",
            [
                answer(["jobSummaryList": [["jobId": "1"], ["jobId": "2"]]]),
                answer(["jobs": [["jobId": "1", "tags": [:]], ["jobId": "2", "tags": ["sfn-run:task": .string(task)]]]]),
                answer(["jobs": [["jobId": "2", "status": "SUCCEEDED"]]]),
            ])
        let input: JSONValue = ["JobName": "n", "JobQueue": "q", "JobDefinition": "d"]
        let result = try await Harness(script.url).run("batch:submitJob.sync", input, taskID: task, isReattached: true).get()
        #expect(result["JobId"] == "2")
        #expect(try await script.operations() == ["POST /v1/listjobs", "POST /v1/describejobs", "POST /v1/describejobs"])
    }

    @Test func aRestartedEngineStartsWhatItNeverStarted() async throws {
        let script = try await Script(
            "restartglue",
            [
                answer(["JobRuns": [["Id": "old", "JobName": "j", "Arguments": ["--sfn-run-task": "other"]]]]),
                answer(["JobRunId": "new"]), answer(["JobRun": ["JobRunState": "SUCCEEDED"]]),
            ])
        _ = try await Harness(script.url).run("glue:startJobRun.sync", ["JobName": "j"], taskID: "mine", isReattached: true).get()
        #expect(try await script.operations() == ["GetJobRuns", "StartJobRun", "GetJobRun"])
        #expect(try await script.bodies()[1].contains(#""--sfn-run-task":"mine""#))
    }

    @Test func aTokenMakesTheSameCallTheSameJob() async throws {
        let script = try await Script(
            "token", [answer(["QueryExecutionId": "1"]), answer(["QueryExecution": ["Status": ["State": "SUCCEEDED"]]])])
        _ = try await Harness(script.url).run("athena:startQueryExecution.sync", ["QueryString": "q"], taskID: "stable-9").get()
        #expect(try await script.bodies()[0].contains(#""ClientRequestToken":"stable-9""#))
    }

    @Test(arguments: [(false, true), (true, false)])
    func anUnwantedJobIsStoppedAndAnEndingProcessLeavesItAlone(_ shutsDown: Bool, _ isStopped: Bool) async throws {
        let script = try await Script(
            "stop\(shutsDown)", [answer(["QueryExecutionId": "1"]), answer(["QueryExecution": ["Status": ["State": "RUNNING"]]])])
        let asked = AsyncStream<Void>.makeStream()
        let harness = Harness(script.url) { _ in
            asked.continuation.yield()
            await Task.yield()
        }
        let report = RecordingReport(shutsDown: shutsDown)
        let task = Task { await harness.run("athena:startQueryExecution.sync", ["QueryString": "q"], report: report) }
        var rounds = asked.stream.makeAsyncIterator()
        for _ in 0..<3 { _ = await rounds.next() }
        task.cancel()
        guard case .failure = await task.value else {
            Issue.record("it ended well")
            return
        }
        #expect(try await script.operations().contains("StopQueryExecution") == isStopped)
    }

    @Test func aDeletionEndsWhenTheThingIsGone() async throws {
        let gone: JSONValue = [
            "status": 404, "headers": ["x-amzn-ErrorType": "ResourceNotFoundException"], "body": ["message": "No cluster found"],
        ]
        let script = try await Script("gone", [answer(["cluster": ["name": "n", "status": "DELETING"]]), answer(["cluster": ["status": "DELETING"]]), gone])
        let result = try await Harness(script.url).run("eks:deleteCluster.sync", ["Name": "n"]).get()
        #expect(result["Cluster"]?["Name"] == "n")
    }

    @Test func questionsThatKeepFailingFailTheTask() async throws {
        let script = try await Script("keepsfailing", [answer(["QueryExecutionId": "1"]), throttledJSON])
        let failure = await Harness(script.url).failure("athena:startQueryExecution.sync", ["QueryString": "q"])
        #expect(failure?.error == "Athena.AmazonAthenaException")
        #expect(try await script.operations().count == 12)
    }
}
