import ExecutionDriver
import JSON
import StatesLanguage

/// Makes a failing simulation small: fewer faults, and a machine with fewer and simpler states, as long as it still fails.
package struct Shrinking {
    private var best: Simulation
    private var runs = 0
    private let mostRuns: Int

    package init(_ simulation: Simulation, mostRuns: Int = 200) {
        best = simulation
        self.mostRuns = mostRuns
    }

    package func smallest() -> Simulation {
        var own = self
        own.fewerFaults()
        while own.runs < own.mostRuns, own.smallerMachine() {}
        own.fewerFaults()
        return own.best
    }

    private mutating func fewerFaults() {
        for most in 0..<best.mostFaults {
            var smaller = best
            smaller.mostFaults = most
            if fails(smaller) {
                best = smaller
                return
            }
        }
    }

    /// Tries every way to leave something out, the largest parts first; true: one was found.
    private mutating func smallerMachine() -> Bool {
        for definition in Self.smaller(best.machine.definition) where runs < mostRuns {
            guard StateMachine.read(definition).machine != nil else { continue }
            var candidate = Simulation(seed: best.seed, machine: best.machine.with(definition), bug: best.bug)
            candidate.mostFaults = best.mostFaults
            if fails(candidate) {
                best = candidate
                return true
            }
        }
        return false
    }

    private mutating func fails(_ simulation: Simulation) -> Bool {
        runs += 1
        return !simulation.run().problems.isEmpty
    }

    // MARK: what can be left out

    /// The same workflow with one thing less, in every way.
    static func smaller(_ workflow: JSONValue) -> [JSONValue] {
        guard case .object(let object) = workflow, case .object(let states)? = object["States"], let start = object["StartAt"]?.string else { return [] }
        var found: [JSONValue] = []
        func with(_ states: JSONObject, start: String) -> JSONValue {
            var changed = object
            changed["StartAt"] = .string(start)
            changed["States"] = .object(states)
            return .object(changed)
        }
        for (name, state) in states {
            // Without the state: whoever went to it goes to what follows it.
            if let next = state["Next"]?.string ?? state["Default"]?.string {
                var left = JSONObject()
                for (other, value) in states where other != name { left[other] = Self.renamed(value, name, next) }
                found.append(with(reachable(left, start == name ? next : start), start: start == name ? next : start))
            }
            // The end here: what follows is gone.
            if state["Next"] != nil, case .object(var ending) = state {
                ending["Next"] = nil
                ending["End"] = true
                ending["Catch"] = nil
                var left = states
                left[name] = .object(ending)
                found.append(with(reachable(left, start), start: start))
            }
            for simpler in simplerStates(state) {
                var left = states
                left[name] = simpler
                found.append(with(reachable(left, start), start: start))
            }
        }
        return found
    }

    private static func simplerStates(_ state: JSONValue) -> [JSONValue] {
        guard case .object(let object) = state else { return [] }
        var found: [JSONValue] = []
        let type = object["Type"]?.string
        if type == "Task" || type == "Parallel" || type == "Map" || type == "Wait" {
            var pass = JSONObject([("Type", "Pass")])
            for key in ["Next", "End"] { if let value = object[key] { pass[key] = value } }
            found.append(.object(pass))
        }
        for key in ["Retry", "Catch", "TimeoutSeconds", "HeartbeatSeconds", "ResultSelector", "MaxConcurrency", "OnFailure", "Assign", "Parameters"]
        where object[key] != nil {
            var left = object
            left[key] = nil
            if key == "TimeoutSeconds" { left["HeartbeatSeconds"] = nil }
            found.append(.object(left))
        }
        if case .array(let branches)? = object["Branches"] {
            for index in branches.indices {
                var left = object
                var fewer = branches
                fewer.remove(at: index)
                if !fewer.isEmpty {
                    left["Branches"] = .array(fewer)
                    found.append(.object(left))
                }
                for branch in smaller(branches[index]) {
                    var changed = branches
                    changed[index] = branch
                    left["Branches"] = .array(changed)
                    found.append(.object(left))
                }
            }
        }
        if let processor = object["ItemProcessor"] {
            for simpler in smaller(processor) {
                var left = object
                left["ItemProcessor"] = simpler
                found.append(.object(left))
            }
        }
        return found
    }

    /// The state with one target instead of another.
    private static func renamed(_ state: JSONValue, _ name: String, _ next: String) -> JSONValue {
        guard case .object(var object) = state else { return state }
        for key in ["Next", "Default"] where object[key]?.string == name { object[key] = .string(next) }
        for key in ["Choices", "Catch"] {
            guard case .array(let rules)? = object[key] else { continue }
            object[key] = .array(rules.map { renamed($0, name, next) })
        }
        return .object(object)
    }

    /// Only those states that can be reached: others are a mistake.
    private static func reachable(_ states: JSONObject, _ start: String) -> JSONObject {
        var seen: Set<String> = []
        var waiting = [start]
        while let name = waiting.popLast() {
            guard seen.insert(name).inserted, let state = states[name] else { continue }
            for key in ["Next", "Default"] { if let next = state[key]?.string { waiting.append(next) } }
            for key in ["Choices", "Catch"] {
                for rule in state[key]?.array ?? [] { if let next = rule["Next"]?.string { waiting.append(next) } }
            }
        }
        var left = JSONObject()
        for (name, state) in states where seen.contains(name) { left[name] = state }
        return left
    }
}
