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
    /// Asks for what the parameters name, before they are sent.
    package var lookup: Lookup?
    /// For `.sync`.
    package var job: JobPattern?
    /// How long an answer may take.
    package var stallSeconds: Double?

    package init(_ operation: String, job: JobPattern? = nil) {
        self.operation = operation
        self.job = job
    }

    /// A question, and from its answer the parameters or the next question.
    package struct Lookup: Sendable {
        package enum Step: Sendable {
            case parameters(JSONValue)
            case more(JobPattern.Query)
        }
        package var first: @Sendable (_ input: JSONValue) throws(Failure) -> JobPattern.Query
        package var found: @Sendable (_ input: JSONValue, _ page: JSONValue) throws(Failure) -> Step
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
        let input = try await looked(up: action.prepare(request.input, request), action, caller)
        switch request.resource.pattern {
        case .requestResponse, .waitForTaskToken: return try await start(action, input, caller)
        case .sync, .sync2:
            guard let job = action.job else {
                throw .runtime("The resource \(request.resource.arn) has no .sync pattern.")
            }
            return try await JobRun(job: job, action: action, caller: caller, input: input, report: report, pace: pace).result()
        }
    }

    private func looked(up input: JSONValue, _ action: OptimizedAction, _ caller: ServiceCaller) async throws(Failure) -> JSONValue {
        guard let lookup = action.lookup else { return input }
        var query = try lookup.first(input)
        while true {
            switch try lookup.found(input, try await caller.call(query.operation, query.input).output) {
            case .parameters(let parameters): return parameters
            case .more(let next): query = next
            }
        }
    }

    private func start(_ action: OptimizedAction, _ input: JSONValue, _ caller: ServiceCaller) async throws(Failure) -> JSONValue {
        let result = try await caller.call(action.operation, input, stallSeconds: action.stallSeconds)
        let output = try action.finish(result.output)
        return action.addsMetadata ? SdkMetadata.added(to: output, result) : output
    }
}
