import Glibc
import JSON
import SageMakerPipelines

/// Checks real pipeline definitions: `sfn-pipelines [-v] [FOLDER]`, the folder of `SFN_PIPELINES` or `../shared/pipelines`.
/// Each must be read, written back without a difference, compile to a valid machine and, where it is complete, run to its
/// end with stubbed jobs, exported too; those that must be rejected must be, for the reason the index gives.
/// `sfn-pipelines --retries` prints the table of retry policies;
/// `sfn-pipelines --exports` prints instead a line of JSON for each: the exported machine and its run here (scripts/check-exports).
let arguments = CommandLine.arguments.dropFirst()
if arguments.contains("--retries") { exit(RetryCase.printTable() ? 0 : 1) }
let isVerbose = arguments.contains("-v")
let folder = arguments.first { !$0.hasPrefix("-") } ?? getenv("SFN_PIPELINES").map { String(cString: $0) } ?? "../shared/pipelines"
guard let bytes = DefinitionFiles.bytes(of: folder + "/index.json") else {
    print("there is no \(folder)/index.json: name the folder in SFN_PIPELINES")
    exit(66)
}
guard let index = try? JSONValue(parsing: bytes), let records = index["definitions"]?.array, !records.isEmpty else {
    print("\(folder)/index.json holds no definitions")
    exit(65)
}

if arguments.contains("--exports") {
    for record in records {
        let file = record["file"]?.string ?? "?"
        guard var line = PipelineCheck(record: record, bytes: DefinitionFiles.bytes(of: folder + "/" + file)).export()?.object else { continue }
        line["file"] = .string(file)
        print(JSONValue.object(line).text())
    }
    exit(0)
}

var tally = PipelineTally()
for record in records {
    let file = record["file"]?.string ?? "?"
    let problems = PipelineCheck(record: record, bytes: DefinitionFiles.bytes(of: folder + "/" + file)).run(&tally)
    tally.count(problems.isEmpty)
    if isVerbose { for problem in problems { print("\(file): \(problem)") } }
}
tally.report()
exit(tally.passed == tally.total ? 0 : 1)
