import JSON
import StatesLanguage
import Store

/// One execution as one HTML file that needs no network and runs no script.
struct HTMLReport {
    let told: StoredStory
    /// What each attempt printed, by the id of its …Scheduled event.
    let logs: [Int64: [UInt8]]
    let now: Timestamp

    /// The last bytes of a log that are shown.
    private static let tail = 8 * 1024
    private static let mostLogs = 200
    private static let mostRows = 2000

    private var row: ExecutionRow { told.row }
    private var story: ExecutionStory { told.story }
    private var isPipeline: Bool { told.pipeline != nil }
    private var machine: String { row.stateMachineARN.split(separator: ":").last.map(String.init) ?? "" }
    private var end: Timestamp { row.stopMilliseconds.map(Timestamp.init(milliseconds:)) ?? story.lastTime ?? now }
    private struct Step {
        let visit: ExecutionStory.Visit
        /// A pipeline's step is called by its name, wherever it stands in the machine.
        let label: String
    }
    /// All visits, and of them a pipeline's steps; of a machine the states that people ask for.
    private let visits: [Step]
    private let steps: [Step]
    /// The type of a pipeline's step.
    private let types: [String: String]

    init(_ told: StoredStory, logs: [Int64: [UInt8]], now: Timestamp) {
        self.told = told
        self.logs = logs
        self.now = now
        let known = (told.pipeline?.allSteps ?? []).map { ($0.step.name, $0.step.typeName) }
        types = Dictionary(known, uniquingKeysWith: { first, _ in first })
        let isPipeline = told.pipeline != nil
        visits = zip(told.story.visits, told.story.labels()).map { Step(visit: $0, label: isPipeline ? $1 : $0.title) }
        let names = types
        steps = visits.filter { isPipeline ? names[$0.visit.state] != nil : $0.visit.isStep }
    }

    var text: String {
        let took = ProgressStyle.duration(milliseconds: end.milliseconds - row.startMilliseconds)
        let sections: [(title: String, body: String)] = [
            ("Graph", graph), (isPipeline ? "Steps" : "States", table), (isPipeline ? "Parameters" : "Input", input), ("Metrics", metrics),
            ("Learning curves", curves), ("Artifacts", artifacts), ("Output", output), ("Logs", logTails),
        ].filter { !$0.1.isEmpty }
        return """
            <!DOCTYPE html>
            <html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
            <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
            <title>\(HTML.escape(row.name))</title>
            <style>\(Self.style)</style></head><body>
            <h1>\(HTML.escape(row.name)) <span class="badge \(Self.className(row.status))">\(HTML.escape(row.status.rawValue))</span></h1>
            <p class="about">\(isPipeline ? "Pipeline" : "State machine") <b>\(HTML.escape(machine))</b> · started \(HTML.escape(Timestamp(milliseconds: row.startMilliseconds).text)) · took \(took)\(row.redriveCount > 0 ? " · resumed \(row.redriveCount) times" : "")<br><code>\(HTML.escape(row.arn))</code></p>
            \(failure)
            \(sections.map { "<section><h2>\($0.title)</h2>\n\($0.body)\n</section>" }.joined(separator: "\n"))
            <footer>sfn-run \(SfnRun.version), \(HTML.escape(now.text))</footer>
            </body></html>

            """
    }

    private var failure: String {
        guard row.error != nil || row.cause != nil else { return "" }
        let cause = row.cause ?? ""
        let short = FailurePlace.short(cause)
        var whole = ""
        if short != cause, let value = try? JSONValue(parsing: cause) {
            whole = "<details><summary>the whole cause</summary><pre>\(HTML.escape(HTML.short(value.text(.pretty), 50_000)))</pre></details>"
        }
        return "<div class=\"failure\"><b>\(HTML.escape(row.error ?? "failed"))</b><pre>\(HTML.escape(short))</pre>\(whole)</div>"
    }

    // MARK: graph and table

    private var graph: String {
        var worst: [String: (status: ExecutionStory.Status, count: Int)] = [:]
        for visit in story.visits {
            let known = worst[visit.state]
            let status = known.map { $0.status.rank >= visit.status.rank ? $0.status : visit.status } ?? visit.status
            worst[visit.state] = (status, (known?.count ?? 0) + 1)
        }
        let drawing = StateDrawing(graph: StateGraph(told.definition)) { name in
            guard let known = worst[name] else { return ("unvisited", "") }
            return (known.status.rawValue, known.count > 1 ? "\(known.count) times" : "")
        }
        guard let svg = drawing.svg else { return "<p>More than \(StateDrawing.limit) states: <code>sfn-run graph</code> writes them for a drawing tool.</p>" }
        let legend = ["succeeded", "caught", "running", "failed", "aborted", "unvisited"].map {
            "<span class=\"key \($0)\">\($0 == "unvisited" ? "not run" : $0)</span>"
        }
        return "<p class=\"legend\">\(legend.joined(separator: " "))</p><div class=\"scroll\">\(svg)</div>"
    }

    private var table: String {
        guard !steps.isEmpty else { return "" }
        let start = row.startMilliseconds
        let span = Double(max(1, end.milliseconds - start))
        var rows = ["<tr><th>Name</th><th>Type</th><th>Status</th><th>Attempts</th><th>Started</th><th>Took</th><th>When</th><th></th><th></th></tr>"]
        for step in steps.prefix(Self.mostRows) {
            let visit = step.visit
            let left = visit.left ?? end
            let from = 160 * Double(visit.entered.milliseconds - start) / span
            let width = max(1.5, 160 * Double(left.milliseconds - visit.entered.milliseconds) / span)
            let bar =
                "<svg class=\"bar\" viewBox=\"0 0 162 12\"><rect class=\"node \(visit.status.rawValue)\" x=\"\(HTML.at(from))\" y=\"1\" width=\"\(HTML.at(width))\" height=\"10\"/></svg>"
            let reused = visit.reusedFrom.map { "reused from \($0.split(separator: ":").last ?? "")" } ?? ""
            let why = visit.error.map { "\($0)\(visit.cause.map { ": \(FailurePlace.short($0))" } ?? "")" } ?? ""
            let resource =
                types[visit.state] ?? visit.calls.last.map { "\($0.resource.arn.split(separator: ":").suffix(2).joined(separator: ":"))" } ?? visit.type
            let attempts = visit.calls.isEmpty || visit.reusedFrom != nil ? "" : "\(visit.calls.count)"
            rows.append(
                "<tr><td>\(HTML.escape(step.label))</td><td class=\"dim\">\(HTML.escape(resource))</td><td><span class=\"badge \(visit.status.rawValue)\">\(visit.status.rawValue)</span></td><td>\(attempts)</td><td>+\(ProgressStyle.duration(milliseconds: visit.entered.milliseconds - start))</td><td>\(ProgressStyle.duration(milliseconds: left.milliseconds - visit.entered.milliseconds))</td><td>\(bar)</td><td class=\"why\">\(HTML.escape(HTML.short(why, 400)))</td><td class=\"dim\">\(HTML.escape(reused))</td></tr>"
            )
        }
        let more = steps.count > Self.mostRows ? "<p>… and \(steps.count - Self.mostRows) more: <code>sfn-run history</code> shows all.</p>" : ""
        return "<div class=\"scroll\"><table>\(rows.joined(separator: "\n"))</table></div>\(more)"
    }

    // MARK: data

    private var input: String {
        let values = isPipeline ? .object(told.parameters) : story.input
        guard let object = values.object else { return "<pre>\(HTML.escape(HTML.short(values.text(.pretty), 20_000)))</pre>" }
        if object.isEmpty { return "" }
        return Self.pairs(object.map { ($0.key, $0.value.string ?? $0.value.text()) })
    }

    private static func pairs(_ pairs: [(String, String)]) -> String {
        let rows = pairs.map { "<tr><td>\(HTML.escape($0.0))</td><td><code>\(HTML.escape(HTML.short($0.1, 2000)))</code></td></tr>" }
        return "<table>\(rows.joined(separator: "\n"))</table>"
    }

    private var metrics: String {
        let found = ReportedMetrics.of(story)
        guard !found.isEmpty else { return "" }
        let rows = found.map {
            "<tr><td>\(HTML.escape($0.step.isEmpty ? "output" : $0.step))</td><td>\(HTML.escape($0.name))</td><td class=\"number\">\(HTML.number($0.value))</td></tr>"
        }
        return "<table><tr><th>Step</th><th>Metric</th><th>Value</th></tr>\(rows.joined(separator: "\n"))</table>"
    }

    private var curves: String {
        var parts: [String] = []
        for step in visits {
            guard parts.count < 60, let call = step.visit.calls.last, let log = logs[call.scheduled] else { continue }
            let groups = LearningCurve.grouped(LearningCurve.curves(in: String(decoding: log, as: UTF8.self), request: call.request))
            for group in groups.prefix(8) {
                parts.append("<figure><figcaption>\(HTML.escape(step.label))</figcaption>\(CurvePlot(curves: Array(group.prefix(6))).svg)</figure>")
            }
        }
        return parts.isEmpty ? "" : "<div class=\"plots\">\(parts.joined(separator: "\n"))</div>"
    }

    private var artifacts: String {
        var rows: [String] = []
        for step in steps {
            guard let call = step.visit.calls.last else { continue }
            let use = ArtifactUse(call, isReused: step.visit.reusedFrom != nil)
            guard rows.count < 1000, !use.inputs.isEmpty || !use.outputs.isEmpty else { continue }
            let list = { (texts: [String]) in texts.map { "<code>\(HTML.escape(HTML.short($0, 300)))</code>" }.joined(separator: "<br>") }
            rows.append("<tr><td>\(HTML.escape(step.label))</td><td>\(list(use.inputs))</td><td>\(list(use.outputs))</td></tr>")
        }
        return rows.isEmpty ? "" : "<div class=\"scroll\"><table><tr><th>Step</th><th>Read</th><th>Made</th></tr>\(rows.joined(separator: "\n"))</table></div>"
    }

    private var output: String {
        guard let output = story.output, output.object?.isEmpty != true, !output.isNull else { return "" }
        return "<pre>\(HTML.escape(HTML.short(output.text(.pretty), 50_000)))</pre>"
    }

    private var logTails: String {
        var parts: [String] = []
        var count = 0
        for step in visits {
            let visit = step.visit
            for (index, call) in visit.calls.enumerated() {
                guard let log = logs[call.scheduled], !log.isEmpty else { continue }
                count += 1
                if count > Self.mostLogs { continue }
                let cut = log.count > Self.tail ? "… \(log.count - Self.tail) bytes before\n" : ""
                let text = HTML.escape(cut + String(decoding: log.suffix(Self.tail), as: UTF8.self))
                let attempt = visit.calls.count > 1 ? ", attempt \(index + 1)" : ""
                parts.append(
                    "<details\(visit.status == .failed ? " open" : "")><summary>\(HTML.escape(step.label))\(attempt)</summary><pre>\(text)</pre></details>")
            }
        }
        if count > Self.mostLogs { parts.append("<p>… and \(count - Self.mostLogs) more: <code>sfn-run logs</code> shows all.</p>") }
        return parts.joined(separator: "\n")
    }

    private static func className(_ status: StoredStatus) -> String {
        switch status {
        case .running, .pendingRedrive: "running"
        case .succeeded: "succeeded"
        case .failed, .timedOut: "failed"
        case .aborted: "aborted"
        }
    }

    private static let style = """
        body{font:15px/1.45 system-ui,sans-serif;margin:2em auto;max-width:1200px;padding:0 1.2em;color:#1f2937;background:#fff}
        h1{font-size:1.5em;margin-bottom:.2em}h2{font-size:1.1em;margin:1.8em 0 .5em;border-bottom:1px solid #e5e7eb;padding-bottom:.2em}
        .about,.dim,footer{color:#6b7280}footer{margin-top:3em;font-size:.85em}code,pre{font:12.5px/1.5 ui-monospace,monospace}code{overflow-wrap:anywhere}
        pre{background:#f6f7f9;padding:.7em 1em;overflow:auto;border-radius:5px;max-height:32em;white-space:pre-wrap}
        table{border-collapse:collapse;font-size:.92em}th,td{text-align:left;padding:.28em .8em .28em 0;border-bottom:1px solid #f0f1f3;vertical-align:top}th{color:#6b7280;font-weight:600}
        td.number{text-align:right;font-variant-numeric:tabular-nums}td.why{color:#b91c1c;max-width:26em;overflow-wrap:anywhere}
        .scroll{overflow:auto}.badge,.key{font-size:.75em;padding:.1em .6em;border-radius:1em;font-weight:600;color:#fff;vertical-align:middle}.key{color:#1f2937;font-weight:400;border:1px solid}
        .badge.succeeded{background:#059669}.badge.failed{background:#dc2626}.badge.running{background:#2563eb}.badge.caught{background:#d97706}.badge.aborted{background:#6b7280}
        .key.succeeded{background:#d1fae5;border-color:#059669}.key.failed{background:#fee2e2;border-color:#dc2626}.key.running{background:#dbeafe;border-color:#2563eb}.key.caught{background:#fef3c7;border-color:#d97706}.key.aborted{background:#e5e7eb;border-color:#6b7280}.key.unvisited{background:#fff;border-color:#9ca3af}
        .failure{background:#fef2f2;border-left:4px solid #dc2626;padding:.6em 1em;margin:1em 0}.failure pre{background:none;padding:0;margin:.4em 0 0}
        svg.graph{width:100%;height:auto;min-width:300px}svg.bar{width:162px;height:12px}svg.plot{width:420px;max-width:100%}
        svg text{font:12px system-ui,sans-serif;fill:#1f2937}svg text.detail{font-size:9.5px;fill:#6b7280}svg text.frame{font-size:11px;fill:#6b7280}svg text.edge{font-size:9.5px;fill:#6b7280;paint-order:stroke;stroke:#fff;stroke-width:4px}svg text.tick{font-size:10px;fill:#6b7280}svg text.legend{font-size:11px}
        svg line.grid{stroke:#e5e7eb}svg path.next,svg path.caught{fill:none;stroke:#6b7280;stroke-width:1.2}svg path.caught{stroke-dasharray:4 3;stroke:#d97706}svg marker path{fill:#6b7280}
        svg rect.frame{fill:#fafafa;stroke:#d1d5db;stroke-dasharray:4 3}svg rect.node{fill:#fff;stroke:#9ca3af}svg rect.unvisited{stroke-dasharray:3 3}
        svg rect.succeeded{fill:#d1fae5;stroke:#059669}svg rect.failed{fill:#fee2e2;stroke:#dc2626}svg rect.running{fill:#dbeafe;stroke:#2563eb}svg rect.caught{fill:#fef3c7;stroke:#d97706}svg rect.aborted{fill:#e5e7eb;stroke:#6b7280}
        .plots{display:flex;flex-wrap:wrap;gap:1.2em}figure{margin:0}figcaption{font-weight:600;font-size:.9em}details{margin:.3em 0}summary{cursor:pointer}
        @media print{details{display:none}body{margin:0}}
        """
}
