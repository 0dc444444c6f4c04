import AWSClient
import Curl
import JSON
import LocalServers
import Testing

private let credentials = AWSCredentials(
    accessKeyID: "AKIDEXAMPLE", secretAccessKey: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")
private let time = AWSTimestamp(milliseconds: 1_440_938_160_000)

@Suite struct SigV4Tests {
    private func signature(_ request: HTTPRequest, service: String = "service") -> String? {
        SigV4(credentials: credentials, region: "us-east-1", service: service).signed(request, at: time)
            .headers.first("Authorization")?.split(separator: "=").last.map(String.init)
    }

    /// Of AWS's published test suite.
    @Test(arguments: [
        ("GET", "/", "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"),
        ("POST", "/", "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"),
        ("GET", "/?Param1=value2&Param1=Value1", "eedbc4e291e521cf13422ffca22be7d2eb8146eecf653089df300a15b2382bd1"),
        ("GET", "/?Param2=value2&Param1=value1", "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"),
        ("GET", "/?%E1%88%B4=bar", "2cdec8eed098649ff3a119c94853b13c643bcf08f8b0a1d91e12c9027818dd04"),
        (
            "GET", "/-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz",
            "07ef7494c76fa4850883e2b006601f940f8a34d404d0cfa977f52a65bbf5f24f"
        ),
    ])
    func aPublishedVectorHolds(_ method: String, _ target: String, _ expected: String) {
        #expect(signature(HTTPRequest(method, "https://example.amazonaws.com" + target)) == expected)
    }

    @Test func theDateIsWrittenAsSignaturesNeedIt() {
        #expect(time.basic == "20150830T123600Z")
        #expect(AWSTimestamp("2015-08-30T14:36:00+02:00") == time)
        #expect(AWSTimestamp("Sun, 30 Aug 2015 12:36:00 GMT") == time)
        #expect(time.httpDate == "Sun, 30 Aug 2015 12:36:00 GMT")
        #expect(AWSTimestamp(milliseconds: -1).iso8601 == "1969-12-31T23:59:59.999Z")
    }
}

@Suite(.enabled(if: LocalServer.signatures != nil, "botocore is needed"))
struct IndependentVerifierTests {
    private static let targets = [
        "/", "/plain/path", "/a%20b/%C3%A9?x=1", "/a/../b//c/./d?z&y=&x=%20%2B", "/key+with+plus?list-type=2&prefix=a%2Fb",
        "/%E6%97%A5%E6%9C%AC?Action=List%26All&a=b%3Dc&a=a", "/~tilde_-.%2A", "/arn%3Aaws%3Alambda%3Ax/invocations",
    ]

    @Test(arguments: ["service", "s3", "states", "execute-api"])
    func botocoreFindsTheSameSignature(_ service: String) async throws {
        let base = LocalServer.signatures?.url ?? ""
        for token in [nil, "a/session+token=="] {
            var credentials = credentials
            credentials.sessionToken = token
            let signer = SigV4(credentials: credentials, region: "eu-central-1", service: service)
            for target in Self.targets {
                for (method, body) in [("GET", ""), ("POST", ""), ("PUT", #"{"é": "\u0000"}"#)] {
                    let request = signer.signed(
                        HTTPRequest(
                            method, base + target,
                            headers: [
                                HTTPHeader("X-Amz-Meta-Blanks", "  a   b  c "), HTTPHeader("Content-Type", "text/plain; x"),
                                HTTPHeader("X-Amz-Target", "A.B"), HTTPHeader("x-amz-empty", ""),
                            ], body: Array(body.utf8)), at: time)
                    let response = try await HTTPClient.shared.perform(request)
                    let answer = try JSONValue(parsing: response.body)
                    #expect(answer["match"] == true, "\(service) \(method) \(target): \(answer.text())")
                }
            }
        }
    }

    @Test func aClusterTokenIsTheURLThatBotocoreSigns() async throws {
        let surroundings = Surroundings(
            variables: [
                "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
                "AWS_SESSION_TOKEN": "a/session+token=", "AWS_REGION": "eu-west-1",
            ], readFile: { _ in nil }, now: { time })
        let token = try await AWSClient(AWSConfiguration(surroundings: surroundings)).clusterToken("my-cluster", roleARN: nil, isLocal: false)
        #expect(token.hasPrefix("k8s-aws-v1.") && !token.contains { "+/=".contains($0) })
        let padded = token.dropFirst(11).map { $0 == "-" ? "+" : $0 == "_" ? "/" : $0 }
        let url = String(decoding: try #require(Base64.decode(String(padded))), as: UTF8.self)
        let expected = try #require(LocalServer.output(ofPython: "presigned_url.py", [time.basic, "my-cluster", "eu-west-1"]))
        #expect(url + "\n" == String(decoding: expected, as: UTF8.self))
    }
}
