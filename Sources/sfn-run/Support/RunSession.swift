import ArgumentParser
import Engine
import Glibc
import JSON
import LocalJobs
import LocalPipelines
import SageMakerPipelines
import StatesLanguage
import Store

/// How an execution's end is written on standard output.
enum OutputForm: String, ExpressibleByArgument, CaseIterable {
    case json, text, none

    func write(_ output: JSONValue) {
        switch self {
        case .none: break
        case .json: printOutput(output.text(isatty(STDOUT_FILENO) == 1 ? .pretty : .compact))
        case .text: printOutput(output.string ?? output.text())
        }
    }
}

extension CacheMode: ExpressibleByArgument {}

/// The options of the verbs that run executions.
struct RunOptions: ParsableArguments {
    @Option(help: "How the output is written: json, text (a string without its quotes) or none.")
    var output: OutputForm = .json

    @Flag(name: .shortAndLong, help: "Nothing on standard error but what went wrong.")
    var quiet = false

    @Option(help: "Tasks at once in this process.")
    var maxConcurrency: Int?

    @Option(help: "What counts when a step with a cache is reused: contents of files too (contents), names alone (aws), or never reuse (off).")
    var cache: CacheMode = .contents

    @Option(help: "Waits and retry delays run so many times faster, for tests.")
    var timeScale: Double?

    func validate() throws {
        if let scale = timeScale, !(scale > 0 && scale.isFinite) { throw ValidationError("--time-scale: expected a number above 0") }
        if let most = maxConcurrency, most < 1 { throw ValidationError("--max-concurrency: expected a number above 0") }
    }
}

/// One execution, shown while it runs in this process, and how it ended.
struct RunSession {
    let engine: ExecutionEngine
    let options: RunOptions
    /// nil: `--quiet`.
    let display: ProgressDisplay?
    let machine: StateMachine
    /// nil: a machine.
    var pipeline: PipelineDefinition?
    /// For `FailureReport.where`.
    let file: String
    let line: @Sendable (String) -> Int
    let resumeCommand: @Sendable (String) -> String

    /// Waits for the end, prints, and gives the exit code.
    func finish(_ started: StartedExecution, name: String) async throws -> ExitCode {
        let ticker = display.map { display in
            Task {
                while !Task.isCancelled {
                    display.tick(now: .current)
                    try? await Task.sleep(nanoseconds: 100_000_000)
                }
            }
        }
        Interruption.handle { [engine, display, resumeCommand] in
            display?.close()
            printNote("stopping; go on with: \(resumeCommand(name))   (Ctrl-C again ends at once)")
            await engine.shutDown()
        }
        let result: ExecutionResult
        do {
            result = try await engine.result(of: started.arn)
        } catch {
            if Interruption.hasBegun { await Interruption.waitForever() }
            ticker?.cancel()
            display?.close()
            throw error
        }
        ticker?.cancel()
        display?.close()
        if Interruption.hasBegun { await Interruption.waitForever() }
        return report(result, name)
    }

    private func report(_ result: ExecutionResult, _ name: String) -> ExitCode {
        display?.stepTable(now: result.stoppedAt).forEach(printNote)
        let took = ProgressStyle.duration(milliseconds: result.stoppedAt.milliseconds - result.startedAt.milliseconds)
        guard result.status == .succeeded else {
            let report = FailureReport(
                status: result.status, error: result.error, cause: result.cause, place: place(of: result), machine: machine,
                stepPointers: pipeline?.pointers ?? [:], file: file, line: line, resumeCommand: display?.endedInFailStep == true ? nil : resumeCommand(name))
            report.lines(style: display?.style ?? .plain).forEach(printNote)
            switch result.status {
            case .timedOut: return .executionTimedOut
            case .aborted: return .executionAborted
            case .running, .succeeded, .failed: return .executionFailed
            }
        }
        if let display {
            let counts = display.counts
            let tasks = counts.attempts > 0 ? ", \(counts.attempts) task attempt\(counts.attempts == 1 ? "" : "s")" : ""
            let reused = counts.reused > 0 ? ", \(counts.reused) reused" : ""
            printNote(display.style.green("succeeded") + " in \(took)  \(display.style.dim("\(name): \(counts.states) states\(tasks)\(reused)"))")
        }
        options.output.write(result.output ?? .null)
        return .success
    }

    /// Where it failed: what the progress has seen, else the state that the engine names.
    private func place(of result: ExecutionResult) -> FailurePlace? {
        if let seen = display?.failure(result.error, result.cause), result.failedState == nil || result.failedState?.id == seen.state { return seen }
        return result.failedState.map { FailurePlace(state: $0.id, title: $0.name, error: result.error, cause: result.cause, logTail: []) }
    }
}

extension PipelineDefinition {
    /// The JSON Pointer of each step.
    fileprivate var pointers: [String: String] { Dictionary(allSteps.map { ($0.step.name, $0.pointer) }) { first, _ in first } }
}
