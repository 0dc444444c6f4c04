import Engine
import JSON
import StatesLanguage
import Store

extension StepFunctionsAPI {
    // MARK: versions

    func publishStateMachineVersion(_ parameters: Parameters) async throws -> JSONValue {
        let arn = parameters.required("stateMachineArn")
        try ARN.check(arn, .stateMachine)
        guard ARN.qualified(arn) == nil else { throw APIError.invalidARN(arn) }
        let row = try machineRow(arn)
        if row.status != .active { throw APIError.machineIsDeleted(arn) }
        if let wanted = parameters.text("revisionId"), wanted != (row.revision.isInitial ? "INITIAL" : row.revision.id) {
            throw APIError.conflict(
                "Failed to publish the State Machine version for revision \(wanted). The current State Machine revision is \(row.revision.isInitial ? "INITIAL" : row.revision.id)."
            )
        }
        // A revision that has a version is published already, whatever the description.
        let newest = try store.read { try $0.versions(of: row.id, limit: 1).first }
        let (number, created) =
            if let newest, newest.revision.id == row.revision.id {
                (newest.number, newest.createdMilliseconds)
            } else {
                try await publish(row, description: parameters.text("description"))
            }
        var result = JSONObject()
        result.set("creationDate", time: created)
        result["stateMachineVersionArn"] = .string("\(arn):\(number)")
        return .object(result)
    }

    func publish(_ row: StateMachineRow, description: String?) async throws -> (Int, Int64) {
        let now = engine.options.clock().milliseconds
        return try await engine.write { tx in
            let version = try Self.publish(tx, row, revision: row.revision.id, description: description, at: now)
            return (version.number, version.created)
        }
    }

    /// Publishing a revision that is the newest version already gives that version.
    static func publish(
        _ tx: WriteTransaction, _ row: StateMachineRow, revision: String, description: String?, at now: Int64
    ) throws -> (number: Int, created: Int64) {
        if let newest = try tx.versions(of: row.id, limit: 1).first, newest.revision.id == revision {
            if description == nil || description == newest.description { return (newest.number, newest.createdMilliseconds) }
            throw APIError.conflict(
                "Failed to publish the State Machine version for revision \(revision). A version of this revision exists with another description: \(newest.number)."
            )
        }
        return (try tx.publishVersion(of: row.id, revision: revision, description: description, at: now), now)
    }

    func listStateMachineVersions(_ parameters: Parameters) async throws -> JSONValue {
        let arn = parameters.required("stateMachineArn")
        let page = try Page(parameters, kind: "versions")
        let row = try machineRow(arn)
        let versions = try store.read { try $0.versions(of: row.id, before: page.position.map(Int.init) ?? .max, limit: page.limit + 1) }
        var result = JSONObject()
        result["stateMachineVersions"] = .array(
            versions.prefix(page.limit).map { version in
                var object = JSONObject()
                object["stateMachineVersionArn"] = .string("\(arn):\(version.number)")
                object.set("creationDate", time: version.createdMilliseconds)
                return .object(object)
            })
        if versions.count > page.limit { result["nextToken"] = .string(page.token(Int64(versions[page.limit - 1].number))) }
        return .object(result)
    }

    func deleteStateMachineVersion(_ parameters: Parameters) async throws -> JSONValue {
        let arn = parameters.required("stateMachineVersionArn")
        try ARN.check(arn, .stateMachine)
        guard let (machine, qualifier) = ARN.qualified(arn), let number = Int(qualifier) else {
            throw APIError.validation("Invalid state machine version ARN: '\(arn)'")
        }
        guard let row = try store.read({ try $0.stateMachine(arn: machine) }) else { return .object(JSONObject()) }
        try await engine.write { tx in
            let users = try tx.aliases(of: row.id, limit: 1000).filter { Routing($0.routing).arns.contains(arn) }.map(\.name)
            if !users.isEmpty {
                throw APIError.conflict(
                    "Version to be deleted must not be referenced by an alias. Current list of aliases referencing this version: [\(users.joined(separator: ", "))]"
                )
            }
            try tx.deleteVersion(number, of: row.id)
        }
        return .object(JSONObject())
    }

    // MARK: aliases

    func createStateMachineAlias(_ parameters: Parameters) async throws -> JSONValue {
        let name = parameters.required("name")
        let routing = Routing(parameters["routingConfiguration"] ?? .null)
        let row = try check(routing)
        let arn = "\(row.arn):\(name)"
        let now = engine.options.clock().milliseconds
        let description = parameters.text("description")
        let created: Int64 = try await engine.write { tx in
            if let known = try tx.alias(arn: arn) {
                guard known.routing == routing.text, known.description == description else {
                    throw APIError.conflict(
                        "Failed to create alias because an alias with the same name and a different routing configuration already exists.")
                }
                return known.createdMilliseconds
            }
            try tx.insert(
                StateMachineAliasRow(
                    arn: arn, stateMachine: row.id, name: name, description: description, routing: routing.text, createdMilliseconds: now,
                    updatedMilliseconds: now))
            return now
        }
        var result = JSONObject()
        result["stateMachineAliasArn"] = .string(arn)
        result.set("creationDate", time: created)
        return .object(result)
    }

    /// One machine's versions, one or two, distinct, whose weights sum to 100.
    private func check(_ routing: Routing) throws -> StateMachineRow {
        guard (1...2).contains(routing.entries.count) else {
            throw APIError.validation("Routing configuration must contain one or two versions.", .routing)
        }
        if Set(routing.arns).count != routing.arns.count {
            throw APIError.validation(
                "Routing configuration must contain distinct state machine version ARNs. Received: [\(routing.arns.joined(separator: ", "))]", .routing)
        }
        let weights = routing.entries.map(\.weight)
        if weights.reduce(0, +) != 100 {
            throw APIError.validation(
                "Sum of routing configuration weights must equal 100. Received: [\(weights.map(String.init).joined(separator: ", "))]", .routing)
        }
        var row: StateMachineRow?
        for arn in routing.arns {
            try ARN.check(arn, .stateMachine)
            guard let (machine, qualifier) = ARN.qualified(arn), Int(qualifier) != nil else {
                throw APIError.validation(
                    "Routing configuration must contain state machine version ARNs. Received: [\(routing.arns.joined(separator: ", "))]", .routing)
            }
            if let row, row.arn != machine {
                throw APIError.validation(
                    "Routing configuration must contain version ARNs of the same state machine. Received: [\(routing.arns.joined(separator: ", "))]", .routing)
            }
            let found = try store.read { tx in try findVersion(arn, tx) }
            guard let found else { throw APIError.resourceNotFound(arn) }
            if found.0.status != .active { throw APIError.machineIsDeleted(machine) }
            row = found.0
        }
        guard let row else { throw APIError.validation("Routing configuration must contain one or two versions.", .routing) }
        return row
    }

    private func aliasRow(_ arn: String) throws -> StateMachineAliasRow {
        try ARN.check(arn, .stateMachine)
        guard let row = try store.read({ try $0.alias(arn: arn) }) else {
            throw APIError("ResourceNotFound", "Request references a resource that does not exist.")
        }
        return row
    }

    func describeStateMachineAlias(_ parameters: Parameters) async throws -> JSONValue {
        let row = try aliasRow(parameters.required("stateMachineAliasArn"))
        var result = JSONObject()
        result["stateMachineAliasArn"] = .string(row.arn)
        result["name"] = .string(row.name)
        result.set("description", row.description)
        result.set("routingConfiguration", json: row.routing)
        result.set("creationDate", time: row.createdMilliseconds)
        result.set("updateDate", time: row.updatedMilliseconds)
        return .object(result)
    }

    func updateStateMachineAlias(_ parameters: Parameters) async throws -> JSONValue {
        let row = try aliasRow(parameters.required("stateMachineAliasArn"))
        guard parameters["description"] != nil || parameters["routingConfiguration"] != nil else {
            throw APIError.validation("Either the description or the routing configuration must be specified.")
        }
        var routing = row.routing
        if let value = parameters["routingConfiguration"] {
            let new = Routing(value)
            _ = try check(new)
            routing = new.text
        }
        let now = engine.options.clock().milliseconds
        let description = parameters.text("description") ?? row.description
        try await engine.write { [routing] tx in _ = try tx.updateAlias(arn: row.arn, description: description, routing: routing, at: now) }
        var result = JSONObject()
        result.set("updateDate", time: now)
        return .object(result)
    }

    func deleteStateMachineAlias(_ parameters: Parameters) async throws -> JSONValue {
        let arn = parameters.required("stateMachineAliasArn")
        try ARN.check(arn, .stateMachine)
        // What is not there is deleted already.
        try await engine.write { tx in _ = try tx.deleteAlias(arn: arn) }
        return .object(JSONObject())
    }

    func listStateMachineAliases(_ parameters: Parameters) async throws -> JSONValue {
        let arn = parameters.required("stateMachineArn")
        let page = try Page(parameters, kind: "aliases")
        try ARN.check(arn, .stateMachine)
        let rows: [StateMachineAliasRow] = try store.read { tx in
            if let row = try tx.stateMachine(arn: arn) { return try tx.aliases(of: row.id, limit: 1000) }
            guard let (row, version) = try findVersion(arn, tx) else { throw APIError.machineDoesNotExist(arn) }
            let own = "\(row.arn):\(version.number)"
            return try tx.aliases(of: row.id, limit: 1000).filter { Routing($0.routing).arns.contains(own) }
        }
        // AWS lists the newest first.
        let newest = rows.sorted { ($0.createdMilliseconds, $0.name) < ($1.createdMilliseconds, $1.name) }
        let start = Int(page.position ?? 0)
        let shown = newest.dropFirst(start).prefix(page.limit)
        var result = JSONObject()
        result["stateMachineAliases"] = .array(
            shown.map { row in
                var object = JSONObject()
                object["stateMachineAliasArn"] = .string(row.arn)
                object.set("creationDate", time: row.createdMilliseconds)
                return .object(object)
            })
        if start + shown.count < newest.count { result["nextToken"] = .string(page.token(Int64(start + shown.count))) }
        return .object(result)
    }
}

/// An alias's routingConfiguration.
struct Routing {
    let entries: [(arn: String, weight: Int)]

    init(_ value: JSONValue) {
        entries = (value.array ?? []).map { ($0["stateMachineVersionArn"]?.string ?? "", $0["weight"]?.wholeNumber.map(Int.init(clamping:)) ?? 0) }
    }

    init(_ text: String) { self.init((try? JSONValue(parsing: text)) ?? .null) }

    var arns: [String] { entries.map(\.arn) }

    var text: String {
        JSONValue.array(entries.map { ["stateMachineVersionArn": .string($0.arn), "weight": .integer(Int64($0.weight))] }).text()
    }

    /// One of the versions, as often as its weight says.
    func choose() -> String? {
        var left = Int.random(in: 0..<100)
        for entry in entries {
            left -= entry.weight
            if left < 0 { return entry.arn }
        }
        return entries.last?.arn
    }
}
