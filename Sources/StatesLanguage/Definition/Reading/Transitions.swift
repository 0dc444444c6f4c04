import JSON

/// Who goes where: every target exists, every state is somebody's target, and there is an end.
struct Transitions {
    let states: JSONObject
    let place: Place
    let startAt: String?
    let ids: [String: StateID]

    /// AWS reports unreachable states only where there is a terminal state (floci#2786), and calls a state
    /// unreachable when no other state names it.
    func check(_ session: ReadSession) {
        var targets: Set<String> = startAt.map { [$0] } ?? []
        var hasEnd = false
        for (name, state) in states {
            for target in Self.targets(of: state) where target != name { targets.insert(target) }
            switch state["Type"]?.string {
            case "Succeed"?, "Fail"?: hasEnd = true
            // A state without a type is none to AWS (tiny-asl-machine, recorded).
            case nil: break
            default: if state["End"]?.bool == true { hasEnd = true }
            }
        }
        guard hasEnd else {
            session.diagnostics.append(
                Diagnostic(
                    .error, DiagnosticCode.endState.rawValue, "Workflow has no terminal state", location: nil, pointer: place.pointer))
            return
        }
        guard startAt != nil else { return }
        for name in states.keys where !targets.contains(name) {
            session.error(.transition, "State \"\(name)\" is not reachable.", place.field(name))
        }
    }

    /// Every state that `state` may go to, however wrong the state is elsewhere.
    static func targets(of state: JSONValue) -> [String] {
        var targets = [state["Next"]?.string, state["Default"]?.string].compactMap { $0 }
        for list in ["Choices", "Catch"] {
            for element in state[list]?.array ?? [] {
                if let next = element["Next"]?.string { targets.append(next) }
            }
        }
        return targets
    }
}
