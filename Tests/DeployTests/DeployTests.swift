import AWSClient
import Deploy
import Glibc
import JSON
import LocalServers
import Testing

private let definition: JSONValue = [
    "StartAt": "Call", "QueryLanguage": "JSONPath",
    "States": [
        "Call": [
            "Type": "Task", "Resource": "arn:aws:states:::lambda:invoke",
            "Parameters": ["FunctionName": "arn:aws:lambda:us-east-1:123456789012:function:price", "Payload.$": "$"], "Next": "Store",
        ],
        "Store": [
            "Type": "Task", "Resource": "arn:aws:states:::dynamodb:putItem",
            "Parameters": ["TableName": "orders", "Item": ["id": ["S.$": "$.id"]]], "Next": "Queue",
        ],
        "Queue": [
            "Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage",
            "Parameters": ["QueueUrl": "https://sqs.eu-west-1.amazonaws.com/123456789012/jobs", "MessageBody.$": "$"], "Next": "Each",
        ],
        "Each": [
            "Type": "Map",
            "ItemReader": [
                "Resource": "arn:aws:states:::s3:getObject", "ReaderConfig": ["InputType": "JSON"], "Parameters": ["Bucket": "in", "Key": "items.json"],
            ],
            "ItemProcessor": [
                "ProcessorConfig": ["Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"], "StartAt": "Train",
                "States": [
                    "Train": [
                        "Type": "Task", "Resource": "arn:aws:states:::sagemaker:createTrainingJob.sync",
                        "Parameters": ["TrainingJobName.$": "$.name", "RoleArn": "arn:aws:iam::123456789012:role/train"], "End": true,
                    ]
                ],
            ], "Next": "Tell",
        ],
        "Tell": ["Type": "Task", "Resource": "arn:aws:states:::aws-sdk:cloudwatchlogs:putLogEvents", "Parameters": [:], "End": true],
    ],
]

@Suite struct IAMPolicyTests {
    private let policy = IAMPolicy(definition: definition, machineARN: "arn:aws:states:us-east-1:1:stateMachine:m")

    private func line(_ action: String) -> IAMPolicy.Line? { policy.lines.first { $0.actions.contains(action) } }

    @Test func everyLineNamesTheStatesThatNeedIt() {
        #expect(
            line("lambda:InvokeFunction")?.resources == [
                "arn:aws:lambda:us-east-1:123456789012:function:price", "arn:aws:lambda:us-east-1:123456789012:function:price:*",
            ])
        #expect(line("lambda:InvokeFunction")?.states == ["Call"])
        #expect(line("dynamodb:PutItem")?.resources == ["arn:aws:dynamodb:*:*:table/orders"])
        #expect(line("sqs:SendMessage")?.resources == ["arn:aws:sqs:eu-west-1:123456789012:jobs"])
        #expect(line("logs:PutLogEvents")?.resources == ["*"])
    }

    @Test func aJobNeedsItsStopItsRuleAndItsRole() {
        #expect(line("sagemaker:StopTrainingJob")?.states == ["Train"])
        #expect(line("sagemaker:CreateTrainingJob")?.resources == ["arn:aws:sagemaker:*:*:training-job/*"])
        #expect(line("iam:PassRole")?.resources == ["arn:aws:iam::123456789012:role/train"])
        #expect(line("iam:PassRole")?.condition == ["StringEquals": ["iam:PassedToService": "sagemaker.amazonaws.com"]])
        #expect(line("events:PutRule") != nil)
    }

    @Test func aDistributedMapMayStartItsOwnMachineAndReadItsItems() {
        #expect(line("states:StartExecution")?.resources == ["arn:aws:states:us-east-1:1:stateMachine:m"])
        #expect(line("states:StopExecution")?.resources == ["arn:aws:states:us-east-1:1:execution:m:*"])
        #expect(line("s3:GetObject")?.resources == ["arn:aws:s3:::in/items.json"])
    }

    @Test func aMachineWithoutTasksNeedsNothing() {
        #expect(IAMPolicy(definition: ["StartAt": "P", "States": ["P": ["Type": "Pass", "End": true]]]).lines.isEmpty)
    }
}

@Suite struct InfrastructureTests {
    private let snippets = InfrastructureSnippets(name: "order-flow", definition: definition)

    @Test func whatDiffersByAccountIsAPlaceholder() {
        let substitutions = Substitutions(definition)
        #expect(substitutions.values.map(\.name) == ["PriceFunction", "OrdersTable", "JobsQueue", "InBucket", "TrainRole"])
        #expect(substitutions.definition["States"]?["Call"]?["Parameters"]?["FunctionName"] == "${PriceFunction}")
        #expect(substitutions.definition["States"]?["Call"]?["Resource"] == "arn:aws:states:::lambda:invoke")
    }

    @Test(arguments: ["cloudformation", "sam"])
    func awsToolsTakeTheTemplate(_ kind: String) throws {
        let template = kind == "sam" ? snippets.sam : snippets.cloudFormation
        var path = Array("/tmp/sfn-run-template-XXXXXX".utf8CString)
        let file = mkstemp(&path)
        try #require(file >= 0)
        let name = String(decoding: path.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        defer { unlink(name) }
        let bytes = template.bytes(.pretty)
        #expect(write(file, bytes, bytes.count) == bytes.count)
        close(file)
        guard let output = LocalServer.output(ofPython: "check_template.py", [name]) else { return }
        #expect(String(decoding: output, as: UTF8.self) == "ok\n")
    }

    @Test func thePolicyFollowsThePlaceholders() {
        let template = snippets.cloudFormation.text()
        #expect(template.contains(#"{"Fn::Sub":"${PriceFunction}:*"}"#))
        #expect(template.contains(#"{"Fn::Sub":"arn:aws:dynamodb:*:*:table/${OrdersTable}"}"#))
        #expect(template.contains(#"{"Fn::Sub":"arn:aws:s3:::${InBucket}/items.json"}"#))
        #expect(snippets.terraform.contains(#""arn:aws:dynamodb:*:*:table/${var.orders_table}""#))
        #expect(snippets.terraform.contains(#""${var.price_function}:*""#))
    }

    @Test func thingsOfOneNameAreToldApart() {
        func task(_ resource: String, _ parameters: JSONValue, _ end: (String, JSONValue)) -> JSONValue {
            .object(JSONObject([("Type", "Task"), ("Resource", .string("arn:aws:states:::" + resource)), ("Parameters", parameters), end]))
        }
        let topic: JSONValue = "arn:aws:sns:us-east-1:123456789012:orders"
        let snippets = InfrastructureSnippets(
            name: "m",
            definition: [
                "StartAt": "A",
                "States": [
                    "A": task("dynamodb:getItem", ["TableName": "orders", "Key": [:]], ("Next", "B")),
                    "B": task("sns:publish", ["TopicArn": topic, "Message": "m"], ("Next", "C")),
                    "C": task("lambda:invoke", ["FunctionName": "orders"], ("End", true)),
                ],
            ])
        let template = snippets.cloudFormation.text()
        #expect(template.contains(#"{"Fn::Sub":"arn:aws:dynamodb:*:*:table/${OrdersTable}"}"#))
        #expect(template.contains(#"{"Fn::Sub":"${OrdersTopic}"}"#))
        #expect(template.contains(#"function:${OrdersFunction}"#))
        #expect(template.contains(#""FunctionName":"${OrdersFunction}""#))
        #expect(snippets.cdkTypeScript.contains("definitionSubstitutions: {\n        OrdersTable: \"orders\",\n"))
    }

    @Test func terraformInterpolatesOnlyItsVariables() {
        let odd = InfrastructureSnippets(
            name: "m",
            definition: [
                "StartAt": "P", "States": ["P": ["Type": "Task", "Resource": "arn:aws:lambda:us-east-1:1:function:f", "Comment": "${x} %{y}", "End": true]],
            ])
        #expect(odd.terraform.contains(#""Resource": "${var.f_function}""#))
        #expect(odd.terraform.contains(#"$${x} %%{y}"#))
        #expect(odd.terraform.contains("resource \"aws_sfn_state_machine\" \"m\""))
    }

    @Test func cdkSnippetsHoldTheDefinitionAndItsSubstitutions() {
        #expect(snippets.cdkTypeScript.contains("DefinitionBody.fromString"))
        #expect(snippets.cdkTypeScript.contains(#"PriceFunction: "arn:aws:lambda:us-east-1:123456789012:function:price","#))
        #expect(snippets.cdkPython.contains("sfn.DefinitionBody.from_string"))
        #expect(snippets.cdkPython.contains("class OrderFlowStack(Stack):"))
    }
}

@Suite struct HistoryTests {
    private let history: [JSONValue] = [
        ["id": 1, "previousEventId": 0, "type": "ExecutionStarted", "timestamp": 100.0, "executionStartedEventDetails": ["input": "{}"]],
        ["id": 2, "previousEventId": 0, "type": "TaskStateEntered", "timestamp": 100.0],
        ["id": 3, "previousEventId": 2, "type": "TaskScheduled", "timestamp": 100.0],
        ["id": 4, "previousEventId": 3, "type": "TaskFailed", "timestamp": 100.1],
        ["id": 5, "previousEventId": 4, "type": "TaskScheduled", "timestamp": 100.2],
        ["id": 6, "previousEventId": 5, "type": "TaskSucceeded", "timestamp": 100.3, "taskSucceededEventDetails": ["output": #"{"a":[1,2]}"#]],
        ["id": 7, "previousEventId": 6, "type": "TaskStateExited", "timestamp": 100.3],
        ["id": 8, "previousEventId": 7, "type": "PassStateEntered", "timestamp": 100.3],
        ["id": 9, "previousEventId": 8, "type": "PassStateExited", "timestamp": 100.3],
        ["id": 10, "previousEventId": 9, "type": "ExecutionSucceeded", "timestamp": 100.34],
    ]

    @Test func theCostCountsRetries() throws {
        let cost = try #require(CostEstimate(history: history))
        #expect(cost.transitions == 5)
        #expect(cost.billedMegabytes == 64)
        #expect(abs(cost.billedSeconds - 0.4) < 1e-9)
        #expect(abs(cost.standardDollars - 5 * 0.000025) < 1e-12)
        #expect(cost.expressDollars > 0.000001)
        #expect(CostEstimate(history: []) == nil)
    }

    @Test func timesAreNoDifferenceAndValuesAre() {
        var other = history
        other[0] = ["id": 1, "previousEventId": 0, "type": "ExecutionStarted", "timestamp": 7.0, "executionStartedEventDetails": ["input": "{ }"]]
        #expect(HistoryDiff.differences(history, other).isEmpty)
        other[5] = ["id": 6, "previousEventId": 5, "type": "TaskSucceeded", "timestamp": 1, "taskSucceededEventDetails": ["output": #"{"a":[1,3]}"#]]
        let found = HistoryDiff.differences(history, Array(other.dropLast()))
        #expect(found.map(\.pointer) == ["/taskSucceededEventDetails/output/a/1", ""])
        #expect(found.first?.description == "#6 TaskSucceeded/taskSucceededEventDetails/output/a/1: 2 | 3")
    }

    @Test func idsThatEachRunMakesUpAreNoDifferenceAndMixedUpOnesAre() {
        let (a, b) = ("f5c29104-a696-40a5-a222-6703a1e447b6", "6e48d194-55bd-4e68-adeb-fc95668b641f")
        let (c, d) = ("00000000-a696-40a5-a222-6703a1e447b6", "11111111-55bd-4e68-adeb-fc95668b641f")
        func run(_ first: String, _ second: String, then third: String, given: String = "") -> [JSONValue] {
            [
                ["id": 1, "type": "ExecutionStarted", "executionStartedEventDetails": ["input": .string("{\"id\":\"\(given)\"}")]],
                ["id": 2, "type": "TaskSucceeded", "taskSucceededEventDetails": ["output": .string("{\"MessageId\":\"\(first)\"}")]],
                ["id": 3, "type": "TaskSucceeded", "taskSucceededEventDetails": ["output": .string("{\"MessageId\":\"\(second)\"}")]],
                ["id": 4, "type": "PassStateEntered", "stateEnteredEventDetails": ["input": .string("[\"\(third)\"]")]],
            ]
        }
        #expect(HistoryDiff.differences(run(a, b, then: a), run(c, d, then: c)).isEmpty)
        #expect(HistoryDiff.differences(run(a, b, then: a), run(c, d, then: d)).map(\.id) == [4])
        #expect(HistoryDiff.differences(run(a, b, then: a, given: a), run(c, d, then: c, given: c)).map(\.id) == [1])
        #expect(HistoryDiff.differences(run(a, b, then: a), run(c, "none", then: c)).map(\.id) == [3])
    }
}

@Suite(.serialized, .enabled(if: LocalServer.runningMoto != nil, "moto is needed"))
struct RemoteTests {
    private var remote: RemoteStepFunctions {
        var told = AWSConfiguration.Told()
        told.endpoint = LocalServer.runningMoto?.url
        told.credentials = AWSCredentials(accessKeyID: "test", secretAccessKey: "test")
        return RemoteStepFunctions(AWSClient(AWSConfiguration(told, surroundings: Surroundings(variables: [:], readFile: { _ in nil }))))
    }

    @Test(.timeLimit(.minutes(1))) func aMachineIsCreatedOnceAndThenKeptUpToDate() async throws {
        var deployment = RemoteStepFunctions.Deployment(
            name: "deployed", definition: #"{"StartAt":"P","States":{"P":{"Type":"Pass","Result":1,"End":true}}}"#,
            roleARN: "arn:aws:iam::123456789012:role/r")
        let first = try await remote.deploy(deployment)
        #expect(first.isNew)
        #expect(try await remote.deploy(deployment) == .init(machineARN: first.machineARN, isNew: false, isChanged: false))
        deployment.definition = #"{"StartAt":"P","States":{"P":{"Type":"Pass","Result":2,"End":true}}}"#
        let second = try await remote.deploy(deployment)
        #expect(second == .init(machineARN: first.machineARN, isNew: false, isChanged: true))
        #expect(try await remote.machine(first.machineARN)["definition"]?.string == deployment.definition)
        let execution = try await remote.start(first.machineARN, input: ["a": 1])
        let ended = try await remote.ended(execution)
        #expect(ended["status"] == "SUCCEEDED")
        #expect(ended["output"] == "2")
        #expect(try await remote.history(execution).isEmpty == false)
        #expect(try await remote.machineARN(named: "no such machine") == nil)
    }
}
