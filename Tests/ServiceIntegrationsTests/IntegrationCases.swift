import AWSClient
import JSON
import Testing

/// One action of one integration: what it is asked, what its service answers, what becomes of that.
///
/// Inputs and answers are texts: the service's answers are what its protocol puts on the wire.
struct IntegrationCase: Sendable, CustomTestStringConvertible {
    let resource: String
    private let inputText: String
    /// One answer for each call of a success.
    let answers: [String]
    /// Of the result's JSON.
    let part: String
    /// `.sync`: a description of the job under way.
    var running: String?
    /// `.sync`: the operation that stops the job; nil: it has none.
    var stop: String?
    /// `.sync`: how a restarted engine goes on.
    var restart = Restart.repeats
    var testDescription: String { resource }

    enum Restart: Sendable {
        /// The same call, which changes nothing the second time.
        case repeats
        /// The same call with the same token.
        case token
        /// These answers find the job (`%TASK%` stands for the task's id), and this operation is not called.
        case finds([String], without: String)
    }

    init(_ resource: String, _ input: String, _ answers: [String], _ part: String) {
        self.resource = resource
        inputText = input
        self.answers = answers
        self.part = part
    }

    static func job(
        _ resource: String, _ input: String, _ answers: [String], _ part: String, running: String, stop: String? = nil, _ restart: Restart
    ) -> IntegrationCase {
        var result = IntegrationCase(resource, input, answers, part)
        result.running = running
        result.stop = stop
        result.restart = restart
        return result
    }

    /// `PLAY` stands for the server's URL.
    func input(_ url: String) throws -> JSONValue {
        func placed(_ value: JSONValue) -> JSONValue {
            if value == "PLAY" { return .string(url) }
            guard let object = value.object else { return value }
            return .object(JSONObject(object.map { ($0.key, placed($0.value)) }))
        }
        return placed(try JSONValue(parsing: inputText))
    }

    /// `dynamodb` of `dynamodb:getItem`, `lambda` of a function's ARN.
    var service: String {
        if resource.hasPrefix("arn:") { return "lambda" }
        let parts = resource.split(separator: ":").map(String.init)
        if parts[0] == "aws-sdk" { return "aws-sdk:" + parts[1] }
        if parts[0] == "eks", parts[1] == "call" || parts[1].hasPrefix("runJob") { return "kubernetes" }
        return parts[0]
    }

    /// `dynamodb:getItem`
    var action: String { String(resource.prefix { $0 != "." }) }

    func names() throws -> ServiceNames { try #require(ServiceNames.all[service], "\(service)") }
}

/// How a service refuses, and what its refusals are called.
struct ServiceNames: Sendable {
    enum Wire: Sendable { case json, restJSON, xml, http }
    let wire: Wire
    /// The code on the wire, and the error's name.
    let throttling: (code: String, name: String)
    let refusal: (code: String, name: String)
    let prefix: String
    let transport: String

    init(_ wire: Wire, _ prefix: String, throttling: (String, String), refusal: (String, String), transport: String = "SdkClientException") {
        self.wire = wire
        self.prefix = prefix
        self.throttling = throttling
        self.refusal = refusal
        self.transport = "\(prefix).\(transport)"
    }

    func answer(_ code: String, _ message: String, status: Int) -> JSONValue {
        switch wire {
        case .json:
            ["status": 400, "body": ["__type": .string("com.amazonaws#" + code), "message": .string(message)], "headers": ["x-amzn-RequestId": "id-1"]]
        case .restJSON:
            [
                "status": .integer(Int64(status)), "body": ["message": .string(message)],
                "headers": ["x-amzn-ErrorType": .string(code + ":http://x"), "x-amzn-RequestId": "id-1"],
            ]
        case .xml:
            [
                "status": .integer(Int64(status)),
                "body": .string(
                    "<ErrorResponse><Error><Type>Sender</Type><Code>\(code)</Code><Message>\(message)</Message></Error><RequestId>id-1</RequestId></ErrorResponse>"
                ),
            ]
        case .http: ["status": .integer(Int64(status)), "body": ["message": .string(message)]]
        }
    }

    private static let base = "ThrottlingException"

    /// Errors that a service's API does not describe have the name of its client's exception.
    static let all: [String: ServiceNames] = [
        "lambda": .init(
            .restJSON, "Lambda", throttling: ("TooManyRequestsException", "TooManyRequestsException"),
            refusal: ("ResourceNotFoundException", "ResourceNotFoundException")),
        "dynamodb": .init(.json, "DynamoDB", throttling: (base, base), refusal: ("ConditionalCheckFailedException", "ConditionalCheckFailedException")),
        "sqs": .init(.json, "SQS", throttling: (base, "AmazonSQSException"), refusal: ("QueueDoesNotExist", "QueueDoesNotExistException")),
        "sns": .init(.xml, "SNS", throttling: ("Throttling", "AmazonSNSException"), refusal: ("NotFound", "NotFoundException")),
        "events": .init(.json, "EventBridge", throttling: (base, base), refusal: ("InternalException", "InternalException")),
        "states": .init(
            .json, "StepFunctions", throttling: (base, "AWSStepFunctionsException"), refusal: ("StateMachineDoesNotExist", "StateMachineDoesNotExistException")),
        "sagemaker": .init(
            .json, "SageMaker", throttling: (base, "AmazonSageMakerException"), refusal: ("ResourceLimitExceeded", "ResourceLimitExceededException")),
        "s3": .init(.xml, "S3", throttling: ("SlowDown", "AmazonS3Exception"), refusal: ("NoSuchKey", "NoSuchKeyException")),
        "ecs": .init(.json, "ECS", throttling: (base, "AmazonECSException"), refusal: ("ClusterNotFoundException", "ClusterNotFoundException")),
        "batch": .init(.restJSON, "Batch", throttling: ("TooManyRequestsException", "AWSBatchException"), refusal: ("ClientException", "ClientException")),
        "glue": .init(.json, "Glue", throttling: (base, base), refusal: ("EntityNotFoundException", "EntityNotFoundException")),
        "athena": .init(
            .json, "Athena", throttling: ("TooManyRequestsException", "TooManyRequestsException"),
            refusal: ("InvalidRequestException", "InvalidRequestException")),
        "codebuild": .init(
            .json, "CodeBuild", throttling: (base, "AWSCodeBuildException"), refusal: ("ResourceNotFoundException", "ResourceNotFoundException")),
        "elasticmapreduce": .init(
            .json, "ElasticMapReduce", throttling: (base, "AmazonElasticMapReduceException"), refusal: ("InvalidRequestException", "InvalidRequestException")),
        "emr-serverless": .init(
            .restJSON, "EMRServerless", throttling: ("TooManyRequestsException", "AWSEMRServerlessException"),
            refusal: ("ConflictException", "ConflictException")),
        "eks": .init(.restJSON, "EKS", throttling: (base, base), refusal: ("InvalidParameterException", "InvalidParameterException")),
        "kubernetes": .init(.http, "EKS", throttling: ("", "429"), refusal: ("", "409")),
        "bedrock": .init(.restJSON, "Bedrock", throttling: (base, base), refusal: ("ValidationException", "ValidationException")),
        "apigateway": .init(.http, "ApiGateway", throttling: ("", "429"), refusal: ("", "409")),
        "http": .init(.http, "States.Http", throttling: ("", "StatusCode.429"), refusal: ("", "StatusCode.409"), transport: "Socket"),
        "aws-sdk:s3": .init(.xml, "S3", throttling: ("SlowDown", "S3Exception"), refusal: ("NoSuchKey", "NoSuchKeyException")),
        "aws-sdk:dynamodb": .init(.json, "DynamoDb", throttling: (base, base), refusal: ("ResourceNotFoundException", "ResourceNotFoundException")),
        "aws-sdk:ec2": .init(.xml, "Ec2", throttling: ("RequestLimitExceeded", "Ec2Exception"), refusal: ("InvalidVpcID.NotFound", "Ec2Exception")),
        "aws-sdk:sns": .init(.xml, "Sns", throttling: ("Throttled", "ThrottledException"), refusal: ("NotFound", "NotFoundException")),
        "aws-sdk:lambda": .init(
            .restJSON, "Lambda", throttling: ("TooManyRequestsException", "TooManyRequestsException"),
            refusal: ("ResourceNotFoundException", "ResourceNotFoundException")),
    ]
}
