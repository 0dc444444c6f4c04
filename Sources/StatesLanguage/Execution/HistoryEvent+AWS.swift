import JSON

extension HistoryEvent {
    /// AWS's name of the event: `TaskStateEntered`; nil for a note.
    public func type(in machine: StateMachine) -> String? {
        switch kind {
        case .executionStarted: "ExecutionStarted"
        case .executionSucceeded: "ExecutionSucceeded"
        case .executionFailed: "ExecutionFailed"
        case .executionAborted: "ExecutionAborted"
        case .executionTimedOut: "ExecutionTimedOut"
        case .executionRedriven: "ExecutionRedriven"
        case .stateEntered(let state, _): machine[state].typeName + "StateEntered"
        case .stateExited(let state, _, _, _): machine[state].typeName + "StateExited"
        case .stateAborted(let state): machine[state].typeName + "StateAborted"
        case .evaluationFailed: "EvaluationFailed"
        case .taskScheduled(let state, _): machine[state].taskEventPrefix + "Scheduled"
        case .taskStarted(let state, _): machine[state].taskEventPrefix + "Started"
        case .taskSubmitted(let state, _): machine[state].taskEventPrefix + "Submitted"
        case .taskSucceeded(let state, _): machine[state].taskEventPrefix + "Succeeded"
        case .taskFailed(let state, _, _): machine[state].taskEventPrefix + "Failed"
        case .taskTimedOut(let state, _, _): machine[state].taskEventPrefix + "TimedOut"
        case .parallelStateStarted: "ParallelStateStarted"
        case .parallelStateSucceeded: "ParallelStateSucceeded"
        case .parallelStateFailed: "ParallelStateFailed"
        case .mapStateStarted: "MapStateStarted"
        case .mapStateSucceeded: "MapStateSucceeded"
        case .mapStateFailed: "MapStateFailed"
        case .mapIterationStarted: "MapIterationStarted"
        case .mapIterationSucceeded: "MapIterationSucceeded"
        case .mapIterationFailed: "MapIterationFailed"
        case .mapIterationAborted: "MapIterationAborted"
        case .mapRunStarted: "MapRunStarted"
        case .mapRunSucceeded: "MapRunSucceeded"
        case .mapRunFailed: "MapRunFailed"
        case .mapRunAborted: "MapRunAborted"
        case .mapRunRedriven: "MapRunRedriven"
        case .note: nil
        }
    }

    /// The event as GetExecutionHistory gives it: `timestamp` in seconds since 1970, `type`, `id`, `previousEventId`, and
    /// one `…EventDetails`. nil for a note.
    public func awsJSON(in machine: StateMachine, region: String = "us-east-1", includesData: Bool = true) -> JSONValue? {
        if includesData, let event = ofState(in: machine) { return event }
        guard let type = type(in: machine) else { return nil }
        var event = JSONObject()
        event["timestamp"] = .double(Double(timestamp.milliseconds) / 1000)
        event["type"] = .string(type)
        event["id"] = .integer(id)
        event["previousEventId"] = .integer(previousEventID)
        if let (key, details) = details(type, machine, region, EventDetails(includesData: includesData)) {
            event[key] = .object(details.object)
        }
        return .object(event)
    }

    /// Nearly all events of a history are of these two kinds, and have the same keys every time.
    private func ofState(in machine: StateMachine) -> JSONValue? {
        let event: JSONShape
        let described: JSONObject
        let type: String
        switch kind {
        case .stateEntered(let state, let input):
            event = Shapes.entered
            described = JSONObject(shape: Shapes.input, values: [.string(machine[state].name), .string(input.text()), Shapes.isWhole])
            type = machine[state].typeName + "StateEntered"
        case .stateExited(let state, let output, let assigned, _) where assigned.isEmpty:
            event = Shapes.exited
            described = JSONObject(shape: Shapes.output, values: [.string(machine[state].name), .string(output.text()), Shapes.isWhole])
            type = machine[state].typeName + "StateExited"
        default: return nil
        }
        return .object(
            JSONObject(
                shape: event,
                values: [
                    .double(Double(timestamp.milliseconds) / 1000), .string(type), .integer(id),
                    .integer(previousEventID), .object(described),
                ]))
    }

    private enum Shapes {
        static let entered = JSONShape(["timestamp", "type", "id", "previousEventId", "stateEnteredEventDetails"])
        static let exited = JSONShape(["timestamp", "type", "id", "previousEventId", "stateExitedEventDetails"])
        static let input = JSONShape(["name", "input", "inputDetails"])
        static let output = JSONShape(["name", "output", "outputDetails"])
        static let isWhole: JSONValue = ["truncated": false]
    }

    private func details(_ type: String, _ machine: StateMachine, _ region: String, _ new: EventDetails) -> (String, EventDetails)? {
        var details = new
        switch kind {
        case .executionStarted(let input, let role):
            details.data("input", input)
            details.text("roleArn", role)
            return ("executionStartedEventDetails", details)
        case .executionSucceeded(let output):
            details.data("output", output)
            return ("executionSucceededEventDetails", details)
        case .executionFailed(let error, let cause):
            details.failure(error, cause)
            return ("executionFailedEventDetails", details)
        case .executionAborted(let error, let cause):
            details.failure(error, cause)
            return ("executionAbortedEventDetails", details)
        case .executionTimedOut(let error, let cause):
            details.failure(error, cause)
            return ("executionTimedOutEventDetails", details)
        case .executionRedriven(let count):
            details.object["redriveCount"] = .integer(Int64(count))
            return ("executionRedrivenEventDetails", details)
        case .stateEntered(let state, let input):
            details.text("name", machine[state].name)
            details.data("input", input)
            return ("stateEnteredEventDetails", details)
        case .stateExited(let state, let output, let assigned, _):
            details.text("name", machine[state].name)
            details.data("output", output)
            if !assigned.isEmpty {
                details.object["assignedVariables"] = .object(assigned.mapValues { .string($0.text()) })
                details.object["assignedVariablesDetails"] = ["truncated": false]
            }
            return ("stateExitedEventDetails", details)
        case .evaluationFailed(let state, let error, let cause, let location):
            details.text("error", error)
            details.text("cause", cause)
            details.text("location", location)
            details.text("state", machine[state].name)
            return ("evaluationFailedEventDetails", details)
        case .taskScheduled(let state, let schedule):
            details.schedule(machine[state], schedule, region)
        case .taskStarted(let state, let worker):
            details.resource(machine[state])
            details.text("workerName", worker)
            // An activity's worker may have no name, and has details all the same.
            if details.object.isEmpty, !machine[state].isActivityTask { return nil }
        case .taskSubmitted(let state, let output), .taskSucceeded(let state, let output):
            details.resource(machine[state])
            details.data("output", output)
        case .taskFailed(let state, let error, let cause):
            details.resource(machine[state])
            details.failure(error, cause)
        case .taskTimedOut(let state, let error, let cause):
            details.resource(machine[state])
            details.failure(error, cause)
        case .mapStateStarted(_, let length):
            details.object["length"] = .integer(Int64(length))
            return ("mapStateStartedEventDetails", details)
        case .mapIterationStarted(let state, let index, _, _), .mapIterationSucceeded(let state, let index),
            .mapIterationFailed(let state, let index), .mapIterationAborted(let state, let index):
            details.text("name", machine[state].name)
            details.object["index"] = .integer(Int64(index))
        case .mapRunStarted(_, let arn):
            details.text("mapRunArn", arn)
        case .mapRunRedriven(_, let arn, let count):
            details.text("mapRunArn", arn)
            details.object["redriveCount"] = .integer(Int64(count))
        case .mapRunFailed(_, let error, let cause):
            details.failure(error, cause)
        case .stateAborted, .parallelStateStarted, .parallelStateSucceeded, .parallelStateFailed, .mapStateSucceeded, .mapStateFailed,
            .mapRunSucceeded, .mapRunAborted, .note:
            return nil
        }
        return (type.prefix(1).lowercased() + type.dropFirst() + "EventDetails", details)
    }
}

/// One `…EventDetails` while it is written.
private struct EventDetails {
    var object = JSONObject()
    /// `includeExecutionData`
    let includesData: Bool

    init(includesData: Bool) { self.includesData = includesData }

    mutating func text(_ key: String, _ value: String?) {
        if let value { object[key] = .string(value) }
    }

    mutating func data(_ key: String, _ value: JSONValue) {
        guard includesData else { return }
        object[key] = .string(value.text())
        object[key + "Details"] = ["truncated": false]
    }

    mutating func failure(_ error: String?, _ cause: String?) {
        text("error", ErrorMatch.shown(error))
        text("cause", cause)
    }

    /// `resourceType` and `resource`, which only Task… events have.
    mutating func resource(_ state: State) {
        guard case .task(let task) = state.kind, case .service = task.resource.kind else { return }
        text("resourceType", task.resource.resourceType)
        text("resource", task.resource.resource)
    }

    mutating func schedule(_ state: State, _ schedule: TaskSchedule, _ region: String) {
        guard case .task(let task) = state.kind else { return }
        if case .service = task.resource.kind {
            resource(state)
            text("region", region)
            object["parameters"] = .string(schedule.input.text())
        } else {
            text("resource", task.resource.arn)
            data("input", schedule.input)
        }
        if let seconds = schedule.timeoutSeconds { object["timeoutInSeconds"] = .integer(Int64(seconds)) }
        if let seconds = schedule.heartbeatSeconds, task.resource.kind != .lambdaFunction {
            object["heartbeatInSeconds"] = .integer(Int64(seconds))
        }
        if let role = schedule.credentialsRoleARN { object["taskCredentials"] = ["roleArn": .string(role)] }
    }
}

extension State {
    /// `Pass`, `Task`, …
    public var typeName: String {
        switch kind {
        case .pass: "Pass"
        case .task: "Task"
        case .choice: "Choice"
        case .wait: "Wait"
        case .succeed: "Succeed"
        case .fail: "Fail"
        case .parallel: "Parallel"
        case .map: "Map"
        }
    }

    fileprivate var taskEventPrefix: String {
        guard case .task(let task) = kind else { return "Task" }
        switch task.resource.kind {
        case .lambdaFunction: return "LambdaFunction"
        case .activity: return "Activity"
        case .service: return "Task"
        }
    }
}
