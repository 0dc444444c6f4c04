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
        // As in spec 6.3: graphs of 2 to 300 steps, 200 draws, lognormal with sigma 0.5 around the medians of the types.
        if (2...300).contains(definition.allSteps.count) { tally.countSlowdown(strict.meanSlowdown(draws: 200, spread: 0.5, seed: 7)) }
        let options = ReadOptions(allowsExtensions: false)
        let (exported, losses) = StateMachine.read(strict.machine, options: options)
        check("export", exported == nil ? "the exported machine is not valid: \(losses.map { "\($0)" }.joined(separator: "; "))" : nil)
        guard let machine else { return problems }
        check("run", StubRun(definition: definition, placements: compiled.placements, machine: machine).problem())
        if let exported { check("run exported", StubRun(definition: definition, placements: strict.placements, machine: exported).problem()) }
        return problems
    }

    /// The exported machine with what it was asked, answered and came to here: for those who run it elsewhere.
    func export() -> JSONValue? {
        guard rejection == nil, let bytes, let json = try? JSONValue(parsing: bytes), let definition = PipelineDefinition.parse(json).definition else {
            return nil
        }
        let strict = definition.exportToStepFunctions()
        guard let machine = StateMachine.read(strict.machine, options: ReadOptions(allowsExtensions: false)).machine else { return nil }
        let result = StubRun(definition: definition, placements: strict.placements, machine: machine).run()
        var calls = JSONObject()
        for (state, call) in result.calls.sorted(by: { $0.key < $1.key }) { calls[state] = ["request": call.request, "answer": call.answer] }
        return [
            "machine": strict.machine, "input": result.input, "status": .string(result.problem ?? result.status),
            "error": result.error.map { .string($0) } ?? .null,
            "cause": result.cause.map { .string($0) } ?? .null, "output": result.output ?? .null, "calls": .object(calls),
            "entered": .array(result.entered.sorted().map { .string($0) }), "losses": .array(strict.losses.map { .string($0) }),
        ]
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
