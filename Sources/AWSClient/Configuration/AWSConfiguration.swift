/// Where and how services are called: what the program was told, else what the SDKs' variables and files say.
package struct AWSConfiguration: Sendable {
    /// Told explicitly; these win over everything else.
    package struct Told: Sendable {
        package var region: String?
        package var profile: String?
        /// For every service.
        package var endpoint: String?
        /// By service name as Step Functions writes it (`dynamodb`, `sfn`).
        package var endpoints: [String: String] = [:]
        package var credentials: AWSCredentials?
        package var maximumAttempts: Int?
        /// The longest that one request may take; nil: as long as its bytes flow.
        package var requestSeconds: Double?
        package init() {}
    }

    package let told: Told
    package let surroundings: Surroundings
    package let shared: SharedConfig
    package let profileName: String

    package init(_ told: Told = Told(), surroundings: Surroundings = .process) {
        self.told = told
        self.surroundings = surroundings
        let home = surroundings.home
        let config = surroundings.variable("AWS_CONFIG_FILE") ?? home + "/.aws/config"
        let credentials = surroundings.variable("AWS_SHARED_CREDENTIALS_FILE") ?? home + "/.aws/credentials"
        shared = SharedConfig(
            config: surroundings.text(ofFile: config) ?? "", credentials: surroundings.text(ofFile: credentials) ?? "")
        profileName =
            told.profile ?? surroundings.variable("AWS_PROFILE") ?? surroundings.variable("AWS_DEFAULT_PROFILE") ?? "default"
    }

    package var profile: SharedConfig.Section { shared.profiles[profileName] ?? [:] }

    package var region: String {
        told.region ?? surroundings.variable("AWS_REGION") ?? surroundings.variable("AWS_DEFAULT_REGION")
            ?? profile["region"] ?? "us-east-1"
    }

    package var maximumAttempts: Int {
        let text = surroundings.variable("AWS_MAX_ATTEMPTS") ?? profile["max_attempts"]
        return max(1, told.maximumAttempts ?? text.flatMap { Int($0) } ?? 3)
    }

    /// The configured endpoint of a service, or nil for AWS's own.
    package func endpoint(_ model: ServiceModel, named name: String) -> String? {
        if let own = told.endpoints[name] ?? told.endpoint { return own }
        let ignored = surroundings.variable("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS") ?? profile["ignore_configured_endpoint_urls"]
        if ignored?.lowercased() == "true" { return nil }
        let words = model.id.map { $0 == " " || $0 == "-" ? "_" : $0 }
        let id = String(words)
        if let own = surroundings.variable("AWS_ENDPOINT_URL_" + id.uppercased()) { return own }
        if let all = surroundings.variable("AWS_ENDPOINT_URL") { return all }
        if let section = profile["services"], let own = shared.services[section]?[id.lowercased()]?["endpoint_url"] {
            return own
        }
        return profile["endpoint_url"]
    }
}
