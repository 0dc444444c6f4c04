import AWSClient
import Curl
import JSON
import StatesLanguage

/// Calls one service on behalf of a Task.
struct ServiceCaller: Sendable {
    let client: AWSClient
    /// In the table.
    let service: String
    let naming: ErrorNaming
    let style: ResultStyle
    let request: TaskRequest

    func call(_ operation: String, _ input: JSONValue, stallSeconds: Double? = nil) async throws(Failure) -> AWSResult {
        var call = AWSCall(
            service, operation, input, style: style, roleARN: request.credentialsRoleARN, idempotencyToken: request.taskID)
        if let stallSeconds { call.limits.stalledSeconds = stallSeconds }
        do throws(AWSFailure) {
            return try await client.call(call)
        } catch {
            if let role = request.credentialsRoleARN, case .service(let found) = error, found.isAssumeRole {
                throw Failure(
                    ErrorName.taskFailed,
                    "The role \(request.roleARN) is not authorized to assume the task state's role, \(role).")
            }
            throw Failure.service(error, naming, client.model(service), request)
        }
    }
}

extension ServiceError {
    /// STS refused to hand out a role: its answers are the only ones in STS's XML here.
    fileprivate var isAssumeRole: Bool {
        message.contains("sts:AssumeRole") || code == "AccessDenied" && message.contains("AssumeRole")
    }
}

/// The members that optimised integrations add to a service's answer.
enum SdkMetadata {
    static func added(to output: JSONValue, _ result: AWSResult) -> JSONValue {
        var all = JSONObject()
        for header in result.response.headers { all[header.name] = .array((all[header.name]?.array ?? []) + [.string(header.value)]) }
        let names = all.keys.sorted { $0.lowercased() < $1.lowercased() }
        var first = JSONObject()
        for name in names { first[name] = all[name]?[0] }
        var members = output.object.map { Array($0) } ?? []
        members.append(
            (
                key: "SdkHttpMetadata",
                value: [
                    "AllHttpHeaders": .object(all), "HttpHeaders": .object(first),
                    "HttpStatusCode": .integer(Int64(result.response.status)),
                ]
            ))
        members.append((key: "SdkResponseMetadata", value: ["RequestId": .string(result.requestID)]))
        members.sort { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
        return .object(JSONObject(members.map { ($0.key, $0.value) }))
    }
}
