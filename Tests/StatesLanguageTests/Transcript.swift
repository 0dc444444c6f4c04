import ExecutionDriver
import JSON
import StatesLanguage

/// A file that says what is given to an execution and what it answers, line by line.
///
/// `machine JSON` first, then `> STIMULUS`, and below each its events (`ID←PREVIOUS TYPE details`), notes (`·`) and
/// commands (`→`). Times are seconds since the start.
struct Transcript {
    private var execution: Execution
    private let invariants = ExecutionInvariants()
    private var seconds = 0.0
    private static let start: Int64 = 1_700_000_000_000

    /// The file again, as the execution behaves now.
    static func replayed(_ text: String) throws -> String {
        var output: [String] = []
        var transcript: Transcript?
        for line in text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init) {
            if line.hasPrefix("machine ") {
                let (machine, diagnostics) = StateMachine.read(text: String(line.dropFirst(8)))
                guard let machine else { throw Mistake("\(diagnostics)") }
                transcript = Transcript(execution: Execution(machine: machine, header: .testing()))
                output.append(line)
            } else if line.hasPrefix("> ") {
                guard transcript != nil else { throw Mistake("no machine before \(line)") }
                output.append(line)
                output.append(contentsOf: try transcript?.turn(String(line.dropFirst(2))) ?? [])
            } else if line.hasPrefix("#") || line.isEmpty {
                output.append(line)
            }
        }
        if let problems = transcript?.invariants.problems, !problems.isEmpty { throw Mistake(problems.joined(separator: "\n")) }
        return output.joined(separator: "\n")
    }

    struct Mistake: Error, CustomStringConvertible {
        let description: String
        init(_ description: String) { self.description = description }
    }

    private init(execution: Execution) { self.execution = execution }

    private mutating func turn(_ line: String) throws -> [String] {
        let stimulus = try stimulus(line)
        let now = Timestamp(milliseconds: Self.start + Int64(seconds * 1000))
        var (events, commands) = execution.advance(on: [stimulus], at: now)
        invariants.see(execution, events)
        while execution.hasReadyWork {
            let more = execution.advance(on: [], at: now)
            events += more.events
            commands += more.commands
        }
        return events.map { "    " + shown($0) } + commands.map { "    → " + shown($0) }
    }

    // MARK: reading

    private mutating func stimulus(_ line: String) throws -> Stimulus {
        let words = line.split(separator: " ", maxSplits: 2).map(String.init)
        let rest = line.split(separator: " ", maxSplits: 1).dropFirst().first.map(String.init) ?? ""
        switch words[0] {
        case "start": return .start(input: try JSONValue(parsing: rest))
        case "stop": return .stop(error: words.count > 1 ? words[1] : nil, cause: words.count > 2 ? words[2] : nil)
        case "redrive": return .redrive
        default: break
        }
        guard words.count > 1 else { throw Mistake("what is '\(line)'?") }
        // `0` is a frame and its present attempt, `0@3` an attempt by the id of its event.
        let place = words[1].split(separator: "@").compactMap { Int64($0) }
        guard let first = place.first else { throw Mistake("which frame is '\(words[1])'?") }
        let frame = FrameID(Int(first))
        let scheduled = place.count > 1 ? place[1] : present(frame)
        let argument = words.count > 2 ? words[2] : ""
        switch words[0] {
        case "succeed": return .taskSucceeded(frame, scheduled: scheduled, output: try JSONValue(parsing: argument))
        case "fail":
            let parts = argument.split(separator: " ", maxSplits: 1).map(String.init)
            return .taskFailed(frame, scheduled: scheduled, error: parts.first, cause: parts.count > 1 ? parts[1] : nil)
        case "submitted": return .taskSubmitted(frame, scheduled: scheduled, output: try JSONValue(parsing: argument))
        case "started": return .taskStarted(frame, scheduled: scheduled, worker: argument.isEmpty ? nil : argument)
        case "heartbeat": return .taskHeartbeat(frame, scheduled: scheduled)
        case "run": return .mapRunEnded(frame, started: scheduled, .success(try JSONValue(parsing: argument)))
        case "wake":
            guard let time = Double(argument) else { throw Mistake("when is '\(argument)'?") }
            seconds = time
            return .wake(frame)
        default: throw Mistake("what is '\(line)'?")
        }
    }

    private func present(_ frame: FrameID) -> Int64 {
        for command in execution.outstandingCommands {
            switch command {
            case .invoke(let invocation), .offerActivity(let invocation): if invocation.frame == frame { return invocation.scheduled }
            case .runMap(let request): if request.frame == frame { return request.started }
            case .wake, .cancelTask, .cancelMapRun: continue
            }
        }
        return 0
    }

    // MARK: writing

    private func shown(_ event: HistoryEvent) -> String {
        guard let json = event.awsJSON(in: execution.machine), let type = json["type"]?.string else {
            var bytes: [UInt8] = []
            event.write(to: &bytes)
            let fields = (try? JSONValue(parsing: bytes))?.array ?? []
            let tail = fields.dropFirst(5).map(time).map { $0.text() }.joined(separator: " ")
            return "· \(fields.first?.string ?? "") \(event.frame.index)" + (tail.isEmpty ? "" : " " + tail)
        }
        let details = json.object?.first { $0.key.hasSuffix("EventDetails") }?.value
        return "\(event.id)←\(event.previousEventID) \(type)" + (details.map { " " + shown($0).text() } ?? "")
    }

    /// Without `…Details: {"truncated":false}`; a number that is a time of this transcript becomes seconds.
    private func shown(_ details: JSONValue) -> JSONValue {
        var shown = JSONObject()
        for (key, value) in details.object ?? JSONObject() where !key.hasSuffix("Details") { shown[key] = value }
        return .object(shown)
    }

    private func time(_ value: JSONValue) -> JSONValue {
        guard case .integer(let number) = value, number >= Self.start else { return value }
        return .string("+\(Double(number - Self.start) / 1000)s")
    }

    private func shown(_ command: Command) -> String {
        switch command {
        case .invoke(let task):
            "invoke \(task.frame.index)@\(task.scheduled) \(task.resource.resource) \(task.schedule.input.text())"
                + (task.isSubmitted ? " (submitted)" : "")
        case .offerActivity(let task): "offer \(task.frame.index)@\(task.scheduled) \(task.schedule.input.text())"
        case .wake(let frame, let at): "wake \(frame.index) at +\(Double(at.milliseconds - Self.start) / 1000)s"
        case .runMap(let request): "run the Map \(request.frame.index)@\(request.started)"
        case .cancelTask(let frame, let scheduled): "cancel \(frame.index)@\(scheduled)"
        case .cancelMapRun(let frame, let started): "cancel the run \(frame.index)@\(started)"
        }
    }
}
