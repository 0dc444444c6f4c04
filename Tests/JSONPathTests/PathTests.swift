import JSON
import JSONPath
import Testing

struct Data: DataScope {
    var input: JSONValue
    var context: JSONValue = .object(JSONObject())
    var variables = JSONObject()
    func variable(_ name: String) -> JSONValue? { variables[name] }
}

@Suite struct PathTests {
    func check(_ path: String, _ input: String, _ expected: String, sourceLocation: SourceLocation = #_sourceLocation) throws {
        let found = try PathExpression(path).value(Data(input: JSONValue(parsing: input)))
        #expect(found?.text() == expected, sourceLocation: sourceLocation)
    }

    @Test func aDefinitePathGivesTheValueItself() throws {
        try check("$", "[1]", "[1]")
        try check("$.a.b[1]", #"{"a":{"b":[1,2]}}"#, "2")
        try check("$['a b'][-1]", #"{"a b":[1,2]}"#, "2")
        try check(#"$.store\.book"#, #"{"store.book":1}"#, "1")
        try check(#"$['Test\""Name"']"#, #"{"Test\\\"\"Name\"":"v"}"#, #""v""#)
    }

    @Test func anIndefinitePathGivesAnArrayEvenOfNothing() throws {
        try check("$.a[*]", "{}", "[]")
        try check("$.a.b[1:]", "{}", "[]")
        try check("$.d..a", #"{"d":{"x":{"a":[1,2]}}}"#, "[[1,2]]")
        try check("$.l[0,2]", #"{"l":[1,2,3]}"#, "[1,3]")
        try check("$.l[-2:]", #"{"l":[1,2,3]}"#, "[2,3]")
        try check("$.l[:-1]", #"{"l":[1,2,3]}"#, "[1,2]")
    }

    @Test func aSliceWithBothEndsCountsEachIndexAsJaywayDoes() throws {
        let input = #"{"l":[1,2,3,4]}"#
        try check("$.l[1:3]", input, "[2,3]")
        try check("$.l[-3:-1]", input, "[2,3]")
        try check("$.l[1:-1]", input, "[]")
        try check("$.l[-2:1]", input, "[3,4,1]")
        try check("$.l[-2147483648:2147483647]", input, "[1,2,3,4,1,2,3,4]")
    }

    @Test func filtersCompareAsJaywayDoes() throws {
        let input = #"{"l":[{"a":1,"s":"x"},{"a":2,"keep":false},{"a":3,"s":"yy"}],"min":2}"#
        try check("$.l[?(@.keep)]", input, #"[{"a":2,"keep":false}]"#)
        try check("$.l[?(@.a >= $.min && !(@.keep))].a", input, "[3]")
        try check("$.l[?(@.a==1||@.s=='yy')].a", input, "[1,3]")
        try check("$.l[?(@.s =~ /Y+/i)].a", input, "[3]")
        try check("$.l[?(@.a in [1, 3])].a", input, "[1,3]")
        try check("$..[?(@.s)].a", input, "[1,3]")
    }

    @Test(arguments: ["", "a", "$.", "$..", "$...", "$[", "$['a'", "$.a[?(@.b", "$$23", "$5", "$.a b", "()", "$[1"])
    func whatIsNoPathIsRefused(_ text: String) {
        #expect(throws: PathSyntaxError.self) { _ = try PathExpression(text) }
    }

    @Test func aReferencePathMakesWhatIsMissingAndRefusesWhatDoesNotFit() throws {
        let path = try ReferencePath("$.a.b[0].c")
        #expect(throws: ReferencePathConflict.step("b", .string("x"))) { _ = try path.inserting(1, into: ["a": "x"]) }
        #expect(try ReferencePath("$.a.b").inserting(1, into: ["z": 0]).text() == #"{"z":0,"a":{"b":1}}"#)
        #expect(throws: ReferencePathConflict.whole) { _ = try ReferencePath("$.a").inserting(1, into: "text") }
        for text in ["$.a[*]", "$..a", "$.a[?(@.b)]", "$$.a", "$x", "$.a[1:2]"] {
            #expect(throws: PathSyntaxError.self) { _ = try ReferencePath(text) }
        }
    }
}
