import JSON
import LocalJobs
import StatesLanguage

/// `arn:aws:states:::bedrock:invokeModel`, `createModelCustomizationJob[.sync]`
///
/// `Body` may be any JSON, and the answer's is JSON where it can be. `BedrockModel` reads and writes S3.
extension OptimizedService {
    package static let bedrockRuntime = OptimizedService(
        "bedrock", service: "bedrockruntime",
        ErrorNaming(prefix: "Bedrock", base: "AmazonBedrockRuntimeException", label: "AmazonBedrockRuntime"),
        [
            "invokeModel": OptimizedAction("invokeModel").with {
                $0.stallSeconds = 900
                $0.prepare = { (input, _) throws(Failure) in
                    guard var object = input.object else { return input }
                    if object["ContentType"] == nil { object["ContentType"] = "application/json" }
                    if object["Accept"] == nil { object["Accept"] = "application/json" }
                    return .object(object)
                }
                $0.finish = { (output) throws(Failure) in
                    guard var object = output.object, let text = object["Body"]?.string, let body = try? JSONValue(parsing: text)
                    else { return output }
                    object["Body"] = body
                    return .object(object)
                }
            }
        ])

    package static let bedrock = OptimizedService(
        "bedrock", service: "bedrock",
        ErrorNaming(prefix: "Bedrock", base: "AmazonBedrockException", label: "AmazonBedrock"),
        [
            "createModelCustomizationJob": OptimizedAction(
                "createModelCustomizationJob",
                job: JobPattern(
                    describe: { _, started in job("getModelCustomizationJob", started) },
                    state: { description in
                        switch description["Status"]?.string {
                        case "Completed": .succeeded(description)
                        case "Failed", "Stopped": .failed(description)
                        default: .running
                        }
                    },
                    stop: { _, started in job("stopModelCustomizationJob", started) }, recovery: .startAgain))
        ])

    private static func job(_ operation: String, _ started: JSONValue) -> JobPattern.Query? {
        started["JobArn"].map { .init(operation, ["JobIdentifier": $0]) }
    }
}

/// `bedrock:invokeModel` with `Input.S3Uri` instead of `Body`, and `Output.S3Uri` for the answer's.
package struct BedrockModel: Integration {
    private let inner: any Integration
    /// S3's `getObject` and `putObject`: the service's, or this machine's buckets.
    private let objects: any Integration

    package init(_ inner: any Integration, objects: any Integration) {
        self.inner = inner
        self.objects = objects
    }

    package func perform(_ request: TaskRequest, report: any TaskReport) async throws(Failure) -> JSONValue {
        guard var input = request.input.object, input["Input"] != nil || input["Output"] != nil else {
            return try await inner.perform(request, report: report)
        }
        let target = try location("Output", request.input)
        if let source = try location("Input", request.input) {
            guard input["Body"] == nil else { throw .unusable(request.input, ["The fields 'Body' and 'Input' cannot be used together"]) }
            let object = try await objects.perform(
                request.calling("getObject", ["Bucket": .string(source.bucket), "Key": .string(source.key)]), report: report)
            input["Body"] = object["Body"]
            if input["ContentType"] == nil, let type = object["ContentType"], type != "binary/octet-stream" { input["ContentType"] = type }
        }
        input["Input"] = nil
        input["Output"] = nil
        let answer = try await inner.perform(request.with(input: .object(input)), report: report)
        guard let target, var result = answer.object else { return answer }
        let body = result["Body"] ?? .null
        _ = try await objects.perform(
            request.calling(
                "putObject",
                [
                    "Bucket": .string(target.bucket), "Key": .string(target.key), "Body": body,
                    "ContentType": result["ContentType"] ?? "application/json",
                ]), report: report)
        result["Body"] = .string(target.description)
        return .object(result)
    }

    private func location(_ field: String, _ input: JSONValue) throws(Failure) -> S3Location? {
        guard let value = input[field] else { return nil }
        guard let uri = value["S3Uri"]?.string else { throw .missing("\(field).S3Uri", input) }
        guard let location = S3Location(uri), !location.key.isEmpty else {
            throw .unusable(input, ["The value of the field '\(field).S3Uri' is no S3 URI"])
        }
        return location
    }
}

extension TaskRequest {
    fileprivate func calling(_ action: String, _ input: JSONValue) -> TaskRequest {
        with(resource: TaskResource("arn:aws:states:::aws-sdk:s3:\(action)") ?? resource, input: input)
    }

    fileprivate func with(resource: TaskResource? = nil, input: JSONValue) -> TaskRequest {
        TaskRequest(
            taskID: taskID, executionARN: executionARN, executionName: executionName, stateMachineName: stateMachineName, roleARN: roleARN,
            stateName: stateName, resource: resource ?? self.resource, input: input, retryCount: retryCount, taskToken: taskToken,
            credentialsRoleARN: credentialsRoleARN, timeoutSeconds: timeoutSeconds, isReattached: isReattached, submitted: submitted, cache: cache)
    }
}
