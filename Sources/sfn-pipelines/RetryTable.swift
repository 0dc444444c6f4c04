import ExecutionDriver
import JSON
import SageMakerPipelines
import StatesLanguage

/// Retry policies: error class × policy × time, with the attempts made and when, on a virtual clock (spec 2.4).
///
/// `sfn-pipelines --retries` prints it. What is expected stands here in numbers; it is compared with the compiled machine's
/// run and with `RetrySchedule`.
package struct RetryCase: Sendable {
    package let what: String
    var type: StepType = .training
    /// `RetryPolicies`
    let policies: JSONValue
    /// The error of each attempt, the last one again and again; an empty text: it succeeds.
    let errors: [String]
    /// How long an attempt takes.
    var attemptSeconds = 0.0
    /// When attempts start, in seconds.
    package let attempts: [Double]

    private static let fault = "Step.SERVICE_FAULT"
    private static let throttling = "Step.THROTTLING"
    private static let capacity = "SageMaker.CAPACITY_ERROR"
    private static let internalError = "SageMaker.JOB_INTERNAL_ERROR"
    private static let limit = "SageMaker.RESOURCE_LIMIT"
    /// What a failing script ends with: no policy can name it.
    private static let script = "AlgorithmError"

    private static func policy(_ classes: [String], interval: Int64? = nil, rate: Double? = nil, attempts: Int64? = nil, minutes: Int64? = nil) -> JSONValue {
        var object = JSONObject([("ExceptionType", JSONValue.array(classes.map { .string($0) }))])
        object["IntervalSeconds"] = interval.map { .integer($0) }
        object["BackoffRate"] = rate.map { .double($0) }
        object["MaxAttempts"] = attempts.map { .integer($0) }
        object["ExpireAfterMin"] = minutes.map { .integer($0) }
        return .object(object)
    }

    package static let all: [RetryCase] = [
        RetryCase(what: "a service fault is retried without a policy", policies: [], errors: [fault], attempts: [0, 1, 3, 7, 15, 31]),
        RetryCase(what: "throttling is retried without a policy", policies: [], errors: [throttling], attempts: [0, 1, 3, 7, 15, 31]),
        RetryCase(what: "also in a Lambda step", type: .lambda, policies: [], errors: [throttling], attempts: [0, 1, 3, 7, 15, 31]),
        RetryCase(what: "a capacity error is not", policies: [], errors: [capacity], attempts: [0]),
        RetryCase(what: "an internal error of the job is not", policies: [], errors: [internalError], attempts: [0]),
        RetryCase(what: "a resource limit is not", policies: [], errors: [limit], attempts: [0]),
        RetryCase(what: "a policy's defaults: 1 s, doubled, 5 times", policies: [policy([capacity])], errors: [capacity], attempts: [0, 1, 3, 7, 15, 31]),
        RetryCase(
            what: "MaxAttempts counts retries", policies: [policy([limit], interval: 5, rate: 1, attempts: 3)], errors: [limit], attempts: [0, 5, 10, 15]),
        RetryCase(what: "MaxAttempts 0 is never", policies: [policy([limit], attempts: 0)], errors: [limit], attempts: [0]),
        RetryCase(
            what: "interval × rate^(k-1)", policies: [policy([internalError], interval: 4, rate: 1.5, attempts: 3)], errors: [internalError],
            attempts: [0, 4, 10, 19]),
        RetryCase(
            what: "ExpireAfterMin looks when the error comes", policies: [policy([capacity], interval: 10, rate: 2, minutes: 5)], errors: [capacity],
            attempts: [0, 10, 30, 70, 150, 310]),
        RetryCase(
            what: "the attempts' own time counts", policies: [policy([capacity], interval: 10, rate: 2, minutes: 5)], errors: [capacity], attemptSeconds: 60,
            attempts: [0, 70, 150, 250]),
        RetryCase(
            what: "an error at the limit itself is retried", policies: [policy([capacity], interval: 60, rate: 1, minutes: 2)], errors: [capacity],
            attempts: [0, 60, 120, 180]),
        RetryCase(what: "ExpireAfterMin 0 is never", policies: [policy([capacity], minutes: 0)], errors: [capacity], attempts: [0]),
        RetryCase(
            what: "a policy takes the default's place", policies: [policy([throttling], interval: 2, attempts: 1)], errors: [throttling], attempts: [0, 2]),
        RetryCase(
            what: "and leaves the other default alone", policies: [policy([throttling], interval: 2, attempts: 1)], errors: [fault],
            attempts: [0, 1, 3, 7, 15, 31]),
        RetryCase(
            what: "a script's own error matches nothing", policies: [policy([fault, throttling, capacity, internalError, limit], attempts: 20)],
            errors: [script],
            attempts: [0]),
        RetryCase(
            what: "the first policy that names it applies", policies: [policy([capacity], attempts: 1), policy([capacity], attempts: 5)], errors: [capacity],
            attempts: [0, 1]),
        RetryCase(
            what: "each policy counts for itself",
            policies: [policy([capacity], interval: 1, attempts: 2), policy([limit], interval: 3, attempts: 2)],
            errors: [capacity, limit, capacity, limit, capacity], attempts: [0, 1, 4, 6, 12]),
        RetryCase(
            what: "the classes of one policy share its count", policies: [policy([capacity, limit], interval: 1, attempts: 2)],
            errors: [capacity, limit, capacity], attempts: [0, 1, 3]),
        RetryCase(
            what: "a success ends it", policies: [policy([internalError], interval: 1, attempts: 20)], errors: [internalError, internalError, ""],
            attempts: [0, 1, 3]),
        RetryCase(
            what: "then another error ends it", policies: [policy([internalError], interval: 1, attempts: 20)], errors: [internalError, script],
            attempts: [0, 1]),
        RetryCase(
            what: "a Tuning step does not retry internal errors", type: .tuning, policies: [policy([internalError, capacity], attempts: 3)],
            errors: [internalError],
            attempts: [0]),
        RetryCase(
            what: "but the rest of its policy", type: .tuning, policies: [policy([internalError, capacity], attempts: 3)], errors: [capacity],
            attempts: [0, 1, 3, 7]),
    ]

    // MARK: running

    private func error(_ attempt: Int) -> String { errors[min(attempt, errors.count - 1)] }

    private var definition: PipelineDefinition {
        var step = JSONObject([("Name", "Step"), ("Type", .string(type.rawValue)), ("Arguments", .object(JSONObject()))])
        if policies.array?.isEmpty == false { step["RetryPolicies"] = policies }
        if type == .lambda { step["FunctionArn"] = "arn:aws:lambda:us-east-1:123456789012:function:f" }
        var document = JSONObject([("Version", "2020-12-01")])
        document["Parameters"] = .array([])
        document["Steps"] = .array([.object(step)])
        return PipelineDefinition(document: document)
    }

    /// What the compiled machine does: when attempts start, how it ends, and whether every attempt had a name of its own.
    package func run() -> (attempts: [Double], hasSucceeded: Bool, hasOwnNames: Bool)? {
        guard let machine = StateMachine.read(definition.compile().machine).machine else { return nil }
        var count = 0
        let wholes = self
        var driver = ExecutionDriver(machine: machine) { _ in
            let error = wholes.error(count)
            count += 1
            let outcome: ExecutionDriver.Answer.Outcome = error.isEmpty ? .success(.object(JSONObject())) : .failure(error: error, cause: nil)
            return ExecutionDriver.Answer(outcome, afterSeconds: wholes.attemptSeconds)
        }
        let start = driver.now.milliseconds
        driver.run(.object(JSONObject()))
        var attempts: [Double] = []
        var names: Set<String> = []
        for event in driver.history {
            guard case .taskScheduled(_, let schedule) = event.kind else { continue }
            attempts.append(Double(event.timestamp.milliseconds - start) / 1000)
            let member = type == .tuning ? "HyperParameterTuningJobName" : "TrainingJobName"
            if let name = schedule.input[member]?.string { names.insert(name) }
        }
        return (attempts, driver.execution.status == .succeeded, type == .lambda || names.count == attempts.count)
    }

    /// What the pure function says.
    package func scheduled() -> [Double] {
        var schedule = RetrySchedule(policies: (policies.array ?? []).compactMap { $0.object.map(RetryPolicy.init(document:)) }, of: type)
        var now = 0.0
        var attempts = [0.0]
        while attempts.count < 100, !error(attempts.count - 1).isEmpty {
            now += attemptSeconds
            guard let wait = schedule.waitBeforeRetry(after: RetryClass(rawValue: error(attempts.count - 1)), secondsSinceStart: now) else { break }
            now += wait
            attempts.append(now)
        }
        return attempts
    }

    // MARK: printing

    private var policyText: String {
        let list = (policies.array ?? []).compactMap { $0.object.map(RetryPolicy.init(document:)) }
        if list.isEmpty { return "none" }
        return list.map { policy in
            let classes = policy.exceptionTypes.map { $0.split(separator: ".").last.map(String.init) ?? $0 }.joined(separator: "|")
            let end = policy.expireAfterMin.map { "\($0) min" } ?? "\(policy.maxAttempts ?? 5) times"
            return "\(classes): \(policy.intervalSeconds) s × \(policy.backoffRate), \(end)"
        }.joined(separator: "; ")
    }

    /// Prints the table; whether all holds.
    package static func printTable() -> Bool {
        var rows = [["", "CASE", "POLICY", "ERRORS", "TAKES", "ATTEMPTS AT (s)", "END"]]
        var isRight = true
        for own in all {
            let run = own.run()
            let holds = run?.attempts == own.attempts && own.scheduled() == own.attempts && run?.hasOwnNames == true
            isRight = isRight && holds
            let errors = own.errors.map { $0.isEmpty ? "success" : String($0.split(separator: ".").last ?? "") }.joined(separator: ", ")
            let times = (run?.attempts ?? []).map { $0 == $0.rounded() ? "\(Int($0))" : "\($0)" }.joined(separator: " ")
            rows.append([
                holds ? "ok" : "WRONG", own.what, own.policyText, errors + (own.errors.count == 1 ? " …" : ""), "\(Int(own.attemptSeconds)) s", times,
                run?.hasSucceeded == true ? "Succeeded" : "Failed",
            ])
        }
        var widths = Array(repeating: 0, count: 7)
        for row in rows { for (column, cell) in row.enumerated() { widths[column] = max(widths[column], cell.unicodeScalars.count) } }
        for row in rows {
            print(
                row.enumerated().map { column, cell in column == 6 ? cell : cell + String(repeating: " ", count: widths[column] - cell.unicodeScalars.count) }
                    .joined(separator: "  "))
        }
        print("retries: \(all.count) cases, \(isRight ? "all as" : "NOT as") expected")
        return isRight
    }
}
