import JSON
import Testing

@Suite struct CodableTests {
    enum Colour: String, Codable { case red, blue }
    enum Shape: Codable, Equatable {
        case circle(radius: Double)
        case square(side: Int)
    }
    class Base: Codable {
        var id = 1
    }
    struct Everything: Codable, Equatable {
        var text = "é\u{0}"
        var big: UInt64 = .max
        var small: Int64 = .min
        var half = 0.5
        var flag = true
        var missing: Int?
        var list = [[1, 2], []]
        var members = ["b": 1]
        var colour = Colour.blue
        var shape = Shape.circle(radius: 2)
        var any: JSONValue = ["x": [1, nil, 2.5]]
    }

    @Test func whatIsEncodedDecodesToTheSame() throws {
        let value = Everything()
        let json = try JSONValue(encoding: value)
        #expect(json["big"] == .decimal("18446744073709551615"))
        #expect(json["missing"] == nil && json["any"]?["x"]?[1] == .null)
        let reread = try JSONValue(parsing: json.text())
        #expect(try reread.decoded(as: Everything.self) == value)
        #expect(json.object?.keys.prefix(3) == ["text", "big", "small"])
    }

    @Test func scalarsArraysAndNothingAreValuesToo() throws {
        #expect(try JSONValue(encoding: 5) == 5)
        #expect(try JSONValue(encoding: ["a", "b"]) == ["a", "b"])
        #expect(try JSONValue(encoding: Int?.none) == .null)
        #expect(try JSONValue.null.decoded(as: Int?.self) == nil)
        #expect(try JSONValue.array([1, 2]).decoded(as: [Int].self) == [1, 2])
        #expect(try JSONValue.string("red").decoded(as: Colour.self) == .red)
    }

    @Test func whatDoesNotFitIsRefused() {
        #expect(throws: DecodingError.self) { try JSONValue.integer(300).decoded(as: UInt8.self) }
        #expect(throws: DecodingError.self) { try JSONValue.double(1.5).decoded(as: Int.self) }
        #expect(throws: DecodingError.self) { try JSONValue.string("1").decoded(as: Int.self) }
        #expect(throws: DecodingError.self) { try JSONValue.object(JSONObject()).decoded(as: Everything.self) }
        #expect(throws: EncodingError.self) { try JSONValue(encoding: Double.nan) }
    }
}
