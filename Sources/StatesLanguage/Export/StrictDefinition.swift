import JSON

/// A definition without sfn-run's extensions, as AWS Step Functions takes it, and what that cost.
public struct StrictDefinition: Sendable {
    public let definition: JSONValue
    public let notes: [Note]

    /// What was lost, and where.
    public struct Note: Equatable, Sendable {
        /// JSON Pointer into the definition that was given.
        public let pointer: String
        public let message: String
        /// Nothing equal can be said in strict ASL: the export is to be refused.
        public let isRefusal: Bool
    }

    public init(_ definition: JSONValue) {
        var lowering = Lowering()
        self.definition = lowering.workflow(definition, at: "")
        notes = lowering.notes
    }
}

private struct Lowering {
    var notes: [StrictDefinition.Note] = []

    mutating func note(_ pointer: String, _ message: String, isRefusal: Bool = false) {
        notes.append(StrictDefinition.Note(pointer: pointer, message: message, isRefusal: isRefusal))
    }

    mutating func workflow(_ value: JSONValue, at pointer: String) -> JSONValue {
        guard case .object(var object) = value, let states = object["States"]?.object else { return value }
        var result = JSONObject()
        for (name, state) in states {
            result[name] = self.state(state, at: "\(pointer)/States/\(JSONPointer.escape(name))")
        }
        object["States"] = .object(result)
        return .object(object)
    }

    private mutating func state(_ value: JSONValue, at pointer: String) -> JSONValue {
        guard case .object(var object) = value else { return value }
        for field in ["ItemProcessor", "Iterator"] {
            if let processor = object[field] { object[field] = workflow(processor, at: "\(pointer)/\(field)") }
        }
        if object["Type"]?.string == "Parallel" { lowerParallel(&object, at: pointer) }
        if object["Cache"] != nil {
            object["Cache"] = nil
            note(pointer + "/Cache", "Cache is dropped: Step Functions runs the task every time")
        }
        if let retriers = object["Retry"]?.array {
            object["Retry"] = .array(retriers.enumerated().map { retrier($1, at: "\(pointer)/Retry/\($0)") })
        }
        return .object(object)
    }

    private mutating func lowerParallel(_ object: inout JSONObject, at pointer: String) {
        let branches = object["Branches"]?.array ?? []
        object["Branches"] = .array(
            branches.enumerated().map { index, branch in
                let place = "\(pointer)/Branches/\(index)"
                guard case .object(var inner) = workflow(branch, at: place) else { return branch }
                if inner["DependsOn"]?.array?.isEmpty == false {
                    note(place + "/DependsOn", "DependsOn between branches has no strict form here; order the branches as states", isRefusal: true)
                }
                inner["DependsOn"] = nil
                inner["Name"] = nil
                return .object(inner)
            })
        if object["MaxConcurrency"] != nil {
            object["MaxConcurrency"] = nil
            note(pointer + "/MaxConcurrency", "MaxConcurrency of Parallel is dropped: all branches run at once on Step Functions")
        }
        if let onFailure = object["OnFailure"] {
            object["OnFailure"] = nil
            if onFailure.string == "FinishRunning" {
                note(pointer + "/OnFailure", "OnFailure FinishRunning is dropped: on Step Functions a failed branch aborts the others")
            }
        }
    }

    /// The number of attempts that fit into the time, exact where the delays decide; how long an attempt takes is not known.
    private mutating func retrier(_ value: JSONValue, at pointer: String) -> JSONValue {
        guard case .object(var object) = value, let minutes = object["ExpireAfterMin"]?.number else { return value }
        object["ExpireAfterMin"] = nil
        let rate = object["BackoffRate"]?.number ?? 2
        let longest = object["MaxDelaySeconds"]?.number ?? .infinity
        let asked = object["MaxAttempts"]?.number ?? 3
        var delay = object["IntervalSeconds"]?.number ?? 1
        var elapsed = 0.0
        var attempts = 0.0
        while attempts < min(asked, 10_000), elapsed + min(delay, longest) <= minutes * 60 {
            elapsed += min(delay, longest)
            delay *= rate
            attempts += 1
        }
        object["MaxAttempts"] = .integer(Int64(attempts))
        note(pointer + "/ExpireAfterMin", "ExpireAfterMin \(minutes) became MaxAttempts \(Int(attempts)), as many as its delays allow")
        return .object(object)
    }
}
