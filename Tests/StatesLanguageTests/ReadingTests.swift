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
                "SCHEMA_VALIDATION_FAILED: Value must be between 0 and 99999999 but was -1 at /States/A/Seconds",
                "SCHEMA_VALIDATION_FAILED: Value is not a valid JSONPath: a path starts with '$' at /States/C/InputPath",
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
