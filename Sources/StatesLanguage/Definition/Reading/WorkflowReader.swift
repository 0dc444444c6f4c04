import JSON

/// Reads a `StartAt` with its `States`: the machine, a Parallel's branch, a Map's processor.
struct WorkflowReader {
    let reader: FieldReader
    /// Variables that scopes around this one assign.
    let outerVariables: Set<String>

    /// nil: it cannot be run; why is in the session. The states are read later, from `session.pending`.
    func workflow(name: String? = nil, dependsOn: [(branch: Int, trigger: Workflow.Trigger)] = []) -> Workflow? {
        let session = reader.session
        let missing = ["States", "StartAt"].filter { !reader.has($0) }
        if !missing.isEmpty {
            session.schema("These fields are required: [\(missing.joined(separator: ", "))]", reader.place)
        }
        let startAt = reader.has("StartAt") ? reader.requiredString("StartAt") : nil
        guard let states = reader.nested("States") else { return nil }
        if states.object.isEmpty { reader.schema("Value cannot be empty", at: "States") }
        let ids = identify(states)
        if let startAt, ids[startAt] == nil {
            session.error(.transition, "Missing 'Next' target: \(startAt)", reader.place.field("StartAt"))
        }
        session.pending.append { readStates(states, startAt: startAt, ids) }
        guard let startAt, let start = ids[startAt] else { return nil }
        return Workflow(startAt: start, pointer: reader.place.pointer, name: name, dependsOn: dependsOn)
    }

    private func readStates(_ states: FieldReader, startAt: String?, _ ids: [String: StateID]) {
        let session = reader.session
        let variables = Self.variables(of: states.object)
        for name in variables.sorted() where outerVariables.contains(name) {
            // AWS's guide forbids it; AWS accepted it where the outer one is assigned by a Catch of the same Parallel.
            session.warning(.lint, "The variable '\(name)' is assigned in an outer scope too", reader.place)
        }
        let scope = StateScope(ids: ids, variables: outerVariables.union(variables))
        for (name, value) in states.object { StateReader.read(name, value, states.place.field(name), scope, session) }
        Transitions(states: states.object, place: states.place, startAt: startAt, ids: ids).check(session)
    }

    /// Gives every state of this workflow its number before any is read, so that they can point at each other.
    private func identify(_ states: FieldReader) -> [String: StateID] {
        let session = reader.session
        var ids: [String: StateID] = [:]
        for name in states.object.keys {
            if name.isEmpty || name.unicodeScalars.count > 80 {
                session.error(.stateName, "The state name must have between 1 and 80 characters", states.place.field(name))
            }
            if !session.names.insert(name).inserted {
                session.error(.duplicateState, "Duplicate State name: \(name)", states.place.field(name))
            }
            ids[name] = StateID(session.states.count)
            session.states.append(nil)
        }
        return ids
    }

    /// The names that the states of one workflow assign, nested workflows left out.
    private static func variables(of states: JSONObject) -> Set<String> {
        var names: Set<String> = []
        func collect(_ value: JSONValue?) {
            for key in value?.object?.keys ?? [] { names.insert(key.hasSuffix(".$") ? String(key.dropLast(2)) : key) }
        }
        for state in states.values {
            collect(state["Assign"])
            for list in ["Catch", "Choices"] {
                for element in state[list]?.array ?? [] { collect(element["Assign"]) }
            }
        }
        return names
    }
}

/// What a state needs to know of the workflow that it is in.
struct StateScope {
    let ids: [String: StateID]
    /// Everything assigned in this scope and the ones around it.
    let variables: Set<String>
}
