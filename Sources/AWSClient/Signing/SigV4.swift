import Curl
import Digest

/// AWS Signature Version 4 in the `Authorization` header.
///
/// libcurl's own (7.75 and later) is not used: 7.88 signs neither session tokens nor S3's payload hash the way AWS asks.
package struct SigV4: Sendable {
    package var credentials: AWSCredentials
    package var region: String
    /// The signing name: `dynamodb`, `states`, `s3`.
    package var service: String
    /// S3 takes the path as it is, every other service normalised and encoded a second time.
    package var isS3: Bool { service == "s3" || service == "s3express" || service == "s3-outposts" }

    private static let unsignedHeaders: Set<String> = [
        "authorization", "user-agent", "expect", "transfer-encoding", "connection", "x-amzn-trace-id",
    ]

    package init(credentials: AWSCredentials, region: String, service: String) {
        self.credentials = credentials
        self.region = region
        self.service = service
    }

    /// The request with `X-Amz-Date`, the token, and `Authorization`; for S3 with the hash of its body too.
    package func signed(_ request: HTTPRequest, at time: AWSTimestamp) -> HTTPRequest {
        var request = request
        let date = time.basic
        request.headers.set("X-Amz-Date", date)
        if let token = credentials.sessionToken { request.headers.set("X-Amz-Security-Token", token) }
        let bodyHash = Digest.hex(request.body, algorithm: .sha256)
        if isS3 { request.headers.set("X-Amz-Content-Sha256", bodyHash) }
        let (canonical, signedHeaders) = canonicalRequest(request, bodyHash: bodyHash)
        let scope = "\(date.prefix(8))/\(region)/\(service)/aws4_request"
        let signature = Digest.hexText(
            Digest.hmacSHA256(
                key: signingKey(day: String(date.prefix(8))),
                message: Array(stringToSign(canonical, date: date, scope: scope).utf8)))
        request.headers.set(
            "Authorization",
            "AWS4-HMAC-SHA256 Credential=\(credentials.accessKeyID)/\(scope), SignedHeaders=\(signedHeaders), Signature=\(signature)"
        )
        return request
    }

    /// The URL of a GET request with the signature in its query. Who uses it must send `headers` too.
    package func presigned(_ url: String, headers: [HTTPHeader] = [], expiresSeconds: Int, at time: AWSTimestamp) -> String {
        let date = time.basic
        let scope = "\(date.prefix(8))/\(region)/\(service)/aws4_request"
        let names = (["host"] + headers.map { $0.name.lowercased() }).sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
        var pairs = [
            ("X-Amz-Algorithm", "AWS4-HMAC-SHA256"), ("X-Amz-Credential", "\(credentials.accessKeyID)/\(scope)"), ("X-Amz-Date", date),
            ("X-Amz-Expires", "\(expiresSeconds)"), ("X-Amz-SignedHeaders", names.joined(separator: ";")),
        ]
        if let token = credentials.sessionToken { pairs.append(("X-Amz-Security-Token", token)) }
        let query = pairs.map { "\($0.0)=\(URLEncoding.encode($0.1))" }.joined(separator: "&")
        let unsigned = url + (url.contains("?") ? "&" : "?") + query
        let canonical = canonicalRequest(HTTPRequest("GET", unsigned, headers: headers), bodyHash: Digest.hex([UInt8](), algorithm: .sha256)).text
        let signature = Digest.hmacSHA256(
            key: signingKey(day: String(date.prefix(8))), message: Array(stringToSign(canonical, date: date, scope: scope).utf8))
        return unsigned + "&X-Amz-Signature=" + Digest.hexText(signature)
    }

    package func stringToSign(_ canonicalRequest: String, date: String, scope: String) -> String {
        "AWS4-HMAC-SHA256\n\(date)\n\(scope)\n" + Digest.hex(canonicalRequest, algorithm: .sha256)
    }

    package func signingKey(day: String) -> [UInt8] {
        var key = Array(("AWS4" + credentials.secretAccessKey).utf8)
        for part in [day, region, service, "aws4_request"] { key = Digest.hmacSHA256(key: key, message: Array(part.utf8)) }
        return key
    }

    package func canonicalRequest(_ request: HTTPRequest, bodyHash: String) -> (text: String, signedHeaders: String) {
        let (host, path, query) = Self.parts(request.url)
        var values: [String: [String]] = ["host": [request.headers.first("Host") ?? host]]
        for header in request.headers {
            let name = header.name.lowercased()
            if name == "host" || Self.unsignedHeaders.contains(name) { continue }
            values[name, default: []].append(Self.collapsed(header.value))
        }
        let names = values.keys.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
        let lines = names.map { "\($0):\((values[$0] ?? []).joined(separator: ","))\n" }.joined()
        let signedHeaders = names.joined(separator: ";")
        let canonicalPath = isS3 ? (path.isEmpty ? "/" : path) : URLEncoding.encode(Self.normalised(path), keeping: "/")
        return (
            "\(request.method)\n\(canonicalPath)\n\(Self.canonicalQuery(query))\n\(lines)\n\(signedHeaders)\n\(bodyHash)",
            signedHeaders
        )
    }

    /// The host without a default port, the path, the query.
    static func parts(_ url: String) -> (host: String, path: String, query: String) {
        var rest = Substring(url)
        var defaultPort = ""
        if rest.hasPrefix("https://") { defaultPort = ":443" } else if rest.hasPrefix("http://") { defaultPort = ":80" }
        rest = rest.dropFirst(defaultPort == ":443" ? 8 : defaultPort == ":80" ? 7 : 0)
        let end = rest.firstIndex { $0 == "/" || $0 == "?" } ?? rest.endIndex
        var host = String(rest[..<end])
        if !defaultPort.isEmpty, host.hasSuffix(defaultPort) { host.removeLast(defaultPort.count) }
        rest = rest[end...]
        guard let mark = rest.firstIndex(of: "?") else { return (host, String(rest), "") }
        return (host, String(rest[..<mark]), String(rest[rest.index(after: mark)...]))
    }

    /// Without `.`, `..` and empty segments.
    static func normalised(_ path: String) -> String {
        var segments: [Substring] = []
        for segment in path.split(separator: "/") {
            switch segment {
            case ".": break
            case "..": _ = segments.popLast()
            default: segments.append(segment)
            }
        }
        if segments.isEmpty { return "/" }
        return "/" + segments.joined(separator: "/") + (path.hasSuffix("/") ? "/" : "")
    }

    static func canonicalQuery(_ query: String) -> String {
        guard !query.isEmpty else { return "" }
        let pairs = query.split(separator: "&").map { pair -> (String, String) in
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            func canonical(_ text: Substring) -> String { URLEncoding.encode(URLEncoding.decode(String(text))) }
            return (canonical(parts[0]), parts.count > 1 ? canonical(parts[1]) : "")
        }
        return pairs.sorted { left, right in
            left.0 == right.0
                ? left.1.utf8.lexicographicallyPrecedes(right.1.utf8) : left.0.utf8.lexicographicallyPrecedes(right.0.utf8)
        }.map { "\($0.0)=\($0.1)" }.joined(separator: "&")
    }

    /// Trimmed, and several blanks become one.
    private static func collapsed(_ value: String) -> String {
        value.split(whereSeparator: { $0 == " " || $0 == "\t" }).joined(separator: " ")
    }
}
