import JSON
import StatesLanguage
import Testing

@Suite struct DataFlowTests {
    /// The first state of a machine around `body`.
    func state(_ body: String) throws -> State {
        let (machine, diagnostics) = StateMachine.read(text: #"{"StartAt":"S","States":{"S":{"# + body + "}}}")
        return try #require(machine?.states.first, "\(diagnostics)")
    }

    func causeOf(_ work: () throws(Failure) -> Void) -> String? {
        do {
            try work()
            return nil
        } catch {
            return error.cause
        }
    }

    @Test func aTemplateRenamesItsHolesAndKeepsItsOrder() throws {
        guard
            case .pass(let pass) = try state(
                #""Type":"Pass","End":true,"Parameters":{"b":"$.x","a.$":"$.n","c":[{"d.$":"$$.Execution.Id"}],"e.$":"$v.w","f.$":"$.list[9]"}"#
            ).kind
        else { return }
        var variables = JSONObject()
        variables["v"] = ["w": true]
        let scope = EvaluationScope(
            input: ["n": 1, "list": []], variables: Variables([variables]), context: { ["Execution": ["Id": "x"]] })
        #expect(try pass.parameters?.evaluate(scope).text() == #"{"b":"$.x","a":1,"c":[{"d":"x"}],"e":true,"f":null}"#)
        #expect(
            causeOf { () throws(Failure) in
                _ = try pass.parameters?.evaluate(EvaluationScope(input: ["n": 1, "list": []], context: { [:] }))
            }
                == "The JSONPath '$$.Execution.Id' specified for the field 'd.$' could not be found in the input '{}'")
    }

    @Test func aResultIsInsertedOrRefused() throws {
        guard
            case .task(let task) = try state(
                #""Type":"Task","Resource":"arn:aws:lambda:r:1:function:f","ResultPath":"$.items.x","End":true"#
            ).kind
        else { return }
        #expect(try task.resultPath.apply(1, to: ["a": 0]) == ["a": 0, "items": ["x": 1]])
        let failure = #expect(throws: Failure.self) { _ = try task.resultPath.apply(1, to: "input1") }
        #expect(failure?.error == "States.ReferencePathConflict")
        #expect(failure?.cause == "Unable to apply ReferencePath $.items.x to input \"input1\"")
        #expect(try ResultPath.discard.apply(1, to: ["a": 0]) == ["a": 0])
    }

    @Test func pathsThatFindNothingSayWhere() throws {
        let whole = try state(#""Type":"Pass","InputPath":"$.no.such","OutputPath":null,"End":true"#)
        #expect(
            causeOf { () throws(Failure) in _ = try whole.inputPath.apply(EvaluationScope(input: [:]), field: "InputPath") }
                == "Invalid path '$.no.such' : Missing property in path $['no']")
        #expect(
            causeOf { () throws(Failure) in _ = try whole.inputPath.apply(EvaluationScope(input: ["no": [:]]), field: "InputPath") }
                == "Invalid path '$.no.such' : No results for path: $['no']['such']")
        #expect(try whole.outputPath.apply(EvaluationScope(input: 1), field: "OutputPath") == [:])
    }

    @Test(arguments: [
        ("-1", "The SecondsPath parameter references a negative value: $.s == -1"),
        ("1.5", "The SecondsPath parameter cannot be parsed as a long value: $.s == 1.5"),
        ("\"a\"", "The SecondsPath parameter cannot be parsed as a long value: $.s == a"),
        ("1.0", "The SecondsPath parameter cannot be parsed as a long value: $.s == 1.0"),
        ("\"-1\"", "The SecondsPath parameter references a negative value: $.s == -1"),
        ("null", "The SecondsPath parameter cannot be parsed as a long value: $.s == null"),
        ("3000000000", "Wait state delay is too long."),
    ])
    func badSecondsAreTold(_ seconds: String, _ cause: String) throws {
        guard case .wait(let wait) = try state(#""Type":"Wait","SecondsPath":"$.s","End":true"#).kind else { return }
        let input = try JSONValue(parsing: "{\"s\":\(seconds)}")
        #expect(
            causeOf { () throws(Failure) in _ = try wait.end(EvaluationScope(input: input), enteredAt: Timestamp(milliseconds: 0)) }
                == cause)
        #expect(
            causeOf { () throws(Failure) in _ = try wait.end(EvaluationScope(input: [:]), enteredAt: Timestamp(milliseconds: 0)) }
                == "The SecondsPath parameter does not reference an input value: $.s")
    }

    @Test func aWaitEndsWhenItSays() throws {
        guard case .wait(let wait) = try state(#""Type":"Wait","TimestampPath":"$.t","End":true"#).kind else { return }
        #expect(
            try wait.end(EvaluationScope(input: ["t": "1970-01-01T00:00:01.5+00:00"]), enteredAt: Timestamp(milliseconds: 0)).milliseconds
                == 1500)
        #expect(
            causeOf { () throws(Failure) in _ = try wait.end(EvaluationScope(input: ["t": 5]), enteredAt: Timestamp(milliseconds: 0)) }
                == "The TimestampPath parameter does not reference a valid ISO-8601 extended offset date-time format string: $.t == 5")
    }

    @Test func aFailedExpressionIsNoFailedTask() {
        #expect(!ErrorMatch.matches(["States.TaskFailed"], "States.QueryEvaluationError"))
        #expect(ErrorMatch.matches(["States.QueryEvaluationError"], "States.QueryEvaluationError"))
        #expect(ErrorMatch.matches(["States.ALL"], "States.QueryEvaluationError"))
        #expect(ErrorMatch.matches(["States.TaskFailed"], "E"))
    }

    @Test func aWaitsTimestampIsReadAsJavaDoes() throws {
        guard case .wait(let wait) = try state(#""Type":"Wait","QueryLanguage":"JSONata","Timestamp":"{% $states.input %}","End":true"#).kind
        else { return }
        let start = Timestamp(milliseconds: 0)
        for text in ["1970-01-01T00:01Z", "1970-01-01t00:01:00z", "1970-01-01T01:01:00.000000000+01:00"] {
            #expect(try wait.end(EvaluationScope(input: .string(text)), enteredAt: start).milliseconds == 60_000)
        }
        for text in ["1970-01-01T00:01", "1970-01-01T00:01:00.0000000000Z", "1970-02-29T00:01:00Z", "1970-01-01 00:01:00Z", "1970-01-01T00:01.5Z"] {
            #expect(
                causeOf { () throws(Failure) in _ = try wait.end(EvaluationScope(input: .string(text)), enteredAt: start) }
                    == "The Timestamp field cannot be parsed as an ISO-8601 extended offset date-time format string: \(text)")
        }
    }

    func holds(_ rule: String, _ input: JSONValue) throws -> Bool {
        guard case .choice(let choice) = try state(#""Type":"Choice","Choices":[{"Next":"E","# + rule + #"}]},"E":{"Type":"Succeed""#).kind
        else { return false }
        return try choice.rules[0].condition.evaluate(EvaluationScope(input: input))
    }

    @Test func onlyTheStarMatchesMore() throws {
        #expect(try holds(#""Variable":"$.a","StringMatches":"log-*.t?t""#, ["a": "log-1.x.t?t"]))
        #expect(try !holds(#""Variable":"$.a","StringMatches":"log-*.t?t""#, ["a": "log-1.txt"]))
        #expect(try holds(#""Variable":"$.a","StringMatches":"a\\*b""#, ["a": "a*b"]))
        #expect(try !holds(#""Variable":"$.a","StringMatches":"a\\*b""#, ["a": "axb"]))
        #expect(try holds(#""Variable":"$.a","StringMatches":"**""#, ["a": ""]))
    }

    @Test func comparisonsNeitherCoerceNorNormalise() throws {
        #expect(try !holds(#""Variable":"$.a","StringEquals":"é""#, ["a": "e\u{301}"]))
        #expect(try holds(#""Variable":"$.a","NumericEquals":1.0"#, ["a": 1]))
        #expect(try !holds(#""Variable":"$.a","NumericEquals":1"#, ["a": "1"]))
        #expect(try holds(#""Variable":"$.a","TimestampEquals":"2020-01-01T01:00:00+01:00""#, ["a": "2020-01-01T00:00:00Z"]))
        #expect(try holds(#""Not":{"Or":{"Variable":"$.b","IsPresent":true}}"#, ["a": 1]))
        let failure = #expect(throws: Failure.self) { _ = try holds(#""Variable":"$.b","IsNull":false"#, [:]) }
        #expect(failure?.cause == "Invalid path '$.b': The choice state's condition path references an invalid value.")
    }

    @Test func whatAMapRunsOverMustBeAnArray() throws {
        guard
            case .map(let map) = try state(
                #""Type":"Map","ItemsPath":"$$.Execution.Input","MaxConcurrencyPath":"$.n","End":true,"ItemProcessor":{"StartAt":"P","States":{"P":{"Type":"Succeed"}}}"#
            ).kind
        else { return }
        let context: JSONValue = ["Execution": ["Input": "text"]]
        #expect(
            causeOf { () throws(Failure) in _ = try map.itemList(EvaluationScope(input: [:], context: { context })) }
                == "Reference path \"$.Execution.Input\" must point to array.")
        #expect(
            causeOf { () throws(Failure) in _ = try map.itemList(EvaluationScope(input: [:], context: { ["Execution": ["a": 1]] })) }
                == "Unable to apply step \"Input\" to input {\"a\":1}")
        #expect(
            causeOf { () throws(Failure) in _ = try map.maxConcurrency?.integer(EvaluationScope(input: ["n": "NoNumber"])) }
                == "The MaxConcurrencyPath field refers to value \"NoNumber\" which is not a valid integer: $.n")
        #expect(
            causeOf { () throws(Failure) in _ = try map.maxConcurrency?.integer(EvaluationScope(input: ["n": [:]])) }
                == "The MaxConcurrencyPath field refers to value \"{}\" which is not a valid integer: $.n")
    }

    @Test func aFailureInsideTheServiceHasANumberAndNoReason() throws {
        let output = try state(#""Type":"Pass","QueryLanguage":"JSONata","Output":"{% $base64decode('!!!') %}","End":true"#).output
        let cause = try #require(causeOf { () throws(Failure) in _ = try output?.evaluate(EvaluationScope(input: [:])) })
        let start = "The JSONata expression '$base64decode('!!!')' specified for the field 'Output' threw an internal error during evaluation. "
        #expect(cause.hasPrefix(start) && cause.dropFirst(start.count).split(separator: "-").map(\.count) == [8, 4, 4, 4, 12])
    }
}
