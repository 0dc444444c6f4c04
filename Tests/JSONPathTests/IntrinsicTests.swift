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
