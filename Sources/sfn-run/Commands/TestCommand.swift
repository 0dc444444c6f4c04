import AWSAPI
import ArgumentParser
import JSON
import StatesLanguage

/// `sfn-run test FILE --mocks FILE`
struct TestCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "test",
        abstract: "Runs the test cases of a mock configuration against a machine, in memory and in no time.",
        discussion: """
            The file is the one of AWS Step Functions Local: StateMachines, TestCases, MockedResponses. What a case \
            starts with and should end with stands in a further member:

            "Expectations": {"MACHINE": {"CASE": {"Input": {}, "Status": "SUCCEEDED", "Output": {}, "Error": "Name", \
            "Path": ["A", "B"]}}}

            A case without expectations must succeed. Every task that is reached needs a mock.
            """)

    @Argument(help: "The definition.")
    var file: String

    @Option(help: "The mock configuration.")
    var mocks: String

    @Option(help: "The machine's name in the mock configuration; otherwise the file's name, or the only one there is.")
    var machineName: String?

    @Option(name: .customLong("case"), help: "Only this test case; may be given several times.")
    var cases: [String] = []

    @Flag(help: "Say which states, choice rules, retriers and catchers the cases went through.")
    var coverage = false

    @Option(help: "Write a JUnit report to this file.")
    var junit: String?

    func run() throws {
        try Refusal.reporting {
            let file = try DefinitionFile.read(file)
            let machine = try Runnable(file, isExpress: false, parameters: [], input: nil).machine
            let value = try InputArgument.read(mocks, name: "--mocks")
            let configuration: MockConfiguration
            do {
                configuration = try MockConfiguration(value)
            } catch {
                throw Refusal("\(mocks): \(error)")
            }
            let name = try name(in: value, file)
            let known = configuration.cases(machine: name)
            if let unknown = cases.first(where: { !known.contains($0) }) {
                throw Refusal("\(mocks) has no test case \(unknown) of \(name); it has \(known.joined(separator: ", "))")
            }
            guard !known.isEmpty else { throw Refusal("\(mocks) has no test cases of \(name)") }
            var covered = MachineCoverage(machine)
            var runs: [MockRun] = []
            for testCase in known where cases.isEmpty || cases.contains(testCase) {
                let run = MockRun(
                    case: testCase, of: name, machine: machine, mocks: configuration, expected: value["Expectations"]?[name]?[testCase])
                covered.add(run.history)
                runs.append(run)
                printOutput("\(run.problems.isEmpty ? "passed" : "failed")  \(testCase)")
                run.problems.forEach { printOutput("          \($0)") }
            }
            if coverage { covered.lines.forEach { printOutput($0) } }
            if let junit { try NamedFile.write(Array(JUnitReport.text(name, runs).utf8), to: junit) }
            let failed = runs.filter { !$0.problems.isEmpty }.count
            printOutput("\(runs.count - failed) passed, \(failed) failed")
            if failed > 0 { throw ExitCode.executionFailed }
        }
    }

    private func name(in mocks: JSONValue, _ file: DefinitionFile) throws -> String {
        if let machineName { return machineName }
        let names = mocks["StateMachines"]?.object?.keys ?? []
        if names.contains(file.name) || names.count != 1 { return file.name }
        return names[0]
    }
}

/// Test cases as continuous integration servers read them.
enum JUnitReport {
    static func text(_ suite: String, _ runs: [MockRun]) -> String {
        let failed = runs.filter { !$0.problems.isEmpty }.count
        var text = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
        text += "<testsuites><testsuite name=\"\(escape(suite))\" tests=\"\(runs.count)\" failures=\"\(failed)\">\n"
        for run in runs {
            text += "  <testcase classname=\"\(escape(suite))\" name=\"\(escape(run.name))\""
            if run.problems.isEmpty {
                text += "/>\n"
            } else {
                text += "><failure message=\"\(escape(run.problems[0]))\">\(escape(run.problems.joined(separator: "\n")))</failure></testcase>\n"
            }
        }
        return text + "</testsuite></testsuites>\n"
    }

    private static func escape(_ text: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            case "\n", "\t": result.unicodeScalars.append(scalar)
            default: if scalar.value >= 0x20 { result.unicodeScalars.append(scalar) }
            }
        }
        return result
    }
}
