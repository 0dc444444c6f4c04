import AWSClient
import Deploy
import Engine
import JSON
import LocalJobs

/// Where the tasks of an activity come from, and where their answers go.
protocol ActivitySource: Sendable {
    /// Waits up to a minute. nil: there was none.
    func next(_ activityARN: String, worker: String) async throws -> (token: String, input: JSONValue)?
    /// False: the task has ended, and nobody waits for its answer.
    func heartbeat(_ token: String) async throws -> Bool
    /// False: the task had ended before.
    func answer(_ token: String, _ answer: CommandWorker.Answer) async throws -> Bool
}

/// The activities of this store.
struct LocalActivitySource: ActivitySource {
    let engine: ExecutionEngine

    func next(_ activityARN: String, worker: String) async throws -> (token: String, input: JSONValue)? {
        guard let task = try await engine.activityTask(activityARN, worker: worker, waitingSeconds: 60) else { return nil }
        return (task.token, (try? JSONValue(parsing: task.input)) ?? .null)
    }

    func heartbeat(_ token: String) async throws -> Bool { try await isOpen { try await engine.completeTask(token: token, .heartbeat) } }

    func answer(_ token: String, _ answer: CommandWorker.Answer) async throws -> Bool {
        try await isOpen {
            switch answer {
            case .success(let output): try await engine.completeTask(token: token, .success(output))
            case .failure(let error, let cause): try await engine.completeTask(token: token, .failure(error: error, cause: cause))
            case .cancelled: break
            }
        }
    }

    private func isOpen(_ body: () async throws -> Void) async throws -> Bool {
        do {
            try await body()
            return true
        } catch EngineError.taskTimedOut, EngineError.taskDoesNotExist {
            return false
        }
    }
}

/// The activities of Step Functions itself, or of any server with its API.
///
/// A worker outlives what passes: no network, throttling, a restart of the service. Only a refusal ends it.
struct RemoteActivitySource: ActivitySource {
    let service: RemoteStepFunctions
    var note: @Sendable (String) -> Void = { _ in }
    var pause: @Sendable (Double) async -> Void = AWSClient.sleep

    func next(_ activityARN: String, worker: String) async throws -> (token: String, input: JSONValue)? {
        try await persisting(attempts: .max) { () async throws(AWSFailure) in try await service.activityTask(activityARN, workerName: worker) }
    }

    func heartbeat(_ token: String) async throws -> Bool {
        do {
            try await service.heartbeat(token)
            return true
        } catch {
            // A heartbeat that did not get through is no reason to give up: the next one may.
            return !Self.isEnd(error)
        }
    }

    func answer(_ token: String, _ answer: CommandWorker.Answer) async throws -> Bool {
        do {
            switch answer {
            case .success(let output):
                try await persisting(attempts: 10) { () async throws(AWSFailure) in try await service.succeed(token, output) }
            case .failure(let error, let cause):
                try await persisting(attempts: 10) { () async throws(AWSFailure) in
                    try await service.fail(token, error: Self.limited(error, 256), cause: Self.limited(cause, 32_768))
                }
            case .cancelled: break
            }
            return true
        } catch let failure as AWSFailure where Self.isEnd(failure) {
            return false
        }
    }

    private func persisting<Value: Sendable>(
        attempts: Int, _ body: () async throws(AWSFailure) -> Value
    ) async throws -> Value {
        var attempt = 1
        while true {
            do throws(AWSFailure) {
                return try await body()
            } catch {
                guard Self.isPassing(error), attempt < attempts, !Task.isCancelled else { throw error }
                note("\(RemotePlace.sentence(error)); trying again")
            }
            await pause(min(0.5 * Double(1 << min(attempt, 6)), 30))
            attempt += 1
        }
    }

    static func isPassing(_ failure: AWSFailure) -> Bool {
        switch failure {
        case .transport(let failure): failure.kind != .cancelled && failure.kind != .invalidRequest
        case .service(let error):
            error.status >= 500 || error.status == 429 || error.code.contains("Throttl") || error.code.contains("TooManyRequests")
        default: false
        }
    }

    private static func isEnd(_ failure: AWSFailure) -> Bool {
        guard case .service(let error) = failure else { return false }
        return error.code == "TaskTimedOut" || error.code == "TaskDoesNotExist"
    }

    /// As many characters as the API takes.
    private static func limited(_ text: String, _ count: Int) -> String {
        text.unicodeScalars.count <= count ? text : String(String.UnicodeScalarView(text.unicodeScalars.prefix(count)))
    }
}
