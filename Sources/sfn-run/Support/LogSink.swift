import AWSAPI
import Engine
import Glibc
import JSON
import LocalJobs
import ServiceIntegrations
import Synchronization

/// Writes the log events of machines with a loggingConfiguration: JSON lines to a file or standard output, and to
/// CloudWatch Logs where the configuration calls it.
final class LogSink: Sendable {
    private let descriptor: Int32?
    private let delivery: LogDelivery?
    private let region: String
    private let writing = Mutex<Void>(())

    init(_ place: String?, delivery: LogDelivery?, region: String) throws {
        self.delivery = delivery
        self.region = region
        guard let place else {
            descriptor = nil
            return
        }
        if place == "-" {
            descriptor = STDOUT_FILENO
            return
        }
        let opened = open(place, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
        guard opened >= 0 else { throw Refusal("--log-events: cannot write \(FileError(path: place, code: errno))") }
        descriptor = opened
    }

    func write(_ logged: LoggedEvents) {
        let events = LogEvent.written(logged, region: region)
        guard !events.isEmpty else { return }
        if let descriptor {
            var lines: [UInt8] = []
            for event in events {
                event.json.write(to: &lines)
                lines.append(0x0A)
            }
            writing.withLock { _ in _ = Files.writeAll(lines, to: descriptor) }
        }
        guard let delivery else { return }
        for destination in logged.configuration["destinations"]?.array ?? [] {
            guard let arn = destination["cloudWatchLogsLogGroup"]?["logGroupArn"]?.string else { continue }
            delivery.deliver(
                events.map { LogDelivery.Event(milliseconds: $0.milliseconds, message: $0.json.text()) }, toGroup: arn, machine: logged.machineName)
        }
    }
}
