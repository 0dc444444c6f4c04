import JSON
import StatesLanguage

/// Who made and who used what, over many executions.
struct LineageBook {
    struct Entry {
        let execution: String
        let machine: String
        let step: String
        let status: String
        let time: Timestamp
        let use: ArtifactUse
    }

    private(set) var entries: [Entry] = []

    mutating func add(_ told: StoredStory) {
        let machine = told.row.stateMachineARN.split(separator: ":").last.map(String.init) ?? ""
        let labels = told.pipeline == nil ? told.story.visits.map(\.title) : told.story.labels()
        for (visit, label) in zip(told.story.visits, labels) {
            // A step served from the cache made nothing: the earlier one did.
            guard visit.reusedFrom == nil, let call = visit.calls.last else { continue }
            entries.append(
                Entry(
                    execution: told.row.name, machine: machine, step: label, status: visit.status.rawValue, time: visit.left ?? visit.entered,
                    use: ArtifactUse(call)))
        }
    }

    struct Lineage {
        let artifact: String
        /// Who made it, then who made what it was made from; the level says how far back.
        var makers: [(entry: Entry, level: Int)] = []
        var users: [Entry] = []
        var isEmpty: Bool { makers.isEmpty && users.isEmpty }
    }

    func lineage(of artifact: String) -> Lineage {
        var result = Lineage(artifact: artifact)
        var seen: Set<String> = []
        var pending = [(artifact, 0)]
        while !pending.isEmpty, result.makers.count < 500 {
            let (next, level) = pending.removeFirst()
            for entry in entries
            where makes(entry, next, isAsked: level == 0) && seen.insert("\(entry.execution)\u{0}\(entry.machine)\u{0}\(entry.step)").inserted {
                result.makers.append((entry, level))
                if level < 20 { pending += entry.use.inputs.map { ($0, level + 1) } }
            }
        }
        result.users = entries.filter { ArtifactUse.names($0.use.inputs, artifact) || $0.use.otherInputs.contains { $0.isSameText(as: artifact) } }
        return result
    }

    private func makes(_ entry: Entry, _ artifact: String, isAsked: Bool) -> Bool {
        if entry.status == "failed" || entry.status == "running" { return false }
        if ArtifactUse.names(entry.use.outputs, artifact) { return true }
        // A text that nobody would take for an artifact counts only where it was asked for.
        return isAsked && entry.use.otherOutputs.contains { $0.isSameText(as: artifact) }
    }
}

extension LineageBook.Lineage {
    var text: String {
        var lines: [String] = []
        for (entry, level) in makers {
            let indent = String(repeating: "  ", count: level)
            lines.append(
                "\(indent)\(level == 0 ? "made by" : "from") \(safe(entry.step)) of \(safe(entry.execution)) (\(safe(entry.machine))), \(entry.time.text)")
            for input in entry.use.inputs { lines.append("\(indent)  read \(safe(input))") }
            for output in entry.use.outputs { lines.append("\(indent)  made \(safe(output))") }
        }
        if makers.isEmpty { lines.append("nothing here made it") }
        for entry in users {
            lines.append("used by \(safe(entry.step)) of \(safe(entry.execution)) (\(safe(entry.machine))), \(entry.time.text), \(entry.status)")
        }
        if users.isEmpty { lines.append("nothing here used it") }
        return lines.joined(separator: "\n")
    }

    private func safe(_ text: String) -> String { ProgressStyle.safe(text, limit: 300) }

    var json: JSONValue {
        func list(_ texts: [String]) -> JSONValue { .array(texts.map { .string($0) }) }
        func object(_ entry: LineageBook.Entry) -> JSONObject {
            JSONObject([
                ("step", .string(entry.step)), ("execution", .string(entry.execution)), ("machine", .string(entry.machine)), ("status", .string(entry.status)),
                ("date", .double(Double(entry.time.milliseconds) / 1000)), ("inputs", list(entry.use.inputs)), ("outputs", list(entry.use.outputs)),
            ])
        }
        let made = makers.map { maker -> JSONValue in
            var entry = object(maker.entry)
            entry["level"] = .integer(Int64(maker.level))
            return .object(entry)
        }
        return ["artifact": .string(artifact), "madeBy": .array(made), "usedBy": .array(users.map { .object(object($0)) })]
    }
}
