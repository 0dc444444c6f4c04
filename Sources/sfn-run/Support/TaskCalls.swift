import JSON
import LocalJobs
import ServiceIntegrations
import StatesLanguage
import Synchronization

/// What tasks call, made when the first task asks: a run without tasks reads no environment and starts nothing.
final class TaskCalls: Sendable {
    private let configuration: Configuration
    private let log: (@Sendable ([UInt8], Int64) -> Void)?
    private let table = Mutex<IntegrationTable?>(nil)

    init(_ configuration: Configuration, log: (@Sendable ([UInt8], Int64) -> Void)?) {
        self.configuration = configuration
        self.log = log
    }

    var lookUp: @Sendable (TaskResource) -> (any Integration)? {
        { [self] resource in
            let table = table.withLock { table in
                if let made = table { return made }
                let made = IntegrationTable(configuration)
                table = made
                return made
            }
            guard let found = table.integration(for: resource) else { return nil }
            guard let log else { return found }
            return OverheardIntegration(inner: found, log: log)
        }
    }
}

/// Passes on what a task prints to the display too.
private struct OverheardIntegration: Integration {
    let inner: any Integration
    let log: @Sendable ([UInt8], Int64) -> Void

    func limit(of request: TaskRequest) -> TaskLimit? { inner.limit(of: request) }
    var counts: Bool { inner.counts }

    func perform(_ request: TaskRequest, report: any TaskReport) async throws(Failure) -> JSONValue {
        let scheduled = request.taskID.split(separator: "-").last.flatMap { Int64($0) } ?? 0
        return try await inner.perform(request, report: OverheardReport(inner: report, log: log, scheduled: scheduled))
    }
}

private struct OverheardReport: TaskReport {
    let inner: any TaskReport
    let log: @Sendable ([UInt8], Int64) -> Void
    let scheduled: Int64

    func submitted(_ response: JSONValue) { inner.submitted(response) }
    func heartbeat() { inner.heartbeat() }
    var isShuttingDown: Bool { inner.isShuttingDown }
    func log(_ bytes: [UInt8]) {
        inner.log(bytes)
        log(bytes, scheduled)
    }
}
