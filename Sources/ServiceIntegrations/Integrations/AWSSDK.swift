import AWSClient
import JSON
import StatesLanguage

/// `arn:aws:states:::aws-sdk:SERVICE:ACTION[.waitForTaskToken]`: any operation of any service.
package struct AWSSDK: Integration {
    private let client: AWSClient

    package init(_ client: AWSClient) { self.client = client }

    package func perform(_ request: TaskRequest, report: any TaskReport) async throws(Failure) -> JSONValue {
        guard case .service(let whole, let action) = request.resource.kind, whole.hasPrefix("aws-sdk:") else {
            throw .runtime("The resource \(request.resource.arn) is no SDK integration.")
        }
        let service = String(whole.dropFirst("aws-sdk:".count))
        guard let model = client.model(service), model.operation(action) != nil else {
            throw .runtime(
                "The resource provided \(request.resource.arn) is not recognized. The value is not a valid resource ARN, or the resource is not available in this region."
            )
        }
        let caller = ServiceCaller(
            client: client, service: service, naming: ErrorNaming(sdk: model), style: .sdk, request: request)
        return try await caller.call(action, request.input).output
    }
}
