import JSON
import SageMakerPipelines
import StatesLanguage

/// All that is asked of one definition.
struct PipelineCheck {
    let record: JSONValue
    let bytes: [UInt8]?

    /// What is wrong; nothing: all is well.
    func run(_ tally: inout PipelineTally) -> [String] {
        guard let bytes, let json = try? JSONValue(parsing: bytes) else {
            tally.count("parse", false)
            return ["is no JSON"]
        }
        let (definition, diagnostics) = PipelineDefinition.parse(json)
        tally.count("parse", definition != nil)
        guard let definition else { return ["cannot be read: \(diagnostics)"] }
        var problems: [String] = []
        func check(_ group: String, _ found: String?) {
            tally.count(group, found == nil)
            if let found { problems.append("\(group): \(found)") }
        }
        check("round-trip", definition.json.text() == json.text() ? nil : "written otherwise than read")
        let errors = diagnostics.filter { $0.severity == .error }
        if let reasons = rejection {
            check("rejected", missingReason(reasons, errors))
            return problems
        }
        check("validate", errors.isEmpty ? nil : errors.map(\.description).joined(separator: "; "))
        guard errors.isEmpty else { return problems }
        let compiled = definition.compile()
        let (machine, complaints) = StateMachine.read(compiled.machine)
        check("compile", machine == nil ? "the machine is not valid: \(complaints.map { "\($0)" }.joined(separator: "; "))" : nil)
        let strict = definition.exportToStepFunctions()
        tally.countSlowdown(strict.slowdown)
        let options = ReadOptions(allowsExtensions: false)
        let (exported, losses) = StateMachine.read(strict.machine, options: options)
        check("export", exported == nil ? "the exported machine is not valid: \(losses.map { "\($0)" }.joined(separator: "; "))" : nil)
        guard let machine else { return problems }
        check("run", StubRun(definition: definition, compiled: compiled, machine: machine).problem())
        return problems
    }

    /// What the reason must say, in any one of these ways; nil: the definition is to be accepted.
    private var rejection: [[String]]? {
        if let expected = record["expected"], let texts = Self.texts(expected), Self.mentionsRejection(expected) {
            return texts
        }
        let missing = (record["unresolved_references"]?.array ?? []).compactMap(\.string)
        if !missing.isEmpty { return [missing.map { "unknown reference '\($0)'" }] }
        if record["cyclic"]?.bool == true { return [["found a cycle"]] }
        let types = (record["unknown_step_types"]?.array ?? []).compactMap(\.string)
        return types.isEmpty ? nil : [types]
    }

    private static func mentionsRejection(_ expected: JSONValue) -> Bool {
        let text = expected.text().lowercased()
        return ["reject", "refuse", "invalid", "error", "not depend"].contains { word in text.contains(word) }
    }

    /// The service's own words, where the index quotes them.
    private static func texts(_ expected: JSONValue) -> [[String]]? {
        let text = expected.string ?? expected.text()
        var quoted: [[String]] = []
        for mark in ["'", "`", "\""] as [Character] {
            let pieces = text.split(separator: mark, omittingEmptySubsequences: false)
            guard pieces.count > 2 else { continue }
            for index in stride(from: 1, to: pieces.count - 1, by: 2) where pieces[index].contains(" ") { quoted.append([String(pieces[index])]) }
        }
        return quoted
    }

    private func missingReason(_ reasons: [[String]], _ errors: [PipelineDiagnostic]) -> String? {
        guard !errors.isEmpty else { return "was accepted" }
        let text = errors.map(\.description).joined(separator: "\n")
        if reasons.isEmpty || reasons.contains(where: { $0.allSatisfy { text.contains($0) } }) { return nil }
        return "was rejected for another reason: \(text)"
    }
}
