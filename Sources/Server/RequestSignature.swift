import AWSAPI
import Digest
import Engine
import JSON
import StatesLanguage

/// Checks who calls: nobody needs to say so on loopback; elsewhere a bearer token or an AWS signature (SigV4) is needed.
enum RequestSignature {
    static func check(_ request: ServerRequest, _ access: ServerAccess) throws(APIError) {
        guard !access.isOpen else { return }
        guard let authorization = request.header("authorization") else {
            throw APIError("MissingAuthenticationTokenException", "Missing Authentication Token", status: 403)
        }
        if let token = access.bearerToken, authorization.hasPrefix("Bearer ") {
            guard same(String(authorization.dropFirst(7)), token) else { throw refused }
            return
        }
        guard authorization.hasPrefix("AWS4-HMAC-SHA256 ") else { throw refused }
        try checkSigV4(request, authorization, access)
    }

    private static let refused = APIError("AccessDeniedException", "The credentials are not known here", status: 403)

    private static func checkSigV4(_ request: ServerRequest, _ authorization: String, _ access: ServerAccess) throws(APIError) {
        var fields: [String: String] = [:]
        for part in authorization.dropFirst("AWS4-HMAC-SHA256 ".count).split(separator: ",") {
            let pair = part.split(separator: "=", maxSplits: 1)
            guard pair.count == 2 else { continue }
            fields[pair[0].filter { $0 != " " }] = String(pair[1])
        }
        let scope = (fields["Credential"] ?? "").split(separator: "/").map(String.init)
        guard scope.count == 5, let secret = access.keys[scope[0]], let signed = fields["SignedHeaders"], let signature = fields["Signature"],
            let date = request.header("x-amz-date"), date.hasPrefix(scope[1])
        else { throw refused }
        let names = signed.split(separator: ";").map(String.init)
        // What decides must be signed: otherwise a signature could be used for another operation.
        let mustBeSigned = ["host", "x-amz-date"] + (request.header("x-amz-target") == nil ? [] : ["x-amz-target"])
        guard mustBeSigned.allSatisfy(names.contains), isRecent(date) else {
            throw APIError("InvalidSignatureException", "Signature expired or incomplete", status: 403)
        }
        let headers = names.map { name in "\(name):\((request.header(name) ?? "").split(separator: " ").joined(separator: " "))\n" }.joined()
        let hash = Digest.hex(request.body, algorithm: .sha256)
        let canonical = "\(request.method)\n\(request.path)\n\(request.query)\n\(headers)\n\(signed)\n\(hash)"
        let text =
            "AWS4-HMAC-SHA256\n\(date)\n\(scope[1...].joined(separator: "/"))\n"
            + Digest.hex(Array(canonical.utf8), algorithm: .sha256)
        var key = Array("AWS4\(secret)".utf8)
        for part in scope[1...] { key = Digest.hmacSHA256(key: key, message: Array(part.utf8)) }
        guard same(hex(Digest.hmacSHA256(key: key, message: Array(text.utf8))), signature) else {
            throw APIError(
                "InvalidSignatureException", "The request signature we calculated does not match the signature you provided.", status: 403)
        }
    }

    /// `20261121T100000Z`, at most 15 minutes away.
    private static func isRecent(_ date: String) -> Bool {
        let digits = date.filter(\.isNumber)
        guard digits.count == 14 else { return false }
        func part(_ from: Int, _ count: Int) -> String { String(digits.dropFirst(from).prefix(count)) }
        let iso = "\(part(0, 4))-\(part(4, 2))-\(part(6, 2))T\(part(8, 2)):\(part(10, 2)):\(part(12, 2))Z"
        guard let time = Timestamp(iso8601: iso) else { return false }
        return abs(time.milliseconds - EngineClock.now().milliseconds) <= 15 * 60 * 1000
    }

    private static func hex(_ bytes: [UInt8]) -> String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    /// In time that does not tell how far the texts agree.
    private static func same(_ a: String, _ b: String) -> Bool {
        let (a, b) = (Array(a.utf8), Array(b.utf8))
        guard a.count == b.count else { return false }
        return zip(a, b).reduce(0) { $0 | ($1.0 ^ $1.1) } == 0
    }
}
