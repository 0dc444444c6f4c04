import AWSClient
import JSON
import LocalJobs
import Synchronization

/// Delivers log events to CloudWatch Logs, in batches, without anyone waiting for it. What cannot be delivered is dropped,
/// as the service itself delivers at best effort.
package final class LogDelivery: Sendable {
    package struct Event: Sendable {
        package let milliseconds: Int64
        package let message: String
        package init(milliseconds: Int64, message: String) {
            self.milliseconds = milliseconds
            self.message = message
        }
    }

    private struct Stream: Hashable {
        let group: String
        let machine: String
    }
    private struct State {
        var waiting: [Stream: [Event]] = [:]
        var names: [Stream: String] = [:]
        var isSending = false
    }

    private let client: @Sendable () -> AWSClient
    private let state = Mutex(State())
    private static let mostWaiting = 100_000

    package init(_ client: @escaping @Sendable () -> AWSClient) { self.client = client }

    package func deliver(_ events: [Event], toGroup arn: String, machine: String) {
        guard !events.isEmpty else { return }
        let stream = Stream(group: Self.name(ofGroup: arn), machine: machine)
        let mustStart = state.withLock { state in
            guard state.waiting[stream, default: []].count < Self.mostWaiting else { return false }
            state.waiting[stream, default: []] += events
            defer { state.isSending = true }
            return !state.isSending
        }
        if mustStart { Task { await self.sendAll() } }
    }

    /// Whether a log group is there. A service that cannot be asked says yes: the machine is not refused for that.
    package func exists(groupARN arn: String) async -> Bool {
        let name = Self.name(ofGroup: arn)
        do throws(AWSFailure) {
            let found = try await client().call(AWSCall("cloudwatchlogs", "describeLogGroups", ["logGroupNamePrefix": .string(name)])).output
            return (found["logGroups"]?.array ?? []).contains { $0["logGroupName"]?.string == name }
        } catch {
            return true
        }
    }

    /// `arn:aws:logs:REGION:ACCOUNT:log-group:NAME:*`
    private static func name(ofGroup arn: String) -> String {
        let parts = arn.split(separator: ":", omittingEmptySubsequences: false)
        return parts.count > 6 ? String(parts[6]) : arn
    }

    private func sendAll() async {
        while true {
            // What arrives within a moment travels together.
            try? await Task.sleep(for: .milliseconds(100))
            let next = state.withLock { state -> [Stream: [Event]] in
                let waiting = state.waiting
                state.waiting = [:]
                if waiting.isEmpty { state.isSending = false }
                return waiting
            }
            if next.isEmpty { return }
            for (stream, events) in next { await send(events, to: stream) }
        }
    }

    private func send(_ events: [Event], to stream: Stream) async {
        guard let name = await streamName(stream) else { return }
        var start = 0
        while start < events.count {
            let batch = events[start..<min(start + 500, events.count)].sorted { $0.milliseconds < $1.milliseconds }
            start += 500
            let shown: [JSONValue] = batch.map { ["timestamp": .integer($0.milliseconds), "message": .string($0.message)] }
            _ = try? await client().call(
                AWSCall(
                    "cloudwatchlogs", "putLogEvents",
                    ["logGroupName": .string(stream.group), "logStreamName": .string(name), "logEvents": .array(shown)]))
        }
    }

    /// `states/MACHINE/2026-11-21-14-40/1a2b3c4d`, one for each machine of this process.
    private func streamName(_ stream: Stream) async -> String? {
        if let known = state.withLock({ $0.names[stream] }) { return known }
        let now = Timestamps.iso(Timestamps.milliseconds(), fraction: false)
        let minute = String(now.prefix(16).map { $0 == "T" || $0 == ":" ? "-" : $0 })
        let name = "states/\(stream.machine)/\(minute)/\(Identifiers.uuid().prefix(8))"
        do throws(AWSFailure) {
            _ = try await client().call(
                AWSCall("cloudwatchlogs", "createLogStream", ["logGroupName": .string(stream.group), "logStreamName": .string(name)]))
        } catch {
            return nil
        }
        state.withLock { state in
            if state.names.count > 10_000 { state.names = [:] }
            state.names[stream] = name
        }
        return name
    }
}
