import JSON
import StatesLanguage

/// One attempt of one Task state, as an integration sees it.
package struct TaskRequest: Sendable {
    /// Stable over restarts of the engine: an integration names what it starts by it, and so finds it again.
    /// `<execution uuid>-<id of the …Scheduled event>`, letters, digits and `-` only, at most 64 characters.
    package let taskID: String
    package let executionARN: String
    package let executionName: String
    package let stateMachineName: String
    package let roleARN: String
    package let stateName: String
    package let resource: TaskResource
    /// The effective input: `Parameters` or `Arguments` evaluated, or the state's input.
    package let input: JSONValue
    /// 0 for the first attempt.
    package let retryCount: Int
    /// For `.waitForTaskToken`.
    package let taskToken: String?
    /// `Credentials.RoleArn`
    package let credentialsRoleARN: String?
    package let timeoutSeconds: Int?
    /// The engine that started this attempt died: what it started may be running or done.
    package let isReattached: Bool
    /// What `TaskReport.submitted` was told for this attempt by the engine that died, if that is durable: the job to go on with.
    package let submitted: JSONValue?
    /// The extension `Cache`, evaluated: `{"Enabled": true, "ExpireAfter": "30d"}`.
    package let cache: JSONValue?

    package init(
        taskID: String, executionARN: String, executionName: String, stateMachineName: String, roleARN: String,
        stateName: String, resource: TaskResource, input: JSONValue, retryCount: Int = 0, taskToken: String? = nil,
        credentialsRoleARN: String? = nil, timeoutSeconds: Int? = nil, isReattached: Bool = false,
        submitted: JSONValue? = nil, cache: JSONValue? = nil
    ) {
        self.taskID = taskID
        self.executionARN = executionARN
        self.executionName = executionName
        self.stateMachineName = stateMachineName
        self.roleARN = roleARN
        self.stateName = stateName
        self.resource = resource
        self.input = input
        self.retryCount = retryCount
        self.taskToken = taskToken
        self.credentialsRoleARN = credentialsRoleARN
        self.timeoutSeconds = timeoutSeconds
        self.isReattached = isReattached
        self.submitted = submitted
        self.cache = cache
    }
}

/// What an integration tells while it works. All calls return at once.
package protocol TaskReport: Sendable {
    /// `.sync` and `.waitForTaskToken`: the service took the work; becomes TaskSubmitted.
    func submitted(_ response: JSONValue)
    /// Bytes the task printed; kept per attempt, shown by `logs`.
    func log(_ bytes: [UInt8])
    func heartbeat()
    /// What an HTTP Task sent and got, the last time.
    func exchanged(_ exchange: HTTPExchange)
    /// Read when the work is cancelled. True: this process is ending, so leave behind what can be found again
    /// (a detached job, a job of a service). False: the work itself is unwanted (stop, timeout, a failed sibling): end it.
    var isShuttingDown: Bool { get }
}

extension TaskReport {
    package func exchanged(_ exchange: HTTPExchange) {}
}

/// Something a Task state can call. The Swift task is cancelled when its result is no longer wanted.
package protocol Integration: Sendable {
    /// The result, or the `Failure` that Retry and Catch see. For `.waitForTaskToken` the result is the service's
    /// response (TaskSubmitted); the engine then waits for the token.
    func perform(_ request: TaskRequest, report: any TaskReport) async throws(Failure) -> JSONValue
    /// A limit of what this attempt would call (a function's concurrency); the engine holds the attempt back while it is reached.
    func limit(of request: TaskRequest) -> TaskLimit?
    /// False: it only waits for other tasks (a nested execution), so that counting it could make them wait for each other.
    var counts: Bool { get }
}

extension Integration {
    package func limit(of request: TaskRequest) -> TaskLimit? { nil }
    package var counts: Bool { true }
}

/// So many tasks at once that share a name.
package struct TaskLimit: Sendable, Equatable {
    package let name: String
    package let most: Int

    package init(name: String, most: Int) {
        self.name = name
        self.most = most
    }
}
