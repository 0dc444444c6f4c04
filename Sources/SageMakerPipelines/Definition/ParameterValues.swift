import JSON

/// Why an execution cannot start with the parameters given. The text is for the user.
public struct ParameterError: Error, Equatable, Sendable, CustomStringConvertible {
    public let description: String
    public init(description: String) { self.description = description }
}

extension PipelineDefinition {
    /// The input of the compiled machine: every parameter with its typed value, given ones before defaults.
    ///
    /// `given` holds typed values, or texts as they come from a command line or `StartPipelineExecution`.
    public func executionInput(parameters given: [String: JSONValue] = [:]) throws(ParameterError) -> JSONValue {
        let declared = parameters
        let names = Set(declared.map(\.name))
        for name in given.keys.sorted() where !names.contains(name) {
            throw ParameterError(description: "Parameter '\(name)' is not declared by the pipeline; declared: \(declared.map(\.name).joined(separator: ", "))")
        }
        var input = JSONObject()
        for parameter in declared {
            guard let raw = given[parameter.name] ?? parameter.defaultValue else {
                throw ParameterError(description: "Parameter '\(parameter.name)' has no default value: give it one at the start")
            }
            input[parameter.name] = try checked(raw, of: parameter)
        }
        return .object(input)
    }

    private func checked(_ raw: JSONValue, of parameter: PipelineParameter) throws(ParameterError) -> JSONValue {
        var value = raw
        if case .string(let text) = raw {
            if text.isEmpty, parameter.defaultValue != raw {
                throw ParameterError(description: "Parameter '\(parameter.name)': string \"\" is too short (length: 0, required minimum: 1)")
            }
            guard let typed = parameter.value(ofText: text) else {
                throw ParameterError(description: "Parameter '\(parameter.name)': found \"\(text)\", expected \(parameter.type?.rawValue ?? "a known type")")
            }
            value = typed
        }
        guard parameter.accepts(value) else {
            throw ParameterError(description: "Parameter '\(parameter.name)': found \(value.text()), expected \(parameter.type?.rawValue ?? "a known type")")
        }
        if let allowed = parameter.enumValues, !allowed.contains(value) {
            throw ParameterError(
                description: "Parameter '\(parameter.name)': found \(value.text()), expected one of \(allowed.map { $0.text() }.joined(separator: ", "))")
        }
        return value
    }
}
