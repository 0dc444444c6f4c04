import ExecutionDriver
import JSON
import StatesLanguage

/// Whole executions that AWS recorded (`asl/executions.jsonl`): outcome and history.
struct ExecutionCases {
    let files: CaseFiles

    private enum Group: String, CaseIterable {
        case pure = "pure, without JSONata"
        case query = "pure, with JSONata"
        case tasks = "with tasks"
        case distributed = "distributed Map"
    }

    func run() -> CaseResult {
        var groups: [Group: CaseResult] = [:]
        for row in files.rows("asl/executions.jsonl") {
            groups[group(of: row), default: CaseResult()].count(row["id"]?.string ?? "?", difference(row), files)
        }
        var all = CaseResult()
        for group in Group.allCases {
            guard let result = groups[group] else { continue }
            print("  executions, \(group.rawValue): \(result.passed) of \(result.total)")
            all.passed += result.passed
            all.total += result.total
        }
        return all
    }

    private func group(of row: JSONValue) -> Group {
        let text = row["definition"]?.text() ?? ""
        if text.contains("DISTRIBUTED") { return .distributed }
        if row["pure"]?.bool != true { return .tasks }
        return text.contains("JSONata") ? .query : .pure
    }

    private func difference(_ row: JSONValue) -> String? {
        let recorded = RecordedHistory(row)
        let options = ReadOptions(isExpress: row["type"]?.string == "EXPRESS")
        let (machine, diagnostics) = StateMachine.read(recorded.definition, options: options)
        guard let machine else { return "refused: \(diagnostics.first.map { "\($0)" } ?? "")" }
        var answers = recorded.answers
        var driver = ExecutionDriver(machine: machine, header: .testing(isExpress: options.isExpress)) { invocation in
            answers.next(invocation.stateName) ?? .success(invocation.schedule.input)
        }
        if recorded.recordsMapRun { driver.runMap = { _, _ in recorded.mapRunResult } }
        driver.start(recorded.input)
        while driver.execution.isRunning {
            if recorded.isCut(at: driver.execution.lastEventID) {
                guard let stop = recorded.stop else { break }
                driver.give([stop])
            } else if !driver.advanceTime() {
                break
            }
        }
        return recorded.difference(driver)
    }
}
