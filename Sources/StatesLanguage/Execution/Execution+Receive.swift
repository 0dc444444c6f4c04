import JSON

extension Execution {
    /// Takes one stimulus. What comes late, twice or for nobody yields no events: every guard is here.
    mutating func receive(_ stimulus: Stimulus) {
        switch stimulus {
        case .start(let input):
            guard status == nil else { return }
            emit(.executionStarted(input: input, roleARN: header.roleARN), .root, previous: 0)
            if let deadline { turn.commands.append(.wake(.root, at: deadline)) }
            ready.append(.root)
        case .stop(let error, let cause):
            guard isRunning else { return }
            cancelEverything()
            emit(.executionAborted(error: error, cause: cause), .root, previous: 0)
        case .redrive: receiveRedrive()
        case .limitTasks(let limit):
            guard isRunning, limit > 0 else { return }
            note(.parallelism(limit), .root)
            // Branches that the old limit held back.
            for index in frames.indices where frames[index]?.isStopped == false {
                if case .children = frames[index]?.phase { ready.append(FrameID(index)) }
            }
        default:
            guard isRunning else { return }
            receiveForFrame(stimulus)
        }
    }

    private mutating func receiveForFrame(_ stimulus: Stimulus) {
        switch stimulus {
        case .wake(let id): wake(id)
        case .taskStarted(let id, let scheduled, let worker):
            guard let (state, progress) = task(id, scheduled), !progress.isStarted else { return }
            emit(.taskStarted(state, worker: worker), id, previous: chain(id))
            wakeAtDeadline(id)
        case .taskSubmitted(let id, let scheduled, let output):
            guard let (state, progress) = task(id, scheduled), !progress.isSubmitted else { return }
            startIfNeeded(id, state, progress)
            emit(.taskSubmitted(state, output: output), id, previous: chain(id))
            wakeAtDeadline(id)
        case .taskSucceeded(let id, let scheduled, let output):
            guard let (state, progress) = task(id, scheduled) else { return }
            startIfNeeded(id, state, progress)
            if let failure = oversize(output, state) {
                emit(.taskFailed(state, error: failure.error, cause: failure.cause), id, previous: chain(id))
            } else {
                emit(.taskSucceeded(state, output: output), id, previous: chain(id))
            }
            ready.append(id)
        case .taskFailed(let id, let scheduled, let error, let cause):
            guard let (state, progress) = task(id, scheduled) else { return }
            startIfNeeded(id, state, progress)
            emit(.taskFailed(state, error: error, cause: cause), id, previous: chain(id))
            ready.append(id)
        case .taskRefused(let id, let scheduled, let failure):
            guard let (state, progress) = task(id, scheduled) else { return }
            startIfNeeded(id, state, progress)
            record(failure, id, at: .leaving)
            ready.append(id)
        case .taskHeartbeat(let id, let scheduled):
            guard let (_, progress) = task(id, scheduled), progress.schedule.heartbeatSeconds != nil else { return }
            note(.heartbeat, id)
            wakeAtDeadline(id)
        case .taskCacheMissed(let id, let scheduled, let decision):
            guard let (_, progress) = task(id, scheduled), !progress.hasMissedCache else { return }
            note(.cacheDecided(decision), id)
        case .taskReused(let id, let scheduled, let output, let decision):
            guard task(id, scheduled) != nil else { return }
            note(.cacheDecided(decision), id)
            receiveForFrame(.taskSucceeded(id, scheduled: scheduled, output: output))
        case .mapRunEnded(let id, let started, let result):
            receiveMapRun(id, started, result)
        case .start, .stop, .redrive, .limitTasks: return
        }
    }

    private mutating func receiveMapRun(_ id: FrameID, _ started: Int64, _ result: Result<JSONValue, Failure>) {
        guard let frame = frame(id), !frame.isStopped, case .mapRun(let expected, _) = frame.phase, expected == started else { return }
        switch result {
        case .success(let output):
            emit(.mapRunSucceeded(frame.state), id, previous: frame.chain)
            let succeeded = lastEventID
            emit(.mapStateSucceeded(frame.state), id, previous: succeeded)
            // What follows points to MapRunStarted, as AWS writes it since November 2024.
            note(.mapRunResult(output), id)
        case .failure(let failure):
            emit(.mapRunFailed(frame.state, error: failure.error, cause: cause(of: failure, in: frame)), id, previous: frame.chain)
        }
        ready.append(id)
    }

    private mutating func receiveRedrive() {
        guard let status, status != .running, status != .succeeded else { return }
        emit(.executionRedriven(redriveCount: redriveCount + 1), .root, previous: 0)
        if let deadline { turn.commands.append(.wake(.root, at: deadline)) }
        ready.removeAll()
        queueRunnableFrames()
        for index in frames.indices {
            guard let frame = frames[index] else { continue }
            // Timers of frames that were under way and not touched by the failure.
            if case .timer(let at) = frame.phase { turn.commands.append(.wake(FrameID(index), at: at)) }
        }
    }

    // MARK: times

    private mutating func wake(_ id: FrameID) {
        if let deadline, deadline <= turn.now {
            cancelEverything()
            emit(.executionTimedOut(error: ErrorName.timeout, cause: nil), .root, previous: 0)
            return
        }
        if id == .root, let deadline { turn.commands.append(.wake(.root, at: deadline)) }
        guard let frame = frame(id), !frame.isStopped else { return }
        switch frame.phase {
        case .timer(let at), .retry(let at):
            if at <= turn.now { ready.append(id) } else { turn.commands.append(.wake(id, at: at)) }
        case .task(let progress):
            guard let deadline = progress.nextDeadline else { return }
            guard deadline <= turn.now else {
                turn.commands.append(.wake(id, at: deadline))
                return
            }
            let isHeartbeat = progress.deadline.map { $0 > turn.now } ?? true
            turn.commands.append(.cancelTask(id, scheduled: progress.scheduledID))
            startIfNeeded(id, frame.state, progress)
            emit(
                .taskTimedOut(frame.state, error: isHeartbeat ? ErrorName.heartbeatTimeout : ErrorName.timeout, cause: nil),
                id, previous: chain(id))
            ready.append(id)
        default: return
        }
    }

    private mutating func wakeAtDeadline(_ id: FrameID) {
        guard case .task(let progress) = frame(id)?.phase, let deadline = progress.nextDeadline else { return }
        turn.commands.append(.wake(id, at: deadline))
    }

    // MARK: looking

    func frame(_ id: FrameID) -> Frame? { frames.indices.contains(id.index) ? frames[id.index] : nil }

    func chain(_ id: FrameID) -> Int64 { frame(id)?.chain ?? 0 }

    private func task(_ id: FrameID, _ scheduled: Int64) -> (state: StateID, progress: Frame.TaskProgress)? {
        guard let frame = frame(id), !frame.isStopped, case .task(let progress) = frame.phase, progress.scheduledID == scheduled else { return nil }
        return (frame.state, progress)
    }

    /// A result may come before the turn in which the task would have been called started.
    private mutating func startIfNeeded(_ id: FrameID, _ state: StateID, _ progress: Frame.TaskProgress) {
        guard !progress.isStarted, machine[state].isActivityTask == false else { return }
        emit(.taskStarted(state, worker: nil), id, previous: chain(id))
    }

    // MARK: writing events

    /// Makes the next event and applies it. The last event that the quota allows is always the failure of the execution.
    mutating func emit(_ kind: HistoryEvent.Kind, _ frame: FrameID, previous: Int64) {
        guard isRunning || status == nil || kind.isRedrive else { return }
        let id = lastEventID + 1
        if let limit = quotas.historyEvents, id == limit, !kind.endsExecution {
            cancelEverything()
            let cause = "The execution reached the maximum number of history events (\(limit))."
            append(.executionFailed(error: ErrorName.runtime, cause: cause), .root, id: id, previous: lastEventID)
            return
        }
        append(kind, frame, id: id, previous: previous)
    }

    mutating func note(_ note: HistoryEvent.Note, _ frame: FrameID) {
        guard isRunning else { return }
        append(.note(note), frame, id: 0, previous: 0)
    }

    private mutating func append(_ kind: HistoryEvent.Kind, _ frame: FrameID, id: Int64, previous: Int64) {
        let event = HistoryEvent(id: id, previousEventID: previous, timestamp: turn.now, frame: frame, kind: kind)
        turn.events.append(event)
        apply(event)
    }

    /// The tasks under way are not wanted any more. Their frames stay as they are, for a redrive.
    mutating func cancelEverything() {
        for index in frames.indices { cancel(FrameID(index)) }
    }

    mutating func cancel(_ id: FrameID) {
        guard let frame = frame(id), !frame.isStopped else { return }
        switch frame.phase {
        case .task(let progress): turn.commands.append(.cancelTask(id, scheduled: progress.scheduledID))
        case .mapRun(let started, _): turn.commands.append(.cancelMapRun(id, started: started))
        default: break
        }
    }
}

extension HistoryEvent.Kind {
    var endsExecution: Bool {
        switch self {
        case .executionSucceeded, .executionFailed, .executionAborted, .executionTimedOut: true
        default: false
        }
    }

    var isRedrive: Bool {
        if case .executionRedriven = self { return true }
        return false
    }
}

extension State {
    var isActivityTask: Bool {
        if case .task(let task) = kind { return task.resource.kind == .activity }
        return false
    }
}
