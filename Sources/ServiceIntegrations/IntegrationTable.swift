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
        entries = AWSIntegrations(configuration.services).entries(functions) + [
            Entry(takes: { $0.kind == .lambdaFunction || ($0.isService("lambda", "invoke")) || $0.isService("aws-sdk:lambda", "invoke") }, LocalLambda(functions)),
            Entry(
                takes: { $0.isService("http", "invoke") },
                HTTPInvoke(region: region, connections: connections, requiresConnection: !connections.isEmpty)),
        ]
    }

    package func integration(for resource: TaskResource) -> (any Integration)? {
        entries.first { $0.takes(resource) }?.integration
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
