import AWSClient
import JSON

/// Step Functions on AWS, or any server that speaks its API.
package struct RemoteStepFunctions: Sendable {
    package let client: AWSClient

    package init(_ client: AWSClient) { self.client = client }

    package struct Deployment: Sendable, Equatable {
        package var name: String
        package var definition: String
        package var roleARN: String
        package var isExpress = false
        /// Nothing: no version is published.
        package var publishes = false
        package var description: String?
        /// Points at the published version afterwards; publishes.
        package var alias: String?

        fileprivate var isPublished: Bool { publishes || alias != nil }

        /// What creating and updating are both told.
        fileprivate var changes: JSONObject {
            var input = JSONObject([("definition", .string(definition)), ("roleArn", .string(roleARN))])
            if isPublished {
                input["publish"] = true
                if let description { input["versionDescription"] = .string(description) }
            }
            return input
        }

        package init(name: String, definition: String, roleARN: String) {
            self.name = name
            self.definition = definition
            self.roleARN = roleARN
        }
    }

    package struct Outcome: Sendable, Equatable {
        package var machineARN: String
        package var versionARN: String?
        package var aliasARN: String?
        package var isNew: Bool
        package var isChanged: Bool

        package init(machineARN: String, versionARN: String? = nil, aliasARN: String? = nil, isNew: Bool, isChanged: Bool) {
            self.machineARN = machineARN
            self.versionARN = versionARN
            self.aliasARN = aliasARN
            self.isNew = isNew
            self.isChanged = isChanged
        }
    }

    /// Creates the machine or brings it up to date, publishes a version, moves the alias.
    package func deploy(_ deployment: Deployment) async throws(AWSFailure) -> Outcome {
        var outcome = try await createOrUpdate(deployment)
        guard deployment.isPublished else { return outcome }
        if outcome.versionARN == nil { outcome.versionARN = try await published(outcome.machineARN, deployment) }
        if let alias = deployment.alias, let version = outcome.versionARN {
            outcome.aliasARN = try await move(alias, to: version, of: outcome.machineARN)
        }
        return outcome
    }

    private func createOrUpdate(_ deployment: Deployment) async throws(AWSFailure) -> Outcome {
        guard let arn = try await machineARN(named: deployment.name) else {
            var input = deployment.changes
            input["name"] = .string(deployment.name)
            input["type"] = .string(deployment.isExpress ? "EXPRESS" : "STANDARD")
            let created = try await call("createStateMachine", .object(input))
            return Outcome(
                machineARN: created["stateMachineArn"]?.string ?? "", versionARN: created["stateMachineVersionArn"]?.string, isNew: true,
                isChanged: true)
        }
        let current = try await call("describeStateMachine", ["stateMachineArn": .string(arn)])
        if current["definition"]?.string == deployment.definition, current["roleArn"]?.string == deployment.roleARN {
            return Outcome(machineARN: arn, isNew: false, isChanged: false)
        }
        return Outcome(machineARN: arn, versionARN: try await updated(arn, deployment), isNew: false, isChanged: true)
    }

    private func updated(_ arn: String, _ deployment: Deployment) async throws(AWSFailure) -> String? {
        var input = deployment.changes
        input["stateMachineArn"] = .string(arn)
        return try await call("updateStateMachine", .object(input))["stateMachineVersionArn"]?.string
    }

    /// The version of a machine that has not changed: the one it has, or its first.
    private func published(_ arn: String, _ deployment: Deployment) async throws(AWSFailure) -> String? {
        var input = JSONObject([("stateMachineArn", .string(arn))])
        if let description = deployment.description { input["description"] = .string(description) }
        do throws(AWSFailure) {
            return try await call("publishStateMachineVersion", .object(input))["stateMachineVersionArn"]?.string
        } catch {
            // moto publishes with an update only.
            guard case .service(let found) = error, ["InternalFailure", "NotImplemented", "UnknownOperationException"].contains(found.code)
            else { throw error }
            return try await updated(arn, deployment)
        }
    }

    private func move(_ alias: String, to version: String, of machine: String) async throws(AWSFailure) -> String {
        let routes: JSONValue = [["stateMachineVersionArn": .string(version), "weight": 100]]
        let arn = "\(machine):\(alias)"
        do throws(AWSFailure) {
            _ = try await call("updateStateMachineAlias", ["stateMachineAliasArn": .string(arn), "routingConfiguration": routes])
            return arn
        } catch {
            guard case .service(let found) = error, found.code.hasPrefix("ResourceNotFound") else { throw error }
            let created = try await call("createStateMachineAlias", ["name": .string(alias), "routingConfiguration": routes])
            return created["stateMachineAliasArn"]?.string ?? arn
        }
    }

    /// nil: there is no machine of that name.
    package func machineARN(named name: String) async throws(AWSFailure) -> String? {
        if name.hasPrefix("arn:") { return name }
        let machines = try await all("listStateMachines", JSONObject(), "stateMachines")
        return machines.first { $0["name"]?.string == name }?["stateMachineArn"]?.string
    }

    /// The activity's ARN; one that exists already is left as it is.
    package func createActivity(_ name: String) async throws(AWSFailure) -> String {
        try await call("createActivity", ["name": .string(name)])["activityArn"]?.string ?? ""
    }

    /// nil: there is no activity of that name.
    package func activityARN(named name: String) async throws(AWSFailure) -> String? {
        if name.hasPrefix("arn:") { return name }
        let activities = try await all("listActivities", JSONObject(), "activities")
        return activities.first { $0["name"]?.string == name }?["activityArn"]?.string
    }

    /// DescribeStateMachine's answer.
    package func machine(_ arn: String) async throws(AWSFailure) -> JSONValue {
        try await call("describeStateMachine", ["stateMachineArn": .string(arn)])
    }

    /// The execution's ARN. Without a name it gets a random one, as AWS itself would give it.
    package func start(_ machineARN: String, input: JSONValue, name: String? = nil) async throws(AWSFailure) -> String {
        var parameters = JSONObject([("stateMachineArn", .string(machineARN)), ("input", .string(input.text()))])
        parameters["name"] = .string(name ?? AWSClient.randomToken())
        return try await call("startExecution", .object(parameters))["executionArn"]?.string ?? ""
    }

    package func stop(_ executionARN: String) async throws(AWSFailure) {
        _ = try await call("stopExecution", ["executionArn": .string(executionARN)])
    }

    /// DescribeExecution's answer.
    package func execution(_ arn: String) async throws(AWSFailure) -> JSONValue {
        try await call("describeExecution", ["executionArn": .string(arn)])
    }

    /// DescribeExecution's answer once it has ended.
    package func ended(_ arn: String, pause: @Sendable (Double) async -> Void = AWSClient.sleep) async throws(AWSFailure) -> JSONValue {
        var delay = 0.25
        while true {
            let description = try await execution(arn)
            if let status = description["status"]?.string, status != "RUNNING", status != "PENDING_REDRIVE" { return description }
            if Task.isCancelled { return description }
            await pause(delay)
            delay = min(delay * 1.5, 5)
        }
    }

    /// All events; without data their inputs and outputs are left out.
    package func history(_ executionARN: String, includesData: Bool = true) async throws(AWSFailure) -> [JSONValue] {
        var input = JSONObject([("executionArn", .string(executionARN)), ("maxResults", 1000)])
        if !includesData { input["includeExecutionData"] = false }
        return try await all("getExecutionHistory", input, "events")
    }

    /// Waits for a task of an activity, up to a minute. nil: there was none.
    package func activityTask(_ activityARN: String, workerName: String) async throws(AWSFailure) -> (token: String, input: JSONValue)? {
        var call = AWSCall("sfn", "getActivityTask", ["activityArn": .string(activityARN), "workerName": .string(workerName)])
        call.limits.stalledSeconds = 90
        let output = try await client.call(call).output
        guard let token = output["taskToken"]?.string, !token.isEmpty else { return nil }
        let text = output["input"]?.string ?? "{}"
        return (token, (try? JSONValue(parsing: text)) ?? .string(text))
    }

    package func succeed(_ token: String, _ output: JSONValue) async throws(AWSFailure) {
        _ = try await call("sendTaskSuccess", ["taskToken": .string(token), "output": .string(output.text())])
    }

    package func fail(_ token: String, error: String?, cause: String?) async throws(AWSFailure) {
        var input = JSONObject([("taskToken", .string(token))])
        if let error { input["error"] = .string(error) }
        if let cause { input["cause"] = .string(cause) }
        _ = try await call("sendTaskFailure", .object(input))
    }

    package func heartbeat(_ token: String) async throws(AWSFailure) {
        _ = try await call("sendTaskHeartbeat", ["taskToken": .string(token)])
    }

    private func all(_ operation: String, _ input: JSONObject, _ member: String) async throws(AWSFailure) -> [JSONValue] {
        var result: [JSONValue] = []
        var input = input
        while true {
            let page = try await call(operation, .object(input))
            result += page[member]?.array ?? []
            guard let token = page["nextToken"], !token.isNull else { return result }
            input["nextToken"] = token
        }
    }

    private func call(_ operation: String, _ input: JSONValue) async throws(AWSFailure) -> JSONValue {
        try await client.call(AWSCall("sfn", operation, input)).output
    }
}
