import Engine
import StatesLanguage
import Synchronization

/// Counters in Prometheus' text format.
package final class ServerMetrics: Sendable {
    private struct Counts {
        var started: [String: Int] = [:]
        var ended: [String: [String: Int]] = [:]
    }
    private let counts = Mutex(Counts())

    package init() {}

    /// Give it to `EngineOptions.statusChanged`.
    package func count(_ change: StatusChange) {
        let machine = change.stateMachineARN.split(separator: ":").last.map(String.init) ?? ""
        counts.withLock { counts in
            if change.status == .running {
                counts.started[machine, default: 0] += 1
            } else {
                // A short execution's start and end are one change.
                counts.ended[machine, default: [:]][change.status.rawValue, default: 0] += 1
            }
        }
    }

    package func text(_ engine: ExecutionEngine) -> String {
        let counts = counts.withLock { $0 }
        let engine = engine.metrics
        var lines = ["# TYPE sfn_executions_started_total counter"]
        let machines = Set(counts.started.keys).union(counts.ended.keys).sorted()
        for machine in machines {
            lines.append("sfn_executions_started_total{state_machine=\"\(escape(machine))\"} \(counts.started[machine] ?? 0)")
        }
        lines.append("# TYPE sfn_executions_ended_total counter")
        for machine in machines {
            for (status, count) in (counts.ended[machine] ?? [:]).sorted(by: { $0.key < $1.key }) {
                lines.append("sfn_executions_ended_total{state_machine=\"\(escape(machine))\",status=\"\(status)\"} \(count)")
            }
        }
        func gauge(_ name: String, _ kind: String, _ value: String) {
            lines.append("# TYPE \(name) \(kind)")
            lines.append("\(name) \(value)")
        }
        gauge("sfn_transitions_total", "counter", String(engine.transitions))
        gauge("sfn_events_total", "counter", String(engine.events))
        gauge("sfn_commits_total", "counter", String(engine.commits))
        gauge("sfn_commit_seconds_total", "counter", String(Double(engine.commitNanoseconds) / 1e9))
        gauge("sfn_executions_live", "gauge", String(engine.liveExecutions))
        gauge("sfn_tasks_running", "gauge", String(engine.runningTasks))
        gauge("sfn_tasks_waiting", "gauge", String(engine.waitingTasks))
        return lines.joined(separator: "\n") + "\n"
    }

    private func escape(_ label: String) -> String {
        label.split(separator: "\\", omittingEmptySubsequences: false).joined(separator: "\\\\")
            .split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\\\"")
    }
}
