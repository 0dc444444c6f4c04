import AWSAPI
import Engine
import JSON
import StatesLanguage
import Store
import Synchronization
import Testing

@Suite struct LogEventTests {
    private static let failing = #"{"StartAt":"A","States":{"A":{"Type":"Pass","Next":"B"},"B":{"Type":"Fail","Error":"E","Cause":"C"}}}"#
    private static let group = "arn:aws:logs:us-east-1:000000000000:log-group:g:*"

    private final class Collected: Sendable {
        private let kept = Mutex<[JSONValue]>([])
        var all: [JSONValue] { kept.withLock { $0 } }
        func add(_ events: [JSONValue]) { kept.withLock { $0 += events } }
    }

    /// What a machine with this loggingConfiguration writes.
    private func written(_ level: String, includesData: Bool) async throws -> [JSONValue] {
        let collected = Collected()
        var options = EngineOptions()
        options.logged = { logged in collected.add(LogEvent.written(logged, region: "us-east-1").map(\.json)) }
        let engine = try ExecutionEngine(store: try Store.inMemory(), options: options)
        let api = StepFunctionsAPI(engine: engine)
        func call(_ operation: String, _ body: JSONValue) async throws -> JSONValue {
            try await api.handle(target: "AWSStepFunctions.\(operation)", body: body.bytes())
        }
        let made = try await call(
            "CreateStateMachine",
            [
                "name": "m", "definition": .string(Self.failing), "roleArn": "arn:aws:iam::000000000000:role/r", "type": "EXPRESS",
                "loggingConfiguration": [
                    "level": .string(level), "includeExecutionData": .bool(includesData),
                    "destinations": [["cloudWatchLogsLogGroup": ["logGroupArn": .string(Self.group)]]],
                ],
            ])
        _ = try await call("StartSyncExecution", ["stateMachineArn": made["stateMachineArn"] ?? .null, "input": #"{"x":1}"#])
        await engine.shutDown()
        return collected.all
    }

    @Test func everyEventIsWrittenAsVendedLogsHaveIt() async throws {
        let events = try await written("ALL", includesData: true)
        #expect(events.compactMap { $0["type"]?.string } == ["ExecutionStarted", "PassStateEntered", "PassStateExited", "FailStateEntered", "ExecutionFailed"])
        let second = try #require(events.dropFirst().first)
        #expect(second["id"] == "2")
        #expect(second["previous_event_id"] == "0")
        #expect(second["redrive_count"] == "0")
        #expect(second["details"] == ["name": "A", "input": #"{"x":1}"#, "inputDetails": ["truncated": false]])
        #expect(second["event_timestamp"]?.string.flatMap { Int64($0) } != nil)
        #expect(second["execution_arn"]?.string?.contains(":express:m:") == true)
    }

    @Test func withoutDataNamesAndFailuresRemain() async throws {
        let events = try await written("ALL", includesData: false)
        #expect(events[1]["details"] == ["name": "A"])
        #expect(events.last?["details"] == ["error": "E", "cause": "C"])
    }

    @Test(arguments: [("ERROR", ["FailStateEntered", "ExecutionFailed"]), ("FATAL", ["ExecutionFailed"]), ("OFF", [])])
    func aLevelLetsThroughWhatItsNameSays(_ level: String, _ types: [String]) async throws {
        #expect(try await written(level, includesData: true).compactMap { $0["type"]?.string } == types)
    }

    @Test func aLogGroupThatIsNotThereIsRefused() async throws {
        var options = APIOptions()
        options.logGroupExists = { $0.contains(":log-group:there:") }
        let api = StepFunctionsAPI(engine: try ExecutionEngine(store: try Store.inMemory()), options: options)
        for (group, code) in [("there", nil), ("gone", "InvalidLoggingConfiguration")] as [(String, String?)] {
            let arn = "arn:aws:logs:us-east-1:000000000000:log-group:\(group):*"
            let body: JSONValue = [
                "name": .string(group), "definition": .string(Self.failing), "roleArn": "arn:aws:iam::000000000000:role/r",
                "loggingConfiguration": ["level": "ALL", "destinations": [["cloudWatchLogsLogGroup": ["logGroupArn": .string(arn)]]]],
            ]
            do throws(APIError) {
                _ = try await api.handle(target: "AWSStepFunctions.CreateStateMachine", body: body.bytes())
                #expect(code == nil)
            } catch {
                #expect(error.code == code)
                #expect(error.message == "Invalid Logging Configuration: Log Destination not found.")
            }
        }
    }
}
