import ExecutionDriver
import JSON
import StatesLanguage
import Testing

/// What fails a distributed Map before its run, and what fails the run.
@Suite struct DistributedFailureTests {
    /// The events of a machine with one Map `S`, without notes: `MapStateStarted ← 2`; and how it failed.
    func run(_ fields: String, input: String, language: String = "JSONPath") throws -> (events: [String], error: String?, cause: String?) {
        let text =
            #"{"QueryLanguage":"\#(language)","StartAt":"S","States":{"S":{"Type":"Map","ItemProcessor":{"ProcessorConfig":{"Mode":"DISTRIBUTED","ExecutionType":"STANDARD"},"StartAt":"P","States":{"P":{"Type":"Pass","End":true}}},"#
            + fields + #","End":true}}}"#
        let (machine, diagnostics) = StateMachine.read(text: text)
        let read = try #require(machine, "\(diagnostics)")
        var driver = ExecutionDriver(machine: read)
        driver.run(try JSONValue(parsing: input))
        let events = driver.history.compactMap { event in event.type(in: read).map { "\($0) ← \(event.previousEventID)" } }
        return (events, driver.execution.error, driver.execution.cause)
    }

    static let prefix = "An error occurred while executing the state 'S' (entered at the event id #2). "
    static let reader = #""ItemReader":{"Resource":"arn:aws:states:::s3:getObject","#

    @Test(arguments: [
        (
            reader + #""ReaderConfig":{"InputType":"JSON","MaxItemsPath":"$.n"},"Parameters":{"Bucket":"b","Key":"k"}}"#,
            "The MaxItemsPath field refers to value \"1.5\" which is not a valid integer: $.n"
        ),
        (
            reader + #""Parameters":{"Bucket":"b","Key.$":"$.k"}}"#,
            "The JSONPath '$.k' specified for the field 'Key.$' could not be found in the input '{\"n\":1.5,\"i\":[1]}'"
        ),
        (
            #""ItemsPath":"$.i","ItemBatcher":{"MaxItemsPerBatchPath":"$.n"}"#,
            "The MaxItemsPerBatchPath field refers to value \"1.5\" which is not a valid integer: $.n"
        ),
        (
            #""ItemsPath":"$.i","ItemBatcher":{"MaxItemsPerBatch":1,"BatchInput":{"a.$":"$.z"}}"#,
            "The JSONPath '$.z' specified for the field 'a.$' could not be found in the input '{\"n\":1.5,\"i\":[1]}'"
        ),
    ])
    func whatCannotBeEvaluatedFailsTheStateBeforeThereIsARun(_ fields: String, _ cause: String) throws {
        let found = try run(fields, input: #"{"n":1.5,"i":[1]}"#)
        #expect(found.events == ["ExecutionStarted ← 0", "MapStateEntered ← 0", "MapStateStarted ← 2", "ExecutionFailed ← 3"])
        #expect(found.error == "States.Runtime")
        #expect(found.cause == Self.prefix + cause)
    }

    @Test func anExpressionThatFailsIsToldAtItsField() throws {
        let found = try run(Self.reader + #""Arguments":{"Bucket":"b","Key":"{% $states.input.k %}"}}"#, input: "{}", language: "JSONata")
        #expect(found.events.contains("EvaluationFailed ← 0") && !found.events.contains { $0.hasPrefix("MapRunStarted") })
        #expect(
            found.cause == Self.prefix
                + "The JSONata expression '$states.input.k' specified for the field 'ItemReader/Arguments/Key' returned nothing (undefined).")
    }

    @Test func anItemThatTheSelectorCannotTakeFailsTheRunWithTheStatesName() throws {
        let found = try run(#""ItemsPath":"$.i","ItemSelector":{"a.$":"$.z"}"#, input: #"{"i":[1]}"#)
        #expect(found.events.contains("MapRunFailed ← 4"))
        #expect(found.cause?.hasPrefix(Self.prefix + "The JSONPath '$.z'") == true)
    }
}
