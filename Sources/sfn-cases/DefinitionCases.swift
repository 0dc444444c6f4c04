import JSON
import StatesLanguage

/// Definitions that AWS and others accept or refuse, with AWS's diagnostics where they were recorded (`asl/definitions.jsonl`).
struct DefinitionCases {
    let files: CaseFiles

    func run() -> CaseResult {
        var result = CaseResult()
        for row in files.rows("asl/definitions.jsonl") { result.count(row["id"]?.string ?? "?", difference(row), files) }
        return result
    }

    private func difference(_ row: JSONValue) -> String? {
        guard let name = row["file"]?.string, let text = files.text("asl/" + name) else { return "there is no file" }
        let isExpress = row["id"]?.string?.hasSuffix("/EXPRESS") ?? false
        let (machine, diagnostics) = StateMachine.read(text: text, options: ReadOptions(isExpress: isExpress))
        let errors = diagnostics.filter { $0.severity == .error }
        let shown = errors.map { "\($0.code): \($0.message) at \($0.location ?? "null")" }.joined(separator: "; ")
        if row["valid"]?.bool == true { return machine == nil ? "refused: \(shown)" : nil }
        if machine != nil { return "accepted" }
        guard let recorded = row["diagnostics"]?.array, recorded.first?["code"] != nil else { return nil }
        let wanted = recorded.map { "\($0["code"]?.string ?? ""): \($0["message"]?.string ?? "") at \($0["location"]?.string ?? "null")" }
            .joined(separator: "; ")
        return wanted == shown ? nil : "found \(shown), expected \(wanted)"
    }
}
