import AWSClient
import JSON
import StatesLanguage

/// An optimised integration: `arn:aws:states:::NAME:ACTION[.sync|.waitForTaskToken]`.
package struct OptimizedService: Sendable {
    /// In the resource: `dynamodb`.
    package var name: String
    /// In the API table: `dynamodb`.
    package var service: String
    package var naming: ErrorNaming
    /// By action: `putItem`.
    package var actions: [String: OptimizedAction]

    package init(_ name: String, service: String, _ naming: ErrorNaming, _ actions: [String: OptimizedAction]) {
        self.name = name
        self.service = service
        self.naming = naming
        self.actions = actions
    }
}

/// One action of an optimised integration.
package struct OptimizedAction: Sendable {
    /// The API's operation.
    package var operation: String
    /// Changes the parameters before they are sent.
    package var prepare: @Sendable (JSONValue, TaskRequest) throws(Failure) -> JSONValue = { (input, _) throws(Failure) in input }
    /// Judges and changes the answer.
    package var finish: @Sendable (JSONValue) throws(Failure) -> JSONValue = { (output) throws(Failure) in output }
    package var addsMetadata = true
    /// For `.sync`.
    package var job: JobPattern?
    /// How long an answer may take.
    package var stallSeconds: Double?

    package init(_ operation: String, job: JobPattern? = nil) {
        self.operation = operation
        self.job = job
    }

    func with(_ change: (inout OptimizedAction) -> Void) -> OptimizedAction {
        var copy = self
        change(&copy)
        return copy
    }
}

/// Performs optimised integrations through the AWS client.
package struct OptimizedIntegration: Integration {
    private let client: AWSClient
    private let service: OptimizedService
    private let pace: JobPace

    package init(_ client: AWSClient, _ service: OptimizedService, pace: JobPace = JobPace()) {
        self.client = client
        self.service = service
        self.pace = pace
    }

    package func perform(_ request: TaskRequest, report: any TaskReport) async throws(Failure) -> JSONValue {
        guard case .service(_, let name) = request.resource.kind, let action = service.actions[name] else {
            throw .runtime("The resource \(request.resource.arn) names no action of \(service.name).")
        }
        let caller = ServiceCaller(
            client: client, service: service.service, naming: service.naming, style: .optimized, request: request)
        let input = try action.prepare(request.input, request)
        switch request.resource.pattern {
        case .requestResponse, .waitForTaskToken: return try await start(action, input, caller)
        case .sync, .sync2:
            guard let job = action.job else {
                throw .runtime("The resource \(request.resource.arn) has no .sync pattern.")
            }
            return try await JobRun(job: job, action: action, caller: caller, input: input, report: report, pace: pace).result()
        }
    }

    private func start(_ action: OptimizedAction, _ input: JSONValue, _ caller: ServiceCaller) async throws(Failure) -> JSONValue {
        let result = try await caller.call(action.operation, input, stallSeconds: action.stallSeconds)
        let output = try action.finish(result.output)
        return action.addsMetadata ? SdkMetadata.added(to: output, result) : output
    }
}
