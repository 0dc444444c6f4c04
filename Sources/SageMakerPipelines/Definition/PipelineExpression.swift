import JSON

/// An expression: an object with exactly one of the keys `Get`, `Std:Join` and `Std:JsonGet`,
/// which may stand wherever a value may.
public enum PipelineExpression: Sendable, Equatable {
    case get(Reference)
    case join(on: String, values: [JSONValue])
    case jsonGet(source: JSONSource, path: PropertyPath)

    /// What a `Std:JsonGet` reads.
    public enum JSONSource: Sendable, Equatable {
        case propertyFile(step: String, name: String)
        case s3URI(JSONValue)
    }

    /// What a `Get` names.
    public enum Reference: Sendable, Equatable, Hashable {
        case parameter(String)
        case execution(String)
        case experiment(String)
        case step(String, PropertyPath)
        case currentItem(PropertyPath)
    }

    /// Why an object that looks like an expression is none.
    struct Malformed: Error {
        let pointer: String
        let message: String
    }

    /// nil: `value` is plain data.
    init?(_ value: JSONValue) throws(Malformed) {
        guard case .object(let object) = value, object.count == 1 else { return nil }
        let (key, operand) = object[object.startIndex]
        switch key {
        case "Get":
            guard case .string(let text) = operand else { return nil }
            guard let reference = Reference(text) else {
                throw Malformed(
                    pointer: "/Get",
                    message: "found \"\(text)\", expected Parameters.…, Execution.…, Steps.<name>.<property>, PipelineExperimentConfig.… or ForEach.CurrentItem"
                )
            }
            self = .get(reference)
        case "Std:Join":
            guard let values = operand["Values"]?.array else {
                throw Malformed(pointer: "/Std:Join", message: "found \(operand["Values"]?.typeName ?? "no Values"), expected Values, a list")
            }
            if let on = operand["On"], on.string == nil {
                throw Malformed(pointer: "/Std:Join/On", message: "found \(on.typeName), expected a string")
            }
            self = .join(on: operand["On"]?.string ?? "", values: values)
        case "Std:JsonGet": self = try Self.jsonGet(operand)
        default: return nil
        }
    }

    private static func jsonGet(_ operand: JSONValue) throws(Malformed) -> PipelineExpression {
        guard let text = operand["Path"]?.string else {
            throw Malformed(pointer: "/Std:JsonGet", message: "found no Path, expected a path such as a.b[0]['c']")
        }
        guard let path = PropertyPath(text) else {
            throw Malformed(pointer: "/Std:JsonGet/Path", message: "found \"\(text)\", expected a path such as a.b[0]['c']")
        }
        switch (operand["PropertyFile"], operand["S3Uri"]) {
        case (let file?, nil):
            guard let reference = file["Get"]?.string.flatMap(Reference.init),
                case .step(let step, let place) = reference, place.components.count == 2,
                place.components[0] == .name("PropertyFiles")
            else {
                throw Malformed(
                    pointer: "/Std:JsonGet/PropertyFile", message: "found \(file.text()), expected {\"Get\": \"Steps.<step>.PropertyFiles.<name>\"}")
            }
            switch place.components[1] {
            case .name(let name), .key(let name): return .jsonGet(source: .propertyFile(step: step, name: name), path: path)
            case .index: throw Malformed(pointer: "/Std:JsonGet/PropertyFile", message: "found an index, expected the property file's name")
            }
        case (nil, let uri?): return .jsonGet(source: .s3URI(uri), path: path)
        default: throw Malformed(pointer: "/Std:JsonGet", message: "expected exactly one of PropertyFile and S3Uri")
        }
    }
}

extension PipelineExpression.Reference {
    /// `Parameters.X`, `Execution.X`, `Steps.S.path`, … nil: none of them.
    public init?(_ text: String) {
        guard let dot = text.firstIndex(of: ".") else { return nil }
        let rest = String(text[text.index(after: dot)...])
        guard !rest.isEmpty else { return nil }
        switch text[..<dot] {
        case "Parameters": self = .parameter(rest)
        case "Execution": self = .execution(rest)
        case "PipelineExperimentConfig": self = .experiment(rest)
        case "Steps":
            let end = rest.firstIndex { $0 == "." || $0 == "[" } ?? rest.endIndex
            let name = String(rest[..<end])
            var tail = rest[end...]
            if tail.first == "." { tail = tail.dropFirst() }
            guard !name.isEmpty, let path = PropertyPath(String(tail)) else { return nil }
            self = .step(name, path)
        case "ForEach":
            guard rest == "CurrentItem" || rest.hasPrefix("CurrentItem.") || rest.hasPrefix("CurrentItem[") else { return nil }
            var tail = rest.dropFirst("CurrentItem".count)
            if tail.first == "." { tail = tail.dropFirst() }
            guard let path = PropertyPath(String(tail)) else { return nil }
            self = .currentItem(path)
        default: return nil
        }
    }
}
