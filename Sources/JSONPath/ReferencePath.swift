import JSON

/// A path that names one place by names and array indices alone, so that a value can be put there: `$.a['b c'][0]`.
public struct ReferencePath: Sendable, Equatable {
    public let text: String
    let steps: [Step]

    enum Step: Sendable, Equatable {
        case property(String)
        case index(Int)
    }

    public init(_ text: String) throws(PathSyntaxError) {
        let path = try PathExpression(text)
        guard path.root == .input else { throw PathSyntaxError(message: "a Reference Path starts with '$.' or '$['", offset: 0) }
        var steps: [Step] = []
        for step in path.steps {
            switch step {
            case .property(let name): steps.append(.property(name))
            case .index(let index) where index >= 0: steps.append(.index(index))
            default: throw PathSyntaxError(message: "'\(step.text)' may not stand in a Reference Path", offset: 0)
            }
        }
        self.text = text
        self.steps = steps
    }

    /// Puts `value` at this place of `data`; objects that are missing on the way are made.
    /// Throws where a step does not fit what is there.
    public func inserting(_ value: JSONValue, into data: JSONValue) throws(ReferencePathConflict) -> JSONValue {
        try insert(value, into: data, at: 0)
    }

    // The recursion is bounded by the length of the path in the definition, checked below.
    private func insert(_ value: JSONValue, into data: JSONValue, at position: Int) throws(ReferencePathConflict) -> JSONValue {
        guard position < steps.count else { return value }
        guard position < Self.stepLimit else { throw .step(steps[position].name, data) }
        switch (steps[position], data) {
        case (.property(let name), .object(var object)):
            let isLast = position == steps.count - 1
            let inner = isLast ? value : try insert(value, into: object[name] ?? .object(JSONObject()), at: position + 1)
            object[name] = inner
            return .object(object)
        case (.index(let index), .array(var array)):
            guard array.indices.contains(index) else { throw .step("\(index)", data) }
            array[index] = try insert(value, into: array[index], at: position + 1)
            return .array(array)
        case (let step, _): throw position == 0 ? .whole : .step(step.name, data)
        }
    }

    private static let stepLimit = 1000
}

extension ReferencePath.Step {
    var name: String {
        switch self {
        case .property(let name): name
        case .index(let index): "\(index)"
        }
    }
}

/// What of a Reference Path does not fit.
public enum ReferencePathConflict: Error, Equatable, Sendable {
    /// The input itself is nothing that the path can be applied to.
    case whole
    /// A step meets a value that it cannot be applied to.
    case step(String, JSONValue)
}
