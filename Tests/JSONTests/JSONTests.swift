import JSON
import Testing

@Suite struct JSONTests {
    @Test(arguments: [
        "null", "true", "0", "-1", "9223372036854775807", "12345678901234567890", "0.1", "1.0", "1.0E10", "1.789E9", "1e400",
        "\"é\"", "\"e\u{301}\"", "[]", "{}", "[1,[2,{\"a\":null}]]", "{\"b\":1,\"a\":2}", "\"\\u0001\\n\\\\\"",
        "3.14159265358979323846264338327950288",
    ])
    func aTextSurvivesReadingAndWriting(_ text: String) throws {
        #expect(try JSONValue(parsing: text).text() == text)
        #expect(try JSONValue(parsing: text).byteCount == text.utf8.count)
    }

    @Test(arguments: [
        "", " ", "{", "[", "[1", "[1,]", "{\"a\"}", "{\"a\":1,}", "tru", "nul", "01", "1.", "1e", "-", "\"", "\"\\x\"", "\"\\ud800\"",
        "\"\\udc00\"", "\"\\ud800\\u0041\"", "1 2", "{a:1}", "\"\u{1}\"", "'a'", "NaN", "+1", ".5",
    ])
    func aTextThatIsNotJSONIsRefused(_ text: String) {
        #expect(throws: JSONError.self) { try JSONValue(parsing: text) }
    }

    @Test func deepNestingIsRefusedAtTheLimit() throws {
        let deep = String(repeating: "[", count: 100_000)
        #expect(throws: JSONError.self) { try JSONValue(parsing: deep) }
        let allowed = String(repeating: "[", count: 1000) + String(repeating: "]", count: 1000)
        #expect(try JSONValue(parsing: allowed).text() == allowed)
    }

    @Test func badUTF8IsRefused() {
        #expect(throws: JSONError.self) { try JSONValue(parsing: [0x22, 0xFF, 0x22]) }
        #expect(throws: JSONError.self) { try JSONValue(parsing: [0x22, 0x5C, 0x6E, 0xC3, 0x22]) }
    }

    @Test func canonicallyEquivalentKeysAreTwoKeys() throws {
        let value = try JSONValue(parsing: "{\"\u{e9}\":1,\"e\u{301}\":2}")
        #expect(value.object?.count == 2)
        #expect(value["\u{e9}"] == 1)
        #expect(JSONValue.string("\u{e9}") != .string("e\u{301}"))
    }

    @Test func theLastOfEqualKeysWins() throws {
        #expect(try JSONValue(parsing: "{\"a\":1,\"b\":2,\"a\":3}").text() == "{\"a\":3,\"b\":2}")
        #expect(throws: JSONError.self) {
            try JSONValue(parsing: "[{\"a\":1,\"b\":1},{\"a\":1,\"a\":2}]", limits: JSONLimits(allowsDuplicateKeys: false))
        }
    }

    @Test func objectsOfOneShapeShareTheirKeys() throws {
        let value = try JSONValue(parsing: "[{\"a\":1,\"b\":2},{\"a\":3,\"b\":4},{\"a\":3},{\"a\":1,\"c\":2}]")
        let rows = try #require(value.array)
        #expect(rows[0].object!.keysIdentity === rows[1].object!.keysIdentity)
        #expect(rows[2].text() == "{\"a\":3}")
        #expect(rows[3].text() == "{\"a\":1,\"c\":2}")
    }

    @Test func aManyKeyedObjectFindsAndReplacesEachKey() {
        var object = JSONObject()
        for index in 0..<5000 { object["k\(index)"] = .integer(Int64(index)) }
        let copy = object
        for index in 0..<5000 { object["k\(index)"] = .integer(Int64(index + 1)) }
        #expect(object["k4999"] == 5000)
        #expect(copy["k4999"] == 4999)
        object["k10"] = nil
        #expect(object.count == 4999 && copy.count == 5000 && object["k11"] == 12)
    }

    @Test func aPlaceHasALine() throws {
        let text = "{\n  \"a\": [\n    1,\n    {\"b/c\": 2}\n  ]\n}"
        let (_, lines) = try JSONValue.parseWithLines(Array(text.utf8))
        #expect(lines["/a/1/b~1c"] == 4)
        #expect(lines["/a"] == 2)
    }

    /// Jackson's sentences and columns, which AWS prints.
    @Test(arguments: [
        ("not json", "Unrecognized token 'not': was expecting (JSON String, Number, Array, Object or token 'null', 'true' or 'false')", 4),
        ("x", "Unrecognized token 'x': was expecting (JSON String, Number, Array, Object or token 'null', 'true' or 'false')", 2),
        ("{\"a\": NaN}", "Non-standard token 'NaN': enable JsonParser.Feature.ALLOW_NON_NUMERIC_NUMBERS to allow", 10),
        ("%", "Unexpected character ('%' (code 37)): expected a valid value (JSON String, Number, Array, Object or token 'null', 'true' or 'false')", 2),
        ("{name: 1}", "Unexpected character ('n' (code 110)): was expecting double-quote to start field name", 3),
        ("{\"a\" 1}", "Unexpected character ('1' (code 49)): was expecting a colon to separate field name and value", 7),
        ("[1 2]", "Unexpected character ('2' (code 50)): was expecting comma to separate Array entries", 5),
        ("{\"a\": 1x}", "Unexpected character ('x' (code 120)): was expecting comma to separate Object entries", 9),
        ("{\"a\": 1,}", "Unexpected character ('}' (code 125)): was expecting double-quote to start field name", 10),
        ("{", "Unexpected end-of-input: expected close marker for Object (start marker at [Source: (String)\"{\"; line: 1, column: 1])", 2),
        ("{\"a\":[1", "Unexpected end-of-input: expected close marker for Array (start marker at [Source: (String)\"{\"a\":[1\"; line: 1, column: 6])", 8),
        ("{\"a\":", "Unexpected end-of-input within/between Object entries", 6),
        ("[1]]", "Unexpected content after the end of the value: found character (']' (code 93))", 4),
        ("[1}", "Unexpected close marker '}': expected ']' (for Array starting at [Source: (String)\"[1}\"; line: 1, column: 1])", 4),
        ("\"a", "Unexpected end-of-input: was expecting closing quote for a string value", 3),
        ("{\"a", "Unexpected end-of-input in field name", 4),
        ("\"\\x\"", "Unrecognized character escape 'x' (code 120)", 4),
        ("-x", "Unexpected character ('x' (code 120)) in numeric value: expected digit (0-9) to follow minus sign, for valid numeric value", 3),
        ("€", "Unrecognized token '€': was expecting (JSON String, Number, Array, Object or token 'null', 'true' or 'false')", 2),
        (
            "\u{1}",
            "Unexpected character ((CTRL-CHAR, code 1)): expected a valid value (JSON String, Number, Array, Object or token 'null', 'true' or 'false')", 2
        ),
    ])
    func anErrorIsSaidInJacksonsWords(text: String, message: String, column: Int) {
        let error = #expect(throws: JSONError.self) { try JSONValue(parsing: text) }
        #expect(error?.message == message)
        #expect(error?.column == column)
    }

    @Test func aLongTextIsShownInPart() {
        let text = String(repeating: " ", count: 505) + "x"
        let error = #expect(throws: JSONError.self) { try JSONValue(parsing: text) }
        #expect(error?.source(of: text).hasSuffix(" \"[truncated 6 chars]; line: 1, column: 507]") == true)
    }

    @Test func anErrorSaysWhere() {
        let error = #expect(throws: JSONError.self) { try JSONValue(parsing: "{\n \"a\": x}") }
        #expect(error?.line == 2 && error?.column == 8)
    }

    @Test func canonicalTextIsStable() throws {
        #expect(try JSONValue(parsing: "{\"b\":[],\"a\":{\"z\":1}}").text(.canonical) == "{\n  \"a\": {\n    \"z\": 1\n  },\n  \"b\": []\n}")
    }
}
