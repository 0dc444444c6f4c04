import JSON

extension Execution {
    // MARK: Parallel

    mutating func startParallel(_ id: FrameID, _ frame: Frame, _ state: State, _ parallel: ParallelState) throws(Failure) -> Bool {
        let raw = scope(id, frame)
        let scope = raw.with(input: try state.inputPath.apply(raw, field: "InputPath"))
        let input = try parallel.arguments?.evaluate(scope) ?? scope.input
        emit(.parallelStateStarted(state.id), id, previous: frame.chain)
        startBranches(id, parallel, input)
        return children[id]?.isComplete ?? false
    }

    /// Starts every branch that may start now; skips those that cannot any more.
    private mutating func startBranches(_ id: FrameID, _ parallel: ParallelState, _ input: JSONValue) {
        guard let own = children[id], own.status.count == parallel.branches.count, own.failure == nil || isHandled(own, parallel), !own.isDraining,
            !isDraining(id)
        else { return }
        if parallel.hasDependencies { return startDependents(id, parallel, input) }
        var index = own.next
        while isRunning, index < parallel.branches.count, !isFull(id) {
            if readiness(of: index, id, parallel) == .ready { startBranch(index, id, input) }
            index += 1
        }
    }

    /// Looks at those that waited for what has ended since, the first branch first; at all of them the first time.
    private mutating func startDependents(_ id: FrameID, _ parallel: ParallelState, _ input: JSONValue) {
        guard let starts = children[id]?.starts else { return }
        var candidates = IndexHeap()
        if starts.isKnown {
            for index in starts.held { candidates.insert(index) }
            for index in starts.ended { for dependent in parallel.dependents[index] { candidates.insert(dependent) } }
        } else {
            for index in parallel.branches.indices { candidates.insert(index) }
        }
        children[id]?.starts = StartQueue(isKnown: true)
        while isRunning, let index = candidates.removeFirst() {
            switch readiness(of: index, id, parallel) {
            case .started, .waits: continue
            case .never:
                note(.branchSkipped(index: index), id)
                // What waits for this one is skipped too.
                for dependent in parallel.dependents[index] { candidates.insert(dependent) }
            case .ready:
                if isFull(id) { children[id]?.starts.held.append(index) } else { startBranch(index, id, input) }
            }
        }
        children[id]?.starts.ended = []
    }

    private mutating func startBranch(_ index: Int, _ id: FrameID, _ input: JSONValue) {
        let child = newFrameID()
        note(.branchStarted(index: index, input: input, parent: id), child)
        ready.append(child)
    }

    private func isFull(_ id: FrameID) -> Bool {
        guard let own = children[id] else { return true }
        return own.maxConcurrency > 0 && own.running >= own.maxConcurrency
    }

    private enum Readiness { case started, ready, waits, never }

    private func readiness(of index: Int, _ id: FrameID, _ parallel: ParallelState) -> Readiness {
        guard let own = children[id], own.status[index] == .pending else { return .started }
        var waits = false
        for dependency in parallel.branches[index].dependsOn {
            switch (own.status[dependency.branch], dependency.trigger) {
            case (.succeeded, .succeeded), (.succeeded, .any), (.failed, .failed), (.failed, .any): continue
            case (.succeeded, _), (.failed, _), (.skipped, _): return .never
            case (.pending, _), (.running, _): waits = true
            }
        }
        return waits ? .waits : .ready
    }

    /// Whether every failed branch has another that was written to follow a failure.
    private func isHandled(_ children: Children, _ parallel: ParallelState) -> Bool {
        children.status.indices.allSatisfy { index in
            children.status[index] != .failed || parallel.handlesFailure(of: index)
        }
    }

    // MARK: both

    /// A child ended: start others, or finish.
    mutating func goOnWithChildren(_ id: FrameID) throws(Failure) -> Bool {
        guard let frame = frame(id) else { return false }
        let state = machine[frame.state]
        switch state.kind {
        case .parallel(let parallel):
            let raw = scope(id, frame)
            let scope = raw.with(input: try state.inputPath.apply(raw, field: "InputPath"))
            let input = children[id]?.next ?? 0 < parallel.branches.count ? try parallel.arguments?.evaluate(scope) ?? scope.input : .null
            startBranches(id, parallel, input)
            guard let own = children[id], own.running == 0 else { return false }
            if let failure = own.failure, own.failed > 0, !isHandled(own, parallel) {
                note(.childrenFailed(error: failure.error, cause: failure.cause, last: own.last), id)
                return true
            }
            guard own.isComplete else {
                if isDraining(id) { hold(id) }
                return false
            }
            emit(.parallelStateSucceeded(state.id), id, previous: own.last)
            return true
        case .map(let map):
            try startIterations(id, map)
            guard let last = children.look(id, { $0.isComplete ? $0.last : nil }) ?? nil else { return false }
            emit(.mapStateSucceeded(state.id), id, previous: last)
            return true
        default: return false
        }
    }

    /// A child's failure, which nothing in it handled. `failing` is the child.
    mutating func childFailed(_ failing: FrameID, _ frame: Frame, _ failure: Frame.Failed, parent: FrameID) {
        guard let parentFrame = self.frame(parent) else { return }
        let state = machine[parentFrame.state]
        let last = frame.chain
        switch state.kind {
        case .map:
            emit(.mapIterationFailed(state.id, index: frame.index), failing, previous: last)
            note(.childFailed(index: frame.index, error: failure.error, cause: failure.cause, last: last), parent)
            guard let tolerates = children[parent].flatMap({ $0.exceedsTolerance ? $0.tolerates : nil }) else {
                ready.append(parent)
                return
            }
            abortState(failing, frame, previous: last)
            abortChildren(of: parent, previous: last)
            let error = tolerates ? ErrorName.exceedToleratedFailureThreshold : failure.error
            let cause = tolerates ? "The specified tolerated failure threshold was exceeded" : failure.cause
            note(.childrenFailed(error: error, cause: cause, last: last), parent)
        case .parallel(let parallel):
            note(.childFailed(index: frame.index, error: failure.error, cause: failure.cause, last: last), parent)
            if !parallel.finishesRunningBranches, !parallel.handlesFailure(of: frame.index) {
                abortState(failing, frame, previous: last)
                abortChildren(of: parent, previous: last)
                note(.childrenFailed(error: failure.error, cause: failure.cause, last: last), parent)
            }
        default: return
        }
        ready.append(parent)
    }

    /// Only Task and Wait, Parallel and Map have an Aborted event. The failing state of a Task gets one too, as AWS writes it.
    private mutating func abortState(_ id: FrameID, _ frame: Frame, previous: Int64) {
        if case .task = machine[frame.state].kind {
            emit(.stateAborted(frame.state), id, previous: previous)
        } else {
            note(.stopped, id)
        }
    }

    /// Gives up every child of `parent` that still has something to do, and theirs.
    private mutating func abortChildren(of parent: FrameID, previous: Int64) {
        // By hand, because machines may be nested deeper than the stack of a thread.
        var steps: [AbortStep] = [.children(parent)]
        while let step = steps.popLast() {
            switch step {
            case .children(let parent):
                steps.append(contentsOf: (children[parent]?.frames ?? []).reversed().map { .child($0, of: parent) })
            case .child(let id, let parent):
                guard let child = frame(id), !child.isStopped, let state = frame(parent)?.state else { continue }
                cancel(id)
                var isIteration = false
                if case .map = machine[state].kind { isIteration = true }
                if isIteration { emit(.mapIterationAborted(state, index: child.index), id, previous: previous) }
                steps.append(.leave(id, wasInside: child.isInsideState, isIteration: isIteration))
                if children[id] != nil { steps.append(.children(id)) }
            case .leave(let id, let wasInside, let isIteration):
                guard let state = frame(id)?.state else { continue }
                if wasInside, machine[state].hasAbortedEvent {
                    emit(.stateAborted(state), id, previous: previous)
                } else if !isIteration {
                    note(.stopped, id)
                }
            }
        }
    }

    private enum AbortStep {
        case children(FrameID)
        case child(FrameID, of: FrameID)
        case leave(FrameID, wasInside: Bool, isIteration: Bool)
    }

    /// The place of the next frame.
    func newFrameID() -> FrameID {
        guard let free = freeFrames.last, frames.indices.contains(free), frames[free] == nil else { return FrameID(frames.count) }
        return FrameID(free)
    }

    // MARK: Map

    mutating func startMap(_ id: FrameID, _ frame: Frame, _ state: State, _ map: MapState) throws(Failure) -> Bool {
        let raw = scope(id, frame)
        let scope = raw.with(input: try state.inputPath.apply(raw, field: "InputPath"))
        let items: MapItems
        if map.distributed?.reader == nil {
            items = try map.itemList(scope)
        } else {
            items = MapItems(values: [], keys: nil)
        }
        let concurrency = try map.maxConcurrency?.integer(scope) ?? 0
        // Retried, a Map starts again; redriven, its run goes on.
        if map.distributed != nil, redriveCount > 0, let arn = frame.mapRun, case .run = frame.phase {
            emit(.mapRunRedriven(state.id, arn: arn, redriveCount: redriveCount), id, previous: frame.chain)
            if let now = self.frame(id) { turn.commands.append(contentsOf: commandsOf(id, now)) }
            return false
        }
        emit(.mapStateStarted(state.id, length: items.values.count), id, previous: frame.chain)
        let count = try map.toleratedFailureCount?.integer(scope)
        let percentage = try map.toleratedFailurePercentage?.number(scope)
        if let distributed = map.distributed {
            // What cannot be evaluated fails the state before there is a run (LocalStack's test_map_item_reader_csv_max_items_paths).
            try distributed.check(scope)
            let label = distributed.label ?? ExecutionRandom.uuid(header.seed, lastEventID, salt: 1)
            let region = String(header.arn.split(separator: ":", omittingEmptySubsequences: false).dropFirst(3).first ?? "us-east-1")
            let account = String(header.arn.split(separator: ":", omittingEmptySubsequences: false).dropFirst(4).first ?? "000000000000")
            let run = ExecutionRandom.uuid(header.seed, lastEventID, salt: 2)
            let arn = "arn:aws:states:\(region):\(account):mapRun:\(header.stateMachineName)/\(label):\(run)"
            emit(.mapRunStarted(state.id, arn: arn), id, previous: chain(id))
            if let now = self.frame(id) { turn.commands.append(contentsOf: commandsOf(id, now)) }
            return false
        }
        if map.items != nil { note(.items(items.values, keys: items.keys), id) }
        note(.mapLimits(maxConcurrency: concurrency, toleratedCount: count, toleratedPercentage: percentage), id)
        children[id]?.items.values = items.values
        children[id]?.items.keys = items.keys
        return try goOnWithChildren(id)
    }

    private mutating func startIterations(_ id: FrameID, _ map: MapState) throws(Failure) {
        guard let frame = frame(id), hasPending(id) else { return }
        let state = machine[frame.state]
        let items = try itemsOf(id)
        let input = map.itemSelector == nil ? frame.input : try state.inputPath.apply(scope(id, frame), field: "InputPath")
        while isRunning, hasPending(id), let next = children.look(id, { $0.next }) {
            guard items.values.indices.contains(next) else { return }
            var item = items.values[next]
            if let selector = map.itemSelector {
                let scope = scope(id, frame, mapItem: items.contextItem(next)).with(input: input)
                item = try selector.evaluate(scope)
            }
            let child = newFrameID()
            let previous = children.look(id) { $0.slots.first ?? $0.startedID } ?? 0
            emit(.mapIterationStarted(state.id, index: next, input: item, parent: id), child, previous: previous)
            ready.append(child)
        }
    }

    /// Whether an iteration may start now.
    private func hasPending(_ id: FrameID) -> Bool {
        children.look(id) { own in
            let limit = own.maxConcurrency > 0 ? own.maxConcurrency : quotas.inlineMapConcurrency
            return own.next < own.status.count && (limit == 0 || own.running < limit)
        } ?? false
    }

    /// Those that need not be found again.
    func keptItems(_ id: FrameID) -> MapItems? {
        children.look(id) { own in own.items.values.map { MapItems(values: $0, keys: own.items.keys) } } ?? nil
    }

    /// The items of a Map that is under way.
    func itemsOf(_ id: FrameID) throws(Failure) -> MapItems {
        guard let frame = frame(id), case .map(let map) = machine[frame.state].kind else {
            return MapItems(values: [], keys: nil)
        }
        if let items = keptItems(id) { return items }
        let raw = scope(id, frame)
        return try map.itemList(raw.with(input: try machine[frame.state].inputPath.apply(raw, field: "InputPath")))
    }
}

extension Children {
    fileprivate var tolerates: Bool { toleratedCount ?? 0 > 0 || toleratedPercentage ?? 0 > 0 }

    fileprivate var exceedsTolerance: Bool {
        let exceedsCount = toleratedCount.map { failed > $0 } ?? true
        let exceedsPercentage = toleratedPercentage.map { Double(failed) * 100 > $0 * Double(status.count) } ?? true
        if toleratedCount == nil, toleratedPercentage == nil { return failed > 0 }
        // Whichever is given and exceeded fails the state.
        return (toleratedCount != nil && exceedsCount) || (toleratedPercentage != nil && exceedsPercentage)
    }
}

extension Frame {
    /// The current state was entered and not left.
    var isInsideState: Bool {
        switch phase {
        case .enter, .ended: false
        default: !isStopped
        }
    }
}

extension State {
    var hasAbortedEvent: Bool {
        switch kind {
        case .task, .wait, .parallel, .map: true
        case .pass, .choice, .succeed, .fail: false
        }
    }
}
