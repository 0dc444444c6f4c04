import ArgumentParser
import StatesLanguage
import Store

/// `sfn-run prune --older-than 30d`
struct PruneCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "prune", abstract: "Removes executions that ended long ago; running ones are never touched.")

    @OptionGroup var place: StorePlace

    @Option(help: "Their age since they ended: 90s, 30m, 12h, 30d, 8w.")
    var olderThan: String

    func run() throws {
        try Refusal.reporting {
            guard let age = Self.milliseconds(olderThan) else { throw Refusal("--older-than: found \(olderThan), expected such as 12h or 30d") }
            let count = try place.open().store.prune(endedBefore: Timestamp.current.milliseconds - age)
            printNote(count == 1 ? "1 execution removed" : "\(count) executions removed")
        }
    }

    static func milliseconds(_ text: String) -> Int64? {
        let units: [Character: Int64] = ["s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000, "w": 604_800_000]
        guard let unit = text.last.flatMap({ units[$0] }), let number = Int64(text.dropLast()), number >= 0 else { return nil }
        let (product, overflow) = number.multipliedReportingOverflow(by: unit)
        return overflow || product > 1 << 50 ? nil : product
    }
}
