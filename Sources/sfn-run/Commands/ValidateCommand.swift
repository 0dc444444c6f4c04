import ArgumentParser
import JSON

/// `sfn-run validate FILE…`
struct ValidateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "validate",
        abstract: "Finds everything that is wrong with a state machine or a pipeline.",
        discussion: """
            Each problem comes with its line, its JSON Pointer and AWS's code and sentence; codes that begin with \
            LINT_ are advice that AWS does not give. Ends with 65 if there is an error, with 0 if there are only warnings.
            """)

    @Argument(help: "Definitions; - is standard input.")
    var files: [String]

    @Option(help: "How the problems are written: text, json or sarif.")
    var format: Format = .text

    @Flag(help: "Check as an Express machine: no .sync, no .waitForTaskToken, no activities.")
    var express = false

    @Flag(help: "Refuse sfn-run's extensions: only what AWS Step Functions accepts.")
    var strict = false

    enum Format: String, ExpressibleByArgument, CaseIterable { case text, json, sarif }

    func run() throws {
        try Refusal.reporting {
            var problems: [Problem] = []
            for file in files { problems += try Examination.problems(of: file, isExpress: express, isStrict: strict) }
            switch format {
            case .text:
                problems.forEach { printOutput($0.text) }
                if problems.isEmpty { printNote(files.count == 1 ? "\(files[0]): valid" : "\(files.count) files: valid") }
            case .json: printOutput(JSONValue.array(problems.map(\.json)).text(.pretty))
            case .sarif: printOutput(SARIFReport.document(problems).text(.pretty))
            }
            if problems.contains(where: { $0.severity == .error }) { throw ExitCode.invalidDefinition }
        }
    }
}
