import JSON
import StatesLanguage

/// Where something failed, and what its task had printed.
struct FailurePlace: Equatable {
    let state: StateID
    /// `TrainEach[3] › Train`
    let title: String
    let error: String?
    let cause: String?
    let logTail: [String]

    /// A Lambda's cause is JSON with an `errorMessage`, a job's is its description: what a person wants to read is in there.
    static func short(_ cause: String) -> String {
        guard cause.utf8.first == UInt8(ascii: "{"), let value = try? JSONValue(parsing: cause) else { return cause }
        return value["FailureReason"]?.string ?? value["errorMessage"]?.string ?? value["message"]?.string ?? cause
    }
}

/// What is said after an execution that did not succeed: all that is needed to find the reason and go on.
struct FailureReport {
    let status: ExecutionStatus
    let error: String?
    let cause: String?
    let place: FailurePlace?
    let machine: StateMachine
    /// Where a pipeline's steps are in its file, by name.
    var stepPointers: [String: String] = [:]
    let file: String
    /// The line of a JSON Pointer in the file.
    let line: (String) -> Int
    /// nil: it cannot be resumed.
    let resumeCommand: String?

    func lines(style: ProgressStyle) -> [String] {
        var result = [style.red("\(heading): \(error ?? "no error name")")]
        if let cause, !cause.isEmpty {
            let short = FailurePlace.short(cause)
            result.append("  cause   \(ProgressStyle.safe(short, limit: 1000))")
            if short != cause, let trace = stackTrace(cause) { result += trace.map { "          " + ProgressStyle.safe($0, limit: 200) } }
        }
        if let place {
            let pointer = stepPointers[machine[place.state].name] ?? machine[place.state].pointer
            result.append("  state   \(place.title)")
            result.append("  where   \(file):\(line(pointer)) at \(pointer)")
            if !place.logTail.isEmpty {
                result.append("  log")
                result += place.logTail.map { "          " + ProgressStyle.safe($0, limit: 200) }
            }
        }
        if let resumeCommand { result.append("  resume  \(resumeCommand)") }
        return result
    }

    private var heading: String {
        switch status {
        case .failed: "failed"
        case .timedOut: "timed out"
        case .aborted: "aborted"
        case .running: "still running"
        case .succeeded: "succeeded"
        }
    }

    private func stackTrace(_ cause: String) -> [String]? {
        guard let trace = (try? JSONValue(parsing: cause))?["stackTrace"]?.array, !trace.isEmpty else { return nil }
        return trace.suffix(4).compactMap(\.string).flatMap { text in
            text.split(separator: "\n").map { String($0).trimmingEnd }
        }
    }
}

extension String {
    fileprivate var trimmingEnd: String {
        var text = self
        while let last = text.last, last == " " || last == "\n" || last == "\r" { text.removeLast() }
        return text
    }
}
