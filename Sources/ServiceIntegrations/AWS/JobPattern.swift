import JSON
import StatesLanguage

/// What `.sync` needs to know of a kind of job: how to ask for its state, how to stop it, how to find it again.
package struct JobPattern: Sendable {
    /// A call, and the parameters that name the job in it.
    package struct Query: Sendable {
        package var operation: String
        package var input: JSONValue
        package init(_ operation: String, _ input: JSONValue) {
            self.operation = operation
            self.input = input
        }
    }

    package enum State: Sendable, Equatable {
        case running
        case succeeded(JSONValue)
        /// The error's name (`States.TaskFailed` mostly) and its cause.
        case failed(String, String)

        /// As AWS reports it: the description of the job is the cause.
        package static func failed(_ description: JSONValue) -> State { .failed(ErrorName.taskFailed, description.text()) }
    }

    /// From the parameters and the answer to the start, the call that asks for the state; nil: the answer names no job.
    package var describe: @Sendable (_ input: JSONValue, _ started: JSONValue) -> Query?
    package var state: @Sendable (_ description: JSONValue) -> State
    /// nil: it cannot be stopped.
    package var stop: @Sendable (_ input: JSONValue, _ started: JSONValue) -> Query?
    package var recovery: Recovery
    /// An error of the question that means success: what is to be deleted is gone.
    package var endingError: String?

    /// How a restarted engine finds the job that it may have started.
    package enum Recovery: Sendable {
        /// The same call with the same token gives the same job.
        case startAgain
        /// The parameters name the job: ask for it, and start it where it does not exist, or is another's.
        case byName(_ isOwn: @Sendable (_ input: JSONValue, _ description: JSONValue) -> Bool = { _, _ in true })
        /// What is changed exists before and after: the change has begun where its description says so.
        case byState(_ hasBegun: @Sendable (_ description: JSONValue) -> Bool)
        /// Calls that list jobs, one page each, and the one that is the task's: what the start would have answered.
        case search(
            first: @Sendable (_ input: JSONValue, _ taskID: String) -> Query,
            find: @Sendable (_ page: JSONValue, _ taskID: String) -> Found)
    }

    package enum Found: Sendable {
        /// As the start would have answered.
        case job(JSONValue)
        /// Ask these next, before what else is left to ask.
        case more([Query])
        /// Not here.
        case none
    }

    package init(
        describe: @escaping @Sendable (JSONValue, JSONValue) -> Query?, state: @escaping @Sendable (JSONValue) -> State,
        stop: @escaping @Sendable (JSONValue, JSONValue) -> Query? = { _, _ in nil }, recovery: Recovery
    ) {
        self.describe = describe
        self.state = state
        self.stop = stop
        self.recovery = recovery
    }

    func ending(onError error: String) -> JobPattern {
        var copy = self
        copy.endingError = error
        return copy
    }
}

/// How often a job is asked for: a second after its start, then half as often again each time, at most every half minute.
package struct JobPace: Sendable {
    package var firstSeconds = 1.0
    package var factor = 1.5
    package var maximumSeconds = 30.0
    /// Throttled or failed questions in a row after which the task fails.
    package var maximumErrors = 10
    package var pause: @Sendable (Double) async -> Void = { seconds in
        try? await Task.sleep(nanoseconds: UInt64(max(0, seconds) * 1_000_000_000))
    }

    package init() {}

    package func delaySeconds(_ round: Int) -> Double {
        var delay = firstSeconds
        for _ in 0..<min(round, 32) { delay = min(delay * factor, maximumSeconds) }
        return delay
    }

    /// Asks until there is a result (nil: not yet). A question that fails is asked again if the job survives that, so many in a row.
    func result(
        survives: (Failure) -> Bool, _ ask: () async throws(Failure) -> JSONValue?
    ) async throws(Failure) -> JSONValue {
        var round = 0
        var errors = 0
        while true {
            await pause(delaySeconds(round))
            if Task.isCancelled { throw Failure(ErrorName.taskFailed, "The task was cancelled.") }
            round += 1
            do throws(Failure) {
                if let result = try await ask() { return result }
                errors = 0
            } catch {
                guard survives(error), errors < maximumErrors, !Task.isCancelled else { throw error }
                errors += 1
            }
        }
    }
}
