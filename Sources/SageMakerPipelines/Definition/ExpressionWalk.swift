import JSON

/// Finds the expressions inside a value, without recursion.
struct ExpressionWalk {
    struct Found {
        let expression: PipelineExpression
        let pointer: String
    }
    struct Broken {
        let pointer: String
        let message: String
    }

    private(set) var found: [Found] = []
    private(set) var broken: [Broken] = []

    /// `skipping`: keys of the outermost object that are not visited.
    init(_ value: JSONValue, pointer: String, skipping: Set<String> = []) {
        var pending: [(JSONValue, String)] = []
        if case .object(let object) = value, !skipping.isEmpty {
            for (key, member) in object.reversed() where !skipping.contains(key) {
                pending.append((member, "\(pointer)/\(JSONPointer.escape(key))"))
            }
        } else {
            pending.append((value, pointer))
        }
        while let (next, place) = pending.popLast() {
            switch next {
            case .array(let elements):
                for (index, element) in elements.enumerated().reversed() { pending.append((element, "\(place)/\(index)")) }
            case .object(let object): visit(object, next, place, &pending)
            default: break
            }
        }
    }

    private mutating func visit(_ object: JSONObject, _ value: JSONValue, _ place: String, _ pending: inout [(JSONValue, String)]) {
        do {
            if let expression = try PipelineExpression(value) {
                found.append(Found(expression: expression, pointer: place))
                switch expression {
                case .get: break
                case .join(_, let values):
                    for (index, element) in values.enumerated().reversed() {
                        pending.append((element, "\(place)/Std:Join/Values/\(index)"))
                    }
                case .jsonGet(.s3URI(let uri), _): pending.append((uri, "\(place)/Std:JsonGet/S3Uri"))
                case .jsonGet(.propertyFile, _): break
                }
                return
            }
        } catch {
            broken.append(Broken(pointer: place + error.pointer, message: error.message))
            return
        }
        for (key, member) in object.reversed() {
            pending.append((member, "\(place)/\(JSONPointer.escape(key))"))
        }
    }
}

extension PipelineStep {
    /// The value whose expressions are the step's own: nested steps and `DependsOn` are not.
    var ownExpressions: (JSONValue, skipping: Set<String>) {
        var document = document
        if type == .condition || type == .forEach {
            var arguments = arguments
            for key in StepWalk.branches + ["Selector"] { arguments[key] = nil }
            document["Arguments"] = .object(arguments)
        }
        return (
            .object(document), ["Name", "Type", "DependsOn", "DisplayName", "Description", "RetryPolicies", "CacheConfig", "PropertyFiles", "OutputParameters"]
        )
    }

    func expressions(at pointer: String) -> ExpressionWalk {
        let (value, skipping) = ownExpressions
        return ExpressionWalk(value, pointer: pointer, skipping: skipping)
    }
}

extension PipelineExpression {
    /// The step that the expression itself reads, nested expressions aside.
    var stepRead: String? {
        switch self {
        case .get(.step(let name, _)): name
        case .jsonGet(.propertyFile(let step, _), _): step
        default: nil
        }
    }
}
