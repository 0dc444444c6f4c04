import AWSClient
import JSON
import StatesLanguage

/// One `.sync` task: starts its job or finds it again, asks until it has ended, and stops it when it is unwanted.
struct JobRun: Sendable {
    let job: JobPattern
    let action: OptimizedAction
    let caller: ServiceCaller
    let input: JSONValue
    let report: any TaskReport
    let pace: JobPace
    private static let maximumQuestions = 500

    func result() async throws(Failure) -> JSONValue {
        let started = try await findOrStart()
        guard let query = job.describe(input, started) else {
            throw Failure(ErrorName.taskFailed, "The answer to \(action.operation) names no job: \(started.text())")
        }
        do throws(Failure) {
            return try await ended(query, started)
        } catch {
            // Nobody waits any more: the engine's task is cancelled, and so would be every call from here.
            if Task.isCancelled, !report.isShuttingDown, let stop = job.stop(input, started) {
                let caller = caller
                await Task.detached { _ = try? await caller.call(stop.operation, stop.input) }.value
            }
            throw error
        }
    }

    private func findOrStart() async throws(Failure) -> JSONValue {
        if caller.request.isReattached, let found = try await found() { return found }
        let result = try await start()
        let output = try action.finish(result.output)
        report.submitted(SdkMetadata.added(to: output, result))
        return result.output
    }

    /// Once it is sent, the service may have the job: who stops the execution waits for the answer, to stop the job too.
    private func start() async throws(Failure) -> AWSResult {
        let (caller, action, input, report) = (caller, action, input, report)
        let call = Task.detached { () -> Result<AWSResult, Failure> in
            do throws(Failure) {
                return .success(try await caller.call(action.operation, input, stallSeconds: action.stallSeconds))
            } catch {
                return .failure(error)
            }
        }
        let result = await withTaskCancellationHandler {
            await call.value
        } onCancel: {
            if report.isShuttingDown { call.cancel() }
        }
        return try result.get()
    }

    /// A question that is repeated while it gets no answer.
    private func ask(_ query: JobPattern.Query) async throws(Failure) -> JSONValue {
        var errors = 0
        while true {
            do throws(Failure) {
                return try await caller.call(query.operation, query.input).output
            } catch {
                guard error.isPassing, errors < pace.maximumErrors, !Task.isCancelled else { throw error }
            }
            await pace.pause(pace.delaySeconds(errors))
            errors += 1
        }
    }

    /// What the start would have answered, if it has happened.
    private func found() async throws(Failure) -> JSONValue? {
        // The history knows it, where the answer came before the engine died.
        if let submitted = caller.request.submitted, job.describe(input, submitted) != nil { return submitted }
        switch job.recovery {
        case .startAgain: return nil
        case .byName(let isOwn):
            guard let query = job.describe(input, .null) else { return nil }
            do throws(Failure) {
                return isOwn(input, try await ask(query)) ? .null : nil
            } catch {
                if error.isPassing { throw error }
                // A job that is not there yet is no failure; what else is wrong shows when it is started.
                return nil
            }
        case .byState(let hasBegun):
            guard let query = job.describe(input, .null) else { return nil }
            do throws(Failure) {
                return hasBegun(try await ask(query)) ? .object(JSONObject()) : nil
            } catch {
                if let ending = job.endingError, error.error == ending { return .object(JSONObject()) }
                throw error
            }
        case .search(let first, let find):
            var queries = [first(input, caller.request.taskID)]
            for _ in 0..<Self.maximumQuestions {
                guard let query = queries.popLast() else { return nil }
                switch find(try await ask(query), caller.request.taskID) {
                case .job(let started): return started
                case .more(let next): queries += next.reversed()
                case .none: break
                }
            }
            // Starting a second job is worse than a failure that says so.
            throw Failure(
                ErrorName.taskFailed,
                "It cannot be told whether \(action.operation) was called before the restart: there are too many jobs to look through.")
        }
    }

    private func ended(_ query: JobPattern.Query, _ started: JSONValue) async throws(Failure) -> JSONValue {
        try await pace.result(survives: \.isPassing) { () throws(Failure) in
            do throws(Failure) {
                let description = try await caller.call(query.operation, query.input).output
                switch job.state(description) {
                case .running: return nil
                case .succeeded(let output): return output
                case .failed(let error, let cause): throw Failure(error, cause)
                }
            } catch {
                if let ending = job.endingError, error.error == ending { return started }
                throw error
            }
        }
    }
}

extension Failure {
    /// A failed question after a job, which the job itself survives.
    fileprivate var isPassing: Bool {
        guard let error, !error.hasPrefix("States.") else { return false }
        return error.hasSuffix(".SdkClientException") || error.contains("Throttl") || error.contains("TooManyRequests")
            || error.contains("ServiceUnavailable") || error.contains("InternalServer") || error.contains("ServiceException")
            || cause?.contains("Status Code: 5") == true || cause?.contains("Rate exceeded") == true
    }
}
