import Curl
import Glibc
import JSON
import LocalJobs
import StatesLanguage

/// What a Task's resource calls on this machine: the first entry that takes the resource.
package struct IntegrationTable: Sendable {
    package struct Entry: Sendable {
        package let takes: @Sendable (TaskResource) -> Bool
        package let integration: any Integration

        package init(takes: @escaping @Sendable (TaskResource) -> Bool, _ integration: any Integration) {
            self.takes = takes
            self.integration = integration
        }
    }

    package var entries: [Entry]
    package let functions: LocalFunctions

    package init(_ configuration: Configuration) {
        let environment = Self.environment()
        let region = configuration.services.region
        functions = LocalFunctions(configuration, post: Self.post)
        let connections = configuration.connections.compactMapValues { HTTPConnection($0, environment: environment) }
        entries =
            AWSIntegrations(configuration.services).entries(functions, objects: LocalS3(configuration)) + [
                Entry(
                    takes: { $0.kind == .lambdaFunction || ($0.isService("lambda", "invoke")) || $0.isService("aws-sdk:lambda", "invoke") },
                    LocalLambda(functions)),
                Entry(
                    takes: { $0.isService("http", "invoke") },
                    HTTPInvoke(region: region, connections: connections, requiresConnection: !connections.isEmpty)),
            ]
        entries += Self.localServices(configuration)
    }

    package func integration(for resource: TaskResource) -> (any Integration)? {
        entries.first { $0.takes(resource) }?.integration
    }

    /// The services that this machine offers itself, where the configuration sends them nowhere else.
    private static func localServices(_ configuration: Configuration) -> [Entry] {
        var entries: [Entry] = []
        let services = configuration.services
        func isLocal(_ service: String) -> Bool {
            services.mode(of: service) == .local && services.endpoints[service] == nil && services.endpoints["*"] == nil
        }
        let sageMaker = LocalSageMaker(configuration)
        entries.append(Entry(takes: { $0.isService("sfn-run") }, sageMaker))
        if isLocal("sagemaker") { entries.append(Entry(takes: { $0.isService("sagemaker") || $0.isService("aws-sdk:sagemaker") }, sageMaker)) }
        if isLocal("s3") {
            entries.append(
                Entry(
                    takes: { resource in LocalS3.actions.contains { resource.isService("aws-sdk:s3", $0) || resource.isService("s3", $0) } },
                    LocalS3(configuration)))
        }
        if isLocal("sqs") {
            entries.append(Entry(takes: { $0.isService("sqs", "sendMessage") || $0.isService("aws-sdk:sqs", "sendMessage") }, LocalSQS(configuration)))
        }
        if isLocal("ssm") {
            entries.append(Entry(takes: { resource in LocalSSM.actions.contains { resource.isService("aws-sdk:ssm", $0) } }, LocalSSM(configuration)))
        }
        return entries
    }

    /// Ends the processes that work for this table.
    package func shutDown() { functions.shutDown() }

    package static func environment() -> [String: String] {
        var result: [String: String] = [:]
        var entry = environ
        while let text = entry.pointee {
            let line = String(cString: text)
            if let separator = line.firstIndex(of: "=") { result[String(line[..<separator])] = String(line[line.index(after: separator)...]) }
            entry += 1
        }
        return result
    }

    /// A function at a URL.
    private static let post: LocalFunctions.Post = {
        (url: String, headers: [(String, String)], body: [UInt8], timeout: Double?) async throws(FunctionTransportError) in
        var request = HTTPRequest("POST", url)
        request.headers = headers.map { HTTPHeader($0.0, $0.1) }
        request.body = body
        request.limits.totalSeconds = timeout
        do throws(HTTPFailure) {
            let response = try await HTTPClient.shared.perform(request)
            return (response.status, response.headers.map { ($0.name, $0.value) }, response.body)
        } catch {
            throw FunctionTransportError(message: "\(error)", isTimeout: error.isTimeout)
        }
    }
}

extension TaskResource {
    package func isService(_ service: String, _ action: String) -> Bool { kind == .service(service: service, action: action) }

    package func isService(_ service: String) -> Bool {
        if case .service(service, _) = kind { return true }
        return false
    }
}
