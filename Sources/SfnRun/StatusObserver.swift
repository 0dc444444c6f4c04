import CoreMetrics
import Engine
import Logging
import StatesLanguage

/// Logs and counts what becomes of executions. Called on the engine's thread, so it must return soon.
struct StatusObserver: Sendable {
    let logger: Logger
    let metrics: any MetricsFactory

    init(logger: Logger, metrics: (any MetricsFactory)?) {
        self.logger = logger
        self.metrics = metrics ?? MetricsSystem.factory
    }

    func observe(_ change: StatusChange) {
        let machine = change.stateMachineARN.split(separator: ":").last.map(String.init) ?? ""
        if logger.logLevel <= .notice { log(change) }
        if change.status == .running {
            if !change.isRedrive {
                Counter(label: "sfn_executions_started", dimensions: [("state_machine", machine)], factory: metrics).increment()
            }
            return
        }
        let dimensions = [("state_machine", machine), ("status", change.status.rawValue)]
        Counter(label: "sfn_executions_ended", dimensions: dimensions, factory: metrics).increment()
        let milliseconds = max(0, (change.stoppedAt ?? change.startedAt).milliseconds - change.startedAt.milliseconds)
        Timer(label: "sfn_execution_duration", dimensions: dimensions, factory: metrics).recordMilliseconds(milliseconds)
    }

    private func log(_ change: StatusChange) {
        var metadata: Logger.Metadata = ["execution": "\(change.arn)", "status": "\(change.status.rawValue)"]
        if let error = change.error { metadata["error"] = "\(error)" }
        switch change.status {
        case .running, .succeeded: logger.debug("execution \(change.status.rawValue)", metadata: metadata)
        case .failed, .timedOut, .aborted: logger.notice("execution \(change.status.rawValue)", metadata: metadata)
        }
    }
}
