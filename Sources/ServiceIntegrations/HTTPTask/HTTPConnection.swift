import JSON

/// An EventBridge connection as an HTTP Task uses it: how to authorize, and what to add to each request.
///
/// Read from the configuration, in the shape of EventBridge's CreateConnection:
/// `{"AuthorizationType": "API_KEY", "AuthParameters": {"ApiKeyAuthParameters": {"ApiKeyName": …, "ApiKeyValue": …}}}`.
/// Any value may be `{"Env": "NAME"}`, a variable of the environment, so that no secret need stand in a file.
package struct HTTPConnection: Sendable, Equatable {
    package enum Authorization: Sendable, Equatable {
        case none
        case apiKey(name: String, value: String)
        case basic(username: String, password: String)
        case oauth(OAuth)
    }

    /// The client credentials grant.
    package struct OAuth: Sendable, Equatable {
        package var endpoint: String
        package var method: String
        package var clientID: String
        package var clientSecret: String
        package var extras: Extras
    }

    /// Headers, query and body members that the connection adds; they win over the task's own.
    package struct Extras: Sendable, Equatable {
        package var headers: [Pair] = []
        package var query: [Pair] = []
        package var body: [Pair] = []
    }

    package struct Pair: Sendable, Equatable {
        package var key: String
        package var value: String
    }

    package var authorization: Authorization
    package var extras: Extras

    package init(authorization: Authorization = .none, extras: Extras = Extras()) {
        self.authorization = authorization
        self.extras = extras
    }

    /// nil: the configuration does not describe a connection.
    package init?(_ json: JSONValue, environment: [String: String]) {
        let parameters = json["AuthParameters"] ?? .object(JSONObject())
        func text(_ value: JSONValue?) -> String? {
            if let name = value?["Env"]?.string { return environment[name] }
            return value?.string
        }
        func pairs(_ value: JSONValue?) -> [Pair] {
            (value?.array ?? []).compactMap { element in
                guard let key = element["Key"]?.string, let value = text(element["Value"]) else { return nil }
                return Pair(key: key, value: value)
            }
        }
        func extras(_ value: JSONValue?) -> Extras {
            Extras(
                headers: pairs(value?["HeaderParameters"]), query: pairs(value?["QueryStringParameters"]),
                body: pairs(value?["BodyParameters"]))
        }
        self.extras = extras(parameters["InvocationHttpParameters"])
        switch json["AuthorizationType"]?.string {
        case "API_KEY":
            let key = parameters["ApiKeyAuthParameters"]
            guard let name = text(key?["ApiKeyName"]), let value = text(key?["ApiKeyValue"]) else { return nil }
            authorization = .apiKey(name: name, value: value)
        case "BASIC":
            let basic = parameters["BasicAuthParameters"]
            guard let name = text(basic?["Username"]), let password = text(basic?["Password"]) else { return nil }
            authorization = .basic(username: name, password: password)
        case "OAUTH_CLIENT_CREDENTIALS":
            let oauth = parameters["OAuthParameters"]
            let client = oauth?["ClientParameters"]
            guard let endpoint = text(oauth?["AuthorizationEndpoint"]), let id = text(client?["ClientID"]),
                let secret = text(client?["ClientSecret"])
            else { return nil }
            authorization = .oauth(
                OAuth(
                    endpoint: endpoint, method: oauth?["HttpMethod"]?.string ?? "POST", clientID: id,
                    clientSecret: secret, extras: extras(oauth?["OAuthHttpParameters"])))
        case nil: authorization = .none
        default: return nil
        }
    }
}
