import ExecutionDriver
import JSON
import StatesLanguage

/// What AWS recorded of one execution: it answers the tasks, and it is what the run is compared with.
struct RecordedHistory {
    private let row: JSONValue
    private let events: [JSONValue]

    init(_ row: JSONValue) {
        self.row = row
        events = row["events"]?.array ?? []
    }

    // MARK: answering

    /// The files that a distributed Map read are not in the row; what came of them is.
    var recordsMapRun: Bool { row["definition"]?.text().contains("\"ItemReader\"") ?? false }

    /// What was recorded is no name of a function: `function:<lambda_function_name>` becomes `function:lambda_function_name`.
    var definition: JSONValue {
        let definition = row["definition"] ?? .null
        let pieces = Self.split(definition.text(), ":function:<")
        let text = pieces.dropFirst().reduce(pieces[0]) { text, piece in
            guard let end = piece.firstIndex(of: ">") else { return text + ":function:<" + piece }
            return text + ":function:" + piece[..<end] + piece[piece.index(after: end)...]
        }
        return (try? JSONValue(parsing: text)) ?? definition
    }

    private static func split(_ text: String, _ separator: String) -> [String] {
        text.split(separator: separator, omittingEmptySubsequences: false).map(String.init)
    }

    /// What the machine got; where the recording hides a time, a time that leads to the recorded outcome.
    var input: JSONValue {
        guard let input = row["input"], input.text().contains("\"<timestamp>\"") else { return row["input"] ?? .object(JSONObject()) }
        let cause = row["outcome"]?["cause"]?.string ?? ""
        let time =
            cause.contains("too long") ? "2123-01-01T00:00:00Z" : cause.contains("not reference a valid") ? "2023-11-15T00:00:00" : "2023-11-15T00:00:00Z"
        let text = input.text().split(separator: "<timestamp>", omittingEmptySubsequences: false).joined(separator: time)
        return (try? JSONValue(parsing: text)) ?? input
    }

    var mapRunResult: Result<JSONValue, Failure> {
        if let failed = events.first(where: { $0["type"] == "MapRunFailed" })?["mapRunFailedEventDetails"] {
            return .failure(Failure(failed["error"]?.string, failed["cause"]?.string))
        }
        let exited = events.last { $0["type"] == "MapStateExited" }?["stateExitedEventDetails"]?["output"]
        return .success(Self.value(exited ?? .null))
    }

    /// The recording ends here although the execution does not.
    func isCut(at event: Int64) -> Bool {
        guard let last = events.last, last["type"]?.string?.hasPrefix("Execution") != true || stop != nil else { return false }
        return event >= Int64(stop == nil ? events.count : events.count - 1)
    }

    /// What stopped the recorded execution.
    var stop: Stimulus? {
        guard let last = events.last, last["type"] == "ExecutionAborted" else { return nil }
        let details = last["executionAbortedEventDetails"]
        return .stop(error: details?["error"]?.string, cause: details?["cause"]?.string)
    }

    var answers: RecordedAnswers {
        var answers = RecordedAnswers()
        if events.isEmpty {
            let output = row["outcome"]?["output"] ?? .null
            let final = output["final"] ?? output
            if let error = final["Error"]?.string {
                answers.rest = [.failure(error, final["Cause"]?.string)]
            } else {
                answers.rest = [.success(final)]
            }
            return answers
        }
        var states: [Int64: String] = [:]
        var submitted: JSONValue?
        var exited = events.filter { $0["type"] == "TaskStateExited" && $0["id"]?.wholeNumber == nil }.compactMap { $0["stateExitedEventDetails"] }
        for event in events {
            let details = event.object?.first { $0.key.hasSuffix("EventDetails") }?.value
            let type = event["type"]?.string ?? ""
            var name = event["previousEventId"]?.wholeNumber.flatMap { states[$0] }
            if type.hasSuffix("StateEntered") { name = details?["name"]?.string }
            if let id = event["id"]?.wholeNumber { states[id] = name }
            guard type.hasPrefix("Task") || type.hasPrefix("LambdaFunction") || type.hasPrefix("Activity") else { continue }
            if type.hasSuffix("Submitted") { submitted = details?["output"].map(Self.value) }
            var outcome: ExecutionDriver.Answer?
            if type.hasSuffix("Succeeded") { outcome = .success(Self.value(details?["output"] ?? .null)) }
            if type.hasSuffix("Failed") { outcome = .failure(details?["error"]?.string, details?["cause"].map { $0.string ?? $0.text() }) }
            if type.hasSuffix("TimedOut") { outcome = .never }
            guard var outcome else { continue }
            // In a Parallel's branch: the state that left with this result.
            if event["id"]?.wholeNumber == nil, let output = details?["output"], let place = exited.firstIndex(where: { $0["output"] == output }) {
                answers.states[exited[place]["name"]?.string ?? "", default: []].append(outcome)
                exited.remove(at: place)
                continue
            }
            outcome.submitted = submitted
            submitted = nil
            if let name, event["id"]?.wholeNumber != nil { answers.states[name, default: []].append(outcome) } else { answers.rest.append(outcome) }
        }
        return answers
    }

    /// Texts of arrays and scalars were left as they were; objects were parsed.
    private static func value(_ recorded: JSONValue) -> JSONValue {
        guard let text = recorded.string else { return recorded }
        return (try? JSONValue(parsing: text)) ?? recorded
    }

    // MARK: comparing

    /// nil: the execution went as it was recorded.
    func difference(_ driver: ExecutionDriver) -> String? {
        let outcome = row["outcome"] ?? .null
        let execution = driver.execution
        let found = driver.awsEvents
        if events.isEmpty || ["SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED"].contains(outcome["status"]?.string) {
            guard let status = execution.status?.rawValue, status == outcome["status"]?.string else {
                return "status \(execution.status?.rawValue ?? "none") \(execution.error ?? ""): \(execution.cause ?? ""); types: \(Self.types(found))"
            }
        }
        if events.isEmpty {
            for (key, value) in [("output", execution.output), ("error", execution.error.map { .string($0) }), ("cause", execution.cause.map { .string($0) })] {
                guard let expected = outcome[key] else { continue }
                if let value, RecordedValue(expected).matches(value) { continue }
                return "\(key): found \(value?.text() ?? "none"), expected \(expected.text())"
            }
            return nil
        }
        return differenceOfEvents(found)
    }

    private func differenceOfEvents(_ found: [JSONValue]) -> String? {
        // Of the events of a Parallel's branches neither order nor ids were recorded.
        var unordered: [JSONValue] = []
        var ordered: [Int64: JSONValue] = [:]
        for event in events {
            if let id = event["id"]?.wholeNumber { ordered[id] = event } else { unordered.append(event) }
        }
        let lastID = events.compactMap { $0["id"]?.wholeNumber }.max() ?? 0
        let isWhole = events.contains { $0["type"]?.string?.hasPrefix("Execution") == true && $0["type"] != "ExecutionStarted" }
        let hasBranches = !unordered.isEmpty
        var left = lastID - Int64(events.count)
        for event in found {
            let id = event["id"]?.wholeNumber ?? 0
            if let expected = ordered.removeValue(forKey: id) {
                if let difference = Self.difference(event, expected, ignoresIDs: false) {
                    return "event \(id): \(difference); types: \(Self.types(found))"
                }
            } else if id > lastID, !isWhole {
                continue
            } else if let place = unordered.firstIndex(where: { Self.difference(event, $0, ignoresIDs: true) == nil }) {
                unordered.remove(at: place)
            } else if hasBranches, left > 0 {
                // The recording left out some events of branches; the ids of those that follow say how many.
                left -= 1
            } else {
                return "event \(id) is not expected: \(event.text()); types: \(Self.types(found))"
            }
        }
        guard ordered.isEmpty, unordered.isEmpty else {
            return "missing: \((ordered.sorted { $0.key < $1.key }.map { $0.value.text() } + unordered.map { $0.text() }).joined(separator: " "))"
        }
        return nil
    }

    private static func types(_ events: [JSONValue]) -> String {
        events.map { "\($0["id"]?.text() ?? "")←\($0["previousEventId"]?.text() ?? "") \($0["type"]?.string ?? "")" }.joined(separator: ", ")
    }

    /// Until October 2024 AWS let MapStateExited point to MapRunSucceeded; since then it points to MapRunStarted, which is before that.
    private static func isOlderMapExit(_ found: JSONValue, _ expected: JSONValue) -> Bool {
        found["type"] == "MapStateExited" && found["previousEventId"]?.wholeNumber == (expected["previousEventId"]?.wholeNumber ?? 0) - 1
    }

    private static func difference(_ found: JSONValue, _ expected: JSONValue, ignoresIDs: Bool) -> String? {
        let keys = Set(found.object?.keys ?? []).union(expected.object?.keys ?? []).subtracting(["timestamp"]).sorted()
        for key in keys {
            if key == "id" || key == "previousEventId", ignoresIDs || expected[key]?.wholeNumber == nil { continue }
            if key == "previousEventId", isOlderMapExit(found, expected) { continue }
            guard let value = found[key], let wanted = expected[key], RecordedValue(wanted).matches(value) else {
                return "\(key): found \(found[key]?.text() ?? "none"), expected \(expected[key]?.text() ?? "none")"
            }
        }
        return nil
    }
}

/// The answers of the tasks, by state, in their order.
struct RecordedAnswers {
    var states: [String: [ExecutionDriver.Answer]] = [:]
    /// Of those whose state is not known.
    var rest: [ExecutionDriver.Answer] = []

    /// nil: none was recorded.
    mutating func next(_ state: String) -> ExecutionDriver.Answer? {
        if let answers = states[state], let first = answers.first {
            states[state] = Array(answers.dropFirst())
            return first
        }
        guard let first = rest.first else { return nil }
        if rest.count > 1 { rest.removeFirst() }
        return first
    }
}
