import ArgumentParser
import Deploy
import JSON
import LocalJobs
import Store

/// `sfn-run diff LOCAL REMOTE`
struct DiffCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "diff",
        abstract: "Compares the histories of two executions event by event.",
        discussion: "Exit code 0: they are alike but for times, ARNs, request ids and the UUIDs that each run made up; 1: they differ.")

    @OptionGroup var store: StorePlace

    @Argument(help: "An execution of this store: its name or ARN.")
    var local: String

    @Argument(help: "An execution's ARN on Step Functions, or a file with GetExecutionHistory's answer.")
    var other: String

    @OptionGroup var remote: RemotePlace

    func run() async throws {
        try await RemotePlace.reporting {
            let left = try events()
            let right = try await otherEvents()
            let differences = HistoryDiff.differences(left, right)
            if differences.isEmpty { return printNote("no difference in \(left.count) events") }
            for difference in differences { printOutput(difference.description) }
            throw ExitCode.executionFailed
        }
    }

    private func events() throws -> [JSONValue] {
        let opened = try store.open().store
        let row = try StoredExecution.find(local, in: opened)
        let machine = try StoredExecution.machine(of: row, in: opened).machine
        return try StoredExecution.events(of: row, in: opened).compactMap { $0.awsJSON(in: machine) }
    }

    private func otherEvents() async throws -> [JSONValue] {
        if Files.exists(other) {
            let json = try JSONValue(parsing: try NamedFile.read(other))
            return json["events"]?.array ?? json.array ?? []
        }
        return try await remote.open(store.config).history(other)
    }
}
