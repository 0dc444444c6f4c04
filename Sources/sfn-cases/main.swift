import Glibc

/// Runs the case tables: `sfn-cases [-v] [GROUP …]`. `-v` prints what differs.
let arguments = CommandLine.arguments.dropFirst()
let files = CaseFiles(isVerbose: arguments.contains("-v"))
let wanted = arguments.filter { $0 != "-v" }

/// `goal`: the part of a group's cases that must hold for the command to end with 0. What is left is in PARITY.md.
let groups: [(name: String, goal: Double, run: (CaseFiles) -> CaseResult)] = [
    ("micro", 0.99, { MicroCases(files: $0).run() }),
    ("definitions", 0.97, { DefinitionCases(files: $0).run() }),
    ("executions", 0.97, { ExecutionCases(files: $0).run() }),
    ("jsonata", 0.995, { JSONataCases(files: $0).run() }),
]

for name in wanted where !groups.contains(where: { $0.name == name }) {
    print("there is no group '\(name)'; there are: \(groups.map(\.name).joined(separator: ", "))")
    exit(64)
}
var all = CaseResult()
var holds = true
for group in groups where wanted.isEmpty || wanted.contains(group.name) {
    let result = group.run(files)
    print("\(group.name): \(result.passed) of \(result.total)")
    if result.total == 0 || Double(result.passed) < group.goal * Double(result.total) { holds = false }
    all.passed += result.passed
    all.total += result.total
}
print("cases: \(all.passed) of \(all.total)")
exit(holds ? 0 : 1)
