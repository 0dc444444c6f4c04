import JSON
import StatesLanguage
import Testing

@Suite struct LintTests {
    func lints(_ states: String) throws -> [String] {
        let (machine, diagnostics) = StateMachine.read(text: #"{"StartAt":"A","States":{"# + states + "}}")
        return try #require(machine, "\(diagnostics)").lints().map { "\($0.code) \($0.location ?? "")" }
    }

    @Test func aSoundMachineHasNone() throws {
        #expect(
            try lints(
                #""A":{"Type":"Task","Resource":"arn:aws:states:::sqs:sendMessage.waitForTaskToken","TimeoutSeconds":5,"Parameters":{"SecretArn":"abcdef","Password.$":"$.p","a.$":"$.b"},"Retry":[{"ErrorEquals":["a"]},{"ErrorEquals":["States.ALL"]}],"End":true}"#
            ) == [])
    }

    @Test func whatMayWaitForEverIsTold() throws {
        #expect(
            try lints(#""A":{"Type":"Task","Resource":"arn:aws:states:::sqs:sendMessage.waitForTaskToken","End":true}"#) == [
                "LINT_NO_TIMEOUT /States/A/Resource"
            ])
        #expect(
            try lints(#""A":{"Type":"Task","Resource":"arn:aws:states:r:1:activity:x","End":true}"#) == [
                "LINT_NO_TIMEOUT /States/A/Resource"
            ])
    }

    @Test func deadHandlersAreTold() throws {
        #expect(
            try lints(
                #""A":{"Type":"Task","Resource":"arn:aws:lambda:r:1:function:f","Retry":[{"ErrorEquals":["States.TaskFailed"]},{"ErrorEquals":["Mine"]},{"ErrorEquals":["States.Timeout"]}],"Catch":[{"ErrorEquals":["x","y"],"Next":"B"},{"ErrorEquals":["y"],"Next":"B"},{"ErrorEquals":["States.Runtime"],"Next":"B"}],"Next":"B"},"B":{"Type":"Succeed"}"#
            )
                == ["LINT_DEAD_RETRIER /States/A/Retry[1]", "LINT_DEAD_CATCHER /States/A/Catch[1]", "LINT_DEAD_CATCHER /States/A/Catch[2]"])
    }

    @Test func loopsThatMustFailAreTold() throws {
        #expect(
            try lints(
                #""A":{"Type":"Choice","Choices":[{"Variable":"$.x","IsNull":true,"Next":"E"}],"Default":"B"},"B":{"Type":"Pass","Next":"C"},"C":{"Type":"Pass","Next":"B"},"E":{"Type":"Succeed"}"#
            )
                == ["LINT_ENDLESS_LOOP /States/B"])
        let count = { (bound: Int) in
            #""A":{"Type":"Pass","Parameters":{"i.$":"States.MathAdd($.i, 1)"},"Next":"B"},"B":{"Type":"Choice","Choices":[{"Variable":"$.i","NumericLessThan":\#(bound),"Next":"A"}],"Default":"E"},"E":{"Type":"Succeed"}"#
        }
        #expect(try lints(count(100)) == [])
        #expect(try lints(count(100_000)) == ["LINT_TOO_MANY_EVENTS /States/B/Choices[0]"])
    }

    @Test func growingPayloadsAreTold() throws {
        let loop = { (pass: String) in
            #""A":{"Type":"Pass",\#(pass),"Next":"B"},"B":{"Type":"Choice","Choices":[{"Variable":"$.i","IsPresent":true,"Next":"A"}],"Default":"E"},"E":{"Type":"Succeed"}"#
        }
        #expect(try lints(loop(#""Parameters":{"previous.$":"$"}"#)) == ["LINT_GROWING_PAYLOAD /States/A/Parameters"])
        #expect(try lints(loop(#""Assign":{"log.$":"States.Array($log, $.x)"}"#)) == ["LINT_GROWING_PAYLOAD /States/A/Assign"])
        #expect(
            try lints(loop(#""QueryLanguage":"JSONata","Assign":{"log":"{% $append($log, $states.input.x) %}","logs":"{% $logs %}"}"#)) == [
                "LINT_GROWING_PAYLOAD /States/A/Assign"
            ])
        #expect(try lints(loop(#""Parameters":{"i.$":"$.i"}"#)) == [])
    }

    @Test func secretsAndForgottenDollarsAreTold() throws {
        #expect(
            try lints(
                #""A":{"Type":"Pass","Parameters":{"Password":"hunter22","k":"AKIAABCDEFGHIJKLMNOP","x":"$.y"},"Next":"B"},"B":{"Type":"Pass","Result":{"a.$":"$.b"},"End":true}"#
            ).sorted()
                == [
                    "LINT_SECRET /States/A/Parameters/Password", "LINT_SECRET /States/A/Parameters/k", "NO_DOLLAR /States/A/Parameters/x",
                    "PASS_RESULT_IS_STATIC /States/B/Result/a.$",
                ])
    }

    @Test func aReaderWithoutToleranceIsTold() throws {
        #expect(
            try lints(
                #""A":{"Type":"Map","End":true,"ItemReader":{"Resource":"arn:aws:states:::s3:getObject","Parameters":{"Bucket":"b","Key":"k"}},"ItemProcessor":{"ProcessorConfig":{"Mode":"DISTRIBUTED","ExecutionType":"STANDARD"},"StartAt":"P","States":{"P":{"Type":"Succeed"}}}}"#
            )
                == ["LINT_NO_TOLERANCE /States/A/ItemReader"])
    }
}
