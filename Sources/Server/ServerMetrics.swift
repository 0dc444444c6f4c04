import Engine
import StatesLanguage
import Synchronization

/// Counters and gauges in Prometheus' text format.
package final class ServerMetrics: Sendable {
    /// A figure that somebody else counts.
    package struct Figure: Sendable {
        package let name: String
        /// `counter` or `gauge`
        package let kind: String
        package let value: Int

        package init(_ name: String, _ kind: String, _ value: Int) {
            self.name = name
            self.kind = kind
            self.value = value
        }
    }
    private struct Counts {
        var started: [String: Int] = [:]
        var redriven: [String: Int] = [:]
        var ended: [String: [String: Int]] = [:]
        var figures: [@Sendable () -> [Figure]] = []
    }
    private let counts = Mutex(Counts())

    package init() {}

    /// Give it to `EngineOptions.statusChanged`.
    package func count(_ change: StatusChange) {
        let arn = change.stateMachineARN.utf8
        let machine = String(change.stateMachineARN[(arn.lastIndex(of: UInt8(ascii: ":")).map(arn.index(after:)) ?? arn.startIndex)...])
        counts.withLock { counts in
            switch (change.status, change.isRedrive) {
            case (.running, false): counts.started[machine, default: 0] += 1
            case (.running, true): counts.redriven[machine, default: 0] += 1
            case (.succeeded, _), (.failed, _), (.timedOut, _), (.aborted, _):
                counts.ended[machine, default: [:]][change.status.rawValue, default: 0] += 1
            }
        }
    }

    /// Asked each time the metrics are read.
    package func add(_ figures: @escaping @Sendable () -> [Figure]) { counts.withLock { $0.figures.append(figures) } }

    package func text(_ engine: ExecutionEngine) -> String {
        let counts = counts.withLock { $0 }
        let engine = engine.metrics
        var lines: [String] = []
        let machines = Set(counts.started.keys).union(counts.ended.keys).union(counts.redriven.keys).sorted()
        func perMachine(_ name: String, _ values: [String: Int]) {
            lines.append("# TYPE \(name) counter")
            for machine in machines { lines.append("\(name){state_machine=\"\(escape(machine))\"} \(values[machine] ?? 0)") }
        }
        perMachine("sfn_executions_started_total", counts.started)
        perMachine("sfn_executions_redriven_total", counts.redriven)
        lines.append("# TYPE sfn_executions_ended_total counter")
        for machine in machines {
            for (status, count) in (counts.ended[machine] ?? [:]).sorted(by: { $0.key < $1.key }) {
                lines.append("sfn_executions_ended_total{state_machine=\"\(escape(machine))\",status=\"\(status)\"} \(count)")
            }
        }
        let own = [
            Figure("sfn_transitions_total", "counter", engine.transitions), Figure("sfn_events_total", "counter", engine.events),
            Figure("sfn_executions_live", "gauge", engine.liveExecutions), Figure("sfn_tasks_running", "gauge", engine.runningTasks),
            Figure("sfn_tasks_waiting", "gauge", engine.waitingTasks), Figure("sfn_timers", "gauge", engine.timers),
            Figure("sfn_activity_workers_waiting", "gauge", engine.waitingWorkers),
            Figure("sfn_engine_messages_waiting", "gauge", engine.messages),
        ]
        for figure in own + counts.figures.flatMap({ $0() }) {
            lines.append("# TYPE \(figure.name) \(figure.kind)")
            lines.append("\(figure.name) \(figure.value)")
        }
        lines += commits(engine)
        return lines.joined(separator: "\n") + "\n"
    }

    /// How long the engine's transactions take from the last decision to the disk.
    private func commits(_ engine: EngineMetrics) -> [String] {
        var lines = ["# TYPE sfn_commit_seconds histogram"]
        for (bound, count) in zip(EngineMetrics.commitBoundsSeconds, engine.commitsWithin) {
            lines.append("sfn_commit_seconds_bucket{le=\"\(bound)\"} \(count)")
        }
        lines.append("sfn_commit_seconds_bucket{le=\"+Inf\"} \(engine.commits)")
        lines.append("sfn_commit_seconds_sum \(Double(engine.commitNanoseconds) / 1e9)")
        lines.append("sfn_commit_seconds_count \(engine.commits)")
        return lines
    }

    private func escape(_ label: String) -> String {
        var result = ""
        for character in label.unicodeScalars {
            switch character {
            case "\\": result += "\\\\"
            case "\"": result += "\\\""
            case "\n": result += "\\n"
            default: result.unicodeScalars.append(character)
            }
        }
        return result
    }
}
