import JSON

/// A state in a definition, and where it stands.
package struct StateInDefinition {
    package let name: String
    package let state: JSONValue
    /// `JSONata` or `JSONPath`
    package let queryLanguage: String

    /// `Arguments` or `Parameters`.
    package var parameters: JSONValue { state["Arguments"] ?? state["Parameters"] ?? .null }

    /// A parameter that is written out, not computed: neither `Name.$` nor `{% … %}`.
    package func literal(_ field: String, in object: JSONValue? = nil) -> String? {
        guard let text = (object ?? parameters)[field]?.string, !text.hasPrefix("{%") else { return nil }
        return text
    }
}

/// The states of a definition with those inside Parallel and Map states, outer before inner, in their order.
package enum DefinitionWalk {
    package static func states(_ definition: JSONValue) -> [StateInDefinition] {
        var result: [StateInDefinition] = []
        // A stack instead of recursion: what is nested deeply came from outside.
        var open: [(JSONValue, String)] = [(definition, definition["QueryLanguage"]?.string ?? "JSONPath")]
        while let (machine, language) = open.popLast() {
            var inner: [(JSONValue, String)] = []
            for (name, state) in machine["States"]?.object ?? JSONObject() {
                let own = state["QueryLanguage"]?.string ?? language
                result.append(StateInDefinition(name: name, state: state, queryLanguage: own))
                for branch in state["Branches"]?.array ?? [] { inner.append((branch, language)) }
                if let items = state["ItemProcessor"] ?? state["Iterator"] { inner.append((items, language)) }
            }
            open.append(contentsOf: inner.reversed())
        }
        return result
    }
}
