import Glibc
import JSON

/// A function that is any command: the event as JSON on standard input, the result as JSON on standard output.
enum CommandFunction {
    /// nil: cancelled.
    static func call(
        _ call: FunctionCall, _ function: FunctionConfiguration, words: [String], region: String
    ) async
        -> FunctionOutcome.Result?
    {
        var environment = Executable.environment
        environment.merge(FunctionEnvironment.values(function, region: region)) { $1 }
        environment["AWS_LAMBDA_REQUEST_ID"] = call.requestID
        environment["AWS_LAMBDA_FUNCTION_ARN"] = call.arn
        environment["TZ"] = nil
        environment.merge(function.environment) { $1 }
        let output = await CommandRun.run(
            words, environment: environment, directory: function.directory, input: call.payload.bytes(),
            timeoutSeconds: function.timeoutSeconds, memoryMiB: function.memoryMiB, log: call.log)
        switch output.exit {
        case .exited(0): return payload(output.standardOutput, call)
        case .exited, .signalled: return .failed(failure(output, call))
        case .timedOut: return .failed(.timedOut(after: function.timeoutSeconds ?? 0, requestID: call.requestID))
        case .notStarted(let message):
            return .failed(.unstartable(SpawnError(message: message, code: 0), requestID: call.requestID))
        case .cancelled: return nil
        }
    }

    private static func payload(_ bytes: [UInt8], _ call: FunctionCall) -> FunctionOutcome.Result {
        if bytes.allSatisfy({ $0 == 0x20 || $0 == 0x0A || $0 == 0x0D || $0 == 0x09 }) { return .payload(Array("null".utf8)) }
        do {
            return .payload(try JSONValue(parsing: bytes).bytes())
        } catch {
            return .failed(
                .reported(
                    "Runtime.MarshalError", "The command's standard output is not JSON: \(error)", requestID: call.requestID))
        }
    }

    /// A command may say its error as Lambda does, `{"errorType": …, "errorMessage": …}`, as all of its standard output or
    /// as the last line of its standard error. Otherwise the exit code is the error and standard error its message.
    private static func failure(_ output: CommandRun.Output, _ call: FunctionCall) -> FunctionError {
        let lastLine = output.errorTail.split(separator: UInt8(ascii: "\n")).last.map(Array.init) ?? []
        for text in [output.standardOutput, lastLine] {
            if let value = try? JSONValue(parsing: text), let type = value["errorType"]?.string {
                return FunctionError(errorType: type, payload: value)
            }
        }
        let said = trimmed(String(decoding: output.errorTail, as: UTF8.self))
        let exit: ProcessExit
        switch output.exit {
        case .exited(let status): exit = .exited(status)
        case .signalled(let signal): exit = .signalled(signal)
        default: exit = .exited(0)
        }
        if said.isEmpty { return .ended(exit, requestID: call.requestID) }
        return FunctionError(
            errorType: "Runtime.ExitError",
            payload: [
                "errorType": "Runtime.ExitError", "errorMessage": .string(said), "requestId": .string(call.requestID),
                "exit": .string(exit.description),
            ])
    }

    static func trimmed(_ text: String) -> String {
        let space: (UInt8) -> Bool = { $0 == 0x20 || $0 == 0x0A || $0 == 0x0D || $0 == 0x09 }
        let bytes = Array(text.utf8)
        guard let first = bytes.firstIndex(where: { !space($0) }), let last = bytes.lastIndex(where: { !space($0) }) else { return "" }
        return String(decoding: bytes[first...last], as: UTF8.self)
    }
}
