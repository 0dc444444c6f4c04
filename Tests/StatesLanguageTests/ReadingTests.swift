import JSON
import StatesLanguage
import Testing

@Suite struct ReadingTests {
    func errors(_ text: String, options: ReadOptions = ReadOptions()) -> [String] {
        StateMachine.read(text: text, options: options).diagnostics.filter { $0.severity == .error }
            .map { "\($0.code): \($0.message) at \($0.location ?? "null")" }
    }

    /// A machine around one state.
    func state(_ body: String) -> String { #"{"StartAt":"S","States":{"S":{"# + body + "}}}" }

    @Test func everyProblemIsToldAtOnce() {
        let found = errors(
            #"{"StartAt":"A","Colour":1,"States":{"A":{"Type":"Wait","Seconds":-1,"Retry":[],"Next":"B"},"C":{"Type":"Pass","InputPath":"x","End":true}}}"#
        )
        #expect(
            found == [
                "SCHEMA_VALIDATION_FAILED: Field 'Colour' is not supported at /",
                "SCHEMA_VALIDATION_FAILED: Field 'Retry' is not supported at /States/A",
                "MISSING_TRANSITION_TARGET: Missing 'Next' target: B at /States/A/Next",
                "SCHEMA_VALIDATION_FAILED: Minimum value is 0 at /States/A/Seconds",
                "SCHEMA_VALIDATION_FAILED: Value must be a valid JSONPath. at /States/C/InputPath",
                "MISSING_TRANSITION_TARGET: State \"C\" is not reachable. at /States/C",
            ])
    }

    @Test func aCycleOfStatesWithAnEndIsFine() {
        let found = errors(
            #"{"StartAt":"A","States":{"A":{"Type":"Choice","Choices":[{"Variable":"$.x","IsNull":true,"Next":"B"}],"Default":"A"},"B":{"Type":"Pass","Next":"A"},"C":{"Type":"Succeed"}}}"#
        )
        #expect(found == ["MISSING_TRANSITION_TARGET: State \"C\" is not reachable. at /States/C"])
    }

    @Test func nestedLocationsAreSpelledAsAWSSpellsThem() {
        let found = errors(
            state(
                #""Type":"Choice","Choices":[{"Not":{"Variable":"$.x","StringEquals":"a"},"Next":"Z"}],"Default":"Y""#))
        #expect(found.first == "MISSING_TRANSITION_TARGET: Missing 'Next' target: Z at /States/S/Choices[0]/Next")
        #expect(found.dropFirst().first == "MISSING_TRANSITION_TARGET: Missing 'Next' target: Y at /States/S/Default")
        let machine = StateMachine.read(text: state(#""Type":"Choice","Choices":[{"Next":"S"}]"#))
        #expect(machine.diagnostics.contains { $0.location == "/States/S/Choices[0]" && $0.pointer == "/States/S/Choices/0" })
    }

    @Test func aChildOfAMapTakesTheMachinesLanguage() {
        let found = errors(
            state(
                #""Type":"Map","QueryLanguage":"JSONata","End":true,"ItemProcessor":{"QueryLanguage":"JSONata","StartAt":"P","States":{"P":{"Type":"Pass","Output":1,"End":true}}}"#
            ))
        #expect(
            found == [
                "SCHEMA_VALIDATION_FAILED: Field 'QueryLanguage' is not supported at /States/S/ItemProcessor",
                "SCHEMA_VALIDATION_FAILED: The QueryLanguage is set to 'JSONPath', but field 'Output' is only supported for the 'JSONata' QueryLanguage at /States/S/ItemProcessor/States/P",
            ])
    }

    @Test func aBranchMayNotAssignWhatIsAssignedOnTheWayToIt() {
        func found(_ states: String) -> [String] { errors(#"{"QueryLanguage":"JSONata","StartAt":"A","States":{"# + states + "}}") }
        func parallel(_ name: String, _ more: String) -> String {
            #""\#(name)":{"Type":"Parallel","Branches":[{"StartAt":"I","States":{"I":{"Type":"Pass","Assign":{"x":1},"End":true}}}],\#(more)}"#
        }
        let told = "DUPLICATE_VARIABLE_NAME: The variable 'x' is assigned in an outer scope on the way here at /States/"
        #expect(found(#""A":{"Type":"Pass","Assign":{"x":1},"Next":"B"},"# + parallel("B", #""End":true"#)) == [told + "B/Branches[0]"])
        let loop = #""C":{"Type":"Choice","Choices":[{"Condition":"{% true %}","Next":"A"}],"Default":"D"},"D":{"Type":"Succeed"}"#
        #expect(found(parallel("A", #""Assign":{"x":2},"Next":"C""#) + "," + loop) == [told + "A/Branches[0]"])
        #expect(found(parallel("A", #""Assign":{"x":2},"Next":"C""#) + #","C":{"Type":"Pass","Assign":{"x":3},"End":true}"#) == [])
        let caught = #""Catch":[{"ErrorEquals":["States.ALL"],"Assign":{"x":1},"Next":"C"}],"End":true"#
        #expect(found(parallel("A", caught) + #","C":{"Type":"Succeed"}"#) == [])
    }

    @Test func expressRefusesWhatWaits() {
        let sync = state(#""Type":"Task","Resource":"arn:aws:states:::batch:submitJob.sync","End":true"#)
        #expect(errors(sync) == [])
        #expect(
            errors(sync, options: ReadOptions(isExpress: true)) == [
                "SCHEMA_VALIDATION_FAILED: Express state machine does not support '.sync' service integration at /States/S/Resource"
            ])
    }

    @Test(arguments: [
        #""Type":"Wait","Seconds":1,"Timestamp":"2020-01-01T00:00:00Z","End":true"#,
        #""Type":"Wait","Timestamp":"2020-01-01 00:00:00Z","End":true"#,
        #""Type":"Pass","Next":"S","End":true"#,
        #""Type":"Pass""#,
        #""Type":"Fail","Error":"a","ErrorPath":"$.a""#,
        #""Type":"Task","Resource":"arn:aws:lambda:r:1:function:f","TimeoutSeconds":5,"HeartbeatSeconds":5,"End":true"#,
        #""Type":"Task","Resource":"arn:aws:lambda:r:1:function:f","End":true,"Retry":[{"ErrorEquals":["States.ALL"]},{"ErrorEquals":["a"]}]"#,
        #""Type":"Task","Resource":"arn:aws:lambda:r:1:function:f","End":true,"Retry":[{"ErrorEquals":["a"],"BackoffRate":0.5}]"#,
        #""Type":"Task","Resource":"arn:aws:lambda:r:1:function:f","End":true,"Retry":[{"ErrorEquals":["a"],"IntervalSeconds":5,"MaxDelaySeconds":5}]"#,
        #""Type":"Task","Resource":"arn:aws:lambda:r:1:function:f","End":true,"ResultPath":"$.a[*]""#,
        #""Type":"Pass","Parameters":{"a":1,"a.$":"$.b"},"End":true"#,
        #""Type":"Pass","Parameters":{"a":[{"b.$":"States.Nope()"}]},"End":true"#,
        #""Type":"Pass","Assign":{"states":1},"End":true"#,
        #""Type":"Choice","Choices":[{"And":[{"Variable":"$.a","IsNull":true,"Next":"S"}],"Next":"S"}]"#,
        #""Type":"Choice","Choices":[{"Variable":"$.a","NumericEquals":"1","Next":"S"}]"#,
        #""Type":"Map","End":true,"ItemProcessor":{"StartAt":"S","States":{"S":{"Type":"Succeed"}}}"#,
    ])
    func mistakesAreRefused(_ body: String) {
        #expect(!errors(state(body)).isEmpty)
    }

    /// AWS's sentences: tiny-asl-machine's recordings, cdk-preflight's and floci's measurements of 2026, reports of deployments.
    @Test(arguments: [
        (#""Type":"Pass""#, "This object should have only one of the following fields: [Next, End] at /States/S"),
        (#""Type":"Pass","Next":"S","End":true"#, "There should only be one of the following fields: [Next, End] at /States/S"),
        (#""End":true"#, "The field 'Type' is required at /States/S"),
        (
            #""Type":"Wait","End":true"#,
            "This object should have only one of the following fields: [SecondsPath, Seconds, TimestampPath, Timestamp] at /States/S"
        ),
        (
            #""Type":"Wait","Seconds":1,"TimestampPath":"$.t","End":true"#,
            "There should only be one of the following fields: [SecondsPath, Seconds, TimestampPath, Timestamp] at /States/S"
        ),
        (#""Type":"Wait","Seconds":1.5,"End":true"#, "Expected value of type Integer at /States/S/Seconds"),
        (#""Type":"Wait","Seconds":100000000,"End":true"#, "Maximum value is 99999999 at /States/S/Seconds"),
        (#""Type":"Task","End":true"#, "These fields are required: [Resource] at /States/S"),
        (#""Type":"Task","Resource":"f","End":true"#, "Value is not a valid resource ARN at /States/S/Resource"),
        (#""Type":"Task","Resource":"arn:aws:lambda:r:1:function:f","TimeoutSeconds":0,"End":true"#, "Minimum value is 1 at /States/S/TimeoutSeconds"),
        (
            #""Type":"Task","Resource":"arn:aws:states:::sqs:sendMessage.sync","End":true"#,
            "The resource provided arn:aws:states:::sqs:sendMessage.sync is not recognized. The value is not a valid resource ARN, or the resource is not available in this region. at /States/S/Resource"
        ),
        (
            #""Type":"Task","Resource":"arn:aws:states:r:1:activity:a","Credentials":{"RoleArn":"r"},"End":true"#,
            "The field 'Credentials' is not supported for activities at /States/S/Credentials"
        ),
        (
            #""Type":"Task","Resource":"arn:aws:lambda:r:1:function:f","Retry":[{"ErrorEquals":["States.ALL","A"]}],"End":true"#,
            "States.ALL must appear alone and at end of list at /States/S/Retry[0]/ErrorEquals"
        ),
        (
            #""Type":"Task","Resource":"arn:aws:lambda:r:1:function:f","Retry":[{"ErrorEquals":["A"],"BackoffRate":0.5}],"End":true"#,
            "Minimum value is 1.0 at /States/S/Retry[0]/BackoffRate"
        ),
        (
            #""Type":"Task","Resource":"arn:aws:lambda:r:1:function:f","Retry":[{"ErrorEquals":["A"],"JitterStrategy":"HALF"}],"End":true"#,
            "Value should be one of the following: [NONE, FULL] at /States/S/Retry[0]/JitterStrategy"
        ),
        (
            #""Type":"Task","Resource":"arn:aws:lambda:r:1:function:f","Catch":[{"ErrorEquals":["A"]}],"End":true"#,
            "These fields are required: [Next] at /States/S/Catch[0]"
        ),
        (#""Type":"Choice","Choices":[{"Variable":"$.a","IsNull":true}]"#, "These fields are required: [Next] at /States/S/Choices[0]"),
        (
            #""Type":"Choice","Choices":[{"Next":"S"}]"#,
            "The object must have only one of the following fields, [And, Or, Not, Variable, Condition] at /States/S/Choices[0]"
        ),
        (
            #""Type":"Choice","Choices":[{"Variable":"a","IsNull":true,"Next":"S"}]"#,
            "Value is not a Reference Path: Reference path didn't start with '$' at /States/S/Choices[0]/Variable"
        ),
        (#""Type":"Map","End":true"#, "This object should have only one of the following fields: [ItemProcessor, Iterator] at /States/S"),
        (
            #""Type":"Map","End":true,"MaxConcurrencyPath":"$$.Execution.Input.n","ItemProcessor":{"StartAt":"P","States":{"P":{"Type":"Succeed"}}}"#,
            "Value is not a Reference Path at /States/S/MaxConcurrencyPath"
        ),
        (
            #""Type":"Map","End":true,"ToleratedFailurePercentage":101,"ItemProcessor":{"StartAt":"P","States":{"P":{"Type":"Succeed"}}}"#,
            "Maximum value is 100.0 at /States/S/ToleratedFailurePercentage"
        ),
        (
            #""Type":"Map","End":true,"ItemProcessor":{"ProcessorConfig":{"Mode":"DISTRIBUTED"},"StartAt":"P","States":{"P":{"Type":"Succeed"}}}"#,
            "These fields are required: [ExecutionType] at /States/S/ItemProcessor/ProcessorConfig"
        ),
        (#""Type":"Pass","Assign":{"states":1},"End":true"#, "RESERVED_VARIABLE_NAME: Cannot assign to reserved variable '$states'. at /States/S/Assign"),
        (
            #""Type":"Pass","QueryLanguage":"JSONata","Output":"{% 1","End":true"#,
            "JSONata string must start with {% and end with %} at /States/S/Output"
        ),
    ])
    func mistakesAreToldInAWSsWords(_ body: String, _ sentence: String) {
        #expect(errors(state(body)).first == (sentence.hasPrefix("RESERVED") ? sentence : "SCHEMA_VALIDATION_FAILED: " + sentence))
    }

    @Test func aRuleHasOneComparison() {
        let none = errors(state(#""Type":"Choice","Choices":[{"Variable":"$.a","Next":"S"}]"#)).first ?? ""
        #expect(none.hasPrefix("SCHEMA_VALIDATION_FAILED: This object should have only one of the following fields: [StringEquals, IsBoolean, "))
        #expect(none.split(separator: ",").count == 39)
        let two = errors(state(#""Type":"Choice","Choices":[{"Variable":"$.a","IsNull":true,"IsString":true,"Next":"S"}]"#)).first ?? ""
        #expect(two.hasPrefix("SCHEMA_VALIDATION_FAILED: There should only be one of the following fields: [StringEquals, "))
    }

    @Test(arguments: [
        (#""InputType":"CSV""#, "The field 'CSVHeaderLocation' is required"),
        (#""InputType":"CSV","CSVHeaderLocation":"GIVEN""#, "These fields are required: [CSVHeaders]"),
        (#""InputType":"JSON","CSVHeaderLocation":"FIRST_ROW""#, "Field 'CSVHeaderLocation' is not supported"),
        (#""InputType":"JSON","ManifestType":"ATHENA_DATA""#, "Field 'ManifestType' is not supported"),
        (#""Transformation":"LOAD_AND_FLATTEN""#, "The field 'InputType' is required"),
        (#""InputType":"JSON","ItemsPointer":"a/b""#, #"Invalid input: JSON Pointer expression must start with '/': "a/b""#),
        (#""InputType":"JSON","MaxItems":100000001"#, "Maximum value is 100000000"),
    ])
    func aReaderIsAskedForWhatItsFormatNeeds(_ configuration: String, _ sentence: String) {
        let found = errors(
            state(
                #""Type":"Map","End":true,"ItemReader":{"Resource":"arn:aws:states:::s3:getObject","ReaderConfig":{"# + configuration
                    + #"}},"ItemProcessor":{"ProcessorConfig":{"Mode":"DISTRIBUTED","ExecutionType":"STANDARD"},"StartAt":"P","States":{"P":{"Type":"Succeed"}}}"#
            ))
        #expect(found.count == 1)
        #expect(found.first?.hasPrefix("SCHEMA_VALIDATION_FAILED: " + sentence + " at /States/S/ItemReader/ReaderConfig") == true)
    }

    @Test func whatHasNoStatesHasNoEndEither() {
        #expect(
            errors(#"{"StartAt":"A","States":{}}"#) == [
                "SCHEMA_VALIDATION_FAILED: Value cannot be empty at /States",
                "MISSING_TRANSITION_TARGET: Missing 'Next' target: A at /StartAt",
                "MISSING_END_STATE: Workflow has no terminal state at null",
            ])
        #expect(errors(state(#""End":true"#)).last == "MISSING_END_STATE: Workflow has no terminal state at null")
    }

    @Test func aRetrierMayWaitNoTimeAtAll() {
        #expect(
            errors(state(#""Type":"Task","Resource":"arn:aws:lambda:r:1:function:f","Retry":[{"ErrorEquals":["A"],"IntervalSeconds":0}],"End":true"#)) == [])
    }

    // MARK: extensions

    func parallel(_ branches: String, _ more: String = "") -> String {
        state(#""Type":"Parallel","End":true,"# + more + #""Branches":["# + branches + "]")
    }
    func branch(_ state: String, _ extra: String) -> String {
        #"{"Name":"\#(state)","StartAt":"\#(state)","States":{"\#(state)":{"Type":"Succeed"}}\#(extra)}"#
    }

    @Test func branchesMayDependOnEachOther() throws {
        let text = parallel(
            branch("a", "") + "," + branch("b", #","DependsOn":["a"]"#) + ","
                + branch("c", #","DependsOn":[{"Name":"a","Trigger":"Failed"},"b"]"#),
            #""MaxConcurrency":2,"OnFailure":"FinishRunning","#)
        let (machine, diagnostics) = StateMachine.read(text: text)
        #expect(diagnostics == [])
        guard case .parallel(let state)? = machine?.states.first?.kind else { throw Missing() }
        #expect(state.branches[2].dependsOn.map(\.branch) == [0, 1])
        #expect(state.branches[2].dependsOn.map(\.trigger) == [.failed, .succeeded])
        #expect(state.maxConcurrency == 2)
        #expect(state.finishesRunningBranches)
        #expect(errors(text, options: ReadOptions(allowsExtensions: false)).count > 3)
    }
    struct Missing: Error {}

    @Test func wrongDependenciesAreRefused() {
        #expect(
            errors(parallel(branch("a", #","DependsOn":["x"]"#))) == [
                "SCHEMA_VALIDATION_FAILED: There is no branch with the name 'x' at /States/S/Branches[0]/DependsOn[0]"
            ])
        let cycle = branch("a", #","DependsOn":["b"]"#) + "," + branch("b", #","DependsOn":["a"]"#) + "," + branch("c", "")
        #expect(
            errors(parallel(cycle)) == [
                "SCHEMA_VALIDATION_FAILED: The branch waits for itself, directly or through others at /States/S/Branches[0]/DependsOn"
            ])
        #expect(errors(parallel(branch("a", #","DependsOn":[{"Name":"a","Trigger":"Maybe"}]"#))).count == 2)
    }

    @Test func retriersMayExpireAndTasksMayBeCached() {
        let text = state(
            #""Type":"Task","Resource":"arn:aws:lambda:r:1:function:f","End":true,"Cache":{"Enabled":true,"ExpireAfter":"P7D"},"Retry":[{"ErrorEquals":["a"],"ExpireAfterMin":5}]"#
        )
        let machine = StateMachine.read(text: text).machine
        guard case .task(let task)? = machine?.states.first?.kind else { return #expect(Bool(false)) }
        #expect(task.retry.first?.expireAfterMinutes == 5)
        #expect(task.cache?["ExpireAfter"] == "P7D")
    }

    // MARK: bounds

    func nested(_ depth: Int) -> String {
        var text = #"{"Type":"Succeed"}"#
        for level in 0..<depth {
            text = #"{"Type":"Parallel","End":true,"Branches":[{"StartAt":"\#(level)","States":{"\#(level)":"# + text + "}}]}"
        }
        return #"{"StartAt":"S","States":{"S":"# + text + "}}"
    }

    @Test func workflowsNestDeeplyButNotWithoutBound() {
        #expect(errors(nested(190)) == [])
        #expect(!errors(nested(300)).isEmpty)
    }

    @Test func aValueOfAnyDepthIsNoDanger() {
        // Small enough that releasing the value, which recurses, is no danger either.
        var value: JSONValue = 1
        for _ in 0..<5_000 { value = .array([value]) }
        let (machine, diagnostics) = StateMachine.read(["StartAt": "S", "States": ["S": ["Type": "Pass", "Result": value, "End": true]]])
        #expect(machine == nil)
        #expect(diagnostics.map(\.code) == ["TOO_DEEPLY_NESTED"])
    }

    @Test(arguments: ["", " ", "[]", "null", "7", "{", "{\"StartAt\"", "nope", "{\"States\":[]}", "{\"StartAt\":5,\"States\":{\"A\":5}}"])
    func whatIsNoDefinitionIsOneClearDiagnostic(_ text: String) {
        let (machine, diagnostics) = StateMachine.read(text: text)
        #expect(machine == nil)
        #expect(!diagnostics.isEmpty)
    }
}
