import Glibc
import JSON
import LocalPipelines
import SageMakerPipelines

/// Makes a pipeline from a configuration file and runs it on this machine:
///
///     deliver FOLDER [Name=Value …]
///
/// FOLDER holds `config.json` (sections Base, Training, Model, Package, Payload, Registration), `execution.json` (what an
/// execution supplies: parameters, and settings for single steps) and `sfn-run.json` (what the images are here).
@main struct Deliver {
    static func main() async {
        do {
            try await deliver()
        } catch {
            let note = "deliver: \(error)\n"
            write(STDERR_FILENO, note, note.utf8.count)
            exit(1)
        }
    }

    private static func deliver() async throws {
        let words = Array(CommandLine.arguments.dropFirst())
        guard let folder = words.first else { return print("deliver FOLDER [Name=Value …]") }
        let parameters = words.dropFirst().compactMap { word -> (String, JSONValue)? in
            let parts = word.split(separator: "=", maxSplits: 1).map(String.init)
            return parts.count == 2 ? (parts[0], .string(parts[1])) : nil
        }
        let configuration = try PipelineConfiguration(json("\(folder)/config.json"))
        let document = try ExecutionDocument(json("\(folder)/execution.json"))

        let local = try LocalPipelineSession(folder: folder)
        let execution = try await local.start(
            ModelDeliveryTemplate.self, configuration: configuration, document: document, parameters: Dictionary(parameters) { $1 })
        let status = try await execution.wait()
        for step in try await execution.listSteps().reversed() {
            let reused = step["CacheHitResult"] == nil ? "" : "  (reused)"
            let reason = step["FailureReason"]?.string.map { "  \($0)" } ?? ""
            print("\(step["StepStatus"]?.string ?? "?")  \(step["StepName"]?.string ?? "?")\(reused)\(reason)  \(step["Metadata"]?.text() ?? "")")
        }
        print("\(status)  \(execution.arn)")
        await local.close()
        if status != "Succeeded" { throw PipelineServiceError("the execution ended as \(status)") }
    }

    private static func json(_ path: String) throws -> JSONValue { try JSONValue(parsing: LocalPipelineSession.read(path)) }
}
