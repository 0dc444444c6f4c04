import JSON
import StatesLanguage

/// Runs one execution in memory and in virtual time: tasks are answered by a closure, a wait takes no time at all.
package struct ExecutionDriver {
    /// How a task goes.
    package struct Answer {
        /// What the service says when it takes the work of a `.sync` or `.waitForTaskToken` task.
        package var submitted: JSONValue?
        /// nil: never; only a timeout ends the task.
        package var outcome: Outcome?
        package var afterSeconds: Double

        package enum Outcome {
            case success(JSONValue)
            case failure(error: String?, cause: String?)
        }

        package init(_ outcome: Outcome?, submitted: JSONValue? = nil, afterSeconds: Double = 0) {
            self.outcome = outcome
            self.submitted = submitted
            self.afterSeconds = afterSeconds
        }

        package static func success(_ output: JSONValue) -> Answer { Answer(.success(output)) }
        package static func failure(_ error: String?, _ cause: String? = nil) -> Answer { Answer(.failure(error: error, cause: cause)) }
        package static var never: Answer { Answer(nil) }
    }

    package private(set) var execution: Execution
    /// Notes included.
    package private(set) var history: [HistoryEvent] = []
    package private(set) var now: Timestamp
    /// What the tasks answer.
    package var answer: (TaskInvocation) -> Answer
    /// The result of a distributed Map's run; nil: `DistributedRun` runs its children here.
    package var runMap: ((MapRunRequest, Execution) -> Result<JSONValue, Failure>)?
    /// Sees every turn: the execution after it, and what it brought.
    package var observe: ((Execution, [HistoryEvent], [Command]) -> Void)?

    /// Every answer and every wake comes a second time, right after the first has been taken.
    package var givesEverythingTwice = false

    private var timeline = Timeline<Stimulus>()
    /// When the tasks under way are over, by their scheduled event: a crash of the engine does not hold them up.
    private var ends: [Int64: Timestamp] = [:]
    /// Answers that workers of activities will give, whatever becomes of the engine.
    private var activityAnswers: [Int64: Stimulus] = [:]

    package init(
        machine: StateMachine, header: ExecutionHeader = .testing(), quotas: Quotas = .aws,
        now: Timestamp = Timestamp(milliseconds: 1_700_000_000_000), answer: @escaping (TaskInvocation) -> Answer = { _ in .success(.object(JSONObject())) }
    ) {
        execution = Execution(machine: machine, header: header, quotas: quotas)
        self.now = now
        self.answer = answer
    }

    /// Forgets everything but the history, and goes on from there as a new engine does.
    package mutating func crash() {
        execution = Execution(replaying: history, machine: execution.machine, header: execution.header, quotas: execution.quotas)
        timeline = Timeline()
        let commands = execution.outstandingCommands
        var waiting = activityAnswers
        for command in commands {
            if case .offerActivity(let invocation) = command { waiting[invocation.scheduled] = nil }
        }
        for (scheduled, stimulus) in waiting.sorted(by: { $0.key < $1.key }) { timeline.add(stimulus, at: max(now, ends[scheduled] ?? now)) }
        perform(commands)
        give([])
    }

    /// `Map.Item` of the child execution of a distributed Map.
    package mutating func setChildItem(_ item: JSONValue?) { execution.childItem = item }

    package mutating func start(_ input: JSONValue) { give([.start(input: input)]) }

    /// Starts the execution and runs it until it ends or nothing can happen any more.
    @discardableResult
    package mutating func run(_ input: JSONValue) -> ExecutionStatus? {
        start(input)
        return runToEnd()
    }

    @discardableResult
    package mutating func runToEnd() -> ExecutionStatus? {
        while execution.isRunning, advanceTime() {}
        return execution.status
    }

    /// Gives what comes next in virtual time to the execution, all of one time at once; false: there is nothing.
    package mutating func advanceTime() -> Bool {
        guard let (first, time) = timeline.popFirst() else { return false }
        now = max(now, time)
        var stimuli = [first]
        while let next = timeline.nextTime, next <= now, let (stimulus, _) = timeline.popFirst() { stimuli.append(stimulus) }
        give(stimuli)
        if givesEverythingTwice { give(stimuli) }
        return true
    }

    /// Gives these now, and lets the execution go on until it waits.
    package mutating func give(_ stimuli: [Stimulus]) {
        turn(stimuli)
        while execution.hasReadyWork { turn([]) }
    }

    private mutating func turn(_ stimuli: [Stimulus]) {
        let (events, commands) = execution.advance(on: stimuli, at: now)
        history.append(contentsOf: events)
        observe?(execution, events, commands)
        perform(commands)
    }

    private mutating func perform(_ commands: [Command]) {
        for command in commands {
            switch command {
            case .wake(let frame, let at): timeline.add(.wake(frame), at: at)
            case .offerActivity(let invocation):
                timeline.add(.taskStarted(invocation.frame, scheduled: invocation.scheduled, worker: "worker"), at: now)
                perform(invocation)
            case .invoke(let invocation): perform(invocation)
            case .runMap(let request):
                let result = runMap?(request, execution) ?? DistributedRun(execution: execution, request: request, now: now, answer: answer).run()
                timeline.add(.mapRunEnded(request.frame, started: request.started, result), at: now)
            case .cancelTask, .cancelMapRun: break
            }
        }
    }

    private mutating func perform(_ invocation: TaskInvocation) {
        let answer = answer(invocation)
        if let submitted = answer.submitted, !invocation.isSubmitted {
            timeline.add(.taskSubmitted(invocation.frame, scheduled: invocation.scheduled, output: submitted), at: now)
        }
        let end = max(now, ends[invocation.scheduled] ?? Timestamp(milliseconds: now.milliseconds + Int64(answer.afterSeconds * 1000)))
        ends[invocation.scheduled] = end
        let stimulus: Stimulus
        switch answer.outcome {
        case .success(let output)?: stimulus = .taskSucceeded(invocation.frame, scheduled: invocation.scheduled, output: output)
        case .failure(let error, let cause)?:
            stimulus = .taskFailed(invocation.frame, scheduled: invocation.scheduled, error: error, cause: cause)
        case nil: return
        }
        timeline.add(stimulus, at: end)
        if invocation.resource.kind == .activity { activityAnswers[invocation.scheduled] = stimulus }
    }

    /// The events as GetExecutionHistory gives them.
    package var awsEvents: [JSONValue] { history.compactMap { $0.awsJSON(in: execution.machine) } }
}

extension ExecutionHeader {
    /// A header for tests and figures.
    package static func testing(name: String = "execution", seed: UInt64 = 1, isExpress: Bool = false) -> ExecutionHeader {
        let arn = isExpress ? "express:machine:\(name):00000000-0000-4000-8000-000000000000" : "execution:machine:\(name)"
        return ExecutionHeader(
            arn: "arn:aws:states:us-east-1:111111111111:" + arn, name: name,
            stateMachineARN: "arn:aws:states:us-east-1:111111111111:stateMachine:machine", stateMachineName: "machine",
            roleARN: "arn:aws:iam::111111111111:role/role", tokenKey: [1, 2, 3], seed: seed)
    }
}
