import JSON

extension Execution {
    /// Evaluates what the task gets and asks for it. False: the frame waits.
    mutating func schedule(_ id: FrameID, _ frame: Frame, _ state: State, _ task: TaskState) throws(Failure) -> Bool {
        let token = task.resource.usesTaskToken ? TaskToken.make(header, scheduled: lastEventID + 1) : nil
        let raw = scope(id, frame, taskToken: token)
        let scope = raw.with(input: try state.inputPath.apply(raw, field: "InputPath"))
        let input = try task.arguments?.evaluate(scope) ?? scope.input
        let timeout = try task.timeoutSeconds?.integer(scope)
        let heartbeat = try task.heartbeatSeconds?.integer(scope)
        var role: String?
        if let credentials = task.credentials { role = try credentials.evaluate(scope)["RoleArn"]?.string }
        if task.resource.kind == .activity, absentActivities.contains(task.resource.arn) {
            throw .runtime("The activity \(task.resource.arn) does not exist.")
        }
        let schedule = TaskSchedule(
            input: input, timeoutSeconds: timeout, heartbeatSeconds: heartbeat, credentialsRoleARN: role)
        emit(.taskScheduled(state.id, schedule), id, previous: frame.chain)
        if task.resource.kind == .activity {
            if let now = self.frame(id) { turn.commands.append(contentsOf: commandsOf(id, now)) }
        } else {
            ready.append(id)
        }
        return false
    }
}
