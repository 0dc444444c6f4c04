import JSON
import SageMakerPipelines
import Testing

@Suite struct DefinitionTests {
    @Test func everyCompleteDefinitionIsAcceptedAndRoundTrips() throws {
        for entry in Corpus.complete {
            let json = try entry.read()
            let (definition, diagnostics) = PipelineDefinition.parse(json)
            #expect(definition?.json.text() == json.text(), "\(entry.file)")
            for diagnostic in diagnostics where diagnostic.severity == .error {
                Issue.record("\(entry.file): \(diagnostic)")
            }
            #expect(definition.map { Set($0.allSteps.map(\.step.name)).count } == entry.record["steps"]?.wholeNumber.map(Int.init), "\(entry.file)")
        }
    }

    @Test func anIncompleteDefinitionIsRefusedForTheReferenceThatIsMissing() throws {
        for entry in Corpus.entries where !entry.isComplete {
            let (_, diagnostics) = PipelineDefinition.parse(try entry.read())
            let text = diagnostics.filter { $0.severity == .error }.map(\.description).joined(separator: "\n")
            for missing in entry.record["unresolved_references"]?.array ?? [] {
                #expect(text.contains("unknown reference '\(missing.string ?? "?")'"), "\(entry.file): \(text)")
            }
        }
    }

    private func errors(_ steps: String, parameters: String = "[]") throws -> [String] {
        let json = try JSONValue(parsing: #"{"Version":"2020-12-01","Metadata":{},"Parameters":\#(parameters),"Steps":\#(steps)}"#)
        return PipelineDefinition.parse(json).diagnostics.filter { $0.severity == .error }.map(\.description)
    }

    @Test func aStepMayNotDependOnAFailStep() throws {
        let found = try errors(
            #"[{"Name":"FailStep","Type":"Fail","Arguments":{"ErrorMessage":""}},{"Name":"CondStep","Type":"Condition","DependsOn":["FailStep"],"Arguments":{"Conditions":[],"IfSteps":[],"ElseSteps":[]}}]"#
        )
        #expect(found.count == 1)
        #expect(found.first?.contains("CondStep can not depends on FailStep") == true)
    }

    @Test(arguments: [
        (#"{"Name":"A","Type":"Athena","Arguments":{}}"#, "AWS has not published"),
        (#"{"Name":"A","Type":"Lambda","Arguments":{},"OutputParameters":[]}"#, "found no FunctionArn"),
        (#"{"Name":"A b","Type":"Training","Arguments":{}}"#, "expected a text that matches"),
        (#"{"Name":"A","Type":"Training","Arguments":{},"Color":1}"#, "unknown property 'Color'"),
        (#"{"Name":"A","Type":"Training","Arguments":{},"DependsOn":["B"]}"#, "unknown reference 'B'"),
        (#"{"Name":"A","Type":"Training","Arguments":{"x":{"Get":"Steps.A.ModelArtifacts"}}}"#, "refers to itself"),
        (#"{"Name":"A","Type":"Training","Arguments":{"x":{"Get":"Parameters.P"}}}"#, "unknown reference 'Parameters.P'"),
        (#"{"Name":"A","Type":"Training","Arguments":{"x":{"Get":"Execution.P"}}}"#, "unknown reference 'Execution.P'"),
        (#"{"Name":"A","Type":"Training","Arguments":{"x":{"Get":"Nonsense"}}}"#, "expected Parameters."),
        (
            #"{"Name":"A","Type":"Training","Arguments":{},"RetryPolicies":[{"ExceptionType":["Step.THROTTLING"],"MaxAttempts":1,"ExpireAfterMin":1}]}"#,
            "both MaxAttempts and ExpireAfterMin"
        ),
        (#"{"Name":"A","Type":"Training","Arguments":{},"RetryPolicies":[{"ExceptionType":["Nope"]}]}"#, "expected one of Step.SERVICE_FAULT"),
        (#"{"Name":"A","Type":"Training","Arguments":{},"RetryPolicies":[{"ExceptionType":["Step.THROTTLING"],"MaxAttempts":21}]}"#, "from 0 to 20"),
        (#"{"Name":"A","Type":"Training","Arguments":{},"CacheConfig":{"Enabled":true,"ExpireAfter":"soon"}}"#, "expected a duration"),
        (#"{"Name":"A","Type":"Condition","Arguments":{"Conditions":[{"Type":"NotIn"}],"IfSteps":[],"ElseSteps":[]}}"#, "expected one of Equals"),
        (#"{"Name":"A","Type":"Model","Arguments":{},"RetryPolicies":[{"ExceptionType":["SageMaker.CAPACITY_ERROR"]}]}"#, "starts no job"),
    ])
    func aWrongStepIsRefusedForItsReason(_ step: String, _ reason: String) throws {
        let found = try errors("[\(step)]")
        #expect(found.first?.contains(reason) == true, "\(found)")
    }

    @Test func aReferenceToAPropertyThatTheTypeHasNotIsRefused() throws {
        let found = try errors(
            #"[{"Name":"T","Type":"Training","Arguments":{}},{"Name":"U","Type":"Training","Arguments":{"x":{"Get":"Steps.T.ModelArtefacts.S3ModelArtifacts"}}}]"#
        )
        #expect(found == ["/Steps/1/Arguments/x: step 'U': a Training step has no property 'ModelArtefacts' (step 'T')"])
    }

    @Test func aCycleIsNamedStepByStep() throws {
        let found = try errors(
            #"[{"Name":"A","Type":"Training","Arguments":{},"DependsOn":["C"]},{"Name":"B","Type":"Training","Arguments":{},"DependsOn":["A"]},{"Name":"C","Type":"Training","Arguments":{},"DependsOn":["B"]}]"#
        )
        #expect(found.count == 1 && found[0].contains("B → C → A → B"), "\(found)")
    }

    @Test func aDefinitionOfAnotherVersionIsRefused() throws {
        let (_, diagnostics) = PipelineDefinition.parse(["Version": "2021-01-01", "Parameters": [], "Steps": []])
        #expect(diagnostics.first?.description == "/Version: found \"2021-01-01\", expected \"2020-12-01\"")
        #expect(PipelineDefinition.parse([1]).definition == nil)
    }

    @Test(arguments: [
        ("30d", 2_592_000), ("5y", 157_680_000), ("T16m", 960), ("30dT5h", 2_610_000), ("PT1H", 3600), ("P4DT12H", 388_800),
        ("p1w", 604_800), ("T30m", 1800), ("P30d", 2_592_000),
    ])
    func aDurationIsReadWithOrWithoutItsP(_ text: String, _ seconds: Int64) {
        #expect(CacheDuration(text)?.seconds == seconds)
    }

    @Test(arguments: ["", "P", "T", "30", "d", "30 d", "5h", "P1H", "1dT", "1d2y", "PT1H1H", "99999999999999d"])
    func aTextThatIsNoDurationIsRefused(_ text: String) { #expect(CacheDuration(text) == nil) }

    @Test func aPathMixesNamesIndexesAndKeys() throws {
        let path = try #require(PropertyPath("facets.F1[0]['A.B'].value"))
        #expect(path.components == [.name("facets"), .name("F1"), .index(0), .key("A.B"), .name("value")])
        #expect(path.description == "facets.F1[0]['A.B'].value")
        for bad in ["a..b", "a.", "[x]", "a[", "a['b]", "a]b", "a[0"] { #expect(PropertyPath(bad) == nil, "\(bad)") }
    }

    @Test func parametersAreTypedAndCheckedAtTheStart() throws {
        let json = try JSONValue(
            parsing:
                #"{"Version":"2020-12-01","Parameters":[{"Name":"N","Type":"Integer","DefaultValue":1},{"Name":"S","Type":"String","EnumValues":["a","b"],"DefaultValue":"a"},{"Name":"F","Type":"Float"},{"Name":"B","Type":"Boolean","DefaultValue":false}],"Steps":[{"Name":"A","Type":"Training","Arguments":{}}]}"#
        )
        let definition = try #require(PipelineDefinition.parse(json).definition)
        #expect(try definition.executionInput(parameters: ["N": "2", "F": "0.5", "B": "True"]).text() == #"{"N":2,"S":"a","F":0.5,"B":true}"#)
        for bad in [["F": "0.5", "N": "x"], ["F": "0.5", "S": "c"], [:], ["F": "1", "Z": "1"], ["F": "1", "S": ""]] as [[String: JSONValue]] {
            #expect(throws: ParameterError.self) { try definition.executionInput(parameters: bad) }
        }
    }

    @Test func exponentialWaitsAndExpiryFollowTheSpec() {
        let members: [(String, JSONValue)] = [("ExceptionType", ["SageMaker.CAPACITY_ERROR"]), ("IntervalSeconds", 10), ("ExpireAfterMin", 5)]
        let policy = RetryPolicy(document: JSONObject(members))
        var schedule = RetrySchedule(policies: [policy])
        var now = 0.0
        var times: [Double] = []
        while let wait = schedule.waitBeforeRetry(after: .capacityError, secondsSinceStart: now) {
            now += wait
            times.append(now)
        }
        #expect(times == [10, 30, 70, 150, 310])
        #expect(schedule.waitBeforeRetry(after: nil, secondsSinceStart: 0) == nil)
        #expect(schedule.waitBeforeRetry(after: .throttling, secondsSinceStart: 0) == 1)
    }

    @Test func aFailureReasonHasAClassOnlyWhenTheServiceIsToBlame() {
        #expect(RetryClass.ofFailureReason("CapacityError: Unable to provision requested ML compute capacity. Please retry") == .capacityError)
        #expect(RetryClass.ofFailureReason("InternalServerError: We encountered an internal error.") == .jobInternalError)
        #expect(RetryClass.ofFailureReason("AlgorithmError: insufficient capacity in my head, exit code: 1") == nil)
        #expect(RetryClass.ofCreation(code: "ResourceLimitExceeded", httpStatus: 400) == .resourceLimit)
        #expect(RetryClass.ofCreation(code: "ValidationException", httpStatus: 400) == nil)
        #expect(RetryClass.ofCreation(code: "InternalFailure", httpStatus: 500) == .serviceFault)
    }
}
