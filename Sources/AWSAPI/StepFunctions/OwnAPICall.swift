import AWSClient
import Engine
import JSON
import ServiceIntegrations
import StatesLanguage

/// `arn:aws:states:::aws-sdk:sfn:…`: what a machine asks of Step Functions is asked of this server.
struct OwnAPICall: Integration {
    private let api: @Sendable () -> StepFunctionsAPI?
    private let operation: String

    /// nil: not an operation of Step Functions, or one that the engine has a door of its own for.
    init?(_ resource: TaskResource, _ api: @escaping @Sendable () -> StepFunctionsAPI?) {
        guard case .service("aws-sdk:sfn", let action) = resource.kind, action != "startExecution" else { return nil }
        let operation = Naming.capitalized(action)
        guard StepFunctionsAPI.operations[operation] != nil else { return nil }
        self.api = api
        self.operation = operation
    }

    func perform(_ request: TaskRequest, report: any TaskReport) async throws(Failure) -> JSONValue {
        guard let api = api() else { throw Failure(ErrorName.taskFailed, "The server is not ready") }
        let body = Self.renamed(request.input, depth: 0) { $0.prefix(1).lowercased() + $0.dropFirst() }
        do {
            let answer = try await api.handle(target: "AWSStepFunctions.\(operation)", body: Array(body.text().utf8))
            return Self.renamed(Self.withTimes(answer, depth: 0), depth: 0) { Naming.member($0) }
        } catch {
            throw Failure(
                "Sfn.\(Naming.exception(error.code))",
                "\(error.message) (Service: Sfn, Status Code: \(error.status), Request ID: \(SecureRandom.uuid())) (SDK Attempt Count: 1)")
        }
    }

    private static func renamed(_ value: JSONValue, depth: Int, _ name: (String) -> String) -> JSONValue {
        guard depth < 100 else { return value }
        switch value {
        case .object(let object): return .object(JSONObject(object.map { (name($0.0), renamed($0.1, depth: depth + 1, name)) }))
        case .array(let array): return .array(array.map { renamed($0, depth: depth + 1, name) })
        default: return value
        }
    }

    /// Seconds since 1970 become the SDK's texts.
    private static func withTimes(_ value: JSONValue, depth: Int) -> JSONValue {
        guard depth < 100 else { return value }
        switch value {
        case .array(let array): return .array(array.map { withTimes($0, depth: depth + 1) })
        case .object(let object):
            return .object(
                JSONObject(
                    object.map { key, member in
                        guard key.hasSuffix("Date") || key == "timestamp", let seconds = member.number, abs(seconds) < 1e12 else {
                            return (key, withTimes(member, depth: depth + 1))
                        }
                        return (key, .string(Timestamp(milliseconds: Int64((seconds * 1000).rounded())).iso8601))
                    }))
        default: return value
        }
    }
}

extension EngineOptions {
    /// Lets Task states call Step Functions itself where the configuration names no other place for it.
    package mutating func useOwnAPI(_ api: @escaping @Sendable () -> StepFunctionsAPI?) {
        let known = integration
        integration = { resource in known(resource) ?? OwnAPICall(resource, api) }
    }
}
