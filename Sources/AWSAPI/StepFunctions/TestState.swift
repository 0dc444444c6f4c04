import JSON

extension StepFunctionsAPI {
    func testState(_ parameters: Parameters) async throws -> JSONValue {
        throw APIError("UnknownOperationException", "TestState")
    }
}
