import ArgumentParser
import Store

/// `sfn-run backup FILE`
struct BackupCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "backup", abstract: "Copies the store to a new file while it is in use.")

    @OptionGroup var place: StorePlace

    @Argument(help: "The copy; it must not exist yet.")
    var file: String

    func run() throws {
        try Refusal.reporting {
            try place.open().store.backUp(to: file)
            printNote("copied to \(file)")
        }
    }
}
