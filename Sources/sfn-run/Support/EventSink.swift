import AWSClient
import Curl
import Engine
import Glibc
import JSON
import ServiceIntegrations
import StatesLanguage
import Synchronization

/// Writes each change of an execution's status as the event that EventBridge gets from Step Functions.
///
/// `{"version": "0", "id", "detail-type": "Step Functions Execution Status Change", "source": "aws.states", "account", "time",
/// "region", "resources": [execution ARN], "detail": {"executionArn", "stateMachineArn", "name", "status", "startDate", …}}`
///
/// The engine only puts a change into a queue; another task writes them, in order. A full queue loses the change, and counts it.
final class EventSink: Sendable {
    private enum Target {
        case file(Int32)
        case url(String)
        case bus(String, AWSClient)
    }
    struct Counts: Sendable {
        var sent = 0
        var dropped = 0
        var waiting = 0
    }
    static let queueLimit = 10_000
    /// Five attempts in about four seconds.
    private static let retryDelaysMilliseconds: [UInt64] = [100, 400, 1_200, 2_400]

    private let target: Target
    private let region: String
    private let account: String
    private let queue: AsyncStream<StatusChange>.Continuation
    private let tally = Mutex(Counts())

    /// `place`: a file, a URL, or the ARN of an event bus of the configured EventBridge.
    init(_ place: String, region: String, account: String, services: AWSIntegrations) throws {
        self.region = region
        self.account = account
        if place.hasPrefix("http://") || place.hasPrefix("https://") {
            target = .url(place)
        } else if place.hasPrefix("arn:"), place.contains(":event-bus/") {
            guard services.isServed("eventbridge") else {
                throw Refusal("--events: there is no EventBridge; AWS_ENDPOINT_URL_EVENTBRIDGE or the configuration's services name one")
            }
            target = .bus(place, services.sharedClient)
        } else {
            let descriptor = open(place, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
            guard descriptor >= 0 else { throw Refusal("--events: cannot write \(place): \(String(cString: strerror(errno)))") }
            target = .file(descriptor)
        }
        let (changes, queue) = AsyncStream.makeStream(of: StatusChange.self, bufferingPolicy: .bufferingOldest(Self.queueLimit))
        self.queue = queue
        Task.detached { [self] in
            for await change in changes { await write(change) }
        }
    }

    var counts: Counts { tally.withLock { $0 } }

    /// Returns at once.
    func send(_ change: StatusChange) {
        // Express executions are seen in logs alone, as on AWS.
        if change.isExpress { return }
        // Counted before it can be written.
        tally.withLock { $0.waiting += 1 }
        guard case .enqueued = queue.yield(change) else {
            let isFirst = tally.withLock { tally in
                tally.waiting -= 1
                tally.dropped += 1
                return tally.dropped == 1
            }
            if isFirst { printNote("--events: more status changes than can be written; some are lost") }
            return
        }
    }

    /// Waits until everything is written, at most so long.
    func drain(seconds: Double) async {
        let deadline = ContinuousClock.now + .seconds(seconds)
        while counts.waiting > 0, ContinuousClock.now < deadline { try? await Task.sleep(nanoseconds: 5_000_000) }
    }

    // MARK: writing

    private func write(_ change: StatusChange) async {
        let event = EventBridgeEvent.json(change, region: region, account: account)
        let isWritten =
            switch target {
            case .file(let descriptor): append(event.bytes() + [0x0A], to: descriptor)
            case .url(let url): await post(event.bytes(), to: url)
            case .bus(let name, let client): await put(event, on: name, client)
            }
        let isFirstLoss = tally.withLock { tally in
            tally.waiting -= 1
            if isWritten { tally.sent += 1 } else { tally.dropped += 1 }
            return !isWritten && tally.dropped == 1
        }
        if isFirstLoss { printNote("--events: a status change could not be written; it is lost") }
    }

    private func append(_ line: [UInt8], to descriptor: Int32) -> Bool {
        var done = 0
        while done < line.count {
            let count = line[done...].withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return false }
            done += count
        }
        return true
    }

    /// The bus gives the event its own id; its account and region are the bus's.
    private func put(_ event: JSONValue, on bus: String, _ client: AWSClient) async -> Bool {
        var entry = JSONObject()
        entry["EventBusName"] = .string(bus)
        entry["Source"] = event["source"]
        entry["DetailType"] = event["detail-type"]
        entry["Detail"] = event["detail"].map { .string($0.text()) }
        entry["Resources"] = event["resources"]
        entry["Time"] = event["time"]
        do throws(AWSFailure) {
            let answer = try await client.call(AWSCall("eventbridge", "putEvents", ["Entries": [.object(entry)]])).output
            return answer["FailedEntryCount"]?.wholeNumber == 0
        } catch {
            return false
        }
    }

    private func post(_ event: [UInt8], to url: String) async -> Bool {
        var request = HTTPRequest("POST", url, headers: [HTTPHeader("Content-Type", "application/json")], body: event)
        request.limits.totalSeconds = 10
        for delay in Self.retryDelaysMilliseconds.map(Optional.some) + [nil] {
            if let response = try? await HTTPClient.shared.perform(request) {
                if (200..<300).contains(response.status) { return true }
                // What the receiver refuses it will refuse again.
                guard response.status >= 500 || response.status == 429 || response.status == 408 else { return false }
            }
            guard let delay else { break }
            try? await Task.sleep(nanoseconds: delay * 1_000_000)
        }
        return false
    }
}
