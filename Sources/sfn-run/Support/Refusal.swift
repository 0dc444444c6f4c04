import ArgumentParser
import JSON

/// Ends the program with one clear sentence on standard error.
struct Refusal: Error {
    let sentence: String
    let code: ExitCode

    init(_ sentence: String, _ code: ExitCode = .wrongUsage) {
        self.sentence = sentence
        self.code = code
    }

    /// Runs a verb and turns what it throws into a sentence and an exit code.
    static func reporting(_ body: () throws -> Void) throws {
        do {
            try body()
        } catch {
            throw exitCode(for: error)
        }
    }

    static func reporting(_ body: () async throws -> Void) async throws {
        do {
            try await body()
        } catch {
            throw exitCode(for: error)
        }
    }

    private static func exitCode(for error: any Error) -> any Error {
        switch error {
        case let refusal as Refusal:
            printNote("sfn-run: \(refusal.sentence)")
            return refusal.code
        case let unreadable as UnreadableDefinition:
            printNote("\(unreadable.path):\(unreadable.error.line): not JSON: \(unreadable.error.message) (column \(unreadable.error.column))")
            return ExitCode.invalidDefinition
        case let json as JSONError:
            printNote("sfn-run: not JSON: \(json)")
            return ExitCode.invalidDefinition
        default: return error
        }
    }
}
