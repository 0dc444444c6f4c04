import JSON
import StatesLanguage

/// Single expressions: intrinsic functions, paths, choice rules, JSONata outputs (`asl/micro.jsonl`).
/// Rows that AWS did not record are opinions of other implementations and do not count.
struct MicroCases {
    let files: CaseFiles

    func run() -> CaseResult {
        var result = CaseResult()
        for row in files.rows("asl/micro.jsonl") where row["awsVerified"]?.bool == true {
            result.count(row["id"]?.string ?? "?", difference(row), files)
        }
        return result
    }

    private func difference(_ row: JSONValue) -> String? {
        let input = row["input"] ?? .null
        let expected = row["expect"] ?? .null
        let outcome: Result<JSONValue, Failure>
        switch row["kind"]?.string {
        case "choice-rule"?: outcome = choice(row["rule"] ?? .null, input)
        case "jsonata-output"?: outcome = query(row["expr"] ?? .null, input)
        default: outcome = payload(row["expr"] ?? .null, row["field"]?.string ?? "value.$", input, row["context"])
        }
        return Self.difference(outcome, expected)
    }

    private func payload(_ expression: JSONValue, _ field: String, _ input: JSONValue, _ context: JSONValue?) -> Result<JSONValue, Failure> {
        state(["Type": "Pass", "Parameters": .object(JSONObject([(field, expression)])), "End": true]) { state in
            guard case .pass(let pass) = state.kind, let parameters = pass.parameters else { return .failure(.runtime("no parameters")) }
            let context = context ?? ["Execution": ["Input": input]]
            return Result { () throws(Failure) in
                try parameters.evaluate(EvaluationScope(input: input, context: { context }))
            }.map { $0.object?.values.first ?? .null }
        }
    }

    private func query(_ expression: JSONValue, _ input: JSONValue) -> Result<JSONValue, Failure> {
        state(["Type": "Pass", "QueryLanguage": "JSONata", "Output": expression, "End": true]) { state in
            guard let output = state.output else { return .failure(.runtime("no output")) }
            return Result { () throws(Failure) in try output.evaluate(EvaluationScope(input: input)) }
        }
    }

    private func choice(_ rule: JSONValue, _ input: JSONValue) -> Result<JSONValue, Failure> {
        var rule = rule.object ?? JSONObject()
        rule["Next"] = "End"
        return state(["Type": "Choice", "Choices": [.object(rule)], "Default": "End"]) { state in
            guard case .choice(let choice) = state.kind, let rule = choice.rules.first else { return .failure(.runtime("no rule")) }
            return Result { () throws(Failure) in ["matches": .bool(try rule.condition.evaluate(EvaluationScope(input: input)))] }
        }
    }

    private func state(_ state: JSONValue, _ evaluate: (State) -> Result<JSONValue, Failure>) -> Result<JSONValue, Failure> {
        var states = JSONObject()
        states["Evaluate"] = state
        if state["Type"] == "Choice" { states["End"] = ["Type": "Succeed"] }
        let (machine, diagnostics) = StateMachine.read(["StartAt": "Evaluate", "States": .object(states)])
        guard let machine else { return .failure(Failure("refused", diagnostics.first?.message)) }
        return evaluate(machine[machine.root.startAt])
    }

    private static func difference(_ outcome: Result<JSONValue, Failure>, _ expected: JSONValue) -> String? {
        switch outcome {
        case .success(let value):
            let wanted = expected["matches"] == nil ? expected["output"] : expected
            return wanted == value ? nil : "found \(value.text()), expected \(expected.text())"
        case .failure(let failure):
            let found = "found \(failure.error ?? ""): \(failure.cause ?? ""), expected \(expected.text())"
            if expected["fails"] == true { return nil }
            if expected["undefined"] == true { return failure.cause?.hasSuffix("returned nothing (undefined).") == true ? nil : found }
            guard let error = expected["error"]?.string, error == failure.error else { return found }
            let cause = failure.cause ?? ""
            if let wanted = expected["cause"]?.string { return isSame(cause, wanted) ? nil : found }
            if let suffix = expected["causeSuffix"]?.string { return cause.hasSuffix(suffix) ? nil : found }
            if let code = expected["code"]?.string { return cause.contains("evaluation. \(code): ") ? nil : found }
            if let part = expected["messageContains"]?.string { return cause.contains(part) ? nil : found }
            return nil
        }
    }

    /// The recording has the prefix with the state and the event, and `<json-input:1>` where an input was printed.
    private static func isSame(_ cause: String, _ recorded: String) -> Bool {
        var wanted = Substring(recorded)
        if let prefix = recorded.firstRange(of: "). "), recorded.hasPrefix("An error occurred while executing the state") {
            wanted = recorded[prefix.upperBound...]
        }
        let parts = wanted.split(separator: "<json-input:1>", omittingEmptySubsequences: false)
        guard parts.count == 2 else { return cause == wanted }
        return cause.hasPrefix(parts[0]) && cause.hasSuffix(parts[1])
    }
}
