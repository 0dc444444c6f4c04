import JSON

/// Checks the `Arguments` of a Condition step.
enum ConditionValidator {
    static func diagnostics(_ step: PipelineStep, at pointer: String) -> [PipelineDiagnostic] {
        var result: [PipelineDiagnostic] = []
        let arguments = step.arguments
        for key in arguments.keys where !["Conditions", "IfSteps", "ElseSteps"].contains(key) {
            result.append(
                .error(
                    "\(pointer)/Arguments/\(JSONPointer.escape(key))", "Unable to parse pipeline definition. Cannot parse object, unknown property '\(key)'",
                    step: step.name))
        }
        for key in ["IfSteps", "ElseSteps"] {
            guard let list = arguments[key], !list.isNull, list.array == nil else { continue }
            result.append(
                .error(
                    "\(pointer)/Arguments/\(key)", "Unable to parse pipeline definition. Expecting start of Json Array, found \(list.typeName)", step: step.name
                ))
        }
        guard let conditions = arguments["Conditions"]?.array else {
            result.append(
                .error(
                    "\(pointer)/Arguments/Conditions", "found \(arguments["Conditions"]?.typeName ?? "nothing"), expected a list of conditions", step: step.name
                ))
            return result
        }
        var pending = conditions.enumerated().reversed().map { ($1, "\(pointer)/Arguments/Conditions/\($0)") }
        while let (condition, place) = pending.popLast() {
            func problem(_ message: String) { result.append(.error(place, message, step: step.name)) }
            guard let object = condition.object, let typeText = object["Type"]?.string else {
                problem("found \(condition.typeName) without Type, expected a condition")
                continue
            }
            guard let type = ConditionType(rawValue: typeText) else {
                result.append(
                    .error(
                        "\(place)/Type", "found \"\(typeText)\", expected one of \(ConditionType.allCases.map(\.rawValue).joined(separator: ", "))",
                        step: step.name))
                continue
            }
            for key in type.operands where object[key] == nil { problem("found no \(key), \(typeText) needs it") }
            for key in object.keys where key != "Type" && !type.operands.contains(key) {
                result.append(
                    .error(
                        "\(place)/\(JSONPointer.escape(key))", "Unable to parse pipeline definition. Cannot parse object, unknown property '\(key)'",
                        step: step.name))
            }
            switch type {
            case .not:
                if let inner = object["Condition"] { pending.append((inner, "\(place)/Condition")) }
            case .or:
                guard let inner = object["Conditions"]?.array else {
                    problem("found Conditions that are no list, expected a list")
                    continue
                }
                for (index, element) in inner.enumerated().reversed() { pending.append((element, "\(place)/Conditions/\(index)")) }
            case .in:
                if let values = object["Values"], values.array == nil { problem("found Values that are no list, expected a list") }
            case .equals, .greaterThan, .greaterThanOrEqualTo, .lessThan, .lessThanOrEqualTo: break
            }
        }
        return result
    }
}

/// The kinds of condition (spec 1.5).
public enum ConditionType: String, Sendable, CaseIterable {
    case equals = "Equals"
    case greaterThan = "GreaterThan"
    case greaterThanOrEqualTo = "GreaterThanOrEqualTo"
    case lessThan = "LessThan"
    case lessThanOrEqualTo = "LessThanOrEqualTo"
    case `in` = "In"
    case not = "Not"
    case or = "Or"

    var operands: [String] {
        switch self {
        case .in: ["QueryValue", "Values"]
        case .not: ["Condition"]
        case .or: ["Conditions"]
        case .equals, .greaterThan, .greaterThanOrEqualTo, .lessThan, .lessThanOrEqualTo: ["LeftValue", "RightValue"]
        }
    }
}
