import JSON

/// Checks `Parameters`.
enum ParameterValidator {
    static func diagnostics(_ value: JSONValue?) -> [PipelineDiagnostic] {
        guard let value, !value.isNull else { return [] }
        guard let list = value.array else {
            return [.error("/Parameters", "Unable to parse pipeline definition. Expecting start of Json Array, found \(value.typeName)")]
        }
        var result: [PipelineDiagnostic] = []
        if list.count > 200 {
            result.append(.error("/Parameters", "found \(list.count) parameters, at most 200 are allowed"))
        }
        var seen: Set<String> = []
        for (index, element) in list.enumerated() {
            let pointer = "/Parameters/\(index)"
            guard let object = element.object else {
                result.append(.error(pointer, "Unable to parse pipeline definition. Expecting start of Json Object, found \(element.typeName)"))
                continue
            }
            let parameter = PipelineParameter(document: object)
            for key in object.keys where !["Name", "Type", "DefaultValue", "EnumValues", "Description"].contains(key) {
                result.append(
                    .error("\(pointer)/\(JSONPointer.escape(key))", "Unable to parse pipeline definition. Cannot parse object, unknown property '\(key)'"))
            }
            if parameter.name.isEmpty || !DefinitionValidator.isName(parameter.name, most: 256) {
                result.append(.error("\(pointer)/Name", "found \(object["Name"]?.text() ?? "nothing"), expected letters, digits, - and _, at most 256"))
            } else if !seen.insert(parameter.name).inserted {
                result.append(.error("\(pointer)/Name", "found the parameter '\(parameter.name)' a second time, expected unique names"))
            }
            result += values(of: parameter, at: pointer)
        }
        return result
    }

    private static func values(of parameter: PipelineParameter, at pointer: String) -> [PipelineDiagnostic] {
        guard let type = parameter.type else {
            let found = parameter.document["Type"]?.text() ?? "nothing"
            return [
                .error("\(pointer)/Type", "found \(found), expected one of \(PipelineParameter.ValueType.allCases.map(\.rawValue).joined(separator: ", "))")
            ]
        }
        var result: [PipelineDiagnostic] = []
        // Values come as texts on the wire, and some who write definitions by hand write defaults so.
        let isWritten = parameter.defaultValue?.string.flatMap(parameter.value(ofText:)) != nil
        if let value = parameter.defaultValue, !parameter.accepts(value), !isWritten {
            result.append(.error("\(pointer)/DefaultValue", "found \(value.text()), expected a value of type \(type.rawValue)"))
        }
        guard let written = parameter.document["EnumValues"] else { return result }
        guard let allowed = written.array else {
            result.append(.error("\(pointer)/EnumValues", "found \(written.typeName), expected a list"))
            return result
        }
        if type != .string {
            result.append(.warning("\(pointer)/EnumValues", "found an enumeration on a parameter of type \(type.rawValue), expected it on a String only"))
        }
        if let value = parameter.defaultValue, !allowed.contains(value) {
            result.append(.error("\(pointer)/DefaultValue", "found \(value.text()), expected one of \(allowed.map { $0.text() }.joined(separator: ", "))"))
        }
        return result
    }
}
