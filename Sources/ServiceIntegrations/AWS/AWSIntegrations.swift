import AWSClient
import JSON
import LocalJobs
import StatesLanguage
import Synchronization

/// The integrations that call AWS, or a server that speaks its API.
///
/// A service is called only where the user said so: its `mode` is `aws`, or it has an endpoint in the
/// configuration or in the SDKs' variables (`AWS_ENDPOINT_URL…`). So a machine that is tried out here
/// touches no account by accident.
package struct AWSIntegrations: Sendable {
    private let services: ServicesConfiguration
    private let surroundings: Surroundings
    private let client: LazyClient
    private let pace: JobPace

    package static let optimized: [OptimizedService] = [
        .dynamoDB, .sqs, .sns, .eventBridge, .s3, .sageMaker, .ecs, .batch, .glue, .athena, .codeBuild, .emr, .emrServerless,
        .eks, .bedrock, .bedrockRuntime,
    ]

    package init(_ services: ServicesConfiguration, surroundings: Surroundings = .process, pace: JobPace = JobPace(), requestSeconds: Double? = nil) {
        self.services = services
        self.surroundings = surroundings
        self.pace = pace
        client = LazyClient { AWSClient(Self.configuration(services, surroundings, requestSeconds: requestSeconds)) }
    }

    /// S3 for item readers and result writers, where S3 is called at all; nil: the buckets of this machine.
    package var remoteBuckets: RemoteBuckets? {
        guard isServed("s3") else { return nil }
        let client = client
        return RemoteBuckets { client.value }
    }

    /// CloudWatch Logs for loggingConfigurations, where it is called at all.
    package var logDelivery: LogDelivery? {
        guard isServed("cloudwatchlogs") else { return nil }
        let client = client
        return LogDelivery { client.value }
    }

    /// The client that all of them share; made when it is first needed.
    package var sharedClient: AWSClient { client.value }

    package static func configuration(
        _ services: ServicesConfiguration, _ surroundings: Surroundings = .process, requestSeconds: Double? = nil
    ) -> AWSConfiguration {
        var told = AWSConfiguration.Told()
        told.requestSeconds = requestSeconds
        // The default is no wish: the SDKs' variables and files may know better.
        told.region = services.region == Configuration(folder: "").services.region ? nil : services.region
        told.profile = services.profile
        for (name, url) in services.endpoints {
            if name == "*" { told.endpoint = url } else { told.endpoints[tableName(name)] = url }
        }
        return AWSConfiguration(told, surroundings: surroundings)
    }

    /// Names that people and resources use, as the API table has them.
    static func tableName(_ name: String) -> String {
        switch name.lowercased() {
        case "states", "stepfunctions": "sfn"
        case "events": "eventbridge"
        case "elasticmapreduce": "emr"
        case "logs": "cloudwatchlogs"
        case let other: other.filter { $0 != "-" && $0 != " " && $0 != "_" }
        }
    }

    /// Whether a service (by the table's name) is called at all.
    package func isServed(_ service: String) -> Bool {
        for (name, mode) in services.modes where Self.tableName(name) == service { return mode == .aws }
        if services.endpoints.keys.contains(where: { Self.tableName($0) == service }) { return true }
        if services.mode == .aws { return true }
        if surroundings.variables.keys.contains(where: { Self.names($0, service) }) { return true }
        if service == "sfn", services.isStepFunctions { return false }
        return services.endpoints["*"] != nil || surroundings.variables["AWS_ENDPOINT_URL"] != nil
    }

    private static func names(_ variable: String, _ service: String) -> Bool {
        let prefix = "AWS_ENDPOINT_URL_"
        return variable.hasPrefix(prefix) && tableName(String(variable.dropFirst(prefix.count))) == service
    }

    /// To be put before the entries that work on this machine alone, but for functions that are configured here.
    /// `objects`: this machine's buckets, for where S3 itself is not called.
    package func entries(_ functions: LocalFunctions? = nil, objects: (any Integration)? = nil) -> [IntegrationTable.Entry] {
        var entries: [IntegrationTable.Entry] = []
        func add(_ service: String, _ takes: @escaping @Sendable (TaskResource) -> Bool, _ make: @escaping @Sendable () -> any Integration) {
            guard isServed(service) else { return }
            entries.append(.init(takes: takes, LazyIntegration(make)))
        }
        let client = client
        let pace = pace
        add("lambda", { $0.kind == .lambdaFunction || $0.isService("lambda", "invoke") }) {
            let remote = Lambda(client.value)
            return functions.map { LambdaChoice(local: LocalLambda($0), remote: remote, functions: $0) } ?? remote
        }
        let hasS3 = isServed("s3")
        add("bedrockruntime", { $0.isService("bedrock", "invokeModel") }) {
            let s3 = hasS3 ? AWSSDK(client.value) : objects ?? AWSSDK(client.value)
            return BedrockModel(OptimizedIntegration(client.value, .bedrockRuntime, pace: pace), objects: s3)
        }
        for service in Self.optimized {
            add(service.service, { $0.isService(service.name) && service.hasAction(of: $0) }) {
                OptimizedIntegration(client.value, service, pace: pace)
            }
        }
        add("sfn", { $0.isService("states", "startExecution") }) {
            StepFunctionsStart(OptimizedIntegration(client.value, .stepFunctions, pace: pace))
        }
        // So has a cluster.
        entries.append(
            .init(
                takes: { $0.isService("eks", "call") || $0.isService("eks", "runJob") },
                LazyIntegration { Kubernetes(client.value, pace: pace) }))
        // An HTTP API has a host name of its own, which is AWS's or is not.
        entries.append(
            .init(takes: { $0.isService("apigateway", "invoke") }, LazyIntegration { APIGateway(client.value) }))
        let served = self
        entries.append(
            .init(
                takes: { resource in
                    guard case .service(let name, _) = resource.kind, name.hasPrefix("aws-sdk:") else { return false }
                    return served.isServed(String(name.dropFirst("aws-sdk:".count)).lowercased())
                }, LazyIntegration { AWSSDK(client.value) }))
        return entries
    }
}

extension OptimizedService {
    fileprivate func hasAction(of resource: TaskResource) -> Bool {
        guard case .service(_, let action) = resource.kind else { return false }
        return actions[action] != nil
    }
}

/// A function that is configured on this machine runs here, any other at AWS.
struct LambdaChoice: Integration {
    let local: LocalLambda
    let remote: Lambda
    let functions: LocalFunctions

    func perform(_ request: TaskRequest, report: any TaskReport) async throws(Failure) -> JSONValue {
        let name: String? = if case .lambdaFunction = request.resource.kind { request.resource.arn } else { request.input["FunctionName"]?.string }
        if let name, functions.contains(name) { return try await local.perform(request, report: report) }
        return try await remote.perform(request, report: report)
    }
}

/// Made when a task first needs it, so that a run without such tasks reads no AWS file.
private final class LazyClient: Sendable {
    private let made = Mutex<AWSClient?>(nil)
    private let make: @Sendable () -> AWSClient

    init(_ make: @escaping @Sendable () -> AWSClient) { self.make = make }

    var value: AWSClient {
        made.withLock { made in
            if let made { return made }
            let new = make()
            made = new
            return new
        }
    }
}

private struct LazyIntegration: Integration {
    private let make: @Sendable () -> any Integration
    init(_ make: @escaping @Sendable () -> any Integration) { self.make = make }

    func perform(_ request: TaskRequest, report: any TaskReport) async throws(Failure) -> JSONValue {
        try await make().perform(request, report: report)
    }
}
