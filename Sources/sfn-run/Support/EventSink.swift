import Curl
import Engine
import Glibc
import JSON
import LocalJobs
import StatesLanguage
import Synchronization

/// Writes each change of an execution's status as the event that EventBridge gets from Step Functions.
///
/// `{"version": "0", "id", "detail-type": "Step Functions Execution Status Change", "source": "aws.states", "account", "time",
/// "region", "resources": [execution ARN], "detail": {"executionArn", "stateMachineArn", "name", "status", "startDate", …}}`
final class EventSink: Sendable {
    private enum Target {
        case file(Int32)
        case url(String)
    }
    private let target: Target
    private let region: String
    private let account: String
    private let writing = Mutex<Void>(())

    init(_ place: String, region: String, account: String) throws {
        self.region = region
        self.account = account
        if place.hasPrefix("http://") || place.hasPrefix("https://") {
            target = .url(place)
            return
        }
        let descriptor = open(place, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw Refusal("--events: cannot write \(place): \(String(cString: strerror(errno)))") }
        target = .file(descriptor)
    }

    func send(_ change: StatusChange) {
        let event = json(change)
        switch target {
        case .file(let descriptor):
            let line = event.bytes() + [0x0A]
            writing.withLock { _ in _ = line.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) } }
        case .url(let url):
            Task {
                let request = HTTPRequest("POST", url, headers: [HTTPHeader("Content-Type", "application/json")], body: event.bytes())
                _ = try? await HTTPClient.shared.perform(request)
            }
        }
    }

    private func json(_ change: StatusChange) -> JSONValue {
        var detail = JSONObject()
        func set(_ name: String, _ text: String?) { detail[name] = text.map { .string($0) } ?? .null }
        set("executionArn", change.arn)
        set("stateMachineArn", change.stateMachineARN)
        set("name", change.name)
        set("status", change.status.rawValue)
        detail["startDate"] = .integer(change.startedAt.milliseconds)
        detail["stopDate"] = change.stoppedAt.map { .integer($0.milliseconds) } ?? .null
        set("input", change.input.text())
        detail["inputDetails"] = ["included": true]
        set("output", change.output?.text())
        detail["outputDetails"] = change.output == nil ? .null : ["included": true]
        set("error", change.error)
        set("cause", change.cause)
        let time = (change.stoppedAt ?? change.startedAt).iso8601
        var event = JSONObject()
        event["version"] = "0"
        event["id"] = .string(SecureRandom.uuid())
        event["detail-type"] = "Step Functions Execution Status Change"
        event["source"] = "aws.states"
        event["account"] = .string(account)
        event["time"] = .string(String(time.prefix(19)) + "Z")
        event["region"] = .string(region)
        event["resources"] = [.string(change.arn)]
        event["detail"] = .object(detail)
        return .object(event)
    }
}
