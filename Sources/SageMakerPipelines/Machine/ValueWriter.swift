import JSON

/// Writes the values of a pipeline definition as JSONata: `{"Get": "Parameters.X"}` → `{% $Parameters.X %}`.
struct ValueWriter {
    /// The text of a reference to a step's property.
    let property: (String, PropertyPath) -> String
    /// The text of a `Std:JsonGet`.
    let file: (PipelineExpression.JSONSource, PropertyPath) -> String
    /// The text of `Execution.TrainingJobName` and its like: the name of the job the arguments are for.
    let jobName: String
    let experiment: JSONObject?

    /// The value as a field of a state: expressions become `{% … %}`.
    func template(_ value: JSONValue) -> JSONValue {
        switch value {
        case .string(let text): return ExpressionText.template(literal: text)
        case .array(let elements): return .array(elements.map(template))
        case .object(let object):
            if let expression = expression(value) {
                // A Join of texts alone is a text.
                if case .join = expression, let constant = constant(value) { return ExpressionText.template(literal: constant) }
                return ExpressionText.template(text(expression))
            }
            return .object(object.mapValues(template))
        default: return value
        }
    }

    /// The value inside an expression.
    func text(_ value: JSONValue) -> String {
        switch value {
        case .array(let elements): return "[\(elements.map(text).joined(separator: ", "))]"
        case .object(let object):
            if let expression = expression(value) { return text(expression) }
            return "{\(object.map { "\(ExpressionText.literal($0.key)): \(text($0.value))" }.joined(separator: ", "))}"
        default: return ExpressionText.literal(value)
        }
    }

    func expression(_ value: JSONValue) -> PipelineExpression? { (try? PipelineExpression(value)) ?? nil }

    private func constant(_ value: JSONValue) -> String? {
        var text = ""
        for piece in pieces(value) {
            guard case .text(let part) = piece else { return nil }
            text += part
        }
        return text
    }

    private func text(_ expression: PipelineExpression) -> String {
        switch expression {
        case .get(let reference): text(reference)
        case .join: ExpressionText.concatenation(joinPieces(expression))
        case .jsonGet(let source, let path): file(source, path)
        }
    }

    /// The parts of a value that is joined to others as text.
    private func pieces(_ value: JSONValue) -> [ExpressionText.Piece] {
        switch value {
        case .string(let text): return [.text(text)]
        case .bool, .integer, .double, .decimal, .null: return [.text(value.text())]
        case .array, .object:
            guard let expression = expression(value) else { return [.expression(text(value))] }
            if case .join = expression { return joinPieces(expression) }
            return [.expression(text(expression))]
        }
    }

    private func joinPieces(_ expression: PipelineExpression) -> [ExpressionText.Piece] {
        guard case .join(let on, let values) = expression else { return [] }
        var result: [ExpressionText.Piece] = []
        for (index, value) in values.enumerated() {
            if index > 0 { result.append(.text(on)) }
            result += pieces(value)
        }
        return result
    }

    private func text(_ reference: PipelineExpression.Reference) -> String {
        switch reference {
        case .parameter(let name): return "$Parameters\(ExpressionText.field(name))"
        case .execution(let name): return execution(name)
        case .experiment(let name):
            guard let value = experiment?[name], !value.isNull else { return "''" }
            return text(value)
        case .step(let name, let path): return property(name, path)
        case .currentItem(let path):
            if path.components.isEmpty { return "$Item" }
            // An item without the member gives null rather than a failure of the whole ForEach.
            let text = "$Item\(ResponsePath.text(path))"
            return "($exists(\(text)) ? \(text) : null)"
        }
    }

    private func execution(_ name: String) -> String {
        switch name {
        case "PipelineName": "$states.context.StateMachine.Name"
        case "PipelineArn": "$states.context.StateMachine.Id"
        case "PipelineExecutionId": "$states.context.Execution.Name"
        case "PipelineExecutionArn": "$states.context.Execution.Id"
        case "StartDateTime": "$states.context.Execution.StartTime"
        case "CurrentDateTime": "$now()"
        case "TrainingJobName", "ProcessingJobName": jobName
        default: "''"
        }
    }

    // MARK: Conditions

    /// All of the conditions, as one expression.
    func conjunction(_ conditions: [JSONValue]) -> String {
        guard !conditions.isEmpty else { return "true" }
        if conditions.count == 1 { return condition(conditions[0]) }
        return conditions.map { "(\(condition($0)))" }.joined(separator: " and ")
    }

    // Conditions nest as deep as the JSON does, which the parser bounds.
    private func condition(_ value: JSONValue) -> String {
        guard let type = value["Type"]?.string.flatMap(ConditionType.init(rawValue:)) else { return "false" }
        switch type {
        case .not: return "$not(\(condition(value["Condition"] ?? .null)))"
        case .or:
            let inner = value["Conditions"]?.array ?? []
            return inner.isEmpty ? "false" : inner.map { "(\(condition($0)))" }.joined(separator: " or ")
        case .in: return "\(operand(value["QueryValue"])) in [\((value["Values"]?.array ?? []).map(text).joined(separator: ", "))]"
        case .equals: return comparison(value, "=")
        case .greaterThan: return comparison(value, ">")
        case .greaterThanOrEqualTo: return comparison(value, ">=")
        case .lessThan: return comparison(value, "<")
        case .lessThanOrEqualTo: return comparison(value, "<=")
        }
    }

    private func comparison(_ value: JSONValue, _ sign: String) -> String {
        let (left, right) = (value["LeftValue"] ?? .null, value["RightValue"] ?? .null)
        // Hyperparameters and environment variables are texts; the service compares them with numbers all the same.
        let isOrder = sign != "="
        return "\(operand(left, asNumber: isOrder && right.isNumber)) \(sign) \(operand(right, asNumber: isOrder && left.isNumber))"
    }

    private func operand(_ value: JSONValue, asNumber: Bool) -> String {
        guard asNumber, case .get(.step(_, let path))? = expression(value), path.components.first != .name("OutputParameters") else { return text(value) }
        return "$number(\(text(value)))"
    }

    private func operand(_ value: JSONValue?) -> String { text(value ?? .null) }
}
