import JSON
import JSONPath
import Testing

@Suite struct IntrinsicTests {
    func check(_ text: String, _ input: JSONValue, _ expected: String, sourceLocation: SourceLocation = #_sourceLocation) throws {
        let value = try Intrinsic(text).evaluate(Data(input: input))
        #expect(value.text() == expected, sourceLocation: sourceLocation)
    }

    @Test func mathRoundsHalfUp() throws {
        try check("States.MathAdd(-1.5, -1.51)", [:], "-3")
        try check("States.MathAdd(-0.5,0.5)", [:], "1")
        try check("States.ArrayRange(5.4, -0.6, -2.4)", [:], "[5,3,1]")
    }

    @Test func formatPrintsContainersAsJavaDoes() throws {
        try check("States.Format('{} of \\{\\} {}', $.a, null)", ["a": ["x": [1, "y"]]], #""{x=[1, y]} of {} null""#)
    }

    @Test(arguments: [
        ("States.Format('a {', $.a)", "matching '}' not found for '{'."), ("States.Format('a {{}}', $.a)", "matching '}' not found for '{'."),
        ("States.Format('}')", "matching '{' not found for '}'."), ("States.Format($.t)", "matching '{' not found for '}'."),
    ])
    func aBraceOfNoPlaceholderHasToBeEscaped(_ text: String, _ problem: String) throws {
        let call = try Intrinsic(text)
        let error = #expect(throws: IntrinsicError.self) { _ = try call.evaluate(Data(input: ["a": "x", "t": "}{"])) }
        #expect(
            error?.message
                == "There was an error while evaluating the intrinsic function: \(text). Invalid template in States.Format: \(problem)")
    }

    @Test func membershipIsDecidedByTheTexts() throws {
        let input: JSONValue = [
            "l": ["true", "7", 8, false, ["a": 1, "b": 2], [0, false]], "same": ["a": 1, "b": 2], "other": ["b": 2, "a": 1], "m": [0, false],
        ]
        for (needle, isFound) in [
            ("true", true), ("7", true), ("'8'", true), ("'false'", true), ("0", false), ("null", false), ("$.same", true),
            ("$.other", false), ("$.m", true),
        ] {
            try check("States.ArrayContains($.l, \(needle))", input, "\(isFound)")
        }
    }

    @Test func uniqueValuesComeInJavasOrder() throws {
        let cases: [(JSONValue, String)] = [
            ([true, false, true], "[false,true]"), ([[1, 2], [1, 2], [2, 1]], "[[2,1],[1,2]]"), ([nil, nil, 1, nil], "[null,1]"),
            ([1, "1", "01"], #"[1,"1","01"]"#), (["b", "a", "b"], #"["a","b"]"#), ([17, 16, 2, 1], "[16,17,1,2]"),
            ([["a": 1, "b": 2], ["b": 2, "a": 1]], #"[{"a":1,"b":2}]"#), ([], "[]"),
        ]
        for (list, expected) in cases { try check("States.ArrayUnique($)", list, expected) }
    }

    @Test func base64IsReadLeniently() throws {
        for (text, expected) in [
            ("aGVsbG8=", "hello"), ("aGVsbG8", "hello"), (" YWJjZA== ", "abcd"), ("ab==cd", "i"), ("!Y.W!J", "ab"), ("Pz8_", "???"), ("A", ""),
        ] {
            try check("States.Base64Decode('\(text)')", [:], "\"\(expected)\"")
        }
    }

    @Test func boundsOfARandomNumberAreCutOff() throws {
        try check("States.MathRandom(1.6, 2.9)", [:], "1")
        let call = try Intrinsic("States.MathRandom(1.4, 1.6)")
        #expect(throws: IntrinsicError.self) { _ = try call.evaluate(Data(input: [:])) }
    }

    @Test func theSameSeedGivesTheSameUUID() throws {
        let call = try Intrinsic("States.UUID()")
        let first = try call.evaluate(Data(input: [:]), seed: 7)
        #expect(try call.evaluate(Data(input: [:]), seed: 7) == first)
        #expect(try call.evaluate(Data(input: [:]), seed: 8) != first)
        #expect(first.string?.count == 36)
    }

    @Test func aMissingPathIsNamedWithTheInput() throws {
        let call = try Intrinsic("States.Format('{}', States.Format('{}', $.nope))")
        let error = #expect(throws: IntrinsicError.self) { _ = try call.evaluate(Data(input: ["other": 1])) }
        #expect(
            error?.message == "The function 'States.Format('{}', States.Format('{}', $.nope))' had the following error: "
                + #"The JsonPath argument for the field '$.nope' could not be found in the input '{"other":1}'"#)
    }

    @Test(arguments: [
        "States.Array", "States.Array(1,)", "States.Nope()", #"States.StringToJson('a\"b')"#, " States.UUID()", "States.UUID(",
        "States.JsonMerge($.a, \"x\", false)",
    ])
    func whatIsNoCallIsRefused(_ text: String) {
        #expect(throws: PathSyntaxError.self) { _ = try Intrinsic(text) }
    }
}
