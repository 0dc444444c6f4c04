import AWSClient
import Curl
import JSON
import StatesLanguage

/// Lambda functions of AWS, or of a server that speaks its API: a function's ARN as the Resource, and `lambda:invoke`.
package struct Lambda: Integration {
    private let client: AWSClient
    private static let naming = ErrorNaming(prefix: "Lambda", base: "AWSLambdaException", label: "AWSLambda")
    /// Functions run for a quarter of an hour at most.
    private static let stallSeconds = 900.0

    package init(_ client: AWSClient) { self.client = client }

    package func perform(_ request: TaskRequest, report: any TaskReport) async throws(Failure) -> JSONValue {
        let caller = ServiceCaller(client: client, service: "lambda", naming: Self.naming, style: .optimized, request: request)
        if case .lambdaFunction = request.resource.kind {
            let result = try await invoke(
                caller, ["FunctionName": .string(request.resource.arn), "Payload": .string(request.input.text())])
            return Self.payload(result)
        }
        guard var parameters = request.input.object, parameters["FunctionName"] != nil else {
            throw .missing("FunctionName", request.input)
        }
        // Any JSON may be the payload, a text too: it is sent as JSON.
        if let payload = parameters["Payload"] { parameters["Payload"] = .string(payload.text()) }
        let result = try await invoke(caller, .object(parameters))
        var output = result.output.object ?? JSONObject()
        output["Payload"] = Self.payload(result)
        return SdkMetadata.added(to: .object(output), result)
    }

    private func invoke(_ caller: ServiceCaller, _ parameters: JSONValue) async throws(Failure) -> AWSResult {
        let result: AWSResult
        do throws(Failure) {
            result = try await caller.call("invoke", parameters, stallSeconds: Self.stallSeconds)
        } catch {
            throw Self.qualified(error)
        }
        guard result.response.header("X-Amz-Function-Error") != nil else { return result }
        let text = String(decoding: result.response.body, as: UTF8.self)
        let type = (try? JSONValue(parsing: text))?["errorType"]?.string
        throw Failure(type ?? "Lambda.Unknown", text)
    }

    /// Lambda names a function that is not there with its qualifier; not every server that stands in for it does.
    private static func qualified(_ failure: Failure) -> Failure {
        let prefix = "Function not found: "
        guard let cause = failure.cause, cause.hasPrefix(prefix) else { return failure }
        let arn = cause.dropFirst(prefix.count).prefix { $0 != " " }
        guard arn.split(separator: ":").count == 7 else { return failure }
        return Failure(failure.error, "\(prefix)\(arn):$LATEST\(cause.dropFirst(prefix.count + arn.count))")
    }

    private static func payload(_ result: AWSResult) -> JSONValue {
        (try? JSONValue(parsing: result.response.body)) ?? .string(String(decoding: result.response.body, as: UTF8.self))
    }
}
