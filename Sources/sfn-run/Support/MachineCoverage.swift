import JSON
import StatesLanguage

/// Which parts of a machine some executions have gone through: states, ways out of Choice states, retriers, catchers.
struct MachineCoverage {
    struct Part: Hashable {
        enum Kind: String, CaseIterable { case state, choice, retrier, catcher }
        let kind: Kind
        /// JSON Pointer
        let pointer: String
    }

    private let machine: StateMachine
    private(set) var all: [Part] = []
    private(set) var covered: Set<Part> = []

    init(_ machine: StateMachine) {
        self.machine = machine
        for state in machine.states {
            all.append(Part(kind: .state, pointer: state.pointer))
            let (retriers, catchers) = Self.handlers(of: state)
            for index in retriers.indices { all.append(Part(kind: .retrier, pointer: "\(state.pointer)/Retry/\(index)")) }
            for index in catchers.indices { all.append(Part(kind: .catcher, pointer: "\(state.pointer)/Catch/\(index)")) }
            if case .choice(let choice) = state.kind {
                for index in choice.rules.indices { all.append(Part(kind: .choice, pointer: "\(state.pointer)/Choices/\(index)")) }
                if choice.defaultNext != nil { all.append(Part(kind: .choice, pointer: "\(state.pointer)/Default")) }
            }
        }
    }

    /// A rule of a Choice counts as taken when its `Next` was: rules with the same target cannot be told apart in a history.
    mutating func add(_ history: [HistoryEvent]) {
        // What the state of a frame failed with last; nil inside: an error without a name.
        var failures: [FrameID: String?] = [:]
        for event in history {
            switch event.kind {
            case .stateEntered(let state, _):
                covered.insert(Part(kind: .state, pointer: machine[state].pointer))
                failures[event.frame] = nil
            case .evaluationFailed(_, let error, _, _), .taskTimedOut(_, let error, _): failures[event.frame] = .some(error)
            case .taskFailed(_, let error, _), .mapRunFailed(_, let error, _), .note(.failed(let error, _, _)), .note(.childrenFailed(let error, _, _)):
                failures[event.frame] = .some(error)
            case .note(.retry(let retrier, _)):
                failures[event.frame] = nil
                if let state = current[event.frame] { covered.insert(Part(kind: .retrier, pointer: "\(machine[state].pointer)/Retry/\(retrier)")) }
            case .stateExited(let id, _, _, let next): exited(machine[id], next, failures[event.frame])
            default: break
            }
            if case .stateEntered(let state, _) = event.kind { current[event.frame] = state }
        }
        current = [:]
    }

    private var current: [FrameID: StateID] = [:]

    private mutating func exited(_ state: State, _ next: StateID?, _ failure: String??) {
        guard let next else { return }
        if case .choice(let choice) = state.kind {
            for (index, rule) in choice.rules.enumerated() where rule.next == next {
                covered.insert(Part(kind: .choice, pointer: "\(state.pointer)/Choices/\(index)"))
            }
            if choice.defaultNext == next { covered.insert(Part(kind: .choice, pointer: "\(state.pointer)/Default")) }
        }
        guard let failure, let index = Self.handlers(of: state).catchers.firstIndex(where: { ErrorMatch.matches($0.errorEquals, failure) }) else { return }
        covered.insert(Part(kind: .catcher, pointer: "\(state.pointer)/Catch/\(index)"))
    }

    private static func handlers(of state: State) -> (retriers: [Retrier], catchers: [Catcher]) {
        switch state.kind {
        case .task(let task): (task.retry, task.catchers)
        case .parallel(let parallel): (parallel.retry, parallel.catchers)
        case .map(let map): (map.retry, map.catchers)
        case .pass, .choice, .wait, .succeed, .fail: ([], [])
        }
    }

    /// `states 5 of 6, choices 2 of 4 …`, then what was not covered.
    var lines: [String] {
        let counts = Part.Kind.allCases.compactMap { kind -> String? in
            let parts = all.filter { $0.kind == kind }
            guard !parts.isEmpty else { return nil }
            return "\(kind.rawValue)s \(parts.filter(covered.contains).count) of \(parts.count)"
        }
        return ["coverage: " + counts.joined(separator: ", ")] + all.filter { !covered.contains($0) }.map { "  not covered: \($0.pointer)" }
    }

    var json: JSONValue {
        .object(
            JSONObject(
                Part.Kind.allCases.map { kind in
                    let parts = all.filter { $0.kind == kind }
                    let missing = parts.filter { !covered.contains($0) }.map { JSONValue.string($0.pointer) }
                    return (
                        kind.rawValue + "s",
                        ["total": .integer(Int64(parts.count)), "covered": .integer(Int64(parts.count - missing.count)), "missing": .array(missing)]
                    )
                }))
    }
}
