import ArgumentParser
import Deploy
import JSON
import Store

/// `sfn-run cost EXECUTION`
struct CostCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cost",
        abstract: "Estimates what an execution would cost on Step Functions.",
        discussion: "Prices of us-east-1, without the free tier and without what the called services cost.")

    @OptionGroup var place: StorePlace

    @Argument(help: "Its name or ARN.")
    var execution: String

    @Flag(help: "As JSON.")
    var json = false

    func run() throws {
        try Refusal.reporting {
            let store = try place.open().store
            let row = try StoredExecution.find(execution, in: store)
            let machine = try StoredExecution.machine(of: row, in: store).machine
            let events = try StoredExecution.events(of: row, in: store).compactMap { $0.awsJSON(in: machine) }
            guard let cost = CostEstimate(history: events) else { throw Refusal("\(execution) has no history", .executionFailed) }
            if json {
                let shown: JSONValue = [
                    "transitions": .integer(Int64(cost.transitions)), "standardDollars": .double(cost.standardDollars),
                    "billedSeconds": .double(cost.billedSeconds), "billedMegabytes": .integer(Int64(cost.billedMegabytes)),
                    "expressDollars": .double(cost.expressDollars),
                ]
                return printOutput(shown.text(.pretty))
            }
            printOutput("Standard: \(cost.transitions) state transitions, $\(dollars(cost.standardDollars))")
            printOutput("Express:  1 request, \(cost.billedSeconds) s at \(cost.billedMegabytes) MB, $\(dollars(cost.expressDollars))")
        }
    }

    /// Eight decimals: an execution costs little.
    private func dollars(_ amount: Double) -> String {
        let units = Int64((amount * 100_000_000).rounded())
        let fraction = String(units % 100_000_000)
        return "\(units / 100_000_000)." + String(repeating: "0", count: 8 - fraction.count) + fraction
    }
}
