import ArgumentParser
import Store

/// `sfn-run delete EXECUTION…`
struct DeleteCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete", abstract: "Removes ended executions with their history and logs.")

    @OptionGroup var place: StorePlace

    @Argument(help: "Names or ARNs.")
    var executions: [String]

    func run() throws {
        try Refusal.reporting {
            let store = try place.open().store
            for name in executions {
                let row = try StoredExecution.find(name, in: store)
                guard row.status.isEnded else { throw Refusal("\(row.name) is \(row.status.rawValue); `sfn-run stop \(row.name)` first") }
                guard try store.deleteExecution(row.id) else { throw Refusal("\(row.name) was resumed meanwhile", .executionFailed) }
                printNote("deleted \(row.name)")
            }
        }
    }
}
