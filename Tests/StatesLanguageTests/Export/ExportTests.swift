import JSON
import StatesLanguage
import Testing

struct CanonicalDefinitionTests {
    private let scrambled = """
        {"States": {"B": {"End": true, "Type": "Succeed"}, "Lost": {"Type": "Fail"},
          "A": {"Next": "C", "Parameters": {"z": 1, "a": 2}, "Resource": "r", "Type": "Task",
                "Catch": [{"Next": "B", "ErrorEquals": ["States.ALL"]}]},
          "C": {"Type": "Pass", "Next": "B"}}, "StartAt": "A", "Comment": "c"}
        """

    @Test func statesComeInTheOrderInWhichTheyAreReached() throws {
        let canonical = CanonicalDefinition(try JSONValue(parsing: scrambled)).definition
        #expect(canonical["States"]?.object?.keys == ["A", "C", "B", "Lost"])
        #expect(canonical.object?.keys == ["Comment", "StartAt", "States"])
        #expect(canonical["States"]?["A"]?.object?.keys == ["Type", "Resource", "Parameters", "Catch", "Next"])
    }

    @Test func valuesKeepTheirOwnOrder() throws {
        let canonical = CanonicalDefinition(try JSONValue(parsing: scrambled)).definition
        #expect(canonical["States"]?["A"]?["Parameters"]?.object?.keys == ["z", "a"])
    }

    @Test func exportingAnExportChangesNothing() throws {
        let once = CanonicalDefinition(try JSONValue(parsing: scrambled))
        let twice = CanonicalDefinition(try JSONValue(parsing: once.text))
        #expect(once.text == twice.text)
    }

    @Test func theSameMachineWrittenOtherwiseGivesTheSameText() throws {
        let other = """
            {"Comment": "c", "StartAt": "A", "States": {"Lost": {"Type": "Fail"},
              "A": {"Type": "Task", "Resource": "r", "Parameters": {"z": 1, "a": 2},
                    "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "B"}], "Next": "C"},
              "C": {"Type": "Pass", "Next": "B"}, "B": {"Type": "Succeed", "End": true}}}
            """
        let one = CanonicalDefinition(try JSONValue(parsing: scrambled)).text
        let two = CanonicalDefinition(try JSONValue(parsing: other)).text
        #expect(one == two)
    }

    @Test func whatIsNoMachineIsLeftAlone() {
        #expect(CanonicalDefinition([1, "two"]).definition == [1, "two"])
        #expect(CanonicalDefinition(["States": 3]).definition == ["States": 3])
    }
}

struct StrictDefinitionTests {
    @Test func extensionsGoAndAreTold() throws {
        let strict = StrictDefinition(
            try JSONValue(
                parsing: """
                    {"StartAt": "P", "States": {"P": {"Type": "Parallel", "MaxConcurrency": 2, "OnFailure": "FinishRunning",
                      "Branches": [{"Name": "one", "StartAt": "T", "States": {"T": {"Type": "Task", "Resource": "r",
                        "Cache": {"Enabled": true}, "End": true}}}], "End": true}}}
                    """))
        let parallel = strict.definition["States"]?["P"]
        #expect(parallel?["MaxConcurrency"] == nil && parallel?["OnFailure"] == nil)
        #expect(parallel?["Branches"]?[0]?["Name"] == nil)
        #expect(parallel?["Branches"]?[0]?["States"]?["T"]?["Cache"] == nil)
        #expect(
            strict.notes.map(\.pointer) == [
                "/States/P/Branches/0/States/T/Cache", "/States/P/MaxConcurrency", "/States/P/OnFailure",
            ])
        #expect(!strict.notes.contains { $0.isRefusal })
    }

    @Test func dependenciesBetweenBranchesAreRefused() throws {
        let strict = StrictDefinition(
            try JSONValue(
                parsing: """
                    {"StartAt": "P", "States": {"P": {"Type": "Parallel", "End": true, "Branches": [
                      {"Name": "a", "StartAt": "A", "States": {"A": {"Type": "Pass", "End": true}}},
                      {"Name": "b", "DependsOn": ["a"], "StartAt": "B", "States": {"B": {"Type": "Pass", "End": true}}}]}}}
                    """))
        #expect(strict.notes.map(\.isRefusal) == [true])
    }

    /// 5, 10, 20, 40 s of delay: three fit into one minute.
    @Test func expiryBecomesTheAttemptsThatFit() throws {
        let strict = StrictDefinition(
            try JSONValue(
                parsing: """
                    {"StartAt": "T", "States": {"T": {"Type": "Task", "Resource": "r", "End": true, "Retry": [
                      {"ErrorEquals": ["E"], "IntervalSeconds": 5, "BackoffRate": 2, "MaxAttempts": 30, "ExpireAfterMin": 1}]}}}
                    """))
        let retrier = strict.definition["States"]?["T"]?["Retry"]?[0]
        #expect(retrier?["MaxAttempts"] == 3)
        #expect(retrier?["ExpireAfterMin"] == nil)
    }

    @Test func aStrictMachineIsUntouched() throws {
        let machine = try JSONValue(parsing: #"{"StartAt":"A","States":{"A":{"Type":"Pass","End":true}}}"#)
        let strict = StrictDefinition(machine)
        #expect(strict.definition.text() == machine.text())
        #expect(strict.notes.isEmpty)
    }
}

struct StateGraphTests {
    private func graph(_ text: String) throws -> StateGraph { StateGraph(try JSONValue(parsing: text)) }

    @Test func everyTransitionIsAnEdge() throws {
        let graph = try graph(
            """
            {"StartAt": "A", "States": {
              "A": {"Type": "Choice", "Choices": [{"Variable": "$.n", "NumericGreaterThan": 5, "Next": "B"}], "Default": "C"},
              "B": {"Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage", "Next": "C",
                    "Catch": [{"ErrorEquals": ["X", "Y"], "Next": "C"}]},
              "C": {"Type": "Succeed"}}}
            """)
        #expect(graph.edges.map(\.label) == ["$.n > 5", "otherwise", nil, "X, Y"])
        #expect(graph.edges.map { "\($0.from)\($0.to)" } == ["s0s1", "s0s2", "s1s2", "s1s2"])
        #expect(graph.root.ends == ["s2"])
        #expect(graph.root.nodes[1].detail == "sqs:sendMessage")
    }

    @Test func branchesAreBoxes() throws {
        let graph = try graph(
            """
            {"StartAt": "P", "States": {"P": {"Type": "Parallel", "End": true, "Branches": [
              {"StartAt": "X", "States": {"X": {"Type": "Pass", "End": true}}},
              {"StartAt": "M", "States": {"M": {"Type": "Map", "End": true, "ItemProcessor":
                {"StartAt": "Y", "States": {"Y": {"Type": "Pass", "End": true}}}}}}]}}}
            """)
        #expect(graph.root.boxes.map(\.title) == ["P, branch 1", "P, branch 2"])
        #expect(graph.root.boxes[1].boxes.map(\.title) == ["M, each item"])
        let mermaid = MermaidWriter.text(graph)
        #expect(mermaid.hasPrefix("flowchart TD\n"))
        #expect(mermaid.contains("subgraph b3[\"M, each item\"]"))
        #expect(DotWriter.text(graph).contains("subgraph cluster_b3 {"))
    }

    @Test func namesCannotBreakTheDrawing() throws {
        let graph = try graph(#"{"StartAt": "a\"]<b>\n", "States": {"a\"]<b>\n": {"Type": "Pass", "End": true}}}"#)
        #expect(MermaidWriter.text(graph).contains(##"s0["a#quot;]#lt;b#gt; "]"##))
        #expect(DotWriter.text(graph).contains(#"label="a\"]<b> ""#))
    }

    @Test func aBrokenDefinitionStillDraws() throws {
        let graph = try graph(#"{"StartAt": 3, "States": {"A": 7, "B": {"Next": "Nowhere", "Choices": {}}}}"#)
        #expect(graph.edges.isEmpty)
        #expect(graph.root.start == nil)
    }
}
