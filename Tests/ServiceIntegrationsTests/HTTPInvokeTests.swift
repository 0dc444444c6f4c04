import Curl
import JSON
import LocalServers
import ServiceIntegrations
import StatesLanguage
import Testing

@Suite struct HTTPTaskTests {
    private let full: JSONValue = [
        "ApiEndpoint": "https://api.example.com/v1/ä b?x=1", "Method": "POST",
        "Authentication": ["ConnectionArn": "arn:aws:events:us-east-1:1:connection/Stripe/1"],
        "Headers": ["X-A": "1", "X-B": ["2", "3"]], "QueryParameters": ["q": "a&b", "ids": [1, 2], "n": 5],
        "RequestBody": ["name": "N", "list": [1, ["k": "v"]]],
    ]

    private func changed(_ changes: (inout JSONObject) -> Void) -> JSONValue {
        var object = full.object ?? JSONObject()
        changes(&object)
        return .object(object)
    }

    @Test func aRequestHasAllThatTheParametersSay() throws {
        let request = try HTTPTask(full).request(HTTPConnection(), region: "eu-west-1")
        #expect(request.method == "POST")
        #expect(request.url == "https://api.example.com/v1/%C3%A4%20b?x=1&q=a%26b&ids=1&ids=2&n=5")
        #expect(request.headers.first("x-a") == "1")
        #expect(request.headers.first("X-B") == "2,3")
        #expect(request.headers.first("User-Agent") == "Amazon|StepFunctions|HttpInvoke|eu-west-1")
        #expect(request.headers.first("Range") == "bytes=0-262144")
        #expect(request.headers.first("Content-Type") == "application/json; charset=UTF-8")
        #expect(String(decoding: request.body, as: UTF8.self) == #"{"name":"N","list":[1,{"k":"v"}]}"#)
    }

    @Test(arguments: [
        ("INDICES", "a=x%20y&l[0]=1&l[1]=2&o[p]=true&o[q]="), ("REPEAT", "a=x%20y&l=1&l=2&o[p]=true&o[q]="),
        ("COMMAS", "a=x%20y&l=1%2C2&o[p]=true&o[q]="), ("BRACKETS", "a=x%20y&l[]=1&l[]=2&o[p]=true&o[q]="),
    ])
    func aFormSpellsListsAsAskedFor(_ format: String, _ expected: String) throws {
        let input = changed {
            $0["RequestBody"] = ["a": "x y", "l": [1, 2], "o": ["p": true, "q": nil]]
            $0["Transform"] = [
                "RequestBodyEncoding": "URL_ENCODED", "RequestEncodingOptions": ["ArrayFormat": .string(format)],
            ]
        }
        let request = try HTTPTask(input).request(HTTPConnection(), region: "r")
        #expect(String(decoding: request.body, as: UTF8.self) == expected)
        #expect(request.headers.first("content-type") == "application/x-www-form-urlencoded")
    }

    @Test func aConnectionAuthorizesAndOverrides() throws {
        let json: JSONValue = [
            "AuthorizationType": "API_KEY",
            "AuthParameters": [
                "ApiKeyAuthParameters": ["ApiKeyName": "X-Key", "ApiKeyValue": ["Env": "SECRET"]],
                "InvocationHttpParameters": [
                    "HeaderParameters": [["Key": "X-A", "Value": "from connection"]],
                    "QueryStringParameters": [["Key": "q", "Value": "c"]],
                    "BodyParameters": [["Key": "name", "Value": "C"]],
                ],
            ],
        ]
        let connection = try #require(HTTPConnection(json, environment: ["SECRET": "s3"]))
        let request = try HTTPTask(full).request(connection, region: "r")
        #expect(request.headers.first("X-Key") == "s3")
        #expect(request.headers.first("X-A") == "from connection")
        #expect(request.url.hasSuffix("?x=1&ids=1&ids=2&n=5&q=c"))
        #expect(String(decoding: request.body, as: UTF8.self).contains(#""name":"C""#))
        #expect(HTTPConnection(json, environment: [:]) == nil)
        let basic = HTTPConnection(authorization: .basic(username: "Aladdin", password: "open sesame"))
        #expect(
            try HTTPTask(full).request(basic, region: "r").headers.first("Authorization")
                == "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==")
    }

    @Test(
        arguments: [
            (["Method": nil], "The field 'Method' is required but was missing"),
            (["Method": "FETCH"], "The value of the field 'Method' has an invalid format"),
            (["ApiEndpoint": "ftp://x"], "The value of the field 'ApiEndpoint' has an invalid format"),
            (["Headers": ["Host": "x"]], "The value of the field 'Headers' has an invalid format"),
            (["Headers": ["X": "a\r\nb"]], "The value of the field 'Headers' has an invalid format"),
            (["Headers": "x"], "The value of the field 'Headers' has an invalid format"),
            (["Transform": ["RequestBodyEncoding": "XML"]], "The value of the field 'Transform' has an invalid format"),
            (["Body": 1], "The field 'Body' is not supported by Step Functions"),
        ] as [(JSONValue, String)])
    func wrongParametersAreARuntimeError(_ change: JSONValue, _ complaint: String) {
        let input = changed { for (key, value) in change.object ?? JSONObject() { $0[key] = value.isNull ? nil : value } }
        #expect {
            try HTTPTask(input)
        } throws: { error in
            let failure = error as? Failure
            return failure?.error == "States.Runtime" && failure?.isPrefixed == true
                && failure?.cause == "The Parameters '\(input.text())' could not be used to start the Task: [\(complaint)]"
        }
    }

    @Test func anAnswerBecomesTheResult() throws {
        let response = HTTPResponse(
            status: 201, reason: "Created",
            headers: [
                HTTPHeader("Content-Type", "application/json; charset=utf-8"), HTTPHeader("Set-Cookie", "a"),
                HTTPHeader("set-cookie", "b"),
            ],
            body: Array(#"{"id":7}"#.utf8))
        #expect(
            try HTTPTask.result(response) == [
                "Headers": ["content-type": ["application/json; charset=utf-8"], "set-cookie": ["a", "b"]],
                "ResponseBody": ["id": 7], "StatusCode": 201, "StatusText": "Created",
            ])
        let text = HTTPResponse(status: 200, headers: [HTTPHeader("Content-Type", "text/plain")], body: Array("{}".utf8))
        #expect(try HTTPTask.result(text)["ResponseBody"] == "{}")
    }

    @Test func whatCannotBeAResultHasItsError() {
        func error(_ response: HTTPResponse) -> String? {
            do throws(Failure) {
                _ = try HTTPTask.result(response)
                return nil
            } catch {
                return error.error
            }
        }
        #expect(error(HTTPResponse(status: 404)) == "States.Http.StatusCode.404")
        #expect(error(HTTPResponse(status: 302)) == "States.Http.StatusCode.302")
        #expect(error(HTTPResponse(status: 200, headers: [HTTPHeader("Content-Type", "image/png")])) == "States.Runtime")
        #expect(error(HTTPResponse(status: 200, body: [0xFF])) == "States.Runtime")
        #expect(error(HTTPResponse(status: 200, body: Array(repeating: 0x20, count: 262_145))) == "States.DataLimitExceeded")
    }

    @Test func aRedirectToAnotherOriginCarriesNoSecret() throws {
        let connection = HTTPConnection(authorization: .apiKey(name: "X-Key", value: "s"))
        let request = try HTTPTask(full).request(connection, region: "r")
        func redirected(_ status: Int, _ location: String) -> HTTPRequest? {
            HTTPTask.redirected(
                request, HTTPResponse(status: status, headers: [HTTPHeader("location", location)]), connection: connection)
        }
        let same = redirected(307, "../v2?y")
        #expect(same?.url == "https://api.example.com/v1/../v2?y")
        #expect(same?.headers.first("X-Key") == "s")
        #expect(same?.method == "POST")
        let other = redirected(302, "//other.example.com/")
        #expect(other?.url == "https://other.example.com/")
        #expect(other?.headers.first("X-Key") == nil)
        #expect(other?.method == "GET")
        #expect(other?.body == [])
        #expect(redirected(307, "file:///etc/passwd") == nil)
        #expect(redirected(200, "/x") == nil)
    }
}

@Suite(.serialized, .enabled(if: LocalServer.faulty != nil, "python3 is needed"))
struct HTTPInvokeTests {
    private var base: String { LocalServer.faulty?.url ?? "" }

    private func run(
        _ path: String, _ method: String = "GET", connections: [String: HTTPConnection] = [:], arn: String? = nil
    ) async -> Result<JSONValue, Failure> {
        var input = JSONObject([("ApiEndpoint", .string(base + path)), ("Method", .string(method))])
        if let arn { input["Authentication"] = ["ConnectionArn": .string(arn)] }
        let invoke = HTTPInvoke(region: "us-east-1", connections: connections, requiresConnection: arn != nil)
        guard let resource = TaskResource("arn:aws:states:::http:invoke") else { return .failure(Failure("no resource")) }
        let request = TaskRequest(
            taskID: "t", executionARN: "e", executionName: "e", stateMachineName: "m", roleARN: "r", stateName: "S",
            resource: resource, input: .object(input))
        do throws(Failure) {
            return .success(try await invoke.perform(request, report: SilentReport()))
        } catch {
            return .failure(error)
        }
    }

    private func error(_ path: String) async -> String? {
        guard case .failure(let failure) = await run(path) else { return nil }
        return failure.error
    }

    @Test func aServerAnswersThroughRedirects() async throws {
        let result = try await run("/redirect/307?to=/redirect/302%3Fto=/echo%3Fz", "PUT").get()
        #expect(result["StatusCode"] == 200)
        #expect(result["StatusText"] == "OK")
        #expect(result["ResponseBody"]?["target"] == "/echo?z")
        #expect(result["ResponseBody"]?["method"] == "PUT")
        #expect(result["Headers"]?["content-type"] == ["application/json"])
    }

    @Test func aBadServerEndsInTheRightError() async {
        #expect(await error("/status/429") == "States.Http.StatusCode.429")
        #expect(await error("/close") == "States.Http.Socket")
        #expect(await error("/short") == "States.Http.Socket")
        #expect(await error("/garbage") == "States.Http.Socket")
        #expect(await error("/flood-headers") == "States.Http.Socket")
        #expect(await error("/bytes/262145") == "States.DataLimitExceeded")
    }

    @Test func anOAuthConnectionFetchesItsToken() async throws {
        func put(_ key: String, _ script: String) async throws {
            _ = try await HTTPClient.shared.perform(
                HTTPRequest("PUT", base + "/script/" + key, body: Array(script.utf8)))
        }
        try await put("token", #"[{"body": {"access_token": "T1"}}, {"body": {"access_token": "T2"}}]"#)
        try await put("api", #"[{"status": 401}, {"body": "fine"}]"#)
        let oauth: JSONValue = [
            "AuthorizationType": "OAUTH_CLIENT_CREDENTIALS",
            "AuthParameters": [
                "OAuthParameters": [
                    "AuthorizationEndpoint": .string(base + "/play/token/x"), "HttpMethod": "POST",
                    "ClientParameters": ["ClientID": "id", "ClientSecret": "s&"],
                ]
            ],
        ]
        let connection = try #require(HTTPConnection(oauth, environment: [:]))
        let arn = "arn:aws:events:us-east-1:1:connection/Mine/1"
        let result = try await run(
            "/play/api/y", connections: ["Mine": connection], arn: arn
        ).get()
        #expect(result["ResponseBody"] == "fine")
        let log = try await HTTPClient.shared.perform(HTTPRequest("GET", base + "/log/api"))
        let text = String(decoding: log.body, as: UTF8.self)
        #expect(text.contains("Bearer T1"))
        #expect(text.contains("Bearer T2"))
        let tokenLog = try await HTTPClient.shared.perform(HTTPRequest("GET", base + "/log/token"))
        #expect(
            String(decoding: tokenLog.body, as: UTF8.self)
                .contains("grant_type=client_credentials&client_id=id&client_secret=s%26"))
    }

    @Test func aConnectionMustBeKnown() async {
        guard case .failure(let unknown) = await run("/echo", arn: "arn:aws:events:us-east-1:1:connection/No/1") else {
            Issue.record("answered")
            return
        }
        #expect(unknown.error == "Events.ConnectionResource.ResourceNotFound")
    }
}

@Suite struct GatewayRequestTests {
    @Test func aTextGoesToAGatewayAsJSONUnlessItsTypeSaysOtherwise() throws {
        let input: JSONValue = ["ApiEndpoint": "api.example.com", "Method": "POST", "RequestBody": ""]
        #expect(try APIGateway.request(input).body == Array(#""""#.utf8))
        var object = input.object ?? JSONObject()
        object["RequestBody"] = "a,b"
        object["Headers"] = ["Content-Type": ["text/csv"]]
        #expect(try APIGateway.request(.object(object)).body == Array("a,b".utf8))
        object["RequestBody"] = .null
        #expect(try APIGateway.request(.object(object)).body.isEmpty)
    }
}
