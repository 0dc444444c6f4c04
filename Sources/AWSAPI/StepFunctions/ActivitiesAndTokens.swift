import Engine
import JSON
import StatesLanguage
import Store

extension StepFunctionsAPI {
    // MARK: activities

    func createActivity(_ parameters: Parameters) async throws -> JSONValue {
        let name = parameters.required("name")
        try Names.check(name)
        let arn = "arn:aws:states:\(region):\(account):activity:\(name)"
        let tags = try Tags.read(parameters["tags"], of: arn)
        let now = engine.options.clock().milliseconds
        let encryption = parameters["encryptionConfiguration"]?.text()
        let created: Int64 = try await engine.write { tx in
            if try tx.createActivity(arn: arn, name: name, encryption: encryption, at: now) {
                for (key, value) in tags { try tx.setTag(key, to: value, of: arn) }
            }
            let row = try tx.activity(arn: arn)
            guard row?.encryption == encryption else { throw APIError("ActivityAlreadyExists", "Activity Already Exists: '\(arn)'") }
            return row?.createdMilliseconds ?? now
        }
        var result = JSONObject()
        result["activityArn"] = .string(arn)
        result.set("creationDate", time: created)
        return .object(result)
    }

    private func activity(_ arn: String) throws -> ActivityRow {
        try ARN.check(arn, .activity)
        guard let row = try store.read({ try $0.activity(arn: arn) }) else { throw APIError.activityDoesNotExist(arn) }
        return row
    }

    func describeActivity(_ parameters: Parameters) async throws -> JSONValue {
        let row = try activity(parameters.required("activityArn"))
        var result = JSONObject()
        result["activityArn"] = .string(row.arn)
        result["name"] = .string(row.name)
        result.set("creationDate", time: row.createdMilliseconds)
        result["encryptionConfiguration"] = row.encryption.flatMap { try? JSONValue(parsing: $0) } ?? ["type": "AWS_OWNED_KEY"]
        return .object(result)
    }

    func listActivities(_ parameters: Parameters) async throws -> JSONValue {
        let page = try Page(parameters, kind: "activities")
        let (rows, next) = page.slice(try store.read { try $0.activities(limit: Page.most) }.sorted { Names.precedes($0.name, $1.name) })
        var result = JSONObject()
        result["activities"] = .array(
            rows.map { row in
                var object = JSONObject()
                object["activityArn"] = .string(row.arn)
                object["name"] = .string(row.name)
                object.set("creationDate", time: row.createdMilliseconds)
                return .object(object)
            })
        result.set("nextToken", next)
        return .object(result)
    }

    func deleteActivity(_ parameters: Parameters) async throws -> JSONValue {
        let arn = parameters.required("activityArn")
        try ARN.check(arn, .activity)
        try await engine.write { tx in
            _ = try tx.deleteActivity(arn: arn)
            try tx.removeTags(of: arn)
        }
        return .object(JSONObject())
    }

    func getActivityTask(_ parameters: Parameters) async throws -> JSONValue {
        let row = try activity(parameters.required("activityArn"))
        let task = try await engine.activityTask(row.arn, worker: parameters.text("workerName"), waitingSeconds: options.activityPollSeconds)
        guard let task else { return .object(JSONObject()) }
        return ["taskToken": .string(task.token), "input": .string(task.input)]
    }

    // MARK: task tokens

    func sendTaskSuccess(_ parameters: Parameters) async throws -> JSONValue {
        let output: JSONValue
        do { output = try JSONValue(parsing: parameters.required("output")) } catch {
            // A token that nobody has is the first thing AWS complains of.
            try await engine.completeTask(token: parameters.required("taskToken"), .heartbeat)
            throw APIError("InvalidOutput", "Invalid Output: '\(error.message)'")
        }
        try await engine.completeTask(token: parameters.required("taskToken"), .success(output))
        return .object(JSONObject())
    }

    func sendTaskFailure(_ parameters: Parameters) async throws -> JSONValue {
        try await engine.completeTask(
            token: parameters.required("taskToken"), .failure(error: parameters.text("error"), cause: parameters.text("cause")))
        return .object(JSONObject())
    }

    func sendTaskHeartbeat(_ parameters: Parameters) async throws -> JSONValue {
        try await engine.completeTask(token: parameters.required("taskToken"), .heartbeat)
        return .object(JSONObject())
    }
}
