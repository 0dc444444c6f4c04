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
        let assignments = Assignments(states: states.object)
        for name in assignments.variables.sorted() where outerVariables.contains(name) {
            session.error(
                .duplicateVariable, "The variable '\(name)' is assigned in an outer scope on the way here", reader.place)
        }
        let scope = StateScope(ids: ids, outerVariables: outerVariables, assignments: assignments)
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
}

/// What a state needs to know of the workflow that it is in.
struct StateScope {
    let ids: [String: StateID]
    fileprivate let outerVariables: Set<String>
    fileprivate let assignments: Assignments

    /// What is assigned on the way into a state, in this scope and the ones around it: what its branches may not assign.
    func variables(before state: String) -> Set<String> { outerVariables.union(assignments.before(state)) }
}

/// What the transitions of one workflow assign, nested workflows left out: the state's own Assign for its Next and Default, and that
/// of a rule or a Catcher for its own.
private struct Assignments {
    private(set) var variables: Set<String> = []
    private var into: [String: [(source: String, variables: [String])]] = [:]

    init(states: JSONObject) {
        for (name, state) in states {
            add(state["Assign"], from: name, to: [state["Next"], state["Default"]])
            for list in ["Catch", "Choices"] {
                for element in state[list]?.array ?? [] { add(element["Assign"], from: name, to: [element["Next"]]) }
            }
        }
    }

    private mutating func add(_ assign: JSONValue?, from source: String, to targets: [JSONValue?]) {
        let names = (assign?.object?.keys).map { keys in keys.map { $0.hasSuffix(".$") ? String($0.dropLast(2)) : $0 } } ?? []
        variables.formUnion(names)
        for case .string(let target)? in targets { into[target, default: []].append((source, names)) }
    }

    func before(_ state: String) -> Set<String> {
        guard !variables.isEmpty else { return [] }
        var found: Set<String> = []
        var seen: Set<String> = [state]
        var pending = [state]
        while let target = pending.popLast() {
            for transition in into[target] ?? [] {
                found.formUnion(transition.variables)
                if seen.insert(transition.source).inserted { pending.append(transition.source) }
            }
        }
        return found
    }
}
