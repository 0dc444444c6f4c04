import Engine
import JSON
import StatesLanguage
import Store

extension StepFunctionsAPI {
    // MARK: map runs

    private func mapRun(_ arn: String, _ tx: some Reading) throws -> MapRunRow {
        try ARN.check(arn, .mapRun)
        guard let row = try tx.mapRun(arn: arn) else { throw APIError.resourceNotFound(arn) }
        return row
    }

    func describeMapRun(_ parameters: Parameters) async throws -> JSONValue {
        try store.read { tx in
            let row = try mapRun(parameters.required("mapRunArn"), tx)
            var result = JSONObject()
            result["mapRunArn"] = .string(row.arn)
            result.set("executionArn", try tx.execution(row.execution)?.arn)
            result["status"] = .string(row.status)
            result.set("startDate", time: row.startMilliseconds)
            result.set("stopDate", time: row.stopMilliseconds)
            result["maxConcurrency"] = .integer(Int64(row.maxConcurrency))
            result["toleratedFailurePercentage"] = .double(row.toleratedFailurePercentage)
            result["toleratedFailureCount"] = .integer(Int64(row.toleratedFailureCount))
            result.set("itemCounts", json: row.itemCounts)
            result.set("executionCounts", json: row.executionCounts)
            result["redriveCount"] = .integer(Int64(row.redriveCount))
            result.set("redriveDate", time: row.redriveMilliseconds)
            return .object(result)
        }
    }

    func listMapRuns(_ parameters: Parameters) async throws -> JSONValue {
        let arn = parameters.required("executionArn")
        try ARN.check(arn, .execution, .express)
        let page = try Page(parameters, kind: "mapRuns \(arn)")
        return try store.read { tx in
            guard let execution = try tx.execution(arn: arn) else { throw APIError.executionDoesNotExist(arn) }
            let rows = try tx.mapRuns(of: execution.id, before: page.position.map { MapRunID(rawValue: $0) }, limit: page.limit + 1)
            var result = JSONObject()
            result["mapRuns"] = .array(
                rows.prefix(page.limit).map { row in
                    var object = JSONObject()
                    object["executionArn"] = .string(arn)
                    object["mapRunArn"] = .string(row.arn)
                    object["stateMachineArn"] = .string(row.stateMachineARN)
                    object.set("startDate", time: row.startMilliseconds)
                    object.set("stopDate", time: row.stopMilliseconds)
                    return .object(object)
                })
            if rows.count > page.limit { result["nextToken"] = .string(page.token(rows[page.limit - 1].id.rawValue)) }
            return .object(result)
        }
    }

    func updateMapRun(_ parameters: Parameters) async throws -> JSONValue {
        let row = try store.read { try mapRun(parameters.required("mapRunArn"), $0) }
        guard row.status == "RUNNING" else { throw APIError.validation("Map Run is not running: '\(row.arn)'", .completedMapRun) }
        guard parameters["maxConcurrency"] != nil || parameters["toleratedFailureCount"] != nil || parameters["toleratedFailurePercentage"] != nil
        else { throw APIError.validation("Either maxConcurrency, toleratedFailureCount or toleratedFailurePercentage must be specified.") }
        try await engine.write { tx in
            try tx.setLimits(
                of: row.id, maxConcurrency: parameters.int("maxConcurrency") ?? row.maxConcurrency,
                toleratedFailureCount: parameters.int("toleratedFailureCount") ?? row.toleratedFailureCount,
                toleratedFailurePercentage: parameters.number("toleratedFailurePercentage") ?? row.toleratedFailurePercentage)
        }
        engine.mapRunChanged(row.arn)
        return .object(JSONObject())
    }

    // MARK: tags

    /// A machine or an activity.
    private func taggable(_ arn: String) throws {
        try ARN.check(arn, .stateMachine, .activity)
        if ARN.isActivity(arn) {
            guard try store.read({ try $0.activity(arn: arn) }) != nil else { throw APIError.resourceNotFound(arn) }
            return
        }
        guard ARN.qualified(arn) == nil else { throw APIError.invalidARN(arn) }
        guard try store.read({ try $0.stateMachine(arn: arn) }) != nil else { throw APIError.resourceNotFound(arn) }
    }

    func tagResource(_ parameters: Parameters) async throws -> JSONValue {
        let arn = parameters.required("resourceArn")
        try taggable(arn)
        let tags = try Tags.read(parameters["tags"], of: arn)
        try await engine.write { tx in
            for (key, value) in tags { try tx.setTag(key, to: value, of: arn) }
            if try tx.tags(of: arn).count > 50 { throw APIError.tooManyTags(arn) }
        }
        return .object(JSONObject())
    }

    func untagResource(_ parameters: Parameters) async throws -> JSONValue {
        let arn = parameters.required("resourceArn")
        try taggable(arn)
        let keys = parameters["tagKeys"]?.array?.compactMap(\.string) ?? []
        try await engine.write { tx in
            for key in keys { try tx.removeTag(key, of: arn) }
        }
        return .object(JSONObject())
    }

    func listTagsForResource(_ parameters: Parameters) async throws -> JSONValue {
        let arn = parameters.required("resourceArn")
        try taggable(arn)
        let tags = try store.read { try $0.tags(of: arn) }
        return ["tags": .array(tags.map { ["key": .string($0.key), "value": .string($0.value)] })]
    }
}
