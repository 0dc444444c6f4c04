import Curl
import JSON

extension HTTPTask {
    /// AWS's own limit for the whole call.
    package static let timeoutSeconds = 60.0
    package static let maximumBodyBytes = 262_144
    package static let maximumRedirects = 10

    /// The request, with what the connection adds. `token`: of an OAuth connection.
    package func request(
        _ connection: HTTPConnection, region: String, token: String? = nil
    ) -> HTTPRequest {
        var headers = headers
        for pair in connection.extras.headers { headers.set(pair.key, pair.value) }
        let body = bodyBytes(adding: connection.extras.body)
        if let body, !body.isEmpty, headers.first("Content-Type") == nil {
            headers.set(
                "Content-Type",
                formArrays == nil ? "application/json; charset=UTF-8" : "application/x-www-form-urlencoded")
        }
        headers.set("User-Agent", "Amazon|StepFunctions|HttpInvoke|\(region)")
        headers.set("Range", "bytes=0-\(Self.maximumBodyBytes)")
        switch connection.authorization {
        case .none: break
        case .apiKey(let name, let value): headers.set(name, value)
        case .basic(let username, let password):
            headers.set("Authorization", "Basic " + Base64.encode(Array("\(username):\(password)".utf8)))
        case .oauth: if let token { headers.set("Authorization", "Bearer " + token) }
        }
        return HTTPRequest(
            method, url(adding: connection.extras.query), headers: headers, body: body ?? [], limits: Self.limits)
    }

    private static var limits: HTTPLimits {
        var limits = HTTPLimits()
        limits.totalSeconds = timeoutSeconds
        // One more than allowed, so that the excess is told apart from a broken transfer.
        limits.maximumBodyBytes = maximumBodyBytes
        return limits
    }

    private func url(adding pairs: [HTTPConnection.Pair]) -> String {
        var all = query.filter { own in !pairs.contains { $0.key == own.name } }
        all += pairs.map { ($0.key, $0.value) }
        let text = all.map { URLEncoding.encode($0.name, keeping: "[]") + "=" + URLEncoding.encode($0.value) }
            .joined(separator: "&")
        guard var parts = URLParts(URLEncoding.repaired(endpoint)) else { return endpoint }
        let queries = [parts.query ?? "", text].filter { !$0.isEmpty }
        parts.query = queries.isEmpty ? nil : queries.joined(separator: "&")
        return parts.text
    }

    /// nil: no body. The connection's members join an object and replace what is no object.
    private func bodyBytes(adding pairs: [HTTPConnection.Pair]) -> [UInt8]? {
        var body = body
        if !pairs.isEmpty {
            var object = body?.object ?? JSONObject()
            for pair in pairs { object[pair.key] = .string(pair.value) }
            body = .object(object)
        }
        guard let body else { return nil }
        if let formArrays { return Array(FormEncoding.text(body, arrays: formArrays).utf8) }
        if case .string(let text) = body { return Array(text.utf8) }
        return body.bytes()
    }

    /// The request for an OAuth connection's token.
    package static func tokenRequest(_ oauth: HTTPConnection.OAuth) -> HTTPRequest {
        let pairs =
            [
                HTTPConnection.Pair(key: "grant_type", value: "client_credentials"),
                HTTPConnection.Pair(key: "client_id", value: oauth.clientID),
                HTTPConnection.Pair(key: "client_secret", value: oauth.clientSecret),
            ].filter { own in !oauth.extras.body.contains { $0.key == own.key } } + oauth.extras.body
        func form(_ pairs: [HTTPConnection.Pair]) -> String {
            pairs.map { URLEncoding.encode($0.key) + "=" + URLEncoding.encode($0.value) }.joined(separator: "&")
        }
        var headers = [HTTPHeader("Content-Type", "application/x-www-form-urlencoded")]
        for pair in oauth.extras.headers { headers.set(pair.key, pair.value) }
        var url = oauth.endpoint
        var query = oauth.extras.query
        let sendsBody = oauth.method != "GET"
        if !sendsBody { query += pairs }
        if !query.isEmpty { url += (url.contains("?") ? "&" : "?") + form(query) }
        var limits = HTTPLimits()
        limits.maximumBodyBytes = 1 << 20
        return HTTPRequest(
            oauth.method, url, headers: headers, body: sendsBody ? Array(form(pairs).utf8) : [], limits: limits)
    }

    /// The request that a redirect leads to, or nil where the answer is no redirect that can be followed.
    /// Another origin gets no credentials; 303, and 301 and 302 after POST, become GET.
    package static func redirected(
        _ request: HTTPRequest, _ response: HTTPResponse, connection: HTTPConnection
    ) -> HTTPRequest? {
        guard [301, 302, 303, 307, 308].contains(response.status), let location = response.header("Location"),
            let here = URLParts(request.url), let there = here.resolving(URLEncoding.repaired(location))
        else { return nil }
        var next = request
        next.url = there.text
        if !here.hasSameOrigin(as: there) {
            next.headers.remove("Authorization")
            if case .apiKey(let name, _) = connection.authorization { next.headers.remove(name) }
            for pair in connection.extras.headers { next.headers.remove(pair.key) }
        }
        let becomesGet =
            response.status == 303 && request.method != "HEAD"
            || [301, 302].contains(response.status) && request.method == "POST"
        if becomesGet {
            next.method = "GET"
            next.body = []
            next.headers.remove("Content-Type")
        }
        return next
    }
}
