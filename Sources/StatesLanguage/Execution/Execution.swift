import JSON

/// An execution as a value: what has happened (`apply`), and what happens next (`advance`).
///
/// The two halves never mix. Deciding reads and returns events; `apply` alone writes, and evaluates no expression,
/// so a replay is a loop over the history.
public struct Execution: Sendable {
    public let machine: StateMachine
    public let header: ExecutionHeader
    public let quotas: Quotas

    public internal(set) var status: ExecutionStatus?
    public internal(set) var input: JSONValue = .null
    public internal(set) var startedAt = Timestamp(milliseconds: 0)
    public internal(set) var stoppedAt: Timestamp?
    public internal(set) var output: JSONValue?
    public internal(set) var error: String?
    public internal(set) var cause: String?
    public internal(set) var redriveCount = 0
    public internal(set) var redrivenAt: Timestamp?
    public internal(set) var lastEventID: Int64 = 0
    /// `Map.Item` of a distributed Map's child execution.
    public var childItem: JSONValue?
    /// Activities that its tasks name and that are not there: deciding asks it, replaying does not.
    public var absentActivities: Set<String> = []
    /// The state that failed last: where the failure of a failed execution came from.
    public internal(set) var failedState: StateID?
    /// At most so many Task states at work (`parallelism`); nil: what the machine says.
    public internal(set) var taskLimit: Int?

    var frames: [Frame?] = []
    /// By frame; apart from the frames, so that looking at a frame never copies ten thousand results.
    var children = ChildrenTable()
    var freeFrames: [Int] = []
    /// What `$$` says of the execution itself. Derived.
    var facts: ExecutionFacts
    /// Frames that can go on without anything from outside, in order. Derived: not part of the value.
    var ready = FrameQueue()
    /// Frames that may start a task once there is room. Derived: not part of the value.
    var parked = FrameQueue()
    /// What the turn under way has brought.
    var turn = Turn()

    public init(machine: StateMachine, header: ExecutionHeader, quotas: Quotas = .aws) {
        self.machine = machine
        self.header = header
        self.quotas = quotas
        facts = ExecutionFacts(header: header)
    }

    /// The execution that this history left.
    public init(
        replaying events: some Sequence<HistoryEvent>, machine: StateMachine, header: ExecutionHeader, quotas: Quotas = .aws
    ) {
        self.init(machine: machine, header: header, quotas: quotas)
        for event in events { apply(event) }
        ready.removeAll()
        queueRunnableFrames()
    }

    public var isRunning: Bool { status == .running }
    /// Whether `advance(on: [])` would bring more: a long run of steps without outside effects is cut into turns.
    public var hasReadyWork: Bool { isRunning && (!ready.isEmpty || !parked.isEmpty && hasRoomForTask) }

    /// What follows from `stimuli`, in their order. After `most` events the rest is left for another call (`hasReadyWork`).
    public mutating func advance(on stimuli: [Stimulus], at now: Timestamp, upTo most: Int = 4000) -> (events: [HistoryEvent], commands: [Command]) {
        turn = Turn()
        turn.now = now
        turn.most = most
        for stimulus in stimuli { receive(stimulus) }
        while isRunning, turn.events.count < most, let frame = ready.popFirst() ?? nextParked() { step(frame) }
        if status != nil, !isRunning {
            ready.removeAll()
            parked.removeAll()
        }
        let result = (turn.events, turn.commands)
        turn = Turn()
        return result
    }

    /// Everything that the execution waits for, from its state alone: what a new engine has to ask for again.
    public var outstandingCommands: [Command] {
        guard isRunning else { return [] }
        var commands: [Command] = []
        if let deadline { commands.append(.wake(.root, at: deadline)) }
        for index in frames.indices {
            guard let frame = frames[index], !frame.isStopped else { continue }
            commands.append(contentsOf: commandsOf(FrameID(index), frame))
        }
        return commands
    }

    /// The frame whose attempt this is, while it is under way.
    public func frameOfTask(scheduled: Int64) -> FrameID? {
        for index in frames.indices {
            if case .task(let progress) = frames[index]?.phase, progress.scheduledID == scheduled { return FrameID(index) }
        }
        return nil
    }

    /// When the whole execution times out.
    var deadline: Timestamp? {
        guard let seconds = machine.timeoutSeconds else { return nil }
        return (redrivenAt ?? startedAt).adding(seconds: Double(seconds))
    }

    func commandsOf(_ id: FrameID, _ frame: Frame) -> [Command] {
        switch frame.phase {
        case .timer(let at), .retry(let at): return [.wake(id, at: at)]
        case .task(let progress):
            var commands: [Command] = []
            if let invocation = invocation(id, frame, progress) {
                let isActivity = invocation.resource.kind == .activity
                if isActivity {
                    if !progress.isStarted { commands.append(.offerActivity(invocation)) }
                } else {
                    commands.append(.invoke(invocation))
                }
            }
            if let deadline = progress.nextDeadline { commands.append(.wake(id, at: deadline)) }
            return commands
        case .mapRun(let started, let arn):
            return [.runMap(MapRunRequest(frame: id, started: started, arn: arn, state: frame.state, redriveCount: redriveCount))]
        case .enter, .run, .children, .result, .failed, .ended: return []
        }
    }

    func invocation(_ id: FrameID, _ frame: Frame, _ progress: Frame.TaskProgress) -> TaskInvocation? {
        let state = machine[frame.state]
        guard case .task(let task) = state.kind else { return nil }
        return TaskInvocation(
            frame: id, scheduled: progress.scheduledID, state: state.id, stateName: state.name, resource: task.resource,
            schedule: progress.schedule, retryCount: frame.retryCount,
            taskToken: task.resource.usesTaskToken ? TaskToken.make(header, scheduled: progress.scheduledID) : nil,
            submitted: progress.submitted, cache: task.cache, hasMissedCache: progress.hasMissedCache)
    }

    mutating func queueRunnableFrames() {
        guard isRunning else { return }
        for index in frames.indices where frames[index]?.isStopped == false {
            switch frames[index]?.phase {
            case .enter, .run, .result, .failed, .ended, .children: ready.append(FrameID(index))
            case .task(let progress) where !progress.isStarted: ready.append(FrameID(index))
            default: break
            }
        }
    }
}

/// Two executions are equal when everything that counts for what follows is.
extension Execution: Equatable {
    public static func == (left: Execution, right: Execution) -> Bool {
        left.header == right.header && left.status == right.status && left.input == right.input
            && left.startedAt == right.startedAt && left.stoppedAt == right.stoppedAt && left.output == right.output
            && left.error == right.error && left.cause == right.cause && left.redriveCount == right.redriveCount
            && left.redrivenAt == right.redrivenAt && left.taskLimit == right.taskLimit && left.lastEventID == right.lastEventID
            && left.frames == right.frames && left.children == right.children && left.freeFrames == right.freeFrames
    }
}

/// The events and commands of one call of `advance`.
struct Turn: Sendable {
    var now = Timestamp(milliseconds: 0)
    /// After so many events the rest is left for the next turn.
    var most = Int.max
    var events: [HistoryEvent] = []
    var commands: [Command] = []
}

/// First in, first out.
struct FrameQueue: Sendable {
    private var items: [FrameID] = []
    private var head = 0

    var isEmpty: Bool { head == items.count }

    mutating func append(_ frame: FrameID) { items.append(frame) }

    /// It goes on before all others.
    mutating func prepend(_ frame: FrameID) {
        guard head > 0 else { return items.insert(frame, at: 0) }
        head -= 1
        items[head] = frame
    }

    mutating func popFirst() -> FrameID? {
        guard head < items.count else { return nil }
        let first = items[head]
        head += 1
        if head == items.count {
            removeAll()
        } else if head > 4096, head * 2 > items.count {
            items.removeFirst(head)
            head = 0
        }
        return first
    }

    mutating func removeAll() {
        items.removeAll(keepingCapacity: true)
        head = 0
    }
}

extension Timestamp {
    /// Far times stay representable: an hour too many is no reason to trap.
    func adding(seconds: Double) -> Timestamp {
        let added = Double(milliseconds) + (seconds * 1000).rounded()
        guard added < 9e18 else { return Timestamp(milliseconds: 9_000_000_000_000_000_000) }
        return Timestamp(milliseconds: Int64(added))
    }
}

extension TaskResource {
    /// Whether `$$.Task.Token` is there and a token completes the task.
    public var usesTaskToken: Bool { pattern != .requestResponse || kind == .activity }
}
