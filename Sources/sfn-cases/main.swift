import Glibc

/// Runs the case tables: `sfn-cases [-v] [GROUP …]`. `-v` prints what differs.
let arguments = CommandLine.arguments.dropFirst()
let files = CaseFiles(isVerbose: arguments.contains("-v"))
let wanted = arguments.filter { $0 != "-v" }

let groups: [(name: String, run: (CaseFiles) -> CaseResult)] = [
    ("micro", { MicroCases(files: $0).run() }),
    ("definitions", { DefinitionCases(files: $0).run() }),
    ("executions", { ExecutionCases(files: $0).run() }),
    ("jsonata", { JSONataCases(files: $0).run() }),
]

for name in wanted where !groups.contains(where: { $0.name == name }) {
    print("there is no group '\(name)'; there are: \(groups.map(\.name).joined(separator: ", "))")
    exit(64)
}
var all = CaseResult()
for group in groups where wanted.isEmpty || wanted.contains(group.name) {
    let result = group.run(files)
    print("\(group.name): \(result.passed) of \(result.total)")
    all.passed += result.passed
    all.total += result.total
}
print("cases: \(all.passed) of \(all.total)")
exit(all.passed == all.total && all.total > 0 ? 0 : 1)
