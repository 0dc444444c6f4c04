import ArgumentParser
import JSON
import StatesLanguage
import Store

/// `sfn-run history EXECUTION`
struct HistoryCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "history", abstract: "Shows every event of an execution, as Step Functions records it.")

    @OptionGroup var place: StorePlace

    @Argument(help: "Its name or ARN.")
    var execution: String

    @Flag(help: "The answer of GetExecutionHistory.")
    var json = false

    @Flag(help: "The latest event first.")
    var reverse = false

    @Flag(help: "Leave inputs and outputs out.")
    var noData = false

    func run() throws {
        try Refusal.reporting {
            let store = try place.open().store
            let row = try StoredExecution.find(execution, in: store)
            let machine = try StoredExecution.machine(of: row, in: store).machine
            var events = try StoredExecution.events(of: row, in: store)
            let started = events.first?.timestamp.milliseconds ?? 0
            if reverse { events.reverse() }
            if json {
                let shown = events.compactMap { $0.awsJSON(in: machine, includesData: !noData) }
                return printOutput((["events": .array(shown)] as JSONValue).text(.pretty))
            }
            var table = Table("ID", "BEFORE", "TIME", "TYPE", "WHAT")
            for event in events {
                guard let type = event.type(in: machine) else { continue }
                table.add(
                    "\(event.id)", "\(event.previousEventID)", Self.elapsed(event.timestamp.milliseconds - started), type,
                    Self.detail(event, machine))
            }
            printOutput(table.text)
        }
    }

    private static func elapsed(_ milliseconds: Int64) -> String {
        let fraction = "\(1000 + milliseconds % 1000)".dropFirst()
        return "\(milliseconds / 1000).\(fraction)"
    }

    /// The state, the item, the error or the data of an event on one line.
    private static func detail(_ event: HistoryEvent, _ machine: StateMachine) -> String {
        let details = event.awsJSON(in: machine)?.object?.first { $0.key.hasSuffix("EventDetails") }?.value
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
