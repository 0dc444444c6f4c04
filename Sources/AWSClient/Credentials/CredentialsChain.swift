import Curl
import Digest
import JSON

/// The places where credentials are looked for, in the SDKs' order: what the program was told, the environment,
/// a web identity, the profile, the container's endpoint, the instance's metadata.
struct CredentialsChain: Sendable {
    let configuration: AWSConfiguration
    let http: HTTPClient
    private static let maximumRoles = 8

    init(_ configuration: AWSConfiguration, http: HTTPClient) {
        self.configuration = configuration
        self.http = http
    }

    private var surroundings: Surroundings { configuration.surroundings }

    func find(isLocal: Bool) async throws(AWSFailure) -> AWSCredentials {
        if let told = configuration.told.credentials { return told }
        if let key = surroundings.variable("AWS_ACCESS_KEY_ID"), let secret = surroundings.variable("AWS_SECRET_ACCESS_KEY") {
            return AWSCredentials(
                accessKeyID: key, secretAccessKey: secret, sessionToken: surroundings.variable("AWS_SESSION_TOKEN"))
        }
        if let file = surroundings.variable("AWS_WEB_IDENTITY_TOKEN_FILE"), let role = surroundings.variable("AWS_ROLE_ARN") {
            return try await webIdentity(file, role, surroundings.variable("AWS_ROLE_SESSION_NAME"))
        }
        if configuration.shared.profiles[configuration.profileName] != nil,
            let found = try await profile(configuration.profileName, left: Self.maximumRoles)
        {
            return found
        }
        if let found = try await container() { return found }
        if isLocal { return AWSCredentials(accessKeyID: "test", secretAccessKey: "test") }
        if let found = try await instance() { return found }
        throw .noCredentials(
            "Unable to load credentials from any of the providers in the chain: environment, web identity, profile '\(configuration.profileName)', container, instance metadata."
        )
    }

    // MARK: profiles

    private func profile(_ name: String, left: Int) async throws(AWSFailure) -> AWSCredentials? {
        guard let section = configuration.shared.profiles[name] else {
            throw .noCredentials("The profile '\(name)' does not exist.")
        }
        guard left > 0 else { throw .noCredentials("The profile '\(name)' leads back to itself.") }
        if let role = section["role_arn"] {
            if let file = section["web_identity_token_file"] {
                return try await webIdentity(file, role, section["role_session_name"])
            }
            return try await assume(role, section, name, left: left)
        }
        if let key = section["aws_access_key_id"], let secret = section["aws_secret_access_key"] {
            return AWSCredentials(accessKeyID: key, secretAccessKey: secret, sessionToken: section["aws_session_token"])
        }
        if section["sso_account_id"] != nil || section["sso_session"] != nil { return try await sso(section, name) }
        if let command = section["credential_process"] { return try await process(command) }
        return nil
    }

    private func assume(
        _ role: String, _ section: SharedConfig.Section, _ name: String, left: Int
    ) async throws(AWSFailure) -> AWSCredentials {
        var base: AWSCredentials?
        if let source = section["source_profile"] {
            // A profile may name itself: its own keys are then the source.
            if source == name, let key = section["aws_access_key_id"], let secret = section["aws_secret_access_key"] {
                base = AWSCredentials(accessKeyID: key, secretAccessKey: secret, sessionToken: section["aws_session_token"])
            } else {
                base = try await profile(source, left: left - 1)
            }
        } else {
            switch section["credential_source"] {
            case "Environment":
                if let key = surroundings.variable("AWS_ACCESS_KEY_ID"),
                    let secret = surroundings.variable("AWS_SECRET_ACCESS_KEY")
                {
                    base = AWSCredentials(
                        accessKeyID: key, secretAccessKey: secret, sessionToken: surroundings.variable("AWS_SESSION_TOKEN"))
                }
            case "EcsContainer": base = try await container()
            case "Ec2InstanceMetadata": base = try await instance()
            default: break
            }
        }
        guard let base else { throw .noCredentials("The profile '\(name)' names no source for its role.") }
        var input = JSONObject([("RoleArn", .string(role))])
        input["RoleSessionName"] = .string(section["role_session_name"] ?? "sfn-run")
        if let id = section["external_id"] { input["ExternalId"] = .string(id) }
        if let duration = section["duration_seconds"].flatMap({ Int64($0) }) { input["DurationSeconds"] = .integer(duration) }
        return try await assume(.object(input), base)
    }

    /// `input`: AssumeRole's parameters.
    func assume(_ input: JSONValue, _ base: AWSCredentials) async throws(AWSFailure) -> AWSCredentials {
        try await sts("assumeRole", input, base)
    }

    private func webIdentity(_ file: String, _ role: String, _ session: String?) async throws(AWSFailure) -> AWSCredentials {
        guard let token = surroundings.text(ofFile: file) else {
            throw .noCredentials("The web identity token file '\(file)' cannot be read.")
        }
        return try await sts(
            "assumeRoleWithWebIdentity",
            [
                "RoleArn": .string(role), "RoleSessionName": .string(session ?? "sfn-run"),
                "WebIdentityToken": .string(String(token.filter { !$0.isNewline })),
            ], nil)
    }

    private func sts(_ operation: String, _ input: JSONValue, _ base: AWSCredentials?) async throws(AWSFailure) -> AWSCredentials {
        var told = configuration.told
        told.credentials = base
        let client = AWSClient(AWSConfiguration(told, surroundings: surroundings), http: http)
        let result = try await client.call(AWSCall("sts", operation, input))
        guard let found = Self.credentials(result.output["Credentials"], keys: ("AccessKeyId", "SecretAccessKey", "SessionToken", "Expiration"))
        else { throw .noCredentials("STS answered \(operation) without credentials.") }
        return found
    }

    private func sso(_ section: SharedConfig.Section, _ name: String) async throws(AWSFailure) -> AWSCredentials {
        let session = section["sso_session"].flatMap { configuration.shared.ssoSessions[$0] }
        guard let url = session?["sso_start_url"] ?? section["sso_start_url"],
            let region = session?["sso_region"] ?? section["sso_region"], let account = section["sso_account_id"],
            let role = section["sso_role_name"]
        else { throw .noCredentials("The profile '\(name)' lacks settings of IAM Identity Center.") }
        let cache = Digest.hex(section["sso_session"] ?? url, algorithm: .sha1)
        let path = surroundings.home + "/.aws/sso/cache/\(cache).json"
        guard let bytes = surroundings.readFile(path), let json = try? JSONValue(parsing: bytes),
            let token = json["accessToken"]?.string, let expires = json["expiresAt"]?.string.flatMap(AWSTimestamp.init),
            expires.milliseconds > surroundings.now().milliseconds
        else {
            throw .noCredentials("The session of IAM Identity Center has expired: run 'aws sso login --profile \(name)'.")
        }
        var told = configuration.told
        told.region = region
        let client = AWSClient(AWSConfiguration(told, surroundings: surroundings), http: http)
        let result = try await client.call(
            AWSCall(
                "sso", "getRoleCredentials",
                ["roleName": .string(role), "accountId": .string(account), "accessToken": .string(token)]))
        let found = result.output["roleCredentials"]
        guard let key = found?["accessKeyId"]?.string, let secret = found?["secretAccessKey"]?.string else {
            throw .noCredentials("IAM Identity Center answered without credentials.")
        }
        return AWSCredentials(
            accessKeyID: key, secretAccessKey: secret, sessionToken: found?["sessionToken"]?.string,
            expires: found?["expiration"]?.wholeNumber)
    }

    private func process(_ command: String) async throws(AWSFailure) -> AWSCredentials {
        guard let output = await ShellCommand.output(of: command), let json = try? JSONValue(parsing: output),
            json["Version"]?.wholeNumber == 1,
            let found = Self.credentials(json, keys: ("AccessKeyId", "SecretAccessKey", "SessionToken", "Expiration"))
        else { throw .noCredentials("The credential_process printed no credentials.") }
        return found
    }

    // MARK: metadata

    private func container() async throws(AWSFailure) -> AWSCredentials? {
        var url = surroundings.variable("AWS_CONTAINER_CREDENTIALS_FULL_URI")
        if let relative = surroundings.variable("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI") {
            url = "http://169.254.170.2" + relative
        }
        guard let url else { return nil }
        var headers: [HTTPHeader] = []
        if let file = surroundings.variable("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE") {
            headers.set("Authorization", (surroundings.text(ofFile: file) ?? "").filter { !$0.isNewline })
        } else if let token = surroundings.variable("AWS_CONTAINER_AUTHORIZATION_TOKEN") {
            headers.set("Authorization", token)
        }
        guard let json = await metadata("GET", url, headers, seconds: 5),
            let found = Self.credentials(json, keys: ("AccessKeyId", "SecretAccessKey", "Token", "Expiration"))
        else { throw .noCredentials("The container's credentials endpoint \(url) gave none.") }
        return found
    }

    private func instance() async throws(AWSFailure) -> AWSCredentials? {
        guard surroundings.variable("AWS_EC2_METADATA_DISABLED")?.lowercased() != "true" else { return nil }
        let base = surroundings.variable("AWS_EC2_METADATA_SERVICE_ENDPOINT") ?? "http://169.254.169.254"
        let limit = HTTPHeader("X-aws-ec2-metadata-token-ttl-seconds", "21600")
        guard let token = await text("PUT", base + "/latest/api/token", [limit], seconds: 1) else { return nil }
        let headers = [HTTPHeader("X-aws-ec2-metadata-token", token)]
        let folder = base + "/latest/meta-data/iam/security-credentials/"
        guard let names = await text("GET", folder, headers, seconds: 1),
            let role = names.split(whereSeparator: \.isNewline).first,
            let json = await metadata("GET", folder + role, headers, seconds: 1)
        else { return nil }
        return Self.credentials(json, keys: ("AccessKeyId", "SecretAccessKey", "Token", "Expiration"))
    }

    private func metadata(_ method: String, _ url: String, _ headers: [HTTPHeader], seconds: Double) async -> JSONValue? {
        await text(method, url, headers, seconds: seconds).flatMap { try? JSONValue(parsing: $0) }
    }

    private func text(_ method: String, _ url: String, _ headers: [HTTPHeader], seconds: Double) async -> String? {
        var limits = HTTPLimits()
        limits.connectSeconds = seconds
        limits.totalSeconds = seconds
        limits.maximumBodyBytes = 1 << 20
        guard let response = try? await http.perform(HTTPRequest(method, url, headers: headers, limits: limits)),
            response.status == 200
        else { return nil }
        return String(decoding: response.body, as: UTF8.self)
    }

    private static func credentials(
        _ json: JSONValue?, keys: (id: String, secret: String, token: String, expiration: String)
    ) -> AWSCredentials? {
        guard let json, let id = json[keys.id]?.string, let secret = json[keys.secret]?.string else { return nil }
        let expires: Int64? =
            switch json[keys.expiration] {
            case .string(let text)?: AWSTimestamp(text)?.milliseconds
            case let value?: value.number.map { AWSTimestamp(seconds: $0).milliseconds }
            case nil: nil
            }
        return AWSCredentials(
            accessKeyID: id, secretAccessKey: secret, sessionToken: json[keys.token]?.string, expires: expires)
    }
}
