import Curl
import JSON
import StatesLanguage
import Synchronization

/// `arn:aws:states:::http:invoke`: any HTTP API.
package final class HTTPInvoke: Integration {
    private let client: HTTPClient
    private let region: String
    private let connections: [String: HTTPConnection]
    private let requiresConnection: Bool
    private let tokens = Mutex<[String: String]>([:])

    /// `connections`: by ARN, or by name (the part of the ARN after `connection/`).
    /// `requiresConnection`: as on AWS, a task without a ConnectionArn is refused.
    package init(
        client: HTTPClient = .shared, region: String, connections: [String: HTTPConnection],
        requiresConnection: Bool = true
    ) {
        self.client = client
        self.region = region
        self.connections = connections
        self.requiresConnection = requiresConnection
    }

    package func perform(_ request: TaskRequest, report: any TaskReport) async throws(Failure) -> JSONValue {
        let task = try HTTPTask(request.input)
        let connection = try connection(task, request.input)
        let token = try await token(connection, task)
        var response = try await exchange(task, connection, token, report)
        if response.status == 401, token != nil, case .oauth = connection.authorization {
            // The token may have expired: one new one.
            tokens.withLock { $0[task.connectionARN ?? ""] = nil }
            let fresh = try await self.token(connection, task)
            response = try await exchange(task, connection, fresh, report)
        }
        return try HTTPTask.result(response)
    }

    private func connection(_ task: HTTPTask, _ input: JSONValue) throws(Failure) -> HTTPConnection {
        guard let arn = task.connectionARN else {
            guard requiresConnection else { return HTTPConnection() }
            throw .runtime(
                "The Parameters '\(input.text())' could not be used to start the Task: [The field 'Authentication' is required but was missing]")
        }
        // arn:aws:events:REGION:ACCOUNT:connection/NAME/ID
        let name = arn.split(separator: "/").dropFirst().first.map(String.init) ?? arn
        guard let connection = connections[arn] ?? connections[name] else {
            throw Failure("Events.ConnectionResource.ResourceNotFound", "The connection \(arn) is not configured.")
        }
        return connection
    }

    private func token(_ connection: HTTPConnection, _ task: HTTPTask) async throws(Failure) -> String? {
        guard case .oauth(let oauth) = connection.authorization else { return nil }
        let key = task.connectionARN ?? ""
        if let known = tokens.withLock({ $0[key] }) { return known }
        let failure = "Events.ConnectionResource.InvalidConnectionState"
        let response: HTTPResponse
        do throws(HTTPFailure) {
            response = try await client.perform(HTTPTask.tokenRequest(oauth))
        } catch {
            throw Failure(failure, "No token: \(error.message)")
        }
        guard response.status < 300, let answer = try? JSONValue(parsing: response.body),
            let token = answer["access_token"]?.string
        else { throw Failure(failure, "The authorization endpoint answered \(response.status) without a token.") }
        tokens.withLock { $0[key] = token }
        return token
    }

    private func exchange(
        _ task: HTTPTask, _ connection: HTTPConnection, _ token: String?, _ report: any TaskReport
    ) async throws(Failure) -> HTTPResponse {
        var request = task.request(connection, region: region, token: token)
        var shown = HTTPExchange(request: request, open: task.request(HTTPConnection(), region: region))
        report.exchanged(shown)
        var left = HTTPTask.maximumRedirects
        while true {
            let response: HTTPResponse
            do throws(HTTPFailure) {
                response = try await client.perform(request)
            } catch {
                throw HTTPTask.failure(error)
            }
            shown.response = response
            report.exchanged(shown)
            guard left > 0, let next = HTTPTask.redirected(request, response, connection: connection) else { return response }
            left -= 1
            request = next
        }
    }
}
