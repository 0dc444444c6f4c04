import ArgumentParser
import JSON
import StatesLanguage
import Store

/// `sfn-run list`
struct ListCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "Shows what has run and what runs, the newest first.")

    @OptionGroup var place: StorePlace

    @Option(help: "Only those that are running, succeeded, failed, timed-out, aborted or pending-redrive.")
    var status: Status?

    @Option(help: "At most so many.")
    var limit = 50

    @Flag(help: "One JSON array, as ListExecutions gives it.")
    var json = false

    @Flag(help: "The child executions of distributed Maps too.")
    var children = false

    enum Status: String, ExpressibleByArgument, CaseIterable {
        case running, succeeded, failed, aborted
        case timedOut = "timed-out"
        case pendingRedrive = "pending-redrive"

        var stored: StoredStatus? {
            switch self {
            case .running: .running
            case .succeeded: .succeeded
            case .failed: .failed
            case .aborted: .aborted
            case .timedOut: .timedOut
            case .pendingRedrive: .pendingRedrive
            }
        }
    }

    func run() throws {
        try Refusal.reporting {
            guard limit > 0 else { throw Refusal("--limit: expected a number above 0") }
            let store = try place.open().store
            var filter = ExecutionFilter()
            filter.status = status?.stored
            filter.includesChildren = children
            let rows = try store.read { tx in try tx.executions(filter, limit: limit) }
            if json { return printOutput(JSONValue.array(rows.map(Self.json)).text(.pretty)) }
            var table = Table("NAME", "STATUS", "STARTED", "TOOK", "MACHINE")
            for row in rows {
                let took = row.stopMilliseconds.map { ProgressStyle.duration(milliseconds: $0 - row.startMilliseconds) } ?? "-"
                let machine = row.stateMachineARN.split(separator: ":", omittingEmptySubsequences: false).last.map(String.init) ?? ""
                table.add(row.name, row.status.rawValue, Timestamp(milliseconds: row.startMilliseconds).text, took, machine)
            }
            if table.isEmpty { printNote("nothing has run yet") } else { printOutput(table.text) }
        }
    }

    private static func json(_ row: ExecutionRow) -> JSONValue {
        var object = JSONObject()
        object["executionArn"] = .string(row.arn)
        object["stateMachineArn"] = .string(row.stateMachineARN)
        object["name"] = .string(row.name)
        object["status"] = .string(row.status.rawValue)
        object["startDate"] = .double(Double(row.startMilliseconds) / 1000)
        if let stop = row.stopMilliseconds { object["stopDate"] = .double(Double(stop) / 1000) }
        if row.redriveCount > 0 { object["redriveCount"] = .integer(Int64(row.redriveCount)) }
        return .object(object)
    }
}
