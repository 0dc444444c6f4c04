import ArgumentParser
import JSON
import StatesLanguage
import Store

/// `sfn-run lineage ARTIFACT`
struct LineageCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "lineage",
        abstract: "Says which step of which execution made an artifact from which inputs, and who used it.",
        discussion: """
            sfn-run lineage s3://bucket/model.tar.gz     what made it, and what read it
            sfn-run lineage abalone-models/3             an ARN, or its end

            An artifact is an S3 location, an ARN or any text that a task was given or returned; a folder stands for what \
            is in it. What made the inputs is told as well, step by step back to what nothing here has made.
            """)

    @OptionGroup var place: StorePlace

    @Argument(help: "The artifact.")
    var artifact: String

    @Flag(help: "One JSON object.")
    var json = false

    @Option(help: "Look at so many executions, the newest first.")
    var limit = 1000

    func run() throws {
        try Refusal.reporting {
            guard limit > 0 else { throw Refusal("--limit: expected a number above 0") }
            let store = try place.open().store
            let rows = try StoredStory.rows(ofMachine: nil, in: store, limit: limit)
            var book = LineageBook()
            // A definition that this version cannot read has no lineage to tell.
            for row in rows { if let told = try? StoredStory(row, in: store) { book.add(told) } }
            let lineage = book.lineage(of: artifact)
            guard !lineage.isEmpty else {
                throw Refusal("no step of the \(rows.count) executions in \(store.path) made or used \(artifact)", .executionFailed)
            }
            printOutput(json ? lineage.json.text(.pretty) : lineage.text)
        }
    }
}
