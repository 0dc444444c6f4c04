import JSON
import StatesLanguage
import Testing

@testable import LocalJobs
@testable import ServiceIntegrations

@Suite struct LocalServicesTests {
    private let folder = "/tmp/localservices-\(UInt64.random(in: 0 ... .max))"

    private func table() -> IntegrationTable {
        let text = """
            {"images": {"*": {"environment": {}}, "emr": ["sh", "-c", "cat >/dev/null; echo '{\\"ClusterId\\": \\"j-1\\"}'"]}, "data": "\(folder)/data"}
            """
        return IntegrationTable(Configuration.parse((try? JSONValue(parsing: text)) ?? .null, folder: folder).configuration)
    }

    private func call(_ resource: String, _ input: JSONValue, task: String = "0-1") async throws(Failure) -> JSONValue {
        let request = taskRequest(resource, input, taskID: task)
        guard let integration = table().integration(for: request.resource) else { throw Failure("NoIntegration", resource) }
        return try await integration.perform(request, report: SilentReport())
    }

    @Test func anObjectIsPutListedReadAndDeleted() async throws {
        defer { Files.remove(folder) }
        let s3 = "arn:aws:states:::aws-sdk:s3:"
        _ = try await call(s3 + "putObject", ["Bucket": "b", "Key": "a/x.json", "Body": ["n": 1]])
        #expect(try await call(s3 + "getObject", ["Bucket": "b", "Key": "a/x.json"])["Body"] == "{\"n\":1}")
        _ = try await call(s3 + "putObject", ["Bucket": "b", "Key": "a/b/y", "Body": "text"])
        let list = try await call(s3 + "listObjectsV2", ["Bucket": "b", "Prefix": "a/", "Delimiter": "/"])
        #expect(list["Contents"]?.array?.map { $0["Key"] } == ["a/x.json"])
        #expect(list["CommonPrefixes"] == [["Prefix": "a/b/"]])
        let first = try await call(s3 + "listObjectsV2", ["Bucket": "b", "MaxKeys": 1])
        #expect(first["IsTruncated"] == true)
        let second = try await call(s3 + "listObjectsV2", ["Bucket": "b", "ContinuationToken": first["NextContinuationToken"] ?? .null])
        #expect(second["Contents"]?.array?.map { $0["Key"] } == ["a/x.json"])
        _ = try await call(s3 + "deleteObject", ["Bucket": "b", "Key": "a/x.json"])
        await #expect(throws: Failure.self) { try await call(s3 + "getObject", ["Bucket": "b", "Key": "a/x.json"]) }
        do {
            _ = try await call(s3 + "getObject", ["Bucket": "b", "Key": "a/x.json"])
        } catch {
            #expect(error.error == "S3.NoSuchKeyException")
            #expect(error.cause?.hasPrefix("The specified key does not exist. (Service: S3, Status Code: 404, Request ID: ") == true)
        }
    }

    @Test func aMessageLiesInItsQueueOnce() async throws {
        defer { Files.remove(folder) }
        let message: JSONValue = ["QueueUrl": "https://sqs.us-east-1.amazonaws.com/123456789012/q", "MessageBody": ["token": "t"]]
        let sent = try await call("arn:aws:states:::sqs:sendMessage.waitForTaskToken", message)
        #expect(try await call("arn:aws:states:::sqs:sendMessage.waitForTaskToken", message)["MessageId"] == sent["MessageId"])
        #expect(sent.object?.keys == ["MD5OfMessageBody", "MessageId", "SdkHttpMetadata", "SdkResponseMetadata"])
        let configuration = Configuration.parse(["data": .string("\(folder)/data")], folder: folder).configuration
        #expect(LocalQueues(configuration).messages("q").map { $0["Body"] } == ["{\"token\":\"t\"}"])
    }

    @Test func aParameterIsStoredUnderItsName() async throws {
        defer { Files.remove(folder) }
        let ssm = "arn:aws:states:::aws-sdk:ssm:"
        _ = try await call(ssm + "putParameter", ["Name": "/app/model", "Value": "m-1", "Type": "String"])
        #expect(try await call(ssm + "getParameter", ["Name": "/app/model"])["Parameter"]?["Value"] == "m-1")
        await #expect(throws: Failure.self) { try await call(ssm + "putParameter", ["Name": "/app/model", "Value": "m-2"]) }
        #expect(try await call(ssm + "putParameter", ["Name": "/app/model", "Value": "m-2", "Overwrite": true])["Version"] == 2)
        #expect(try await call(ssm + "getParametersByPath", ["Path": "/app"])["Parameters"]?.array?.count == 1)
    }

    @Test func aFailedJobIsAFailureWithItsDescription() async throws {
        defer { Files.remove(folder) }
        let resource = "arn:aws:states:::sagemaker:createProcessingJob.sync"
        let request: JSONValue = [
            "ProcessingJobName": "p", "AppSpecification": ["ImageUri": "x", "ContainerEntrypoint": ["sh", "-c", "echo no luck; exit 2"]],
        ]
        do {
            _ = try await call(resource, request)
            Issue.record("it succeeded")
        } catch {
            #expect(error.error == "States.TaskFailed")
            let cause = try JSONValue(parsing: error.cause ?? "")
            #expect(cause["FailureReason"] == "AlgorithmError: no luck, exit code: 2")
            #expect(cause["ProcessingJobStatus"] == "Failed")
        }
        let fine: JSONValue = ["ProcessingJobName": "q", "AppSpecification": ["ImageUri": "x", "ContainerEntrypoint": ["true"]]]
        #expect(try await call(resource, fine, task: "0-2")["ProcessingJobStatus"] == "Completed")
    }

    @Test func whatPipelinesNeedBesidesIsThere() async throws {
        defer { Files.remove(folder) }
        try Files.makeFolder(folder)
        let emr = try await call("arn:aws:states:::sfn-run:emrStep.sync", ["StepConfig": ["HadoopJarStep": ["Jar": "x.jar"]]])
        #expect(emr["ClusterId"] == "j-1")
        let lineage = try await call("arn:aws:states:::sfn-run:recordLineage", ["Artifacts": [["ArtifactName": "a"]]])
        #expect(lineage["ArtifactArns"]?["a"] == "arn:aws:sagemaker:us-east-1:123456789012:artifact/a")
        #expect(
            try await call("arn:aws:states:::sagemaker:createModel", ["ModelName": "m"]) == ["ModelArn": "arn:aws:sagemaker:us-east-1:123456789012:model/m"])
        _ = try await call("arn:aws:states:::sagemaker:createEndpointConfig", ["EndpointConfigName": "c"], task: "0-3")
        let endpoint = try await call("arn:aws:states:::sfn-run:createEndpoint.sync", ["EndpointName": "e", "EndpointConfigName": "c"], task: "0-4")
        #expect(endpoint["EndpointStatus"] == "InService")
        let package = try await call("arn:aws:states:::aws-sdk:sagemaker:createModelPackage", ["ModelPackageGroupName": "g"])
        #expect(package["ModelPackageArn"] == "arn:aws:sagemaker:us-east-1:123456789012:model-package/g/1")
    }
}
