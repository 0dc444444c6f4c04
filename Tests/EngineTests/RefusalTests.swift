import Engine
import JSON
import ServiceIntegrations
import StatesLanguage
import Store
import Testing

@Suite struct RefusalTests {
    private static let activity = "arn:aws:states:us-east-1:000000000000:activity:none"
    private static let worked =
        #"{"StartAt":"A","States":{"A":{"Type":"Task","Resource":"\#(activity)","Catch":[{"ErrorEquals":["States.ALL"],"Next":"B"}],"End":true},"B":{"Type":"Pass","End":true}}}"#

    @Test func anActivityThatIsNotThereFailsTheExecutionAtOnce() async throws {
        var options = EngineOptions()
        options.requiresActivities = true
        let engine = try ExecutionEngine(store: try Store.inMemory(), options: options)
        let result = try await engine.run(StartRequest(machine: try machine(Self.worked), input: .null))
        #expect(result.status == .failed)
        #expect(result.error == "States.Runtime")
        #expect(
            result.cause == "An error occurred while executing the state 'A' (entered at the event id #2). The activity \(Self.activity) does not exist.")
        await engine.shutDown()
    }

    @Test func parametersThatAServiceDoesNotTakeFailTheExecutionBehindAWSsPrefix() async throws {
        var options = EngineOptions()
        options.integration = { _ in Answering { _ throws(Failure) in throw Failure.runtime("The Parameters '{}' could not be used to start the Task: [why]") }
        }
        let engine = try ExecutionEngine(store: try Store.inMemory(), options: options)
        let result = try await engine.run(StartRequest(machine: try machine(EngineTests.chain), input: .object(JSONObject())))
        #expect(result.error == "States.Runtime")
        #expect(
            result.cause
                == "An error occurred while executing the state 'A' (entered at the event id #2). The Parameters '{}' could not be used to start the Task: [why]"
        )
        await engine.shutDown()
    }
}
