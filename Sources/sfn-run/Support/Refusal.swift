import ArgumentParser
import Engine
import JSON
import Store

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
        case let store as StoreError:
            printNote("sfn-run: \(store)")
            return ExitCode.executionFailed
        case let engine as EngineError:
            printNote("sfn-run: \(sentence(for: engine))")
            return ExitCode.executionFailed
        default: return error
        }
    }

    private static func sentence(for error: EngineError) -> String {
        switch error {
        case .executionAlreadyExists(let arn): "an execution of this name exists already: \(arn)"
        case .executionDoesNotExist(let arn): "there is no execution \(arn)"
        case .invalidName(let name): "\(name) is no name for an execution"
        case .invalidToken: "this is no task token of this store"
        case .taskDoesNotExist: "the task that this token belongs to has ended"
        case .taskTimedOut: "the task that this token belongs to has timed out"
        case .notRedrivable(let reason): "it cannot be resumed: \(reason)"
        case .ownedElsewhere(let arn): "another process runs \(arn)"
        case .shuttingDown: "the engine is stopping"
        case .storeFailed(let reason): reason
        }
    }
}
