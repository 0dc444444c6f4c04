import ArgumentParser
import JSON
import StatesLanguage
import Store

/// `sfn-run history EXECUTION`, `sfn-run history --remote ARN`
struct HistoryCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "history", abstract: "Shows every event of an execution, as Step Functions records it.")

    @OptionGroup var place: StorePlace

    @Flag(help: "An execution on Step Functions instead of one in this store.")
    var remote = false

    @OptionGroup var remotePlace: RemotePlace

    @Argument(help: "Its name or ARN; with --remote its ARN.")
    var execution: String

    @Flag(help: "The answer of GetExecutionHistory.")
    var json = false

    @Flag(help: "The latest event first.")
    var reverse = false

    @Flag(help: "Leave inputs and outputs out.")
    var noData = false

    func run() async throws {
        try await RemotePlace.reporting {
            var events = try await remote ? remoteEvents() : localEvents()
            let started = Self.milliseconds(events.first)
            if reverse { events.reverse() }
            if json { return printOutput((["events": .array(events)] as JSONValue).text(.pretty)) }
            var table = Table("ID", "BEFORE", "TIME", "TYPE", "WHAT")
            for event in events {
                table.add(
                    event["id"]?.text() ?? "", event["previousEventId"]?.text() ?? "0", Self.elapsed(Self.milliseconds(event) - started),
                    event["type"]?.string ?? "", Self.detail(event))
            }
            printOutput(table.text)
        }
    }

    private func localEvents() throws -> [JSONValue] {
        let store = try place.open().store
        let row = try StoredExecution.find(execution, in: store)
        let machine = try StoredExecution.machine(of: row, in: store).machine
        return try StoredExecution.events(of: row, in: store).compactMap { $0.awsJSON(in: machine, includesData: !noData) }
    }

    private func remoteEvents() async throws -> [JSONValue] {
        guard execution.hasPrefix("arn:") else { throw Refusal("--remote needs the execution's ARN, such as `sfn-run start --remote` prints") }
        return try await remotePlace.open(place.location().configuration).history(execution, includesData: !noData)
    }

    private static func milliseconds(_ event: JSONValue?) -> Int64 {
        guard let seconds = event?["timestamp"]?.number, abs(seconds) < 1e12 else { return 0 }
        return Int64((seconds * 1000).rounded())
    }

    private static func elapsed(_ milliseconds: Int64) -> String {
        let fraction = "\(1000 + milliseconds % 1000)".dropFirst()
        return "\(milliseconds / 1000).\(fraction)"
    }

    /// The state, the item, the error or the data of an event on one line.
    private static func detail(_ event: JSONValue) -> String {
        let details = event.object?.first { $0.key.hasSuffix("EventDetails") }?.value
        var parts: [String] = []
        for key in ["name", "state", "index", "length", "resource", "error", "cause", "input", "parameters", "output"] {
            guard let value = details?[key] else { continue }
            let text = value.string ?? value.text()
            switch key {
            case "index", "length", "input", "output", "parameters": parts.append("\(key) \(ProgressStyle.safe(text, limit: 80))")
            default: parts.append(ProgressStyle.safe(text, limit: 80))
            }
        }
        return parts.joined(separator: "  ")
    }
}
