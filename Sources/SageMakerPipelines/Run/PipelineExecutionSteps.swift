import JSON
import StatesLanguage

/// The steps of an execution, derived from its history: however a step was compiled, it is a step here.
///
/// Steps of a branch that was not taken, and steps that have not started, have no entry, as on SageMaker.
public struct PipelineExecutionSteps: Sendable {
    public let definition: PipelineDefinition
    /// In the order in which they started.
    public private(set) var steps: [PipelineExecutionStep] = []

    private let machine: StateMachine
    private let stateNames: Set<String>
    private let declared: [String: PipelineStep]
    /// What each line of control is doing: the place of its step.
    private var places: [FrameID: Int] = [:]
    private var placeByName: [String: Int] = [:]
    private var iterations: [FrameID: (map: FrameID, index: Int, item: JSONValue)] = [:]
    private var parents: [FrameID: FrameID] = [:]
    /// Lines of control that read a file for a step which has not begun: the step has an entry once that fails.
    private var reading: [FrameID: (state: StateID, step: PipelineStep, since: Timestamp)] = [:]

    /// The resource of a step that was not selected: its result is taken from an earlier execution.
    public static let reuseResource = "arn:aws:states:::sfn-run:reuse"

    public init(definition: PipelineDefinition, machine: StateMachine) {
        self.definition = definition
        self.machine = machine
        stateNames = Set(machine.states.map(\.name))
        var declared: [String: PipelineStep] = [:]
        for placed in definition.allSteps where declared[placed.step.name] == nil { declared[placed.step.name] = placed.step }
        self.declared = declared
    }

    public init(definition: PipelineDefinition, machine: StateMachine, events: some Sequence<HistoryEvent>) {
        self.init(definition: definition, machine: machine)
        for event in events { apply(event) }
    }

    /// Why the execution cannot be retried (spec 2.6): it ended in a Fail step. nil: it can.
    public var retryRefusal: String? {
        guard let fail = steps.last(where: { $0.step.type == .fail && $0.status == .failed }) else { return nil }
        let message = fail.failureReason.flatMap { $0.isEmpty ? nil : " (\($0))" } ?? ""
        return "it ended in the Fail step '\(fail.name)'\(message), and an execution that a Fail step ended cannot be retried: start a new one"
    }

    /// Whether the machine has a state for the step: one that was not selected, or can never start, has none.
    public func isPartOfMachine(_ name: String) -> Bool { stateNames.contains(name) }

    public subscript(name: String) -> PipelineExecutionStep? { placeByName[name].map { steps[$0] } }

    public mutating func apply(_ event: HistoryEvent) {
        let frame = event.frame
        let time = event.timestamp
        switch event.kind {
        case .stateEntered(let state, let input): enter(state, frame, input, time)
        case .stateExited(let state, let output, let assigned, let next): exit(state, frame, output, assigned, next, time)
        case .taskScheduled(_, let schedule):
            // A file that is read again is no attempt of the step's.
            guard reading[frame] == nil else { break }
            update(frame) { step in
                step.status = .executing
                step.end = nil
                step.failureReason = nil
                step.request = schedule.input
                if let source = schedule.input["SourcePipelineExecutionArn"]?.string, step.isReused {
                    step.selectiveSource = source
                } else {
                    step.attempts += 1
                }
            }
        case .taskSubmitted(_, let output), .taskSucceeded(_, let output): update(frame) { $0.result = output }
        case .taskFailed(_, let error, let cause): fail(frame, error, cause, time)
        case .taskTimedOut(_, let error, let cause): fail(frame, error, cause, time)
        case .evaluationFailed(_, let error, let cause, _): fail(frame, error, cause, time)
        case .note(.failed(let error, let cause, _)): fail(frame, error, cause, time)
        case .note(.childrenFailed(let error, let cause, _)): fail(frame, error, cause, time)
        case .note(.retry):
            update(frame) { step in
                step.status = .executing
                step.end = nil
            }
        case .note(.cacheDecided(let decision)):
            update(frame) { step in
                step.cacheDecision = decision
                if decision["Outcome"]?.string == "Hit" { step.attempts -= 1 }
            }
        case .stateAborted, .note(.stopped): stop(frame, time)
        case .mapStateStarted(_, let length): update(frame) { $0.items = .init(total: length) }
        case .mapIterationStarted(_, let index, let input, let parent):
            iterations[frame] = (parent, index, input)
            parents[frame] = parent
            places[frame] = nil
        case .mapIterationSucceeded: iterationEnded(frame) { $0.succeeded += 1 }
        case .mapIterationFailed: iterationEnded(frame) { $0.failed += 1 }
        case .mapIterationAborted:
            stop(frame, time)
            iterationEnded(frame) { $0.stopped += 1 }
        case .note(.branchStarted(_, _, let parent)):
            parents[frame] = parent
            iterations[frame] = nil
            places[frame] = nil
        case .executionAborted, .executionTimedOut, .executionFailed, .executionSucceeded:
            for place in steps.indices where !steps[place].status.isOver {
                steps[place].status = .stopped
                steps[place].end = time
            }
        default: break
        }
    }

    // MARK: entries

    private mutating func enter(_ state: StateID, _ frame: FrameID, _ input: JSONValue, _ time: Timestamp) {
        places[frame] = nil
        reading[frame] = nil
        let name = machine[state].name
        guard let step = declared[name] else {
            // `STEP reads FILE`: a step's name has no spaces.
            let parts = name.split(separator: " ", maxSplits: 2)
            if parts.count == 3, parts[1] == "reads", let step = declared[String(parts[0])] { reading[frame] = (state, step, time) }
            return
        }
        begin(step, state, frame, time)
    }

    private mutating func begin(_ step: PipelineStep, _ state: StateID, _ frame: FrameID, _ time: Timestamp) {
        let name = step.name
        let iteration = iteration(of: frame)
        let shown = iteration.map { "\(name)-\($0.index)" } ?? name
        var entry = PipelineExecutionStep(name: shown, step: step, start: time)
        if case .task(let task) = machine[state].kind, task.resource.arn == Self.reuseResource { entry.isReused = true }
        entry.status = .executing
        if let iteration, let map = places[iteration.map] {
            entry.iteration = (steps[map].name, iteration.index, iteration.item)
        }
        if let known = placeByName[shown] {
            // Entered again after a redrive.
            entry.attempts = steps[known].attempts
            steps[known] = entry
            places[frame] = known
        } else {
            placeByName[shown] = steps.count
            places[frame] = steps.count
            steps.append(entry)
        }
    }

    private mutating func exit(_ state: StateID, _ frame: FrameID, _ output: JSONValue, _ assigned: JSONObject, _ next: StateID?, _ time: Timestamp) {
        if reading.removeValue(forKey: frame) != nil {
            update(frame) { $0.status = .executing }
            places[frame] = nil
            return
        }
        let outcome = self.outcome(state, output, assigned, next)
        update(frame) { step in
            step.status = .succeeded
            step.end = time
            step.failureReason = nil
            if step.step.type == .condition { step.outcome = outcome ?? step.result?["Outcome"]?.bool }
        }
        places[frame] = nil
    }

    /// How a Condition came out: what it assigned, or where it went.
    private func outcome(_ state: StateID, _ output: JSONValue, _ assigned: JSONObject, _ next: StateID?) -> Bool? {
        for value in assigned.values {
            if let outcome = value["Outcome"]?.bool { return outcome }
        }
        if let outcome = output["Outcome"]?.bool { return outcome }
        guard case .choice(let choice) = machine[state].kind, let rule = choice.rules.first, rule.next != choice.defaultNext else { return nil }
        return next == rule.next
    }

    private mutating func fail(_ frame: FrameID, _ error: String?, _ cause: String?, _ time: Timestamp) {
        if let file = reading[frame], places[frame] == nil { begin(file.step, file.state, frame, file.since) }
        update(frame) { step in
            guard step.status != .succeeded else { return }
            step.status = .failed
            step.end = time
            if step.step.type == .fail {
                step.failureReason = cause
            } else {
                step.failureReason = Self.reason(error, cause)
            }
        }
    }

    /// The FailureReason of a job's description, else the error and its cause.
    static func reason(_ error: String?, _ cause: String?) -> String? {
        if let cause, cause.utf8.first == UInt8(ascii: "{"), let description = try? JSONValue(parsing: cause), let reason = description["FailureReason"]?.string
        {
            return reason
        }
        let parts = [error, cause].compactMap { $0 }.filter { !$0.isEmpty }
        return parts.isEmpty ? nil : parts.joined(separator: ": ")
    }

    private mutating func stop(_ frame: FrameID, _ time: Timestamp) {
        update(frame) { step in
            guard !step.status.isOver else { return }
            step.status = .stopped
            step.end = time
        }
    }

    private mutating func iterationEnded(_ frame: FrameID, _ count: (inout PipelineExecutionStep.Items) -> Void) {
        guard let iteration = iterations[frame] else { return }
        update(iteration.map) { step in
            var items = step.items ?? .init()
            count(&items)
            step.items = items
        }
    }

    /// The iteration that the line of control belongs to; branches of a body's Parallel belong to their iteration.
    private func iteration(of frame: FrameID) -> (map: FrameID, index: Int, item: JSONValue)? {
        var current = frame
        for _ in 0...parents.count {
            if let found = iterations[current] { return found }
            guard let parent = parents[current] else { return nil }
            current = parent
        }
        return nil
    }

    private mutating func update(_ frame: FrameID, _ change: (inout PipelineExecutionStep) -> Void) {
        guard let place = places[frame] else { return }
        change(&steps[place])
    }
}
