import JSON

extension Execution {
    /// A state failed: retry it, catch it, or pass it on. Whether the frame may go on at once.
    mutating func resolve(_ id: FrameID, _ frame: Frame, _ failed: Frame.Failed) -> Bool {
        let state = machine[frame.state]
        let isRuntime = failed.error == ErrorName.runtime
        if failed.isCatchable, !isRuntime, retry(id, frame, state, failed) { return false }
        if !isRuntime {
            switch state.kind {
            case .parallel: emit(.parallelStateFailed(state.id), id, previous: frame.chain)
            case .map: emit(.mapStateFailed(state.id), id, previous: frame.chain)
            default: break
            }
        }
        if failed.isCatchable, !isRuntime, let index = state.catchers.firstIndex(where: { ErrorMatch.matches($0.errorEquals, failed.error) }) {
            do {
                try handle(id, state.catchers[index], failed)
            } catch {
                record(error, id, at: .leaving, isCatchable: false)
            }
            return true
        }
        pass(on: failed, from: id)
        return false
    }

    private mutating func retry(_ id: FrameID, _ frame: Frame, _ state: State, _ failed: Frame.Failed) -> Bool {
        guard let index = state.retriers.firstIndex(where: { ErrorMatch.matches($0.errorEquals, failed.error) }) else { return false }
        let retrier = state.retriers[index]
        let used = frame.retries.indices.contains(index) ? frame.retries[index] : 0
        guard used < retrier.maxAttempts else { return false }
        if let minutes = retrier.expireAfterMinutes, turn.now > frame.firstAttemptAt.adding(seconds: minutes * 60) { return false }
        let delay = retrier.delaySeconds(retry: used) * (retrier.hasFullJitter ? ExecutionRandom.unit(header.seed, lastEventID) : 1)
        let at = turn.now.adding(seconds: delay / max(header.timeScale, 1e-9))
        // The children of a Map or Parallel that is tried again are forgotten; what they run was cancelled before.
        note(.retry(retrier: index, at: at), id)
        turn.commands.append(.wake(id, at: at))
        return true
    }

    private mutating func handle(_ id: FrameID, _ catcher: Catcher, _ failed: Frame.Failed) throws(Failure) {
        guard let frame = frame(id) else { return }
        let state = machine[frame.state]
        let error = ErrorMatch.output(error: failed.error, cause: failed.cause)
        var scope = scope(id, frame)
        guard state.language == .jsonPath else {
            scope.errorOutput = error
            try exit(id, frame, scope: scope, assign: catcher.assign, output: catcher.output, result: error, next: catcher.next)
            return
        }
        let assigned = try assignments(catcher.assign, scope.with(input: error))
        let result = try catcher.resultPath.apply(error, to: frame.input)
        try finish(id, frame, output: result, assigned: assigned, next: catcher.next)
    }

    /// Nothing here handles the failure.
    private mutating func pass(on failed: Frame.Failed, from id: FrameID) {
        guard let frame = frame(id) else { return }
        if let parent = frame.parent, failed.error != ErrorName.runtime {
            childFailed(id, frame, failed, parent: parent)
            return
        }
        cancelEverything()
        emit(.executionFailed(error: ErrorMatch.shown(failed.error), cause: failed.cause), .root, previous: frame.chain)
    }
}

extension Retrier {
    /// `retry` is 0 for the first.
    public func delaySeconds(retry: Int) -> Double {
        var delay = intervalSeconds
        // By hand, so that a large count cannot leave the range of a Double on the way to the limit.
        for _ in 0..<min(retry, 1000) {
            delay *= backoffRate
            if let maxDelaySeconds, delay >= maxDelaySeconds { return maxDelaySeconds }
            if delay > 31_622_400 { return 31_622_400 }
        }
        return min(delay, maxDelaySeconds ?? delay)
    }
}

/// Which names match an error (asl-brief section 5).
public enum ErrorMatch {
    public static func matches(_ names: [String], _ error: String?) -> Bool {
        guard error != ErrorName.runtime else { return false }
        return names.contains { name in
            switch name {
            case ErrorName.all: true
            // An expression that fails is no failed task (measured in 2026, iwamot/sfnx).
            case ErrorName.taskFailed:
                error != ErrorName.timeout && error != ErrorName.heartbeatTimeout && error != ErrorName.dataLimitExceeded
                    && error != ErrorName.permissions && error != ErrorName.queryEvaluationError
            case ErrorName.timeout: error == ErrorName.timeout || error == ErrorName.heartbeatTimeout
            default: error.map { name.isSameText(as: $0) } ?? false
            }
        }
    }

    /// AWS reports a missed heartbeat as `States.Timeout`.
    public static func shown(_ error: String?) -> String? { error == ErrorName.heartbeatTimeout ? ErrorName.timeout : error }

    /// The error output that a Catcher passes on.
    static func output(error: String?, cause: String?) -> JSONValue {
        var output = JSONObject()
        output["Error"] = shown(error).map { .string($0) } ?? .null
        output["Cause"] = .string(cause ?? "")
        if error == nil, cause == nil { output["Cause"] = .null }
        return .object(output)
    }
}
