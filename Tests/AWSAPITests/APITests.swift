import AWSAPI
import Engine
import JSON
import StatesLanguage
import Store
import Synchronization
import Testing

/// The API over a store in memory, without sockets.
struct APIFixture {
    let engine: ExecutionEngine
    let api: StepFunctionsAPI

    /// An engine that is not shut down lives as long as its process.
    private static let living = Mutex<[ExecutionEngine]>([])

    init(options: EngineOptions = EngineOptions()) throws {
        let engine = try ExecutionEngine(store: try Store.inMemory(), options: options)
        Self.living.withLock { $0.append(engine) }
        self.engine = engine
        api = StepFunctionsAPI(engine: engine)
    }

    func call(_ operation: String, _ parameters: JSONValue) async throws(APIError) -> JSONValue {
        try await api.handle(target: "AWSStepFunctions.\(operation)", body: Array(parameters.text().utf8))
    }

    /// The code and message of a call that must fail.
    func refusal(_ operation: String, _ parameters: JSONValue) async -> APIError? {
        do throws(APIError) {
            _ = try await call(operation, parameters)
            return nil
        } catch {
            return error
        }
    }

    func create(_ name: String, _ definition: String, type: String = "STANDARD") async throws -> String {
        let made = try await call(
            "CreateStateMachine",
            ["name": .string(name), "definition": .string(definition), "roleArn": "arn:aws:iam::000000000000:role/r", "type": .string(type)])
        return made["stateMachineArn"]?.string ?? ""
    }
}

@Suite struct APITests {
    private static let pass = #"{"StartAt":"A","States":{"A":{"Type":"Pass","End":true}}}"#

    @Test func anExecutionRunsAndItsHistoryKeepsTheCallersBlanks() async throws {
        let fixture = try APIFixture()
        let machine = try await fixture.create("m", Self.pass)
        let input = #"{ "values": [1,  2] }"#
        let started = try await fixture.call("StartExecution", ["stateMachineArn": .string(machine), "input": .string(input)])
        let arn = try #require(started["executionArn"]?.string)
        _ = try await fixture.engine.result(of: arn)
        let described = try await fixture.call("DescribeExecution", ["executionArn": .string(arn)])
        #expect(described["status"] == "SUCCEEDED")
        #expect(described["input"]?.string == input)
        #expect(described["output"]?.string == input)
        let history = try await fixture.call("GetExecutionHistory", ["executionArn": .string(arn)])
        let types = (history["events"]?.array ?? []).compactMap { $0["type"]?.string }
        #expect(types == ["ExecutionStarted", "PassStateEntered", "PassStateExited", "ExecutionSucceeded"])
        #expect(history["events"]?[3]?["executionSucceededEventDetails"]?["output"]?.string == input)
    }

    @Test func aHistoryInPagesIsTheWholeHistory() async throws {
        let fixture = try APIFixture()
        let machine = try await fixture.create("m", Self.pass)
        let started = try await fixture.call("StartExecution", ["stateMachineArn": .string(machine)])
        let arn = try #require(started["executionArn"])
        _ = try await fixture.engine.result(of: arn.string ?? "")
        var ids: [Int64] = []
        var token: JSONValue?
        repeat {
            var parameters = JSONObject([("executionArn", arn), ("maxResults", 1), ("reverseOrder", true)])
            if let token { parameters["nextToken"] = token }
            let page = try await fixture.call("GetExecutionHistory", .object(parameters))
            ids += (page["events"]?.array ?? []).compactMap { $0["id"]?.wholeNumber }
            token = page["nextToken"]
        } while token != nil && ids.count < 10
        #expect(ids == [4, 3, 2, 1])
    }

    @Test func listsComeInTheOrderOfNamesAndPagesDoNotOverlap() async throws {
        let fixture = try APIFixture()
        for name in ["b", "c", "a"] { _ = try await fixture.call("CreateActivity", ["name": .string(name)]) }
        let first = try await fixture.call("ListActivities", ["maxResults": 2])
        let token = try #require(first["nextToken"])
        let second = try await fixture.call("ListActivities", ["maxResults": 2, "nextToken": token])
        let names = [first, second].flatMap { $0["activities"]?.array ?? [] }.compactMap { $0["name"]?.string }
        #expect(names == ["a", "b", "c"])
        #expect(second["nextToken"] == nil)
    }

    @Test func aTokenOfOneListIsRefusedByAnother() async throws {
        let fixture = try APIFixture()
        for name in ["a", "b"] { _ = try await fixture.call("CreateActivity", ["name": .string(name)]) }
        let token = try #require(try await fixture.call("ListActivities", ["maxResults": 1])["nextToken"])
        #expect(await fixture.refusal("ListStateMachines", ["nextToken": token])?.code == "InvalidToken")
    }

    @Test func anUnknownOperationAndABrokenBodyAreRefusedAsAWSDoes() async throws {
        let fixture = try APIFixture()
        #expect(await fixture.refusal("Nonsense", [:])?.code == "UnknownOperationException")
        do throws(APIError) {
            _ = try await fixture.api.handle(target: "AWSStepFunctions.ListActivities", body: Array("{".utf8))
            Issue.record("accepted")
        } catch {
            #expect(error.code == "SerializationException")
        }
    }

    @Test func anUnknownTokenCompletesNothing() async throws {
        let fixture = try APIFixture()
        #expect(await fixture.refusal("SendTaskSuccess", ["taskToken": "x", "output": "{}"])?.code == "InvalidToken")
        #expect(await fixture.refusal("SendTaskSuccess", ["taskToken": "x", "output": "{"])?.code == "InvalidToken")
    }

    @Test func aRefusalNamesAllProblemsAndKeepsSensitiveValuesToItself() async throws {
        let fixture = try APIFixture()
        let long = String(repeating: "x", count: 257)
        let stopped = await fixture.refusal("StopExecution", ["executionArn": "arn", "error": .string(long)])
        #expect(stopped?.code == "ValidationException")
        #expect(
            stopped?.message == "1 validation error detected: Value at 'error' failed to satisfy constraint: Member must have length less than or equal to 256")
        let started = await fixture.refusal("StartExecution", ["name": .string(String(long.prefix(81))), "traceHeader": "ä"])
        #expect(
            started?.message == "3 validation errors detected: Value null at 'stateMachineArn' failed to satisfy constraint: Member must not be null; "
                + "Value '\(long.prefix(81))' at 'name' failed to satisfy constraint: Member must have length less than or equal to 80; "
                + #"Value 'ä' at 'traceHeader' failed to satisfy constraint: Member must satisfy regular expression pattern: \p{ASCII}*"#)
    }

    @Test func everyPatternOfTheModelIsChecked() async throws {
        #expect(APIModel.unknownPatterns.isEmpty)
        let fixture = try APIFixture()
        for name in ["12", "a b", "ä", "a/b"] {
            let refusal = await fixture.refusal("CreateStateMachineAlias", ["name": .string(name), "routingConfiguration": []])
            let beginning =
                "2 validation errors detected: Value '\(name)' at 'name' failed to satisfy constraint: Member must satisfy regular expression pattern: "
            #expect(refusal?.message.hasPrefix(beginning) == true, "\(refusal?.message ?? "")")
        }
    }

    @Test func anARNOfAnotherKindIsToldWhatItNames() async throws {
        let fixture = try APIFixture()
        let machine = try await fixture.create("m", Self.pass)
        let execution = "arn:aws:states:us-east-1:123456789012:execution:m:one"
        let kind = { (type: String) in "Invalid Arn: 'Resource type not valid in this context: \(type)'" }
        #expect(await fixture.refusal("DescribeExecution", ["executionArn": .string(machine)])?.message == kind("stateMachine"))
        #expect(await fixture.refusal("StartExecution", ["stateMachineArn": .string(execution)])?.message == kind("execution"))
        #expect(await fixture.refusal("DescribeActivity", ["activityArn": .string(machine)])?.message == kind("stateMachine"))
        #expect(await fixture.refusal("ListTagsForResource", ["resourceArn": .string(execution)])?.message == kind("execution"))
        let express = execution.replacing("execution", with: "express")
        #expect(await fixture.refusal("GetExecutionHistory", ["executionArn": .string(express)])?.message == kind("express"))
        let unresolved = "arn:aws:states:us-east-1:${AWS::AccountId}:stateMachine:m"
        let refusal = await fixture.refusal("StartExecution", ["stateMachineArn": .string(unresolved)])
        #expect(refusal == APIError("InvalidArn", "Invalid Arn: 'Resource type can not be empty: \(unresolved)'"))
    }

    @Test func aDistributedMapIsNoMachineToStartOrDescribe() async throws {
        let fixture = try APIFixture()
        let machine = try await fixture.create("m", Self.pass)
        for operation in ["StartExecution", "DescribeStateMachine", "DeleteStateMachine"] {
            let refusal = await fixture.refusal(operation, ["stateMachineArn": .string(machine + "/label")])
            #expect(refusal?.code == "ValidationException" && refusal?.body["reason"] == "API_DOES_NOT_SUPPORT_LABELED_ARNS", "\(operation)")
        }
    }

    @Test func anotherKeyMakesAnotherMachine() async throws {
        let fixture = try APIFixture()
        let machine = try await fixture.create("m", Self.pass)
        var again = JSONObject([
            ("name", "m"), ("definition", .string(Self.pass)), ("roleArn", "arn:aws:iam::000000000000:role/other"),
            ("encryptionConfiguration", .object(JSONObject([("type", "AWS_OWNED_KEY")]))),
        ])
        #expect(try await fixture.call("CreateStateMachine", .object(again))["stateMachineArn"]?.string == machine)
        again["encryptionConfiguration"] = ["type": "CUSTOMER_MANAGED_KMS_KEY", "kmsKeyId": "k"]
        #expect(await fixture.refusal("CreateStateMachine", .object(again))?.code == "StateMachineAlreadyExists")
    }

    @Test func aTestsRoleIsARole() async throws {
        let state: JSONValue = ["definition": #"{"Type":"Pass","End":true}"#, "roleArn": "arn:aws:iam::1:role/r"]
        #expect(await (try APIFixture()).refusal("TestState", state) == APIError("InvalidArn", "Invalid Role Arn: 'arn:aws:iam::1:role/r'"))
    }

    @Test func deletingAMachineEndsWhatRunsOfItAndThenTheMachine() async throws {
        let fixture = try APIFixture()
        let definition = #"{"StartAt":"W","States":{"W":{"Type":"Wait","Seconds":3600,"End":true}}}"#
        let machine = try await fixture.create("m", definition)
        let started = try await fixture.call("StartExecution", ["stateMachineArn": .string(machine)])
        let arn = try #require(started["executionArn"]?.string)
        _ = try await fixture.call("DeleteStateMachine", ["stateMachineArn": .string(machine)])
        #expect(try await fixture.engine.result(of: arn).status == .aborted)
        #expect(await fixture.refusal("DescribeStateMachine", ["stateMachineArn": .string(machine)])?.code == "StateMachineDoesNotExist")
        #expect(try await fixture.call("ListStateMachines", [:])["stateMachines"] == [])
        #expect(try await fixture.call("DescribeExecution", ["executionArn": .string(arn)])["status"] == "ABORTED")
        let again = try await fixture.create("m", definition)
        #expect(again == machine)
    }

    @Test func aMachineMadeAgainHasNoExecutionsOfTheOldOne() async throws {
        let fixture = try APIFixture()
        let machine = try await fixture.create("m", Self.pass)
        let started = try await fixture.call("StartExecution", ["stateMachineArn": .string(machine)])
        _ = try await fixture.engine.result(of: started["executionArn"]?.string ?? "")
        _ = try await fixture.call("DeleteStateMachine", ["stateMachineArn": .string(machine)])
        // The same millisecond would be the old machine's.
        let milliseconds = fixture.engine.options.clock().milliseconds
        while fixture.engine.options.clock().milliseconds == milliseconds { await Task.yield() }
        _ = try await fixture.create("m", Self.pass)
        #expect(try await fixture.call("ListExecutions", ["stateMachineArn": .string(machine)])["executions"] == [])
    }

    @Test func aPublishedRevisionIsPublishedAlreadyWhateverTheDescription() async throws {
        let fixture = try APIFixture()
        let machine = JSONValue.string(try await fixture.create("m", Self.pass))
        let first = try await fixture.call("PublishStateMachineVersion", ["stateMachineArn": machine, "description": "one"])
        #expect(try await fixture.call("PublishStateMachineVersion", ["stateMachineArn": machine, "description": "two"]) == first)
        #expect(try await fixture.call("ListStateMachineVersions", ["stateMachineArn": machine])["stateMachineVersions"]?.array?.count == 1)
    }

    @Test func ofExpressExecutionsOnlyAMapRunsCanBeDescribed() async throws {
        let fixture = try APIFixture()
        let map = #"""
            {"StartAt":"M","States":{"M":{"Type":"Map","End":true,"ItemProcessor":{"ProcessorConfig":{"Mode":"DISTRIBUTED","ExecutionType":"EXPRESS"},
            "StartAt":"P","States":{"P":{"Type":"Pass","End":true}}}}}}
            """#
        let machine = try await fixture.create("m", map)
        let started = try await fixture.call("StartExecution", ["stateMachineArn": .string(machine), "input": "[7]"])
        let arn = try #require(started["executionArn"])
        _ = try await fixture.engine.result(of: arn.string ?? "")
        let run = try #require(try await fixture.call("ListMapRuns", ["executionArn": arn])["mapRuns"]?[0]?["mapRunArn"])
        let child = try #require(try await fixture.call("ListExecutions", ["mapRunArn": run])["executions"]?[0]?["executionArn"])
        #expect(child.string?.contains(":express:") == true)
        #expect(try await fixture.call("DescribeExecution", ["executionArn": child])["output"] == "7")
        let express = try await fixture.create("e", Self.pass, type: "EXPRESS")
        let one = try #require(try await fixture.call("StartExecution", ["stateMachineArn": .string(express)])["executionArn"])
        for operation in ["DescribeExecution", "DescribeStateMachineForExecution"] {
            #expect(
                await fixture.refusal(operation, ["executionArn": one])?.message == "Invalid Arn: 'Resource type not valid in this context: express'")
        }
    }

    @Test func aChildOfAMapRunSaysHowManyItemsItHas() async throws {
        let fixture = try APIFixture()
        let map = #"""
            {"StartAt":"M","States":{"M":{"Type":"Map","End":true,"ItemBatcher":{"MaxItemsPerBatch":2},"ItemProcessor":{"ProcessorConfig":
            {"Mode":"DISTRIBUTED","ExecutionType":"STANDARD"},"StartAt":"P","States":{"P":{"Type":"Pass","End":true}}}}}}
            """#
        let machine = try await fixture.create("m", map)
        let started = try await fixture.call("StartExecution", ["stateMachineArn": .string(machine), "input": "[1,2,3]"])
        let arn = try #require(started["executionArn"])
        _ = try await fixture.engine.result(of: arn.string ?? "")
        let run = try #require(try await fixture.call("ListMapRuns", ["executionArn": arn])["mapRuns"]?[0]?["mapRunArn"])
        let children = try await fixture.call("ListExecutions", ["mapRunArn": run])["executions"]?.array ?? []
        #expect(children.compactMap { $0["itemCount"]?.wholeNumber }.sorted() == [1, 2])
        let update = await fixture.refusal("UpdateMapRun", ["mapRunArn": run, "maxConcurrency": 1])
        #expect(update?.body["reason"] == "CANNOT_UPDATE_COMPLETED_MAP_RUN")
    }

    @Test func anExecutionIsRedrivableForFourteenDays() async throws {
        let day = Mutex<Int64>(0)
        var options = EngineOptions()
        let now = options.clock
        options.clock = { Timestamp(milliseconds: now().milliseconds + day.withLock { $0 } * 86_400_000) }
        let fixture = try APIFixture(options: options)
        let machine = try await fixture.create("m", #"{"StartAt":"F","States":{"F":{"Type":"Fail","Error":"E"}}}"#)
        let arn = try #require(try await fixture.call("StartExecution", ["stateMachineArn": .string(machine)])["executionArn"])
        _ = try await fixture.engine.result(of: arn.string ?? "")
        #expect(try await fixture.call("DescribeExecution", ["executionArn": arn])["redriveStatus"] == "REDRIVABLE")
        day.withLock { $0 = 15 }
        let described = try await fixture.call("DescribeExecution", ["executionArn": arn])
        #expect(described["redriveStatus"] == "NOT_REDRIVABLE")
        #expect(described["redriveStatusReason"] == "Execution redrivable period exceeded")
        let refusal = await fixture.refusal("RedriveExecution", ["executionArn": arn])
        #expect(refusal == APIError("ExecutionNotRedrivable", "Execution redrivable period exceeded"))
    }

    @Test func tooManyTagsNameTheirResource() async throws {
        let fixture = try APIFixture()
        let machine = JSONValue.string(try await fixture.create("m", Self.pass))
        let tags = JSONValue.array((0...50).map { ["key": .string("k\($0)"), "value": "v"] })
        let refusal = await fixture.refusal("TagResource", ["resourceArn": machine, "tags": tags])
        #expect(refusal?.code == "TooManyTags" && refusal?.body["resourceName"] == machine)
    }

    @Test func aContextIsForMocksAlone() async throws {
        let refusal = await (try APIFixture()).refusal("TestState", ["definition": #"{"Type":"Pass","End":true}"#, "context": "{}"])
        #expect(refusal == APIError("ValidationException", "TestState does not support Context when a mock is not specified."))
    }

    @Test func theTraceOfTheRequestCountsMoreThanThatOfItsBody() async throws {
        let fixture = try APIFixture()
        let body: JSONValue = ["stateMachineArn": .string(try await fixture.create("m", Self.pass)), "traceHeader": "body"]
        let started = try await fixture.api.handle(target: "AWSStepFunctions.StartExecution", body: body.bytes(), trace: "Root=1-5-a")
        let arn = try #require(started["executionArn"])
        #expect(try await fixture.call("DescribeExecution", ["executionArn": arn])["traceHeader"] == "Root=1-5-a")
    }
}
