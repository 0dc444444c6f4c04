import AWSClient
import Curl
import JSON
import LocalServers
import Testing

/// What the chain finds in given surroundings, seen by the key id that a request is signed with.
@Suite(.serialized, .enabled(if: LocalServer.faulty != nil, "python3 is needed"))
struct CredentialsTests {
    private let base = LocalServer.faulty?.url ?? ""

    private func script(_ key: String, _ steps: JSONValue) async throws {
        _ = try await HTTPClient.shared.perform(HTTPRequest("PUT", "\(base)/script/\(key)", body: steps.bytes()))
    }

    private func log(_ key: String) async throws -> String {
        String(decoding: try await HTTPClient.shared.perform(HTTPRequest("GET", "\(base)/log/\(key)")).body, as: UTF8.self)
    }

    /// Calls DynamoDB at `/play/KEY`, which answers, and gives the log with the signature's key id.
    private func signed(
        _ key: String, _ variables: [String: String], files: [String: String] = [:], now: Int64 = 1_700_000_000_000
    ) async throws -> Result<String, AWSFailure> {
        try await script(key, [["body": [:]]])
        var variables = variables
        variables["AWS_ENDPOINT_URL_DYNAMODB"] = "\(base)/play/\(key)"
        variables["HOME"] = "/home/u"
        let surroundings = Surroundings(
            variables: variables, readFile: { files[$0].map { Array($0.utf8) } }, now: { AWSTimestamp(milliseconds: now) })
        let client = AWSClient(AWSConfiguration(surroundings: surroundings), pause: { _ in })
        do throws(AWSFailure) {
            _ = try await client.call(AWSCall("dynamodb", "listTables", [:]))
        } catch {
            return .failure(error)
        }
        return .success(try await log(key))
    }

    @Test func theEnvironmentComesFirst() async throws {
        let log = try await signed(
            "c1", ["AWS_ACCESS_KEY_ID": "ENVKEY", "AWS_SECRET_ACCESS_KEY": "s", "AWS_SESSION_TOKEN": "tok", "AWS_REGION": "eu-west-3"],
            files: ["/home/u/.aws/credentials": "[default]\naws_access_key_id = FILEKEY\naws_secret_access_key = s\n"]
        ).get()
        #expect(log.contains("Credential=ENVKEY/20231114/eu-west-3/dynamodb/aws4_request"))
        #expect(log.contains(#"["X-Amz-Security-Token", "tok"]"#))
    }

    @Test func aProfileIsReadFromBothFiles() async throws {
        let files = [
            "/home/u/.aws/config": "[profile work]\nregion = ap-south-1 # near\n\n[default]\nregion=us-west-2\n",
            "/home/u/.aws/credentials": "[work]\naws_access_key_id = WORKKEY\naws_secret_access_key = s\n",
        ]
        let log = try await signed("c2", ["AWS_PROFILE": "work"], files: files).get()
        #expect(log.contains("Credential=WORKKEY/20231114/ap-south-1/"))
    }

    private let assumed =
        "<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>ROLEKEY</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>"

    @Test func aProfilesRoleIsAssumedWithItsSource() async throws {
        try await script("sts1", [["body": .string(assumed)]])
        let files = [
            "/home/u/.aws/config":
                "[profile r]\nrole_arn = arn:aws:iam::1:role/x\nsource_profile = base\nexternal_id = ex\n[profile base]\naws_access_key_id = BASEKEY\naws_secret_access_key = s\n"
        ]
        let log = try await signed("c3", ["AWS_PROFILE": "r", "AWS_ENDPOINT_URL_STS": "\(base)/play/sts1"], files: files).get()
        #expect(log.contains("Credential=ROLEKEY/"))
        let sts = try await self.log("sts1")
        #expect(sts.contains("Credential=BASEKEY/"))
        #expect(sts.contains("ExternalId=ex"))
    }

    @Test func aWebIdentityNeedsNoSignature() async throws {
        let body = assumed.split(separator: "AssumeRole").joined(separator: "AssumeRoleWithWebIdentity")
        try await script("sts2", [["body": .string(body)]])
        let log = try await signed(
            "c4",
            [
                "AWS_WEB_IDENTITY_TOKEN_FILE": "/token", "AWS_ROLE_ARN": "arn:aws:iam::1:role/x",
                "AWS_ENDPOINT_URL_STS": "\(base)/play/sts2",
            ], files: ["/token": "web-token\n"]
        ).get()
        #expect(log.contains("Credential=ROLEKEY/"))
        let sts = try await self.log("sts2")
        #expect(sts.contains("WebIdentityToken=web-token"))
        #expect(!sts.contains("Authorization"))
    }

    @Test func aContainerTellsItsCredentials() async throws {
        try await script(
            "container", [["body": ["AccessKeyId": "BOXKEY", "SecretAccessKey": "s", "Token": "t", "Expiration": "2099-01-01T00:00:00Z"]]])
        let log = try await signed(
            "c5", ["AWS_CONTAINER_CREDENTIALS_FULL_URI": "\(base)/play/container/x", "AWS_CONTAINER_AUTHORIZATION_TOKEN": "Bearer b"]
        ).get()
        #expect(log.contains("Credential=BOXKEY/"))
        #expect(try await self.log("container").contains("Bearer b"))
    }

    @Test func aProcessPrintsItsCredentials() async throws {
        let files = [
            "/home/u/.aws/config":
                #"[default]"# + "\n" + #"credential_process = echo '{"Version":1,"AccessKeyId":"PROCKEY","SecretAccessKey":"s"}'"# + "\n"
        ]
        #expect(try await signed("c6", [:], files: files).get().contains("Credential=PROCKEY/"))
    }

    @Test func aSignInOfIdentityCenterIsUsedUntilItExpires() async throws {
        try await script(
            "sso", [["body": ["roleCredentials": ["accessKeyId": "SSOKEY", "secretAccessKey": "s", "sessionToken": "t", "expiration": 4_000_000_000_000]]]])
        let config =
            "[default]\nsso_session = corp\nsso_account_id = 1\nsso_role_name = dev\n[sso-session corp]\nsso_start_url = https://x\nsso_region = eu-west-1\n"
        let token = #"{"accessToken": "at", "expiresAt": "2099-01-01T00:00:00Z"}"#
        let surroundings = Surroundings(
            variables: [
                "HOME": "/home/u", "AWS_ENDPOINT_URL_SSO": "\(base)/play/sso", "AWS_ENDPOINT_URL_DYNAMODB": "\(base)/play/c7",
            ],
            readFile: { path in
                if path.hasSuffix("/config") { return Array(config.utf8) }
                return path.hasPrefix("/home/u/.aws/sso/cache/") ? Array(token.utf8) : nil
            }, now: { AWSTimestamp(milliseconds: 1_700_000_000_000) })
        try await script("c7", [["body": [:]]])
        let client = AWSClient(AWSConfiguration(surroundings: surroundings), pause: { _ in })
        _ = try await client.call(AWSCall("dynamodb", "listTables", [:]))
        #expect(try await log("c7").contains("Credential=SSOKEY/"))
        #expect(try await log("sso").contains(#"["x-amz-sso_bearer_token", "at"]"#))
    }

    @Test func anInstanceTellsItsRolesCredentials() async throws {
        try await script(
            "imds",
            [
                ["body": "session-token"], ["body": "my-role"],
                ["body": ["AccessKeyId": "EC2KEY", "SecretAccessKey": "s", "Token": "t", "Expiration": "2099-01-01T00:00:00Z"]],
            ])
        // Not on this machine, or else the test key would do.
        let surroundings = Surroundings(
            variables: ["HOME": "/home/u", "AWS_EC2_METADATA_SERVICE_ENDPOINT": "\(base)/play/imds"], readFile: { _ in nil },
            now: { AWSTimestamp(milliseconds: 1_700_000_000_000) })
        let provider = CredentialsProvider(AWSConfiguration(surroundings: surroundings), http: .shared)
        #expect(try await provider.credentials(roleARN: nil).accessKeyID == "EC2KEY")
        #expect(try await log("imds").contains(#"["X-aws-ec2-metadata-token", "session-token"]"#))
        // Kept: not asked for again.
        #expect(try await provider.credentials(roleARN: nil).accessKeyID == "EC2KEY")
        #expect(try JSONValue(parsing: try await log("imds")).array?.count == 3)
    }

    @Test func withoutAnyAServerHereIsSignedForWithATestKeyAndAWSIsNot() async throws {
        #expect(try await signed("c8", ["AWS_EC2_METADATA_DISABLED": "true"]).get().contains("Credential=test/"))
        let nowhere = Surroundings(variables: ["AWS_EC2_METADATA_DISABLED": "true"], readFile: { _ in nil })
        let provider = CredentialsProvider(AWSConfiguration(surroundings: nowhere), http: .shared)
        await #expect(throws: AWSFailure.self) { try await provider.credentials(roleARN: nil) }
    }

    @Test func endpointsComeFromVariablesAndFiles() throws {
        let dynamodb = try #require(AWSTable.shared.service("secretsmanager"))
        func endpoint(_ variables: [String: String], _ config: String = "") -> String? {
            let surroundings = Surroundings(variables: variables, readFile: { $0.hasSuffix("config") ? Array(config.utf8) : nil })
            return AWSConfiguration(surroundings: surroundings).endpoint(dynamodb, named: "secretsmanager")
        }
        #expect(endpoint([:]) == nil)
        #expect(endpoint(["AWS_ENDPOINT_URL": "http://all"]) == "http://all")
        #expect(endpoint(["AWS_ENDPOINT_URL": "http://all", "AWS_ENDPOINT_URL_SECRETS_MANAGER": "http://one"]) == "http://one")
        #expect(endpoint(["AWS_ENDPOINT_URL": "http://all", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true"]) == nil)
        let config =
            "[default]\nservices = local\nendpoint_url = http://profile\n[services local]\nsecrets_manager =\n  endpoint_url = http://section\ns3 =\n  endpoint_url = http://s3\n"
        #expect(endpoint([:], config) == "http://section")
    }
}
