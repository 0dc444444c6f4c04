import ArgumentParser
import Engine
import Store

/// `sfn-run stop EXECUTION…`
struct StopCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "stop", abstract: "Ends a running execution as ABORTED, whichever process runs it; its tasks are cancelled.")

    @OptionGroup var place: StorePlace

    @Argument(help: "Names or ARNs.")
    var executions: [String]

    @Option(help: "What ExecutionAborted says as its error.")
    var error: String?

    @Option(help: "What ExecutionAborted says as its cause.")
    var cause: String?

    func run() async throws {
        try await Refusal.reporting {
            let store = try place.open().store
            let engine = try ExecutionEngine(store: store, options: EngineOptions.named("stop"))
            // What belongs to a process that is gone is stopped here: nobody would read the message.
            try engine.adoptDeadEngines(onlyReleasing: true)
            for name in executions {
                let row = try StoredExecution.find(name, in: store)
                guard !row.status.isEnded else {
                    printNote("\(row.name) has ended already: \(row.status.rawValue)")
                    continue
                }
                try await engine.stop(row.arn, error: error, cause: cause)
                printNote("\(row.name): stop requested")
            }
            await engine.shutDown()
        }
    }
}
