import ExecutionDriver
import JSON
import StatesLanguage
import Testing

/// Watches an execution turn by turn and says what must never be.
final class ExecutionInvariants {
    private let header: ExecutionHeader
    private let quotas: Quotas
    private var history: [HistoryEvent] = []
    private var lastID: Int64 = 0
    private var inside: [FrameID: StateID] = [:]
    private var ends = 0
    private(set) var problems: [String] = []
    /// Replaying after every turn takes quadratic time, so only so many are replayed.
    private var replays = 60

    init(header: ExecutionHeader = .testing(), quotas: Quotas = .aws) {
        self.header = header
        self.quotas = quotas
    }

    func see(_ execution: Execution, _ events: [HistoryEvent]) {
        for event in events { see(event, execution) }
        guard !events.isEmpty else { return }
        if replays > 0 || !execution.isRunning {
            replays -= 1
            replay(execution)
        }
    }

    private func see(_ event: HistoryEvent, _ execution: Execution) {
        history.append(event)
        var bytes: [UInt8] = []
        event.write(to: &bytes)
        let decoded = (try? JSONValue(parsing: bytes)).flatMap { HistoryEvent(stored: $0) }
        if decoded != event { problems.append("\(event) was decoded as \(String(describing: decoded))") }
        if event.id > 0 {
            if event.id != lastID + 1 { problems.append("event \(event.id) follows \(lastID)") }
            if event.previousEventID >= event.id { problems.append("event \(event.id) points to \(event.previousEventID)") }
            lastID = event.id
            if ends > 0, case .executionRedriven = event.kind { ends = 0 }
            if ends > 0 { problems.append("event \(event.id) follows the end") }
        }
        switch event.kind {
        case .stateEntered(let state, _): inside[event.frame] = state
        case .stateExited(let state, _, _, _):
            if inside[event.frame] != state { problems.append("event \(event.id) leaves a state that was not entered") }
            inside[event.frame] = nil
        case .executionSucceeded, .executionFailed, .executionAborted, .executionTimedOut: ends += 1
        default: break
        }
    }

    private func replay(_ execution: Execution) {
        let replayed = Execution(replaying: history, machine: execution.machine, header: header, quotas: quotas)
        if replayed != execution { problems.append("after event \(lastID) the replayed execution differs from the live one") }
        let wanted = execution.outstandingCommands.map { "\($0)" }
        let found = replayed.outstandingCommands.map { "\($0)" }
        if wanted != found { problems.append("after event \(lastID) the replayed execution wants \(found), the live one \(wanted)") }
    }
}

/// A machine by seed.
func generatedMachine(_ seed: UInt64, failsItself: Bool = true, usesExtensions: Bool = false) throws -> StateMachine {
    var generator = MachineGenerator(seed: seed)
    generator.failsItself = failsItself
    generator.usesExtensions = usesExtensions
    let (machine, diagnostics) = StateMachine.read(generator.definition())
    return try #require(machine, "seed \(seed): \(diagnostics)")
}
