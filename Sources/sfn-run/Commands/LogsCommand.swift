import ArgumentParser
import Glibc
import JSON
import LocalJobs
import StatesLanguage
import Store

/// `sfn-run logs EXECUTION`
struct LogsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "logs", abstract: "Shows what the tasks of an execution printed, attempt by attempt.")

    @OptionGroup var place: StorePlace

    @Argument(help: "Its name or ARN.")
    var execution: String

    @Option(help: "Only the tasks of this state.")
    var state: String?

    @Flag(help: "The text alone, without headings.")
    var raw = false

    func run() throws {
        try Refusal.reporting {
            let store = try place.open().store
            let row = try StoredExecution.find(execution, in: store)
            let machine = try StoredExecution.machine(of: row, in: store).machine
            let attempts = Attempts(try StoredExecution.allEvents(of: row, in: store), machine)
            var last: Int64 = -1
            var hasPrinted = false
            try store.read { tx in
                try tx.forEachLogChunk(of: row.id) { chunk in
                    let attempt = attempts[chunk.eventID]
                    if let state, attempt?.state != state { return true }
                    if chunk.eventID != last, !raw {
                        printText("\(hasPrinted ? "\n" : "")== \(attempt?.heading ?? "event \(chunk.eventID)")\n")
                        if chunk.startOffset > 0, chunk.sequence > 0, last == -1 { printText("… \(chunk.startOffset) bytes before this were dropped\n") }
                    }
                    last = chunk.eventID
                    hasPrinted = true
                    Files.writeAll(chunk.bytes, to: STDOUT_FILENO)
                    return true
                }
            }
            if !hasPrinted { printNote("nothing was printed") }
        }
    }
}

/// What the attempts of an execution are called, by the id of their …Scheduled event.
private struct Attempts {
    struct Attempt {
        let state: String
        let heading: String
    }
    private var byEvent: [Int64: Attempt] = [:]

    init(_ events: [HistoryEvent], _ machine: StateMachine) {
        var progress = ProgressModel(machine: machine)
        for event in events {
            _ = progress.apply(event)
            guard case .taskScheduled(let state, _) = event.kind else { continue }
            let number = progress.threads[event.frame]?.attempt ?? 1
            byEvent[event.id] = Attempt(
                state: machine[state].name,
                heading: "\(progress.title(event.frame)), attempt \(number), \(event.timestamp.text)")
        }
    }

    subscript(event: Int64) -> Attempt? { byEvent[event] }
}
