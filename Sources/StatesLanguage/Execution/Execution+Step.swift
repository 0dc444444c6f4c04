import JSON

extension Execution {
    /// Lets a frame go on until it waits for something, or its turn is over.
    mutating func step(_ id: FrameID) {
        while isRunning, let frame = frame(id), !frame.isStopped {
            guard turn.events.count < turn.most else { return ready.prepend(id) }
            guard stepOnce(id, frame) else { return }
        }
    }

    /// Whether the frame may go on at once.
    private mutating func stepOnce(_ id: FrameID, _ frame: Frame) -> Bool {
        switch frame.phase {
        case .enter(let state, let input):
            if frame.parent != nil, isDraining(id) {
                hold(id)
                return false
            }
            if parks(id, in: state) { return false }
            emit(.stateEntered(state, input: input), id, previous: frame.chain)
            return true
        case .run:
            if parks(id, in: frame.state) { return false }
            return attempt(id, frame, at: .work) { (execution) throws(Failure) in try execution.work(id, frame) }
        case .result(let result):
            return attempt(id, frame, at: .leaving) { (execution) throws(Failure) in
                try execution.leave(id, frame, result: result)
                return true
            }
        case .retry(let at):
            guard at <= turn.now else { return false }
            return attempt(id, frame, at: .work) { (execution) throws(Failure) in try execution.work(id, frame) }
        case .timer(let at):
            guard at <= turn.now else { return false }
            return attempt(id, frame, at: .leaving) { (execution) throws(Failure) in
                let input = try execution.effectiveInput(id, frame)
                try execution.leave(id, frame, result: input)
                return true
            }
        case .failed(let failed): return resolve(id, frame, failed)
        case .ended(let output): return end(id, frame, output)
        case .children:
            return attempt(id, frame, at: .leaving) { (execution) throws(Failure) in try execution.goOnWithChildren(id) }
        case .task(let progress):
            // The turn after Scheduled: an activity waits for a worker, everything else starts with the commit.
            if !progress.isStarted, !machine[frame.state].isActivityTask {
                emit(.taskStarted(frame.state, worker: nil), id, previous: frame.chain)
                for command in commandsOf(id, self.frame(id) ?? frame) { turn.commands.append(command) }
            }
            return false
        case .mapRun: return false
        }
    }

    enum Stage {
        case work, leaving
    }

    /// Does something that may fail, and records the failure as AWS does.
    private mutating func attempt(
        _ id: FrameID, _ frame: Frame, at stage: Stage, _ body: (inout Execution) throws(Failure) -> Bool
    ) -> Bool {
        do {
            return try body(&self)
        } catch {
            record(error, id, at: stage)
            return true
        }
    }

    /// A failure of the interpreter in the state of this frame.
    mutating func record(_ failure: Failure, _ id: FrameID, at stage: Stage, isCatchable: Bool = true) {
        guard let frame = frame(id) else { return }
        let state = machine[frame.state]
        let cause = cause(of: failure, in: frame)
        if failure.error == ErrorName.queryEvaluationError {
            var previous = frame.chain
            if case .wait = state.kind { previous = frame.enteredID } else if stage == .work || !state.doesWork { previous = frame.chainBeforeEntered }
            let location = failure.evaluationLocation.flatMap { $0.isEmpty ? nil : $0 }
            emit(
                .evaluationFailed(state.id, error: ErrorName.queryEvaluationError, cause: cause ?? "", location: location),
                id, previous: previous)
            if !isCatchable { note(.failed(error: failure.error, cause: cause, isCatchable: false), id) }
        } else {
            note(.failed(error: failure.error, cause: cause, isCatchable: isCatchable), id)
        }
    }

    /// With AWS's words before what the interpreter itself found.
    func cause(of failure: Failure, in frame: Frame) -> String? {
        guard failure.isPrefixed, let text = failure.cause else { return failure.cause }
        return "An error occurred while executing the state '\(machine[frame.state].name)' (entered at the event id #\(frame.enteredID)). \(text)"
    }

    // MARK: the work of a state

    /// Whether the frame may go on at once.
    private mutating func work(_ id: FrameID, _ frame: Frame) throws(Failure) -> Bool {
        let state = machine[frame.state]
        switch state.kind {
        case .pass(let pass):
            if state.isPlain, pass.parameters == nil {
                try leave(id, frame, result: pass.result ?? frame.input)
                return true
            }
            let scope = scope(id, frame)
            let input = try state.inputPath.apply(scope, field: "InputPath")
            let result: JSONValue
            if let literal = pass.result {
                result = literal
            } else if let parameters = pass.parameters {
                result = try parameters.evaluate(scope.with(input: input))
            } else {
                result = input
            }
            try leave(id, frame, result: result)
            return true
        case .succeed:
            try leave(id, frame, result: try effectiveInput(id, frame))
            return true
        case .choice(let choice):
            try choose(id, frame, state, choice)
            return true
        case .wait(let wait):
            let scope = scope(id, frame).with(input: try effectiveInput(id, frame))
            let end = try wait.end(scope, enteredAt: turn.now)
            let milliseconds = Double(max(0, end.milliseconds - turn.now.milliseconds)) / max(header.timeScale, 1e-9)
            let at = turn.now.adding(seconds: milliseconds / 1000)
            note(.waiting(until: at), id)
            guard at > turn.now else { return true }
            turn.commands.append(.wake(id, at: at))
            return false
        case .fail(let fail):
            let scope = scope(id, frame)
            let error = try fail.error?.evaluate(scope)
            let cause = try fail.cause?.evaluate(scope)
            note(.failed(error: error, cause: cause, isCatchable: true), id)
            return true
        case .task(let task): return try schedule(id, frame, state, task)
        case .parallel(let parallel): return try startParallel(id, frame, state, parallel)
        case .map(let map): return try startMap(id, frame, state, map)
        }
    }

    func effectiveInput(_ id: FrameID, _ frame: Frame) throws(Failure) -> JSONValue {
        if case .whole = machine[frame.state].inputPath { return frame.input }
        return try machine[frame.state].inputPath.apply(scope(id, frame), field: "InputPath")
    }

    private mutating func choose(_ id: FrameID, _ frame: Frame, _ state: State, _ choice: ChoiceState) throws(Failure) {
        let raw = scope(id, frame)
        let scope = raw.with(input: try state.inputPath.apply(raw, field: "InputPath"))
        for rule in choice.rules where try rule.condition.evaluate(scope) {
            try exit(id, frame, scope: scope, assign: rule.assign, output: rule.output, result: scope.input, next: rule.next)
            return
        }
        guard let next = choice.defaultNext else {
            throw .runtime("Failed to transition out of the state. The state does not point to a next state.")
        }
        try exit(id, frame, scope: scope, assign: state.assign, output: state.output, result: scope.input, next: next)
    }

    // MARK: leaving a state

    /// ResultSelector, Assign, ResultPath, OutputPath (JSONPath), or Assign and Output (JSONata).
    mutating func leave(_ id: FrameID, _ frame: Frame, result: JSONValue) throws(Failure) {
        let state = machine[frame.state]
        let next: StateID? = if case .next(let target) = state.transition { target } else { nil }
        if state.isPlain, !state.selectsResult {
            let output = try plainOutput(state, frame, result)
            try finish(id, frame, output: output, assigned: JSONObject(), next: next)
            return
        }
        var scope = scope(id, frame)
        guard state.language == .jsonPath else {
            if state.doesWork { scope.result = result }
            try exit(id, frame, scope: scope, assign: state.assign, output: state.output, result: result, next: next)
            return
        }
        var selected = result
        var output = result
        switch state.kind {
        case .pass(let pass): output = try pass.resultPath.apply(selected, to: frame.input)
        case .task(let task):
            if let selector = task.resultSelector { selected = try selector.evaluate(scope.with(input: selected)) }
            output = try task.resultPath.apply(selected, to: frame.input)
        case .parallel(let parallel):
            if let selector = parallel.resultSelector { selected = try selector.evaluate(scope.with(input: selected)) }
            output = try parallel.resultPath.apply(selected, to: frame.input)
        case .map(let map):
            if let selector = map.resultSelector { selected = try selector.evaluate(scope.with(input: selected)) }
            output = try map.resultPath.apply(selected, to: frame.input)
        case .choice, .wait, .succeed, .fail: break
        }
        let assigned = try assignments(state.assign, scope.with(input: selected))
        output = try state.outputPath.apply(scope.with(input: output), field: "OutputPath")
        try finish(id, frame, output: output, assigned: assigned, next: next)
    }

    /// The output of a state that has nothing to evaluate once its work is done.
    private func plainOutput(_ state: State, _ frame: Frame, _ result: JSONValue) throws(Failure) -> JSONValue {
        guard state.language == .jsonPath else { return result }
        switch state.kind {
        case .pass(let pass): return try pass.resultPath.apply(result, to: frame.input)
        case .task(let task): return try task.resultPath.apply(result, to: frame.input)
        case .parallel(let parallel): return try parallel.resultPath.apply(result, to: frame.input)
        case .map(let map): return try map.resultPath.apply(result, to: frame.input)
        case .choice, .wait, .succeed, .fail: return result
        }
    }

    /// For a Choice's rule, a Catcher, and everything in JSONata.
    mutating func exit(
        _ id: FrameID, _ frame: Frame, scope: EvaluationScope, assign: Template?, output: Template?, result: JSONValue, next: StateID?
    ) throws(Failure) {
        let state = machine[frame.state]
        let assigned = try assignments(assign, scope)
        var value = try output?.evaluate(scope) ?? result
        if state.language == .jsonPath { value = try state.outputPath.apply(scope.with(input: value), field: "OutputPath") }
        try finish(id, frame, output: value, assigned: assigned, next: next)
    }

    func assignments(_ assign: Template?, _ scope: EvaluationScope) throws(Failure) -> JSONObject {
        guard let assign, case .object(let values) = try assign.evaluate(scope) else { return JSONObject() }
        if let limit = quotas.variableBytes, JSONValue.object(values).byteCount > limit {
            throw Failure(ErrorName.dataLimitExceeded, "The variables assigned exceed the maximum number of bytes service limit.")
        }
        return values
    }

    /// The end of a state, left for `next` (nil: the workflow ends).
    mutating func finish(
        _ id: FrameID, _ frame: Frame, output: JSONValue, assigned: JSONObject, next: StateID?
    ) throws(Failure) {
        let state = machine[frame.state]
        if let failure = oversize(output, state.id) {
            note(.failed(error: failure.error, cause: failure.cause, isCatchable: false), id)
            return
        }
        if !assigned.isEmpty { try checkAllVariables(assigned, id) }
        emit(.stateExited(state.id, output: output, assigned: assigned, next: next), id, previous: frame.chain)
    }

    private func checkAllVariables(_ assigned: JSONObject, _ id: FrameID) throws(Failure) {
        guard let limit = quotas.allVariablesBytes else { return }
        // What is assigned takes the place of what the scope holds under these names.
        var own = frame(id)?.variables ?? JSONObject()
        for (name, value) in assigned { own[name] = value }
        var stored = JSONValue.object(own).byteCount
        for (index, other) in frames.enumerated() where index != id.index { stored += other.map { JSONValue.object($0.variables).byteCount } ?? 0 }
        if stored > limit {
            throw Failure(ErrorName.dataLimitExceeded, "The total size of the execution's variables exceeds the maximum number of bytes service limit.")
        }
    }

    /// AWS names the state, the function or the service that returned too much.
    func oversize(_ value: JSONValue, _ id: StateID) -> Failure? {
        // A loop that nests its input would outgrow what JSON readers accept (Jackson's limit is 1000).
        if value.isNested(deeperThan: 900) {
            return Failure(ErrorName.dataLimitExceeded, "The state/task '\(machine[id].name)' returned a result nested more than 900 levels deep.")
        }
        guard let limit = quotas.payloadBytes, value.byteCount > limit else { return nil }
        let state = machine[id]
        var name = state.name
        if case .task(let task) = state.kind {
            switch task.resource.kind {
            case .lambdaFunction, .activity: name = task.resource.arn
            case .service(let service, _): name = service
            }
        }
        return Failure(
            ErrorName.dataLimitExceeded,
            "The state/task '\(name)' returned a result with a size exceeding the maximum number of bytes service limit.")
    }

    // MARK: the end of a workflow

    private mutating func end(_ id: FrameID, _ frame: Frame, _ output: JSONValue) -> Bool {
        guard let parent = frame.parent else {
            emit(.executionSucceeded(output: output), .root, previous: frame.chain)
            return false
        }
        guard let parentFrame = self.frame(parent), case .map = machine[parentFrame.state].kind else { return false }
        emit(.mapIterationSucceeded(parentFrame.state, index: frame.index), id, previous: frame.chain)
        ready.append(parent)
        return false
    }
}

extension State {
    var selectsResult: Bool {
        switch kind {
        case .task(let task): task.resultSelector != nil
        case .parallel(let parallel): parallel.resultSelector != nil
        case .map(let map): map.resultSelector != nil
        case .pass, .choice, .wait, .succeed, .fail: false
        }
    }

    /// Whether the state has a result of its own: `$states.result`.
    var doesWork: Bool {
        switch kind {
        case .task, .parallel, .map: true
        default: false
        }
    }
}
