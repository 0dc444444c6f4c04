import AWSAPI
import JSON
import Testing

@Suite struct TestStateTests {
    private func test(_ definition: String, _ more: JSONValue = [:]) async throws -> JSONValue {
        var parameters = more.object ?? JSONObject()
        parameters["definition"] = .string(definition)
        return try await APIFixture().call("TestState", .object(parameters))
    }

    private func refusal(_ definition: String, _ more: JSONValue = [:]) async throws -> String? {
        var parameters = more.object ?? JSONObject()
        parameters["definition"] = .string(definition)
        let fixture = try APIFixture()
        return await fixture.refusal("TestState", .object(parameters))?.message
    }

    private static let task = #"{"Type":"Task","Resource":"arn:aws:states:::events:putEvents","Parameters":{"Entries.$":"$.e"},"ResultPath":"$.r","Next":"B"}"#

    @Test func everyStepOfThePipelineIsShown() async throws {
        let result = try await test(
            Self.task, ["input": #"{"e":[]}"#, "inspectionLevel": "DEBUG", "mock": ["result": #"{"FailedEntryCount":0}"#]])
        #expect(result["status"] == "SUCCEEDED")
        #expect(result["nextState"] == "B")
        #expect(result["output"]?.string == #"{"e":[],"r":{"FailedEntryCount":0}}"#)
        let inspection = result["inspectionData"]
        #expect(inspection?["afterParameters"]?.string == #"{"Entries":[]}"#)
        #expect(inspection?["result"]?.string == #"{"FailedEntryCount":0}"#)
        #expect(inspection?["afterResultPath"] == result["output"])
    }

    @Test func aMockedResultIsHeldAgainstTheServicesModel() async throws {
        let wrong: JSONValue = ["input": #"{"e":[]}"#, "mock": ["result": #"{"Entries":"x"}"#]]
        #expect(try await refusal(Self.task, wrong) == "Mock result schema validation error: Field 'Entries' must be an array")
        let lax: JSONValue = ["input": #"{"e":[]}"#, "mock": ["result": #"{"Entries":"x"}"#, "fieldValidationMode": "NONE"]]
        #expect(try await test(Self.task, lax)["status"] == "SUCCEEDED")
    }

    @Test func aRetrierIsAskedBeforeACatcherUntilItsAttemptsAreUsed() async throws {
        let state =
            #"{"Type":"Task","Resource":"arn:aws:states:::lambda:invoke","Retry":[{"ErrorEquals":["E"],"MaxAttempts":2,"IntervalSeconds":3}],"Catch":[{"ErrorEquals":["States.ALL"],"Next":"C"}],"End":true}"#
        let mock: JSONValue = ["errorOutput": ["error": "E", "cause": "c"]]
        let first = try await test(state, ["mock": mock, "inspectionLevel": "DEBUG", "stateConfiguration": ["retrierRetryCount": 1]])
        #expect(first["status"] == "RETRIABLE")
        #expect(first["inspectionData"]?["errorDetails"]?["retryBackoffIntervalSeconds"] == 6)
        let last = try await test(state, ["mock": mock, "inspectionLevel": "DEBUG", "stateConfiguration": ["retrierRetryCount": 2]])
        #expect(last["status"] == "CAUGHT_ERROR")
        #expect(last["nextState"] == "C")
        #expect(last["output"]?.string == #"{"Error":"E","Cause":"c"}"#)
    }

    @Test func aMapFailsWhenMoreIterationsFailThanItTolerates() async throws {
        let state =
            #"{"Type":"Map","ItemsPath":"$.v","ToleratedFailureCount":1,"ItemProcessor":{"ProcessorConfig":{"Mode":"DISTRIBUTED","ExecutionType":"STANDARD"},"StartAt":"X","States":{"X":{"Type":"Pass","End":true}}},"End":true}"#
        let input: JSONValue = #"{"v":[1,2,3]}"#
        let fine = try await test(state, ["input": input, "mock": ["result": "[1,2,3]"], "stateConfiguration": ["mapIterationFailureCount": 1]])
        #expect(fine["status"] == "SUCCEEDED")
        let failed = try await test(state, ["input": input, "mock": ["result": "[1,2,3]"], "stateConfiguration": ["mapIterationFailureCount": 2]])
        #expect(failed["error"] == "States.ExceedToleratedFailureThreshold")
        let message = try await refusal(
            state, ["input": input, "mock": ["result": "[1,2,3]"], "stateConfiguration": ["mapIterationFailureCount": 4]])
        #expect(message == "Map iteration failure count must be less than or equal to the number of Map iterations")
    }

    @Test func variablesAreSeenAndShownAfterTheState() async throws {
        let state = #"{"Type":"Pass","QueryLanguage":"JSONata","Assign":{"n":"{% $n + 1 %}"},"Output":"{% $n %}","End":true}"#
        let result = try await test(state, ["variables": #"{"n":1}"#, "inspectionLevel": "DEBUG"])
        #expect(result["output"]?.string == "1")
        #expect(result["inspectionData"]?["variables"]?.string == #"{"n":2}"#)
    }

    @Test func aStateOfAWholeMachineIsFoundByItsName() async throws {
        let machine = #"{"StartAt":"A","States":{"A":{"Type":"Pass","Next":"B"},"B":{"Type":"Fail","Error":"E"}}}"#
        #expect(try await test(machine, ["stateName": "B"])["error"] == "E")
        #expect(try await refusal(machine, ["stateName": "C"]) == "State not found in definition")
    }
}
