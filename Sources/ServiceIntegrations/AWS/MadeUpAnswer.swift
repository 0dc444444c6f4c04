import AWSClient
import Digest
import JSON
import LocalJobs
import StatesLanguage

/// Answers that no service gave: a mock says what matters, an optimised integration shows more.
package enum MadeUpAnswer {
    /// A mocked result with the HTTP metadata that the integration adds, unless the mock has its own.
    package static func completed(_ output: JSONValue, _ resource: TaskResource) -> JSONValue {
        guard resource.pattern == .requestResponse, output.object != nil, output["SdkHttpMetadata"] == nil else { return output }
        return withMetadata(output, resource)
    }

    /// What the service would have answered to a task that then waits for its token or its job.
    package static func submitted(_ request: TaskRequest) -> JSONValue {
        var output = JSONObject()
        if request.resource.isService("sqs", "sendMessage") {
            let body = request.input["MessageBody"].map { $0.string ?? $0.text() } ?? ""
            output["MD5OfMessageBody"] = .string(Digest.hex(body, algorithm: .md5))
            output["MessageId"] = .string(AWSClient.randomToken())
        } else if request.resource.isService("sns", "publish") {
            output["MessageId"] = .string(AWSClient.randomToken())
        } else if request.resource.isService("lambda", "invoke") {
            output = JSONObject([("StatusCode", 200), ("Payload", .null)])
        }
        return withMetadata(.object(output), request.resource)
    }

    private static func withMetadata(_ output: JSONValue, _ resource: TaskResource) -> JSONValue {
        guard case .service(let name, let action) = resource.kind else { return output }
        if name == "lambda", let payload = output["Payload"] {
            return LocalLambda.response(
                payload, length: payload.byteCount, status: output["StatusCode"]?.wholeNumber ?? 200, Identifiers.uuid(),
                logResult: output["LogResult"]?.string)
        }
        let services = AWSIntegrations.optimized + [.stepFunctions]
        guard let service = services.first(where: { $0.name == name }), let found = service.actions[action], found.addsMetadata,
            let result = AWSClient.madeUpResult(
                service.service, found.operation, output, date: Timestamps.http(Timestamps.milliseconds()))
        else { return output }
        return SdkMetadata.added(to: output, result)
    }
}
