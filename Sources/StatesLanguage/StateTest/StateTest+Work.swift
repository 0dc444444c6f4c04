import JSON

extension StateTest {
    /// Everything before a state's result is there.
    mutating func work() throws(Failure) -> Step {
        let raw = scope()
        // A Pass with a Result takes nothing from its input.
        if case .pass(let pass) = state.kind, let result = pass.result, !isQuery {
            show("result", result)
            return .ended(try leave(result))
        }
        let effective = try state.inputPath.apply(raw, field: "InputPath")
        var isParallel = false
        if case .parallel = state.kind { isParallel = true }
        if !isQuery, !isParallel { show("afterInputPath", effective) }
        let scope = raw.with(input: effective)
        switch state.kind {
        case .pass(let pass):
            var result = effective
            if let literal = pass.result { result = literal } else if let parameters = pass.parameters { result = try parameters.evaluate(scope) }
            if !isQuery { show("afterParameters", result) }
            return .ended(try leave(result))
        case .succeed: return .ended(try leave(effective))
        case .wait(let wait):
            _ = try wait.end(scope, enteredAt: now)
            return .ended(try leave(effective))
        case .choice(let choice): return .ended(try choose(choice, scope))
        case .fail(let fail): throw Failure(try fail.error?.evaluate(raw), try fail.cause?.evaluate(raw))
        case .task(let task): return try work(task, scope)
        case .parallel(let parallel):
            if let arguments = parallel.arguments {
                let value = try arguments.evaluate(scope)
                if isQuery { show("afterArguments", value) }
            }
            return .ended(try leaveMocked())
        case .map(let map): return .ended(try work(map, scope))
        }
    }

    private mutating func work(_ task: TaskState, _ scope: EvaluationScope) throws(Failure) -> Step {
        let input = try task.arguments?.evaluate(scope) ?? scope.input
        if !isQuery { show("afterParameters", input) } else if task.arguments != nil { show("afterArguments", input) }
        let timeout = try task.timeoutSeconds?.integer(scope)
        let heartbeat = try task.heartbeatSeconds?.integer(scope)
        var role: String?
        if let credentials = task.credentials { role = try credentials.evaluate(scope)["RoleArn"]?.string }
        guard mock == nil else { return .ended(try leaveMocked()) }
        return .task(
            task.resource,
            TaskSchedule(input: input, timeoutSeconds: timeout, heartbeatSeconds: heartbeat, credentialsRoleARN: role))
    }

    private mutating func choose(_ choice: ChoiceState, _ scope: EvaluationScope) throws(Failure) -> Outcome {
        for rule in choice.rules where try rule.condition.evaluate(scope) {
            return try exit(scope, assign: rule.assign, output: rule.output, result: scope.input, next: machine[rule.next].name)
        }
        guard let next = choice.defaultNext else {
            throw .runtime("Failed to transition out of the state. The state does not point to a next state.")
        }
        return try exit(scope, assign: state.assign, output: state.output, result: scope.input, next: machine[next].name)
    }

    // MARK: Map

    private mutating func work(_ map: MapState, _ scope: EvaluationScope) throws(Failure) -> Outcome {
        let items = try itemList(map, scope)
        if !isQuery { show("afterItemsPath", .array(items.values)) }
        if let selector = map.itemSelector {
            var selected: [JSONValue] = []
            for index in items.values.indices {
                selected.append(try selector.evaluate(self.scope(mapItem: items.contextItem(index)).with(input: scope.input)))
            }
            show("afterItemSelector", .array(selected))
        }
        inspection.numbers["maxConcurrency"] = .integer(Int64(try map.maxConcurrency?.integer(scope) ?? 0))
        let count = try map.toleratedFailureCount?.integer(scope)
        let percentage = try map.toleratedFailurePercentage?.number(scope)
        if let count { inspection.numbers["toleratedFailureCount"] = .integer(Int64(count)) }
        if let percentage { inspection.numbers["toleratedFailurePercentage"] = .double(percentage) }
        if let failures = mapIterationFailureCount, case .result = mock {
            let share = items.values.isEmpty ? 0 : Double(failures) * 100 / Double(items.values.count)
            if count.map({ failures > $0 }) ?? false || percentage.map({ share > $0 }) ?? false {
                throw Failure(
                    ErrorName.exceedToleratedFailureThreshold, "The specified tolerated failure threshold was exceeded")
            }
        }
        return try leaveMocked()
    }

    /// What the Map runs over; what its ItemReader would read is in the setup.
    public func itemList(_ map: MapState, _ scope: EvaluationScope) throws(Failure) -> MapItems {
        guard map.distributed?.reader != nil else { return try map.itemList(scope) }
        switch mapItemReaderData {
        case .array(let values): return MapItems(values: values)
        case .object(let object): return MapItems(values: Array(object.values), keys: Array(object.keys))
        default: return MapItems(values: [])
        }
    }

    /// How many items the Map of this test has; nil where they cannot be evaluated.
    public var itemCount: Int? {
        guard case .map(let map) = state.kind else { return nil }
        let raw = scope()
        guard let effective = try? state.inputPath.apply(raw, field: "InputPath") else { return nil }
        return try? itemList(map, raw.with(input: effective)).values.count
    }

    private mutating func leaveMocked() throws(Failure) -> Outcome {
        switch mock {
        case .result(let result): return try leave(result)
        case .error(let error, let cause): throw Failure(error, cause)
        case nil: throw .runtime("TestState needs a mock for this state")
        }
    }
}
