import AWSClient
import Curl
import JSON
import LocalJobs
import LocalServers
import ServiceIntegrations
import StatesLanguage
import Synchronization
import Testing

/// Keeps what an integration reports.
final class RecordingReport: TaskReport {
    let submissions = Mutex<[JSONValue]>([])
    let shutsDown: Bool
    init(shutsDown: Bool = false) { self.shutsDown = shutsDown }
    func submitted(_ response: JSONValue) { submissions.withLock { $0.append(response) } }
    func log(_ bytes: [UInt8]) {}
    func heartbeat() {}
    var isShuttingDown: Bool { shutsDown }
}

/// A way to run Tasks against a server.
struct Harness {
    let table: [IntegrationTable.Entry]

    /// Jobs are asked for at once, without pauses.
    init(_ url: String, requestSeconds: Double? = nil, pause: @escaping @Sendable (Double) async -> Void = { _ in await Task.yield() }) {
        var services = Configuration(folder: "").services
        services.endpoints["*"] = url
        var pace = JobPace()
        pace.pause = pause
        let surroundings = Surroundings(
            variables: ["AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_MAX_ATTEMPTS": "1"],
            readFile: { _ in nil })
        table =
            AWSIntegrations(services, surroundings: surroundings, pace: pace, requestSeconds: requestSeconds).entries() + [
                .init(takes: { $0.isService("http", "invoke") }, HTTPInvoke(region: "us-east-1", connections: [:], requiresConnection: false))
            ]
    }

    func run(
        _ resource: String, _ input: JSONValue, taskID: String = "0123456789abcdef0123456789abcdef-7", isReattached: Bool = false,
        submitted: JSONValue? = nil, report: RecordingReport = RecordingReport(), roleARN: String? = nil
    ) async -> Result<JSONValue, Failure> {
        let arn = resource.hasPrefix("arn:") ? resource : "arn:aws:states:::" + resource
        guard let resource = TaskResource(arn), let entry = table.first(where: { $0.takes(resource) }) else {
            return .failure(Failure("no integration", arn))
        }
        let request = TaskRequest(
            taskID: taskID, executionARN: "arn:aws:states:us-east-1:123456789012:execution:machine:e", executionName: "e",
            stateMachineName: "machine", roleARN: "arn:aws:iam::123456789012:role/r", stateName: "S", resource: resource,
            input: input, credentialsRoleARN: roleARN, isReattached: isReattached, submitted: submitted)
        do throws(Failure) {
            return .success(try await entry.integration.perform(request, report: report))
        } catch {
            return .failure(error)
        }
    }

    func failure(_ resource: String, _ input: JSONValue) async -> Failure? {
        guard case .failure(let failure) = await run(resource, input) else { return nil }
        return failure
    }
}

@Suite(.serialized, .enabled(if: LocalServer.moto != nil, "moto is needed"))
struct MotoTests {
    private let harness = Harness(LocalServer.moto?.url ?? "")

    private func get(_ resource: String, _ input: JSONValue) async throws -> JSONValue {
        try await harness.run(resource, input).get()
    }

    @Test func dynamoDB() async throws {
        _ = try await get(
            "aws-sdk:dynamodb:createTable",
            [
                "TableName": "it", "BillingMode": "PAY_PER_REQUEST",
                "AttributeDefinitions": [["AttributeName": "id", "AttributeType": "S"]],
                "KeySchema": [["AttributeName": "id", "KeyType": "HASH"]],
            ])
        let put = try await get("dynamodb:putItem", ["TableName": "it", "Item": ["id": ["S": "1"]]])
        #expect(put["SdkHttpMetadata"]?["HttpStatusCode"] == 200)
        #expect(put["SdkResponseMetadata"]?["RequestId"]?.string != nil)
        let item = try await get("dynamodb:getItem", ["TableName": "it", "Key": ["id": ["S": "1"]]])
        #expect(item["Item"] == ["id": ["S": "1"]])
        #expect(item.object?.keys == ["Item", "SdkHttpMetadata", "SdkResponseMetadata"])
        let optimized = await harness.failure("dynamodb:putItem", ["TableName": "no", "Item": ["id": ["S": "1"]]])
        #expect(optimized?.error == "DynamoDB.ResourceNotFoundException")
        #expect(optimized?.cause?.contains("(Service: AmazonDynamoDBv2; Status Code: 400; Error Code: ResourceNotFoundException; Request ID: ") == true)
        #expect(optimized?.cause?.hasSuffix("; Proxy: null)") == true)
        let sdk = await harness.failure("aws-sdk:dynamodb:putItem", ["TableName": "no", "Item": ["id": ["S": "1"]]])
        #expect(sdk?.error == "DynamoDb.ResourceNotFoundException")
        #expect(sdk?.cause?.contains("(Service: DynamoDb, Status Code: 400, Request ID: ") == true)
        let unmodelled = await harness.failure("dynamodb:updateItem", ["TableName": "it", "Key": ["no": ["S": "1"]]])
        #expect(unmodelled?.error == "DynamoDB.AmazonDynamoDBException")
    }

    @Test func sqsAndSNS() async throws {
        let queue = try await get("aws-sdk:sqs:createQueue", ["QueueName": "q"])
        let url = try #require(queue["QueueUrl"])
        let sent = try await get("sqs:sendMessage", ["QueueUrl": url, "MessageBody": ["a": [1, nil]]])
        #expect(sent["MD5OfMessageBody"]?.string?.count == 32)
        let received = try await get("aws-sdk:sqs:receiveMessage", ["QueueUrl": url])
        #expect(received["Messages"]?[0]?["Body"] == #"{"a":[1,null]}"#)
        let token = try await get("sqs:sendMessage.waitForTaskToken", ["QueueUrl": url, "MessageBody": "t"])
        #expect(token["MessageId"] != nil)
        let missing = await harness.failure("sqs:sendMessage", ["QueueUrl": "http://127.0.0.1:1/1/no", "MessageBody": "x"])
        #expect(missing?.error == "SQS.QueueDoesNotExistException")
        let topic = try await get("aws-sdk:sns:createTopic", ["Name": "topic"])
        let published = try await get("sns:publish", ["TopicArn": topic["TopicArn"] ?? .null, "Message": ["x": 1]])
        #expect(published["MessageId"] != nil)
        #expect(
            await harness.failure("sns:publish", ["TopicArn": "arn:aws:sns:us-east-1:123456789012:no", "Message": "x"])?.error
                == "SNS.NotFoundException")
    }

    @Test func eventBridge() async throws {
        let entries: JSONValue = [["Source": "s", "DetailType": "t", "Detail": ["a": 1]]]
        let good = try await get("events:putEvents", ["Entries": entries])
        #expect(good["FailedEntryCount"] == 0)
        #expect(good.object?.keys == ["Entries", "FailedEntryCount"])
        let bad = await harness.failure("events:putEvents", ["Entries": [["Source": "s", "DetailType": "t", "Detail": "no json"]]])
        #expect(bad?.error == "EventBridge.FailedEntry")
        #expect(bad?.cause?.contains(#""FailedEntryCount":1"#) == true)
    }

    @Test func stepFunctions() async throws {
        let machine = try await get(
            "aws-sdk:sfn:createStateMachine",
            [
                "Name": "m", "RoleArn": "arn:aws:iam::123456789012:role/r",
                "Definition": ["StartAt": "P", "States": ["P": ["Type": "Pass", "End": true]]],
            ])
        let arn = try #require(machine["StateMachineArn"])
        let started = try await get("states:startExecution", ["StateMachineArn": arn, "Input": ["a": 1]])
        #expect(started["ExecutionArn"]?.string?.contains(":execution:m:") == true)
        #expect(started["StartDate"]?.wholeNumber ?? 0 > 1_600_000_000_000)
        let sdk = try await get("aws-sdk:sfn:describeExecution", ["ExecutionArn": started["ExecutionArn"] ?? .null])
        #expect(sdk["Input"] == #"{"a":1}"#)
        #expect(sdk["StartDate"]?.string?.hasSuffix("Z") == true)
        let missing = await harness.failure(
            "states:startExecution", ["StateMachineArn": "arn:aws:states:us-east-1:123456789012:stateMachine:no"])
        #expect(missing?.error == "StepFunctions.StateMachineDoesNotExistException")
    }

    @Test func s3() async throws {
        _ = try await get("aws-sdk:s3:createBucket", ["Bucket": "integration"])
        _ = try await get("s3:putObject", ["Bucket": "integration", "Key": "k", "Body": ["a": 1]])
        let got = try await get("s3:getObject", ["Bucket": "integration", "Key": "k"])
        #expect(got["Body"] == #"{"a":1}"#)
        #expect(got["LastModified"]?.wholeNumber ?? 0 > 1_600_000_000_000)
        let missing = await harness.failure("aws-sdk:s3:getObject", ["Bucket": "integration", "Key": "no"])
        #expect(missing?.error == "S3.NoSuchKeyException")
        #expect(missing?.cause?.hasPrefix("The specified key does not exist. (Service: S3, Status Code: 404, Request ID: ") == true)
        #expect(missing?.cause?.contains(", Extended Request ID: ") == true)
    }

    @Test func sageMakerJobsRunToTheirEnd() async throws {
        let input: JSONValue = [
            "TrainingJobName": "train-1", "RoleArn": "arn:aws:iam::123456789012:role/r",
            "AlgorithmSpecification": ["TrainingImage": "i", "TrainingInputMode": "File"],
            "OutputDataConfig": ["S3OutputPath": "s3://b/p"],
            "ResourceConfig": ["InstanceCount": 1, "InstanceType": "ml.m5.large", "VolumeSizeInGB": 1],
            "StoppingCondition": ["MaxRuntimeInSeconds": 60],
        ]
        let report = RecordingReport()
        let result = try await harness.run("sagemaker:createTrainingJob.sync", input, report: report).get()
        #expect(result["TrainingJobStatus"] == "Completed")
        #expect(report.submissions.withLock { $0.count } == 1)
        // The same task after a restart finds its job and starts no second one.
        let again = try await harness.run("sagemaker:createTrainingJob.sync", input, isReattached: true).get()
        #expect(again["TrainingJobArn"] == result["TrainingJobArn"])
        _ = try await get(
            "sagemaker:createModel",
            ["ModelName": "m", "ExecutionRoleArn": "arn:aws:iam::123456789012:role/r", "PrimaryContainer": ["Image": "i"]])
        #expect(await harness.failure("sagemaker:createEndpoint", ["EndpointName": "e", "EndpointConfigName": "no"])?.error?.hasPrefix("SageMaker.") == true)
    }

    @Test func athenaQueriesRunToTheirEnd() async throws {
        let input: JSONValue = ["QueryString": "SELECT 1", "ResultConfiguration": ["OutputLocation": "s3://b/p"]]
        let result = try await get("athena:startQueryExecution.sync", input)
        #expect(result["QueryExecution"]?["Status"]?["State"] == "SUCCEEDED")
        let id = result["QueryExecution"]?["QueryExecutionId"] ?? .null
        _ = try await get("athena:getQueryResults", ["QueryExecutionId": id])
        #expect(await harness.failure("athena:getQueryExecution", ["QueryExecutionId": "no", "Nonsense": 1])?.error == "States.Runtime")
    }

    @Test func glueJobsRunToTheirEnd() async throws {
        _ = try await get(
            "aws-sdk:glue:createJob",
            ["Name": "j", "Role": "r", "Command": ["Name": "glueetl", "ScriptLocation": "s3://b/s"]])
        let result = try await get("glue:startJobRun.sync", ["JobName": "j", "Arguments": ["--a": "b"]])
        #expect(result["JobRunState"] == "SUCCEEDED")
        #expect(await harness.failure("glue:startJobRun.sync", ["JobName": "no"])?.error == "Glue.EntityNotFoundException")
    }

    @Test func codeBuildsRunToTheirEnd() async throws {
        _ = try await get(
            "aws-sdk:codebuild:createProject",
            [
                "Name": "project", "Source": ["Type": "S3", "Location": "b/k"], "Artifacts": ["Type": "NO_ARTIFACTS"],
                "Environment": ["Type": "LINUX_CONTAINER", "Image": "i", "ComputeType": "BUILD_GENERAL1_SMALL"],
                "ServiceRole": "arn:aws:iam::123456789012:role/service-role/r",
            ])
        let result = try await get("codebuild:startBuild.sync", ["ProjectName": "project"])
        #expect(result["Build"]?["BuildStatus"] == "SUCCEEDED")
        #expect(await harness.failure("codebuild:startBuild", ["ProjectName": "no-such"])?.error == "CodeBuild.ResourceNotFoundException")
    }

    @Test func anUnknownServiceOrActionIsARuntimeError() async {
        #expect(await harness.failure("aws-sdk:nosuch:thing", [:])?.error == "States.Runtime")
        #expect(await harness.failure("aws-sdk:dynamodb:noSuchThing", [:])?.error == "States.Runtime")
        let wrong = await harness.failure("dynamodb:getItem", ["Table": "x"])
        #expect(wrong?.cause == #"The Parameters '{"Table":"x"}' could not be used to start the Task: [The field "Table" is not supported by Step Functions]"#)
        #expect(wrong?.isPrefixed == true)
    }

    @Test func aRoleIsAssumedForTheTask() async throws {
        let caller = try await harness.run(
            "aws-sdk:sts:getCallerIdentity", [:], roleARN: "arn:aws:iam::123456789012:role/other"
        ).get()
        #expect(caller["Arn"]?.string?.contains("assumed-role/other/sfn-run") == true)
    }
}
