import JSON
import StatesLanguage
import Testing

@testable import LocalJobs
@testable import ServiceIntegrations

/// Notes what an integration tells.
final class SilentReport: TaskReport {
    func submitted(_ response: JSONValue) {}
    func log(_ bytes: [UInt8]) {}
    func heartbeat() {}
    var isShuttingDown: Bool { false }
}

func taskRequest(_ resource: String, _ input: JSONValue, taskID: String = "0-1") -> TaskRequest {
    TaskRequest(
        taskID: taskID, executionARN: "arn:aws:states:us-east-1:123456789012:execution:m:e", executionName: "e", stateMachineName: "m",
        roleARN: "arn:aws:iam::123456789012:role/r", stateName: "S",
        resource: TaskResource(resource) ?? TaskResource("arn:aws:states:::lambda:invoke")!, input: input)
}

@Suite struct LocalLambdaTests {
    private static let invoke = "arn:aws:states:::lambda:invoke"

    private func integration() -> LocalLambda {
        let text = """
            {"functions": {"echo": {"command": ["cat"]}, "bad": {"command": ["sh", "-c", "echo oh >&2; exit 1"]},
              "huge": {"command": ["sh", "-c", "printf 'x%.0s' $(seq 300)"]}}}
            """
        let value = (try? JSONValue(parsing: text)) ?? .null
        return LocalLambda(LocalFunctions(Configuration.parse(value, folder: "/tmp").configuration))
    }

    @Test func anARNAsTheResourceGivesTheBarePayload() async throws {
        let arn = "arn:aws:lambda:us-east-1:123456789012:function:echo"
        #expect(try await integration().perform(taskRequest(arn, ["a": 1]), report: SilentReport()) == ["a": 1])
    }

    @Test func invokeGivesTheShapeThatAWSRecords() async throws {
        let result = try await integration().perform(
            taskRequest(Self.invoke, ["FunctionName": "echo", "Payload": ["a": 1]]), report: SilentReport())
        #expect(result.object?.keys == ["ExecutedVersion", "Payload", "SdkHttpMetadata", "SdkResponseMetadata", "StatusCode"])
        #expect(result["Payload"] == ["a": 1])
        #expect(result["StatusCode"] == 200)
        #expect(result["SdkHttpMetadata"]?["HttpHeaders"]?["Content-Length"] == "7")
        #expect(result["SdkHttpMetadata"]?["AllHttpHeaders"]?["x-amzn-RequestId"]?[0] == result["SdkResponseMetadata"]?["RequestId"])
    }

    @Test func anUnknownFunctionIsNotFound() async {
        do {
            _ = try await integration().perform(taskRequest(Self.invoke, ["FunctionName": "none"]), report: SilentReport())
            Issue.record("it was found")
        } catch {
            #expect(error.error == "Lambda.ResourceNotFoundException")
            #expect(
                error.cause?.hasPrefix("Function not found: arn:aws:lambda:us-east-1:123456789012:function:none:$LATEST (Service: AWSLambda; Status Code: 404;")
                    == true)
        }
    }

    @Test func aFunctionsErrorIsTheFailure() async {
        do {
            _ = try await integration().perform(taskRequest(Self.invoke, ["FunctionName": "bad"]), report: SilentReport())
            Issue.record("it succeeded")
        } catch {
            #expect(error.error == "Runtime.ExitError")
            #expect(error.cause?.contains(#""errorMessage":"oh""#) == true)
        }
    }

    @Test(arguments: [([UInt8](), ""), ([1], "AQ=="), ([1, 2], "AQI="), ([255, 0, 128], "/wCA"), (Array("hello".utf8), "aGVsbG8=")])
    func base64IsTheStandards(bytes: [UInt8], text: String) {
        #expect(Base64.encode(bytes) == text)
        #expect(Base64.decode(text) == bytes)
    }
}
