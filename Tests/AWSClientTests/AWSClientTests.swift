import AWSClient
import Curl
import JSON
import LocalServers
import Testing

func localClient(_ url: String?, attempts: Int? = nil, variables: [String: String] = [:]) -> AWSClient {
    var told = AWSConfiguration.Told()
    told.endpoint = url
    told.region = "us-east-1"
    told.maximumAttempts = attempts
    if variables.isEmpty { told.credentials = AWSCredentials(accessKeyID: "test", secretAccessKey: "test") }
    let surroundings = Surroundings(variables: variables, readFile: { _ in nil })
    return AWSClient(AWSConfiguration(told, surroundings: surroundings), pause: { _ in })
}

@Suite struct NamingTests {
    @Test func namesAreTheJavaSDKs() {
        #expect(Naming.pascalCase("DynamoDB") == "DynamoDb")
        #expect(Naming.pascalCase("SFN") == "Sfn")
        #expect(Naming.pascalCase("Secrets Manager") == "SecretsManager")
        #expect(Naming.pascalCase("Elastic Load Balancing v2") == "ElasticLoadBalancingV2")
        #expect(Naming.pascalCase("S3") == "S3")
        #expect(Naming.member("DBInstanceIdentifier") == "DbInstanceIdentifier")
        #expect(Naming.member("ETag") == "ETag")
        #expect(Naming.member("ChecksumCRC32") == "ChecksumCRC32")
        #expect(Naming.member("startDate") == "StartDate")
        #expect(Naming.member("MD5OfMessageBody") == "Md5OfMessageBody")
        #expect(Naming.exception("NoSuchKey") == "NoSuchKeyException")
        #expect(Naming.exception("DBInstanceNotFoundFault") == "DbInstanceNotFoundException")
        #expect(Naming.exception("ResourceNotFoundException") == "ResourceNotFoundException")
    }
}

@Suite struct TableTests {
    @Test func everyServiceCanBeRead() {
        let names = AWSTable.shared.serviceNames
        #expect(names.count > 400)
        var operations = 0
        for name in names {
            guard let model = AWSTable.shared.service(name) else {
                Issue.record("\(name) cannot be read")
                continue
            }
            operations += model.operationNames.count
        }
        #expect(operations > 15_000)
        for name in ["dynamodb", "sfn", "s3", "cloudwatchlogs", "cognitoidentityprovider", "bedrockruntime"] {
            #expect(AWSTable.shared.service(name) != nil)
        }
    }

    @Test func anEndpointIsBuiltFromTheRegion() throws {
        let dynamodb = try #require(AWSTable.shared.service("dynamodb"))
        #expect(Endpoint(dynamodb, region: "eu-west-1").url("/") == "https://dynamodb.eu-west-1.amazonaws.com/")
        #expect(Endpoint(dynamodb, region: "cn-north-1").host == "dynamodb.cn-north-1.amazonaws.com.cn")
        let iam = try #require(AWSTable.shared.service("iam"))
        #expect(Endpoint(iam, region: "eu-west-1").host == "iam.amazonaws.com")
        #expect(Endpoint(iam, region: "eu-west-1").signingRegion == "us-east-1")
    }
}

@Suite(.serialized, .enabled(if: LocalServer.moto != nil, "moto is needed"))
struct AWSClientTests {
    private let client = localClient(LocalServer.moto?.url)

    private func call(_ service: String, _ operation: String, _ input: JSONValue, _ style: ResultStyle = .sdk) async throws -> JSONValue {
        try await client.call(AWSCall(service, operation, input, style: style)).output
    }

    private func error(_ service: String, _ operation: String, _ input: JSONValue) async -> ServiceError? {
        do {
            _ = try await client.call(AWSCall(service, operation, input, style: .sdk))
            return nil
        } catch {
            if case .service(let found) = error { return found }
            Issue.record("\(error)")
            return nil
        }
    }

    @Test func jsonServicesAnswer() async throws {
        _ = try await call(
            "dynamodb", "createTable",
            [
                "TableName": "t", "BillingMode": "PAY_PER_REQUEST",
                "AttributeDefinitions": [["AttributeName": "id", "AttributeType": "S"]],
                "KeySchema": [["AttributeName": "id", "KeyType": "HASH"]],
            ])
        _ = try await call("dynamodb", "putItem", ["TableName": "t", "Item": ["id": ["S": "é"], "n": ["N": "1"], "b": ["B": "x"]]])
        let got = try await call("dynamodb", "getItem", ["TableName": "t", "Key": ["id": ["S": "é"]]])
        #expect(got["Item"] == ["id": ["S": "é"], "n": ["N": "1"], "b": ["B": "x"]])
        let table = try await call("dynamodb", "describeTable", ["TableName": "t"])
        #expect(table["Table"]?["CreationDateTime"]?.string?.hasSuffix("Z") == true)
        let missing = await error("dynamodb", "getItem", ["TableName": "no", "Key": ["id": ["S": "1"]]])
        #expect(missing?.code == "ResourceNotFoundException")
        #expect(missing?.status == 400)
        #expect(missing?.message.isEmpty == false)
    }

    @Test func queryServicesAnswer() async throws {
        let topic = try await call("sns", "createTopic", ["Name": "t", "Attributes": ["DisplayName": "D&D"], "Tags": [["Key": "k", "Value": "v"]]])
        let arn = try #require(topic["TopicArn"]?.string)
        let attributes = try await call("sns", "getTopicAttributes", ["TopicArn": .string(arn)])
        #expect(attributes["Attributes"]?["DisplayName"] == "D&D")
        let tags = try await call("sns", "listTagsForResource", ["ResourceArn": .string(arn)])
        #expect(tags["Tags"] == [["Key": "k", "Value": "v"]])
        #expect(await error("sns", "getTopicAttributes", ["TopicArn": .string(arn + "x")])?.code == "NotFound")
        let caller = try await call("sts", "getCallerIdentity", [:])
        #expect(caller["Account"] == "123456789012")
    }

    @Test func ec2Answers() async throws {
        let vpc = try await call("ec2", "createVpc", ["CidrBlock": "10.1.0.0/16"])
        let id = try #require(vpc["Vpc"]?["VpcId"]?.string)
        let described = try await call("ec2", "describeVpcs", ["VpcIds": [.string(id)], "Filters": [["Name": "cidr", "Values": ["10.1.0.0/16"]]]])
        #expect(described["Vpcs"]?.array?.count == 1)
        #expect(described["Vpcs"]?[0]?["IsDefault"] == false)
        #expect(await error("ec2", "describeVpcs", ["VpcIds": ["vpc-0"]])?.code == "InvalidVpcID.NotFound")
    }

    @Test func restXMLAnswers() async throws {
        _ = try await call("s3", "createBucket", ["Bucket": "bucket"])
        let key = "folder/ä b+c&d.txt"
        _ = try await call("s3", "putObject", ["Bucket": "bucket", "Key": .string(key), "Body": ["a": 1], "Metadata": ["m": "v"], "ContentType": "text/plain"])
        let object = try await call("s3", "getObject", ["Bucket": "bucket", "Key": .string(key)])
        #expect(object["Body"] == #"{"a":1}"#)
        #expect(object["ContentType"] == "text/plain")
        #expect(object["ContentLength"] == 7)
        #expect(object["Metadata"] == ["m": "v"])
        #expect(object.object?.keys.last == "Body")
        let list = try await call("s3", "listObjectsV2", ["Bucket": "bucket", "Prefix": "folder/"])
        #expect(list["Contents"]?[0]?["Key"]?.string == key)
        #expect(list["Contents"]?[0]?["Size"] == 7)
        #expect(await error("s3", "getObject", ["Bucket": "bucket", "Key": "no"])?.code == "NoSuchKey")
        _ = try await call("s3", "deleteObjects", ["Bucket": "bucket", "Delete": ["Objects": [["Key": .string(key)]]]])
        let empty = try await call("s3", "listObjectsV2", ["Bucket": "bucket"])
        #expect(empty["KeyCount"] == 0)
    }

    @Test func restJSONAnswers() async throws {
        let api = try await call("apigateway", "createRestApi", ["Name": "n", "Description": "d"])
        #expect(api["Name"] == "n")
        let id = try #require(api["Id"])
        let got = try await call("apigateway", "getRestApi", ["RestApiId": id])
        #expect(got["Description"] == "d")
        #expect(await error("lambda", "getFunction", ["FunctionName": "no"])?.code == "ResourceNotFoundException")
    }

    @Test func wrongParametersAreToldBeforeAnythingIsSent() async {
        do {
            _ = try await localClient("http://127.0.0.1:1").call(AWSCall("dynamodb", "putItem", ["Table": "x", "Item": 1]))
            Issue.record("sent")
        } catch {
            #expect(
                error
                    == .parameters(
                        ParameterProblems(complaints: [
                            "The field \"Table\" is not supported by Step Functions", "The value for the field 'Item' must be a MAP",
                        ])))
        }
    }
}

@Suite(.serialized, .enabled(if: LocalServer.faulty != nil, "python3 is needed"))
struct RetryTests {
    private var base: String { LocalServer.faulty?.url ?? "" }

    private func script(_ key: String, _ steps: String) async throws {
        _ = try await HTTPClient.shared.perform(HTTPRequest("PUT", "\(base)/script/\(key)", body: Array(steps.utf8)))
    }

    private func attempts(_ key: String) async throws -> Int {
        let response = try await HTTPClient.shared.perform(HTTPRequest("GET", "\(base)/log/\(key)"))
        return try JSONValue(parsing: response.body).array?.count ?? 0
    }

    private let throttled = #"{"status": 400, "body": {"__type": "ThrottlingException", "message": "slow"}}"#

    @Test func throttlingIsRetried() async throws {
        try await script("r1", #"[\#(throttled), {"status": 503}, {"body": {"TableNames": ["x"]}}]"#)
        let result = try await localClient(base + "/play/r1").call(AWSCall("dynamodb", "listTables", [:]))
        #expect(result.output["TableNames"] == ["x"])
        #expect(result.attempts == 3)
    }

    @Test func retriesEnd() async throws {
        try await script("r2", "[\(throttled)]")
        do {
            _ = try await localClient(base + "/play/r2").call(AWSCall("dynamodb", "listTables", [:]))
            Issue.record("answered")
        } catch {
            guard case .service(let found) = error else { throw error }
            #expect(found.code == "ThrottlingException")
            #expect(found.message == "slow")
        }
        #expect(try await attempts("r2") == 3)
    }

    @Test func anErrorOfTheCallerIsNotRetried() async throws {
        try await script("r3", #"[{"status": 400, "body": {"__type": "x#ValidationException", "message": "m"}}]"#)
        _ = try? await localClient(base + "/play/r3").call(AWSCall("dynamodb", "listTables", [:]))
        #expect(try await attempts("r3") == 1)
    }

    @Test func delaysGrowToTwentySeconds() {
        #expect(RetryQuota.delaySeconds(afterAttempt: 1, draw: 0.5) == 0.5)
        #expect(RetryQuota.delaySeconds(afterAttempt: 3, draw: 1) == 4)
        #expect(RetryQuota.delaySeconds(afterAttempt: 90, draw: 1) == 20)
    }
}
