import SageMakerPipelines
import StatesLanguage

/// The steps of a pipeline's execution as lines: status, attempts, duration, and what is worth knowing.
struct StepTable {
    let style: ProgressStyle
    /// At most so many steps; those that run or failed come first then.
    var limit = 24

    func lines(_ steps: PipelineExecutionSteps, now: Timestamp) -> [String] {
        let started = steps.steps
        var shown = Array(started.indices)
        if started.count > limit {
            let urgent = shown.filter { !started[$0].status.isOver || started[$0].status == .failed }
            let rest = shown.filter { started[$0].status == .succeeded || started[$0].status == .stopped }
            shown = (Array(urgent.prefix(limit)) + Array(rest.suffix(max(0, limit - urgent.count)))).sorted()
        }
        var rows: [[String]] = [["STEP", "STATUS", "ATTEMPTS", "TIME", "WHAT"]]
        for index in shown { rows.append(cells(started[index], now)) }
        var widths = Array(repeating: 0, count: 5)
        for row in rows { for (column, cell) in row.enumerated() { widths[column] = max(widths[column], cell.unicodeScalars.count) } }
        var lines = rows.enumerated().map { number, row in
            let padded = row.enumerated().map { column, cell in
                column == 4 ? cell : cell + String(repeating: " ", count: widths[column] - cell.unicodeScalars.count)
            }
            return number == 0
                ? style.dim("  " + padded.joined(separator: "  ")) : "  " + colored(padded, started[shown[number - 1]].status).joined(separator: "  ")
        }
        if shown.count < started.count { lines.append(style.dim("  … and \(started.count - shown.count) more that succeeded")) }
        let waiting = waiting(steps)
        if !waiting.isEmpty {
            let names = waiting.prefix(6).map { ProgressStyle.safe($0, limit: 64) }.joined(separator: ", ")
            lines.append(style.dim("  not started: \(names)\(waiting.count > 6 ? " and \(waiting.count - 6) more" : "")"))
        }
        return lines
    }

    private func waiting(_ steps: PipelineExecutionSteps) -> [String] {
        steps.definition.allSteps.filter { $0.branch != "ForEachBody" && steps[$0.step.name] == nil && steps.isPartOfMachine($0.step.name) }.map(\.step.name)
    }

    private func colored(_ cells: [String], _ status: PipelineExecutionStep.Status) -> [String] {
        var cells = cells
        switch status {
        case .succeeded: cells[1] = style.green(cells[1])
        case .failed: cells[1] = style.red(cells[1])
        case .stopped, .stopping: cells[1] = style.yellow(cells[1])
        case .starting, .executing: cells[1] = style.bold(cells[1])
        }
        return cells
    }

    private func cells(_ step: PipelineExecutionStep, _ now: Timestamp) -> [String] {
        let time = ProgressStyle.duration(milliseconds: (step.end ?? now).milliseconds - step.start.milliseconds)
        return [ProgressStyle.safe(step.name, limit: 70), step.status.rawValue, step.attempts > 0 ? "\(step.attempts)" : "-", time, Self.remark(step)]
    }

    /// Where it was reused from, what it measured, how far it is, why it failed.
    static func remark(_ step: PipelineExecutionStep) -> String {
        var parts: [String] = []
        if let source = step.cacheSource { parts.append("reused from \(ProgressModel.executionName(source))") }
        if let source = step.selectiveSource { parts.append("not selected: taken from \(ProgressModel.executionName(source))") }
        if let outcome = step.outcome { parts.append(outcome ? "True" : "False") }
        if let items = step.items {
            parts.append(
                "\(items.succeeded) of \(items.total) items" + (items.failed > 0 ? ", \(items.failed) failed" : "")
                    + (items.stopped > 0 ? ", \(items.stopped) stopped" : ""))
        }
        for metric in step.metrics.prefix(4) { parts.append("\(ProgressStyle.safe(metric.name, limit: 40)) \(number(metric.value))") }
        if step.status == .failed, let reason = step.failureReason { parts.append(ProgressStyle.safe(reason, limit: 160)) }
        return parts.joined(separator: ", ")
    }

    /// Six digits that count.
    static func number(_ value: Double) -> String {
        guard value.isFinite, value != 0, abs(value) < 1e6, abs(value) >= 1e-4 else { return "\(value)" }
        var scale = 1.0
        while abs(value) * scale < 1e5 { scale *= 10 }
        return "\((value * scale).rounded() / scale)"
    }
}
