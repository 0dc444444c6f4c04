import AWSAPI
import JSON
import Testing

@Suite struct ProtocolFuzzTests {
    private static let wrong: [JSONValue] = [
        .null, true, -1, 1.5, "", "x", "arn:aws:states:us-east-1:000000000000:stateMachine:m", [], [1], ["x"], [:], ["x": ["y": 1]],
        .string(String(repeating: "a", count: 3000)), .integer(.max), "\u{0}", [[[]]],
    ]

    /// Whatever a caller sends: an answer, or an error in AWS's shape that is not our own fault.
    @Test func everyMemberOfEveryOperationMayBeAnything() async throws {
        let fixture = try APIFixture()
        var calls = 0
        for operation in APIModel.operations where operation != "GetActivityTask" {
            let members = APIModel.members(of: operation)
            for member in members {
                for value in Self.wrong {
                    var parameters = JSONObject()
                    for other in members { parameters[other] = .string("x") }
                    parameters[member] = value
                    calls += 1
                    guard let error = await fixture.refusal(operation, .object(parameters)) else { continue }
                    #expect(error.status == 400, "\(operation) \(member) \(value.text().prefix(40)): \(error.code) \(error.message.prefix(200))")
                    #expect(!error.code.isEmpty && error.body["__type"] != nil)
                    // Alone, with nothing else wrong but what is missing.
                    if let alone = await fixture.refusal(operation, .object(JSONObject([(member, value)]))) {
                        #expect(alone.status == 400, "\(operation) \(member) alone: \(alone.code) \(alone.message.prefix(200))")
                    }
                }
            }
        }
        #expect(calls > 1000)
    }
}
