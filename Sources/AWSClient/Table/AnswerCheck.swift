import JSON

/// Holds a made-up answer against what the API's model says answers look like, as TestState does with mocked results.
package struct AnswerCheck: Sendable {
    /// Whether members that every answer has must be there.
    package var isStrict: Bool
    /// Which spelling of members counts.
    package var style: ResultStyle
    /// Members that the integration gives a form of its own.
    package var free: Set<String>
    private static let maximumDepth = 100

    package init(isStrict: Bool, style: ResultStyle, free: Set<String> = []) {
        self.isStrict = isStrict
        self.style = style
        self.free = free
    }

    /// The first thing that is wrong, in AWS's words; nil: nothing is, or the model knows no such operation.
    package func problem(in answer: JSONValue, service: String, operation: String) -> String? {
        guard let model = AWSTable.shared.service(service), let found = model.operation(operation), let output = found.output else { return nil }
        return problem(answer, model.type(output), nil, MemberTraits(), model, depth: 0)
    }

    private func problem(
        _ value: JSONValue, _ type: TypeModel, _ name: String?, _ traits: MemberTraits, _ model: ServiceModel, depth: Int
    ) -> String? {
        guard depth < Self.maximumDepth, !value.isNull else { return nil }
        let shown = name.map { "Field '\($0)'" } ?? "Mocked result"
        switch type {
        case .structure(let structure):
            guard let object = value.object else { return "\(shown) must be an object" }
            return problem(object, structure, model, depth: depth)
        case .list(let element, _, _):
            guard let array = value.array else { return "\(shown) must be an array" }
            let own = model.type(element)
            for element in array {
                if let problem = problem(element, own, name, traits, model, depth: depth + 1) { return problem }
            }
            return nil
        case .map(_, let element, _, _, _):
            guard let object = value.object else { return "\(shown) must be an object" }
            let own = model.type(element)
            for (key, member) in object {
                if let problem = problem(member, own, key, traits, model, depth: depth + 1) { return problem }
            }
            return nil
        case .scalar(let scalar, let own): return problem(value, scalar, shown, own.rules)
        }
    }

    private func problem(_ object: JSONObject, _ structure: TypeModel.Structure, _ model: ServiceModel, depth: Int) -> String? {
        for member in structure.members {
            let name = style == .sdk ? Naming.member(member.name) : Naming.capitalized(member.name)
            if depth == 0, free.contains(name) { continue }
            guard let value = object[name] else {
                if isStrict, member.traits.isRequired { return "Required field '\(name)' is missing" }
                continue
            }
            if let problem = problem(value, model.type(member.type), name, member.traits, model, depth: depth + 1) { return problem }
        }
        return nil
    }

    private func problem(_ value: JSONValue, _ scalar: ScalarType, _ shown: String, _ rules: ValueRules?) -> String? {
        switch scalar {
        case .string:
            guard let text = value.string else { return "\(shown) must be a string" }
            if let allowed = rules?.allowed, !allowed.contains(text) { return "\(shown) is not an expected value" }
            return lengthProblem(text.unicodeScalars.count, shown, rules)
        case .blob:
            guard let text = value.string else { return "\(shown) must be a string" }
            return lengthProblem(text.utf8.count, shown, rules)
        case .boolean: return value.bool == nil ? "\(shown) must be a boolean" : nil
        case .integer, .float:
            guard let number = value.number else { return "\(shown) must be a number" }
            if let least = rules?.least, number < least { return "\(shown) is less than the minimum value" }
            if let most = rules?.most, number > most { return "\(shown) exceeds the maximum value" }
            return nil
        case .timestamp: return value.string == nil && value.number == nil ? "\(shown) must be a string" : nil
        case .document: return nil
        }
    }

    private func lengthProblem(_ length: Int, _ shown: String, _ rules: ValueRules?) -> String? {
        if let least = rules?.least, Double(length) < least { return "\(shown) is smaller than the minimum length" }
        if let most = rules?.most, Double(length) > most { return "\(shown) exceeds the maximum length" }
        return nil
    }
}
