import ArgumentParser
import StatesLanguage

/// `sfn-run report EXECUTION --html FILE`
struct ReportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "report",
        abstract: "Writes one execution as one HTML file: graph, steps, parameters, metrics, learning curves, artifacts, logs.",
        discussion: "The file needs no network and runs no script, so it can be sent and kept.")

    @OptionGroup var place: StorePlace

    @Argument(help: "Its name or ARN.")
    var execution: String

    @Option(help: "The file; - is standard output.")
    var html: String

    func run() throws {
        try Refusal.reporting {
            let store = try place.open().store
            let told = try StoredStory(try StoredExecution.find(execution, in: store), in: store)
            let report = HTMLReport(told, logs: try told.logs(in: store), now: .current)
            if html == "-" {
                printText(report.text)
            } else {
                try NamedFile.write(Array(report.text.utf8), to: html)
                printNote("wrote \(html)")
            }
        }
    }
}
