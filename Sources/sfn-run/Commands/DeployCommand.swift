import ArgumentParser
import Deploy
import JSON
import StatesLanguage

/// `sfn-run deploy FILE --name N --role R`
struct DeployCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "deploy",
        abstract: "Creates or updates the machine on Step Functions, publishes a version, moves an alias.",
        discussion: "Extensions of sfn-run are written as strict Step Functions JSON first, as `export` does.")

    @Argument(help: "The definition.")
    var file: String

    @Option(help: "What the machine is called there (else the file's or folder's name).")
    var name: String?

    @Option(help: "ARN of the role that it runs with.")
    var role: String

    @Flag(help: "An Express machine.")
    var express = false

    @Flag(help: "Publish a version.")
    var publish = false

    @Option(help: "Point this alias at the published version.")
    var alias: String?

    @Option(help: "The version's description.")
    var description: String?

    @Option(help: "The configuration (else the nearest sfn-run.json).")
    var config: String?

    @OptionGroup var remote: RemotePlace

    func run() async throws {
        try await RemotePlace.reporting {
            let file = try DefinitionFile.read(file)
            let problems = Examination.problems(of: file)
            if problems.contains(where: { $0.severity == .error }) {
                problems.forEach { printNote($0.text) }
                throw ExitCode.invalidDefinition
            }
            guard file.content == .machine else {
                throw Refusal("\(file.path) is a pipeline: `sfn-run export` writes it as a machine first")
            }
            let strict = StrictDefinition(file.definition)
            for note in strict.notes { printNote("\(file.path):\(file.line(of: note.pointer)): at \(note.pointer): \(note.message)") }
            if strict.notes.contains(where: \.isRefusal) { throw ExitCode.invalidDefinition }
            var deployment = RemoteStepFunctions.Deployment(
                name: name ?? file.name, definition: CanonicalDefinition(strict.definition).text, roleARN: role)
            deployment.isExpress = express
            deployment.publishes = publish
            deployment.alias = alias
            deployment.description = description
            let outcome = try await remote.open(config).deploy(deployment)
            printNote(outcome.isNew ? "created" : outcome.isChanged ? "updated" : "unchanged")
            printOutput(outcome.aliasARN ?? outcome.versionARN ?? outcome.machineARN)
        }
    }
}
