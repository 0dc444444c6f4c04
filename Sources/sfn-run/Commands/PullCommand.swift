import ArgumentParser
import Deploy
import JSON
import StatesLanguage

/// `sfn-run pull ARN`
struct PullCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pull", abstract: "Writes the definition of a machine on Step Functions.")

    @Argument(help: "Its ARN or name.")
    var machine: String

    @Option(name: .shortAndLong, help: "Write to this file instead of standard output.")
    var output: String?

    @Option(help: "The configuration (else the nearest sfn-run.json).")
    var config: String?

    @OptionGroup var remote: RemotePlace

    func run() async throws {
        try await RemotePlace.reporting {
            let there = try remote.open(config)
            guard let arn = try await there.machineARN(named: machine) else { throw Refusal("there is no machine \(machine)", .executionFailed) }
            let text = try await there.machine(arn)["definition"]?.string ?? ""
            let shown = (try? JSONValue(parsing: text)).map { $0.text(.pretty) + "\n" } ?? text
            if let output { try NamedFile.write(Array(shown.utf8), to: output) } else { printText(shown) }
        }
    }
}
