import Glibc
import JSON

/// Works on activity tasks with a command: `sfn-run worker ACTIVITY -- command`.
package struct CommandWorker: Sendable {
    package var command: [String]
    package var environment: [String: String]
    package var directory: String?
    package var timeoutSeconds: Double?

    package init(command: [String], environment: [String: String] = [:], directory: String? = nil, timeoutSeconds: Double? = nil) {
        self.command = command
        self.environment = environment
        self.directory = directory
        self.timeoutSeconds = timeoutSeconds
    }

    /// What to answer for the task.
    package enum Answer: Sendable, Equatable {
        /// SendTaskSuccess with this output (JSON).
        case success(JSONValue)
        /// SendTaskFailure.
        case failure(error: String, cause: String)
        /// The worker was told to stop: the task is left to its timeout.
        case cancelled
    }

    /// Runs the command once: the task's input on standard input, its token in `SFN_TASK_TOKEN`.
    package func perform(input: JSONValue, taskToken: String, log: @escaping @Sendable (_ line: [UInt8]) -> Void) async -> Answer {
        var environment = Executable.environment
        environment.merge(self.environment) { $1 }
        environment["SFN_TASK_TOKEN"] = taskToken
        let output = await CommandRun.run(
            command, environment: environment, directory: directory, input: input.bytes() + [UInt8(ascii: "\n")],
            timeoutSeconds: timeoutSeconds, log: log)
        let said = CommandFunction.trimmed(String(decoding: output.errorTail, as: UTF8.self))
        switch output.exit {
        case .exited(0): return Self.success(output.standardOutput)
        case .exited(let status): return failed("exit status \(status)", said, output)
        case .signalled(let signal): return failed(ProcessExit.signalled(signal).description, said, output)
        case .timedOut: return .failure(error: "States.Timeout", cause: "the command ran longer than \(timeoutSeconds ?? 0) seconds")
        case .notStarted(let message): return .failure(error: "Worker.NotStarted", cause: message)
        case .cancelled: return .cancelled
        }
    }

    private static func success(_ output: [UInt8]) -> Answer {
        let text = CommandFunction.trimmed(String(decoding: output, as: UTF8.self))
        if text.isEmpty { return .success(.null) }
        do {
            return .success(try JSONValue(parsing: text))
        } catch {
            return .failure(error: "Worker.InvalidOutput", cause: "the command's standard output is not JSON: \(error)")
        }
    }

    private func failed(_ what: String, _ said: String, _ output: CommandRun.Output) -> Answer {
        for text in [Array(said.split(separator: "\n").last.map(String.init)?.utf8 ?? "".utf8), output.standardOutput] {
            if let value = try? JSONValue(parsing: text), let type = value["errorType"]?.string ?? value["error"]?.string {
                return .failure(error: type, cause: value["errorMessage"]?.string ?? value["cause"]?.string ?? value.text())
            }
        }
        return .failure(error: "Worker.ExitError", cause: said.isEmpty ? what : said)
    }
}
