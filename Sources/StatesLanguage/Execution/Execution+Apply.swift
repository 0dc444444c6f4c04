import JSON

extension Execution {
    /// The only place that changes an execution. Evaluates nothing.
    mutating func apply(_ event: HistoryEvent) {
        if event.id > 0 { lastEventID = event.id }
        let id = event.frame
        switch event.kind {
        case .executionStarted(let input, _):
            status = .running
            self.input = input
            startedAt = event.timestamp
            facts = ExecutionFacts(header: header, input: input, startedAt: startedAt)
            children = ChildrenTable()
            freeFrames = []
            frames = [Frame(parent: nil, index: 0, chain: 0, phase: .enter(machine.root.startAt, input), state: machine.root.startAt, input: input)]
        case .executionSucceeded(let output):
            end(.succeeded, event)
            self.output = output
        case .executionFailed(let error, let cause):
            end(.failed, event)
            (self.error, self.cause) = (error, cause)
        case .executionAborted(let error, let cause):
            end(.aborted, event)
            (self.error, self.cause) = (error, cause)
        case .executionTimedOut(let error, let cause):
            end(.timedOut, event)
            (self.error, self.cause) = (error, cause)
        case .executionRedriven(let count):
            applyRedrive(event, count)
        case .note(.parallelism(let limit)): applyParallelism(limit)
        default:
            guard frames.indices.contains(id.index) || event.kind.createsFrame else { return }
            applyToFrame(event, id)
        }
    }

    private mutating func end(_ status: ExecutionStatus, _ event: HistoryEvent) {
        self.status = status
        stoppedAt = event.timestamp
        if status == .succeeded {
            frames = []
            children = ChildrenTable()
            freeFrames = []
        }
    }

    private mutating func applyToFrame(_ event: HistoryEvent, _ id: FrameID) {
        switch event.kind {
        case .stateEntered(let state, let input):
            update(id) { frame in
                frame.state = state
                frame.input = input
                frame.enteredAt = event.timestamp
                frame.enteredID = event.id
                frame.chainBeforeEntered = event.previousEventID
                frame.chain = event.id
                frame.firstAttemptAt = event.timestamp
                frame.retries = []
                frame.mapRun = nil
                frame.phase = .run
            }
        case .stateExited(_, let output, let assigned, let next):
            dropDescendants(of: id)
            update(id) { frame in
                frame.chain = event.id
                for (name, value) in assigned { frame.variables[name] = value }
                frame.phase = next.map { .enter($0, output) } ?? .ended(output)
            }
            if next == nil { branchEnded(id, output) }
        case .evaluationFailed(_, let error, let cause, _):
            update(id) { frame in
                frame.chain = event.id
                frame.phase = .failed(.init(error: error, cause: cause))
            }
            failedState = frames[id.index]?.state

        case .taskScheduled(_, let schedule):
            update(id) { frame in
                frame.chain = event.id
                let deadline = schedule.timeoutSeconds.map { event.timestamp.adding(seconds: Double($0)) }
                let heartbeat = schedule.heartbeatSeconds.map { event.timestamp.adding(seconds: Double($0)) }
                frame.phase = .task(.init(scheduledID: event.id, schedule: schedule, deadline: deadline, heartbeatDeadline: heartbeat))
            }
        case .taskStarted:
            updateTask(id, event) {
                $0.isStarted = true
                $0.restartHeartbeat(event.timestamp)
            }
        case .taskSubmitted(_, let output):
            updateTask(id, event) {
                $0.submitted = output
                $0.restartHeartbeat(event.timestamp)
            }
        case .note(.heartbeat):
            updateTask(id, event) { $0.restartHeartbeat(event.timestamp) }
        case .note(.cacheDecided):
            updateTask(id, event) { $0.hasMissedCache = true }
        case .taskSucceeded(_, let output):
            update(id) { frame in
                frame.chain = event.id
                frame.phase = .result(output)
            }
        case .taskFailed(_, let error, let cause), .taskTimedOut(_, let error as String?, let cause):
            update(id) { frame in
                frame.chain = event.id
                frame.phase = .failed(.init(error: error, cause: cause))
            }
            failedState = frames[id.index]?.state
        case .note(.failed(let error, let cause, let isCatchable)):
            failedState = frames[id.index]?.state
            update(id) { $0.phase = .failed(.init(error: error, cause: cause, isCatchable: isCatchable)) }
        case .note(.waiting(let until)):
            update(id) { $0.phase = .timer(until) }
        case .note(.retry(let retrier, let at)):
            dropDescendants(of: id)
            let count = retrierCount(id)
            update(id) { frame in
                if frame.retries.isEmpty { frame.retries = Array(repeating: 0, count: count) }
                if retrier < count { frame.retries[retrier] += 1 }
                frame.phase = .retry(at)
            }

        case .parallelStateStarted(let state):
            guard case .parallel(let parallel) = machine[state].kind else { return }
            startChildren(event, id, count: parallel.branches.count)
            children[id]?.maxConcurrency = taskLimit == nil ? parallel.maxConcurrency ?? 0 : 0
        case .mapStateStarted(let state, let length):
            if case .map(let map) = machine[state].kind, map.distributed != nil {
                update(id) { $0.chain = event.id }
            } else {
                startChildren(event, id, count: length)
            }
        case .note(.items(let values, let keys)):
            children[id]?.items.values = values
            children[id]?.items.keys = keys
        case .note(.mapLimits(let concurrency, let count, let percentage)):
            children[id]?.maxConcurrency = concurrency
            children[id]?.toleratedCount = count
            children[id]?.toleratedPercentage = percentage
        case .note(.branchStarted(let index, let input, let parent)):
            startChild(event, id, parent: parent, index: index, input: input)
        case .mapIterationStarted(_, let index, let input, let parent):
            startChild(event, id, parent: parent, index: index, input: input)
        case .mapIterationSucceeded(_, let index):
            guard let frame = frames[id.index], case .ended(let output) = frame.phase, let parent = frame.parent else { return }
            children.update(parent) { own in
                own.succeed(index, output)
                own.slots.append(frame.chain)
                own.last = event.id
            }
            freeFrame(id)
        case .mapIterationFailed:
            update(id) { $0.chain = event.previousEventID }
        case .mapIterationAborted, .stateAborted, .note(.stopped):
            update(id) { $0.isStopped = true }
        case .note(.branchSkipped(let index)):
            children[id]?.skip(index)
        case .note(.branchHeld(let index)):
            children[id]?.hold(index)
        case .note(.childFailed(let index, let error, let cause, let last)):
            let failed = Frame.Failed(error: error, cause: cause)
            children[id]?.fail(index, failed, last: last)
            stopChild(of: id, index: index)
            drain(around: id, failed: index)
        case .note(.childrenFailed(let error, let cause, let last)):
            update(id) { frame in
                frame.chain = last
                frame.phase = .failed(.init(error: error, cause: cause))
            }
        case .parallelStateSucceeded, .mapStateSucceeded:
            // That of a distributed Map follows MapRunSucceeded, and its results are in a note.
            guard let results = children[id]?.results else { return }
            update(id) { frame in
                // AWS: what follows points to where this event points.
                frame.chain = event.previousEventID
                frame.phase = .result(.array(results))
            }
        case .parallelStateFailed, .mapStateFailed:
            update(id) { $0.chain = event.id }

        case .mapRunStarted(_, let arn):
            update(id) { frame in
                frame.chain = event.id
                frame.mapRun = arn
                frame.phase = .mapRun(started: event.id, arn: arn)
            }
        case .mapRunRedriven(_, let arn, _):
            update(id) { frame in
                frame.chain = event.id
                frame.mapRun = arn
                frame.phase = .mapRun(started: event.id, arn: arn)
            }
        case .note(.mapRunResult(let result)):
            update(id) { $0.phase = .result(result) }
        case .mapRunSucceeded: break
        case .mapRunFailed(_, let error, let cause):
            update(id) { frame in
                frame.chain = event.id
                frame.phase = .failed(.init(error: error, cause: cause))
            }
        case .mapRunAborted, .note(.parallelism): break
        case .executionStarted, .executionSucceeded, .executionFailed, .executionAborted, .executionTimedOut, .executionRedriven: break
        }
    }

    // MARK: frames

    mutating func update(_ id: FrameID, _ change: (inout Frame) -> Void) {
        guard frames.indices.contains(id.index), frames[id.index] != nil else { return }
        change(&frames[id.index]!)  // The line above has seen that it is there.
    }

    private mutating func updateTask(_ id: FrameID, _ event: HistoryEvent, _ change: (inout Frame.TaskProgress) -> Void) {
        update(id) { frame in
            guard case .task(var progress) = frame.phase else { return }
            change(&progress)
            frame.phase = .task(progress)
            if event.id > 0 { frame.chain = event.id }
        }
    }

    private mutating func startChild(_ event: HistoryEvent, _ id: FrameID, parent: FrameID, index: Int, input: JSONValue) {
        guard id.index >= 0, id.index <= frames.count, frame(id) == nil, let parentFrame = frame(parent), let workflow = workflow(of: parentFrame.state, index)
        else { return }
        let isIteration = event.id > 0
        var chain = isIteration ? event.id : parentFrame.chain
        if !isIteration, let started = children.look(parent, { $0.startedID }) { chain = started }
        let child = Frame(
            parent: parent, index: index, chain: chain, phase: .enter(workflow.startAt, input), state: workflow.startAt, input: input)
        if id.index == frames.count { frames.append(child) } else { frames[id.index] = child }
        if freeFrames.last == id.index { freeFrames.removeLast() }
        children.update(parent) { own in
            own.start(index)
            own.setFrame(id, of: index)
            if isIteration, event.previousEventID != own.startedID { own.slots.takeFirst() }
        }
    }

    /// A branch has no event of its own for its end.
    private mutating func branchEnded(_ id: FrameID, _ output: JSONValue) {
        guard let frame = frames[id.index], let parent = frame.parent, let parentFrame = frames[parent.index],
            case .parallel(let parallel) = machine[parentFrame.state].kind
        else { return }
        let keepsVariables = parallel.dependents.indices.contains(frame.index) && !parallel.dependents[frame.index].isEmpty
        children.update(parent) { own in
            own.succeed(frame.index, output)
            own.reached(frame.chain)
            if keepsVariables, !frame.variables.isEmpty { own.assigned[frame.index] = frame.variables }
        }
        freeFrame(id)
        ready.append(parent)
    }

    private mutating func stopChild(of parent: FrameID, index: Int) {
        guard let child = children[parent]?.frame(of: index) else { return }
        update(child) { $0.isStopped = true }
    }

    private mutating func startChildren(_ event: HistoryEvent, _ id: FrameID, count: Int) {
        update(id) { frame in
            frame.chain = event.id
            frame.phase = .children
        }
        children[id] = Children(startedID: event.id, count: count)
    }

    mutating func freeFrame(_ id: FrameID) {
        guard let frame = frame(id) else { return }
        if let parent = frame.parent { children.update(parent) { $0.setFrame(nil, of: frame.index) } }
        frames[id.index] = nil
        children.remove(id)
        freeFrames.append(id.index)
    }

    mutating func dropDescendants(of id: FrameID) {
        guard let own = children.remove(id), own.running > 0 || own.failed > 0 else { return }
        var found: [FrameID] = []
        var waiting = own.frames
        // No more than there are: a broken history may hold a circle.
        while let next = waiting.popLast(), found.count < frames.count {
            found.append(next)
            if let children = children[next] { waiting.append(contentsOf: children.frames) }
        }
        for frame in found.sorted(by: { $0.index > $1.index }) { freeFrame(frame) }
    }

    func workflow(of state: StateID, _ index: Int) -> Workflow? {
        switch machine[state].kind {
        case .parallel(let parallel): parallel.branches.indices.contains(index) ? parallel.branches[index] : nil
        case .map(let map): map.processor
        default: nil
        }
    }

    private func retrierCount(_ id: FrameID) -> Int {
        guard let frame = frames[id.index] else { return 0 }
        return machine[frame.state].retriers.count
    }

    // MARK: redrive

    private mutating func applyRedrive(_ event: HistoryEvent, _ count: Int) {
        status = .running
        stoppedAt = nil
        (error, cause, output) = (nil, nil, nil)
        failedState = nil
        redriveCount = count
        redrivenAt = event.timestamp
        facts = ExecutionFacts(header: header, input: input, startedAt: startedAt, redriveCount: count, redrivenAt: redrivenAt)
        for position in frames.indices {
            let id = FrameID(position)
            update(id) { $0.isStopped = false }
            guard let frame = frames[position] else { continue }
            if let own = children[id], !own.isComplete || own.failed > 0, !frame.isDone {
                children[id]?.reviveFailed()
                update(id) { frame in
                    frame.retries = []
                    frame.phase = .children
                }
            } else {
                switch frame.phase {
                case .enter, .result, .ended: break
                default:
                    children[id] = nil
                    update(id) { frame in
                        frame.retries = []
                        frame.firstAttemptAt = event.timestamp
                        frame.phase = .run
                    }
                }
            }
        }
        // Whoever has a frame is under way again.
        for position in frames.indices {
            guard let frame = frames[position], let parent = frame.parent else { continue }
            children[parent]?.start(frame.index)
        }
    }
}

extension Frame {
    /// The work itself is done, only the leaving is not.
    fileprivate var isDone: Bool {
        switch phase {
        case .enter, .result, .ended: true
        default: false
        }
    }
}

extension Frame.TaskProgress {
    fileprivate mutating func restartHeartbeat(_ now: Timestamp) {
        guard let seconds = schedule.heartbeatSeconds else { return }
        heartbeatDeadline = now.adding(seconds: Double(seconds))
    }
}

extension Children {
    func isRunning(_ index: Int) -> Bool { status.indices.contains(index) && status[index] == .running }

    mutating func start(_ index: Int) {
        guard status.indices.contains(index), status[index] != .running else { return }
        status[index] = .running
        running += 1
        while next < status.count, status[next] != .pending { next += 1 }
    }

    mutating func succeed(_ index: Int, _ output: JSONValue) {
        guard status.indices.contains(index), status[index] == .running else { return }
        status[index] = .succeeded
        starts.note(ended: index)
        results[index] = output
        running -= 1
        succeeded += 1
    }

    mutating func fail(_ index: Int, _ failure: Frame.Failed, last: Int64) {
        guard status.indices.contains(index), status[index] == .running else { return }
        status[index] = .failed
        starts.note(ended: index)
        running -= 1
        failed += 1
        self.last = max(self.last, last)
        slots.append(last)
        if self.failure == nil { self.failure = failure }
        var error = JSONObject()
        error["Error"] = failure.error.map { .string($0) } ?? .null
        error["Cause"] = failure.cause.map { .string($0) } ?? .null
        results[index] = .object(error)
    }

    /// Nothing of the branch runs any more, and it has not ended.
    mutating func hold(_ index: Int) {
        guard status.indices.contains(index), status[index] == .running else { return }
        status[index] = .pending
        running -= 1
    }

    mutating func skip(_ index: Int) {
        guard status.indices.contains(index), status[index] == .pending else { return }
        status[index] = .skipped
        starts.note(ended: index)
        skipped += 1
        while next < status.count, status[next] != .pending { next += 1 }
    }

    /// After a redrive: what failed or was skipped may run again, and nothing runs until a frame says so.
    mutating func reviveFailed() {
        failure = nil
        isDraining = false
        starts = StartQueue()
        failed = 0
        skipped = 0
        running = 0
        slots = Slots()
        for index in status.indices where status[index] == .failed || status[index] == .skipped || status[index] == .running {
            status[index] = .pending
            results[index] = .null
        }
        next = status.firstIndex(of: .pending) ?? status.count
    }

    mutating func reached(_ event: Int64) { last = max(last, event) }
}

extension HistoryEvent.Kind {
    fileprivate var createsFrame: Bool {
        switch self {
        case .mapIterationStarted, .note(.branchStarted): true
        default: false
        }
    }
}

extension State {
    public var retriers: [Retrier] {
        switch kind {
        case .task(let task): task.retry
        case .parallel(let parallel): parallel.retry
        case .map(let map): map.retry
        default: []
        }
    }

    public var catchers: [Catcher] {
        switch kind {
        case .task(let task): task.catchers
        case .parallel(let parallel): parallel.catchers
        case .map(let map): map.catchers
        default: []
        }
    }
}
