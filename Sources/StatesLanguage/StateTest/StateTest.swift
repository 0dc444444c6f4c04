import JSON

/// One state on its own, as the operation TestState evaluates it: the same fields, the same order, no execution around it.
///
/// `start()` evaluates what comes before the state's work. A Task without a mock then wants its resource called, and
/// `finish(_:)` takes the answer; everything else is over at once.
public struct StateTest: Sendable {
    public let machine: StateMachine
    public let state: State
    /// The state's raw input.
    public var input: JSONValue = .object(JSONObject())
    /// `$$` and `$states.context`.
    public var context: JSONValue = .object(JSONObject())
    /// Variables assigned before the state.
    public var variables = JSONObject()
    public var mock: Mock?
    /// How often the retrier that matches was used before.
    public var retrierRetryCount = 0
    /// How many iterations of a Map failed.
    public var mapIterationFailureCount: Int?
    /// What the ItemReader of a distributed Map found.
    public var mapItemReaderData: JSONValue?
    public var now: Timestamp
    public var seed: UInt64
    /// What was found on the way.
    public internal(set) var inspection = Inspection()

    public enum Mock: Sendable {
        case result(JSONValue)
        case error(String?, cause: String?)
    }

    public enum Step: Sendable {
        /// The resource is to be called with this.
        case task(TaskResource, TaskSchedule)
        case ended(Outcome)
    }

    public init(machine: StateMachine, state: State, now: Timestamp, seed: UInt64 = 0) {
        self.machine = machine
        self.state = state
        self.now = now
        self.seed = seed
    }

    /// What TestState calls `inspectionData`.
    public struct Inspection: Sendable {
        /// `afterInputPath`, `result`, …: AWS gives each as a text of JSON.
        public internal(set) var data = JSONObject()
        /// `maxConcurrency`, `toleratedFailureCount`, `toleratedFailurePercentage`.
        public internal(set) var numbers = JSONObject()
        /// `catchIndex`, `retryIndex`, `retryBackoffIntervalSeconds`.
        public internal(set) var errorDetails = JSONObject()
    }

    public struct Outcome: Sendable {
        public enum Status: String, Sendable {
            case succeeded = "SUCCEEDED"
            case failed = "FAILED"
            case retriable = "RETRIABLE"
            case caughtError = "CAUGHT_ERROR"
        }
        public var status: Status
        public var output: JSONValue?
        public var error: String?
        public var cause: String?
        public var nextState: String?
        public var inspection: Inspection
    }

    /// Evaluates up to the state's work, and to the end where nothing outside is needed.
    public mutating func start() -> Step {
        inspection = Inspection()
        inspection.data["input"] = input
        do throws(Failure) {
            return try work()
        } catch {
            return .ended(failed(error))
        }
    }

    /// What the resource of a Task answered.
    public mutating func finish(_ result: Result<JSONValue, Failure>) -> Outcome {
        do throws(Failure) {
            return try leave(try result.get())
        } catch {
            return failed(error)
        }
    }

    // MARK: parts that the extensions use

    var isQuery: Bool { state.language == .jsonata }

    func scope(mapItem: JSONValue? = nil) -> EvaluationScope {
        var context = context
        if let mapItem, case .object(var object) = context {
            object["Map"] = ["Item": mapItem]
            context = .object(object)
        }
        return EvaluationScope(
            input: input, variables: Variables(variables.isEmpty ? [] : [variables]), now: now, seed: seed, context: { context })
    }

    mutating func show(_ name: String, _ value: JSONValue) { inspection.data[name] = value }

    mutating func succeeded(_ output: JSONValue, next: String?, assigned: JSONObject) -> Outcome {
        for (name, value) in assigned { variables[name] = value }
        if !variables.isEmpty { show("variables", .object(variables)) }
        return Outcome(status: .succeeded, output: output, nextState: next, inspection: inspection)
    }

    func assignments(_ assign: Template?, _ scope: EvaluationScope) throws(Failure) -> JSONObject {
        guard let assign, case .object(let values) = try assign.evaluate(scope) else { return JSONObject() }
        return values
    }

    var nextState: String? {
        guard case .next(let next) = state.transition else { return nil }
        return machine[next].name
    }
}
