import Curl
import JSON

/// Finds credentials as the SDKs do, keeps them, and renews them five minutes before they expire.
package actor CredentialsProvider {
    private let configuration: AWSConfiguration
    private let http: HTTPClient
    /// By role; "" without one.
    private var kept: [String: AWSCredentials] = [:]
    private var looking: [String: Task<Result<AWSCredentials, AWSFailure>, Never>] = [:]
    private static let margin: Int64 = 5 * 60 * 1000

    package init(_ configuration: AWSConfiguration, http: HTTPClient) {
        self.configuration = configuration
        self.http = http
    }

    /// `isLocal`: the request goes to a server on this machine, which takes any: without credentials, `test` is used.
    package func credentials(roleARN: String?, isLocal: Bool = false) async throws(AWSFailure) -> AWSCredentials {
        let key = roleARN ?? (isLocal ? "local" : "")
        if let known = kept[key], isFresh(known) { return known }
        let task = looking[key] ?? Task { await self.look(roleARN, isLocal: isLocal) }
        looking[key] = task
        let result = await task.value
        looking[key] = nil
        if case .success(let found) = result { kept[key] = found }
        return try result.get()
    }

    package func forget() { kept = [:] }

    private func isFresh(_ credentials: AWSCredentials) -> Bool {
        guard let expires = credentials.expires else { return true }
        return expires - Self.margin > configuration.surroundings.now().milliseconds
    }

    private func look(_ roleARN: String?, isLocal: Bool) async -> Result<AWSCredentials, AWSFailure> {
        do throws(AWSFailure) {
            if let roleARN {
                let base = try await credentials(roleARN: nil, isLocal: isLocal || stsIsLocal)
                return .success(try await assume(roleARN, base))
            }
            return .success(try await CredentialsChain(configuration, http: http).find(isLocal: isLocal))
        } catch {
            return .failure(error)
        }
    }

    private var stsIsLocal: Bool {
        guard let model = AWSTable.shared.service("sts"), let url = configuration.endpoint(model, named: "sts"),
            let endpoint = Endpoint(override: url, region: configuration.region)
        else { return false }
        return endpoint.isLocal
    }

    private func assume(_ roleARN: String, _ base: AWSCredentials) async throws(AWSFailure) -> AWSCredentials {
        try await CredentialsChain(configuration, http: http).assume(
            ["RoleArn": .string(roleARN), "RoleSessionName": "sfn-run"], base)
    }
}
