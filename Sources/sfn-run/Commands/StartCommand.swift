import ArgumentParser
import Deploy
import JSON

/// `sfn-run start --remote MACHINE`
struct StartCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "start", abstract: "Starts an execution of a machine on Step Functions, and waits for its end with --wait.")

    @Flag(help: "On Step Functions; the only place that `start` knows (`run` is for this machine).")
    var remote = false

    @Argument(help: "The machine's ARN or name.")
    var machine: String

    @Option(help: "The input: JSON, a file, or -.")
    var input = "{}"

    @Option(help: "The execution's name.")
    var name: String?

    @Flag(help: "Wait for the end and print the output.")
    var wait = false

    @Option(help: "The configuration (else the nearest sfn-run.json).")
    var config: String?

    @OptionGroup var place: RemotePlace

    func run() async throws {
        try await RemotePlace.reporting {
            let there = try place.open(config)
            guard let arn = try await there.machineARN(named: machine) else { throw Refusal("there is no machine \(machine)", .executionFailed) }
            let execution = try await there.start(arn, input: try InputArgument.read(input, name: "--input"), name: name)
            guard wait else { return printOutput(execution) }
            printNote(execution)
            let ended = try await there.ended(execution)
            switch ended["status"]?.string {
            case "SUCCEEDED": printOutput(ended["output"]?.string ?? "null")
            case "TIMED_OUT": throw ExitCode.executionTimedOut
            case "ABORTED": throw ExitCode.executionAborted
            default:
                printNote("\(ended["error"]?.string ?? "failed"): \(ended["cause"]?.string ?? "")")
                throw ExitCode.executionFailed
            }
        }
    }
}
