import Engine
import JSON
import StatesLanguage
import Store

extension StepFunctionsAPI {
    // MARK: create and update

    func createStateMachine(_ parameters: Parameters) async throws -> JSONValue {
        let name = parameters.required("name")
        try Names.check(name)
        try ARN.checkRole(parameters.required("roleArn"))
        let type = parameters.text("type") ?? "STANDARD"
        if parameters.text("versionDescription") != nil, parameters.bool("publish") != true {
            throw APIError.validation("Version description can only be set when publish is true")
        }
        let text = parameters.required("definition")
        let arn = ARN.stateMachine(name, region, account)
        let configuration = try MachineConfiguration(parameters, machineName: name)
        if let known = try await registered(arn) {
            return try await createAgain(known, parameters, configuration, type)
        }
        try checkDefinition(text, type: type)
        try await configuration.checkDestinations(options.logGroupExists)
        let tags = try Tags.read(parameters["tags"], of: arn)
        let now = engine.options.clock().milliseconds
        let publish = parameters.bool("publish") == true
        let version: Int? = try await engine.write { tx in
            let revision = StateMachineRevision(
                id: SecureRandom.uuid(), definition: try tx.definitionID(of: text), roleARN: parameters.required("roleArn"),
                logging: configuration.logging, tracing: configuration.tracing, encryption: configuration.encryption, isInitial: true,
                createdMilliseconds: now)
            guard let id = try tx.createStateMachine(arn: arn, name: name, type: StoredType(rawValue: type) ?? .standard, revision: revision) else {
                throw APIError("StateMachineAlreadyExists", "State Machine Already Exists: '\(arn)'")
            }
            for (key, value) in tags { try tx.setTag(key, to: value, of: arn) }
            guard publish else { return nil }
            return try tx.publishVersion(of: id, revision: revision.id, description: parameters.text("versionDescription"), at: now)
        }
        var result = JSONObject()
        result["stateMachineArn"] = .string(arn)
        result.set("creationDate", time: now)
        result.set("stateMachineVersionArn", version.map { "\(arn):\($0)" })
        return .object(result)
    }

    /// Creating the same machine again is no mistake (role and tags do not count).
    private func createAgain(
        _ known: StateMachineRow, _ parameters: Parameters, _ configuration: MachineConfiguration, _ type: String
    ) async throws -> JSONValue {
        if known.status == .deleting {
            throw APIError("StateMachineDeleting", "State machine is currently being deleted: '\(known.arn)'")
        }
        let definition = try store.read { try $0.definition(known.revision.definition) }
        let same =
            definition == parameters.required("definition") && known.type.rawValue == type
            && known.revision.logging == configuration.logging && known.revision.tracing == configuration.tracing
            && (configuration.encryption == nil || known.revision.encryption ?? MachineConfiguration.awsOwnedKey == configuration.encryption)
        guard same else { throw APIError("StateMachineAlreadyExists", "State Machine Already Exists: '\(known.arn)'") }
        var result = JSONObject()
        result["stateMachineArn"] = .string(known.arn)
        result.set("creationDate", time: known.createdMilliseconds)
        if parameters.bool("publish") == true {
            let (version, _) = try await publish(known, description: parameters.text("versionDescription"))
            result.set("stateMachineVersionArn", "\(known.arn):\(version)")
        }
        return .object(result)
    }

    func updateStateMachine(_ parameters: Parameters) async throws -> JSONValue {
        let arn = parameters.required("stateMachineArn")
        let row = try machineRow(arn)
        if row.status != .active { throw APIError.machineIsDeleted(arn) }
        guard
            parameters["definition"] != nil || parameters["roleArn"] != nil || parameters["loggingConfiguration"] != nil
                || parameters["tracingConfiguration"] != nil || parameters["encryptionConfiguration"] != nil
        else {
            throw APIError(
                "MissingRequiredParameter", "Either the definition, the role ARN, the LoggingConfiguration, or the TracingConfiguration must be specified")
        }
        if parameters.text("versionDescription") != nil, parameters.bool("publish") != true {
            throw APIError.validation("Version description can only be set when publish is true")
        }
        try ARN.checkRole(parameters.text("roleArn"))
        if let text = parameters.text("definition") { try checkDefinition(text, type: row.type.rawValue) }
        let configuration = try MachineConfiguration(parameters, machineName: row.name)
        try await configuration.checkDestinations(options.logGroupExists)
        let now = engine.options.clock().milliseconds
        let publish = parameters.bool("publish") == true
        let (revisionID, version): (String?, Int?) = try await engine.write { tx in
            let old = row.revision
            let text = parameters.text("definition")
            let definition = try text.map { try tx.definitionID(of: $0) } ?? old.definition
            let revision = StateMachineRevision(
                id: SecureRandom.uuid(), definition: definition, roleARN: parameters.text("roleArn") ?? old.roleARN,
                logging: parameters["loggingConfiguration"] == nil ? old.logging : configuration.logging,
                tracing: parameters["tracingConfiguration"] == nil ? old.tracing : configuration.tracing,
                encryption: parameters["encryptionConfiguration"] == nil ? old.encryption : configuration.encryption, createdMilliseconds: now)
            let isChanged =
                definition != old.definition || revision.roleARN != old.roleARN || revision.logging != old.logging
                || revision.tracing != old.tracing || revision.encryption != old.encryption
            var current = old.id
            if isChanged {
                try tx.updateStateMachine(row.id, to: revision)
                current = revision.id
            }
            let shown = current == old.id && old.isInitial ? nil : current
            guard publish else { return (shown, nil) }
            return (shown, try Self.publish(tx, row, revision: current, description: parameters.text("versionDescription"), at: now).number)
        }
        var result = JSONObject()
        result.set("updateDate", time: now)
        result.set("revisionId", revisionID)
        result.set("stateMachineVersionArn", version.map { "\(row.arn):\($0)" })
        return .object(result)
    }

    func checkDefinition(_ text: String, type: String) throws {
        let (_, diagnostics) = StateMachine.read(text: text, options: ReadOptions(isExpress: type == "EXPRESS"))
        let errors = diagnostics.filter { $0.severity == .error }
        guard errors.isEmpty else {
            let shown = errors.map { "\($0.code): \($0.message) at \($0.location ?? "null")" }.joined(separator: ", ")
            throw APIError("InvalidDefinition", "Invalid State Machine Definition: '\(shown)'")
        }
    }

    func validateStateMachineDefinition(_ parameters: Parameters) async throws -> JSONValue {
        let options = ReadOptions(isExpress: parameters.text("type") == "EXPRESS")
        let all = StateMachine.read(text: parameters.required("definition"), options: options).diagnostics
        let wanted = parameters.text("severity") == "WARNING" ? all : all.filter { $0.severity == .error }
        let limit = parameters.int("maxResults").flatMap { $0 > 0 ? $0 : nil } ?? 100
        var result = JSONObject()
        result["result"] = all.contains { $0.severity == .error } ? "FAIL" : "OK"
        result["diagnostics"] = .array(
            wanted.prefix(limit).map { diagnostic in
                var object = JSONObject()
                object["severity"] = diagnostic.severity == .error ? "ERROR" : "WARNING"
                object["code"] = .string(diagnostic.code)
                object["message"] = .string(diagnostic.message)
                object.set("location", diagnostic.location)
                return .object(object)
            })
        result["truncated"] = .bool(wanted.count > limit)
        return .object(result)
    }

    // MARK: describe, list, delete

    /// The machine with this ARN. One that is being deleted is gone as soon as its last execution has ended.
    func registered(_ arn: String) async throws -> StateMachineRow? {
        guard let row = try store.read({ try $0.stateMachine(arn: arn) }) else { return nil }
        guard row.status == .deleting else { return row }
        try await finishDeletions()
        return try store.read { try $0.stateMachine(arn: arn) }
    }

    private func finishDeletions() async throws {
        guard try !store.read({ try $0.deletableStateMachines() }).isEmpty else { return }
        try await engine.write { tx in
            for id in try tx.deletableStateMachines() { try tx.finishDeletingStateMachine(id) }
        }
    }

    /// Ends what runs of a machine that is being deleted, and then the machine.
    private func endExecutions(of machine: StateMachineID) async throws {
        var running = ExecutionFilter()
        running.stateMachine = machine
        running.status = .running
        var last: ExecutionID?
        while true {
            let rows = try store.read { [running, last] in try $0.executions(running, before: last, limit: 100) }
            guard let end = rows.last?.id else { break }
            last = end
            for row in rows { _ = try await engine.stop(row.arn) }
        }
        try await finishDeletions()
    }

    /// The machine an ARN names, which must be there; not a version or an alias.
    func machineRow(_ arn: String) throws -> StateMachineRow {
        try ARN.checkMachine(arn)
        guard let row = try store.read({ try $0.stateMachine(arn: arn) }) else { throw APIError.machineDoesNotExist(arn) }
        return row
    }

    func describeStateMachine(_ parameters: Parameters) async throws -> JSONValue {
        let arn = parameters.required("stateMachineArn")
        try ARN.checkMachine(arn)
        _ = try await registered(arn)
        return try store.read { tx in
            if let row = try tx.stateMachine(arn: arn) { return try describe(row, row.revision, arn, row.createdMilliseconds, nil, parameters, tx) }
            guard let (row, version) = try findVersion(arn, tx) else { throw APIError.machineDoesNotExist(arn) }
            return try describe(row, version.revision, arn, version.createdMilliseconds, version.description, parameters, tx)
        }
    }

    /// `arn:…:stateMachine:NAME:3`
    func findVersion(_ arn: String, _ tx: ReadTransaction) throws -> (StateMachineRow, StateMachineVersionRow)? {
        guard let (machine, qualifier) = ARN.qualified(arn), let number = Int(qualifier), let row = try tx.stateMachine(arn: machine),
            let version = try tx.version(number, of: row.id)
        else { return nil }
        return (row, version)
    }

    private func describe(
        _ row: StateMachineRow, _ revision: StateMachineRevision, _ arn: String, _ created: Int64, _ description: String?, _ parameters: Parameters,
        _ tx: ReadTransaction
    ) throws -> JSONValue {
        var result = JSONObject()
        result["stateMachineArn"] = .string(arn)
        result["name"] = .string(row.name)
        result["status"] = row.status == .active ? "ACTIVE" : "DELETING"
        let text = try tx.definition(revision.definition) ?? ""
        if parameters.text("includedData") != "METADATA_ONLY" { result["definition"] = .string(text) }
        result["roleArn"] = .string(revision.roleARN)
        result["type"] = .string(row.type.rawValue)
        result.set("creationDate", time: created)
        MachineConfiguration.describe(revision, into: &result)
        if !revision.isInitial { result["revisionId"] = .string(revision.id) }
        result.set("description", description)
        if let references = variableReferences(text) { result["variableReferences"] = references }
        return .object(result)
    }

    /// State → the variables that its fields refer to; nil where there are none.
    func variableReferences(_ text: String) -> JSONValue? {
        guard let machine = StateMachine.read(text: text).machine else { return nil }
        let references = machine.variableReferences
        guard !references.isEmpty else { return nil }
        return .object(JSONObject(references.map { ($0.state, .array($0.variables.map { .string($0) })) }))
    }

    func describeStateMachineForExecution(_ parameters: Parameters) async throws -> JSONValue {
        let arn = parameters.required("executionArn")
        try ARN.check(arn, .execution, .express)
        return try store.read { tx in
            let execution = try describable(arn, tx)
            var result = JSONObject()
            let machineARN = execution.stateMachineARN
            result["stateMachineArn"] = .string(machineARN)
            let name = ARN.lastPart(machineARN)
            result["name"] = .string(name)
            let text = try tx.definition(execution.definition) ?? ""
            if parameters.text("includedData") != "METADATA_ONLY" { result["definition"] = .string(text) }
            let row = try tx.stateMachine(arn: machineARN)
            let own = try tx.payload(of: execution.id)?.parameters.flatMap { try? JSONValue(parsing: $0) }
            result["roleArn"] = own?["roleArn"] ?? .string(row?.revision.roleARN ?? "")
            result.set("updateDate", time: row?.updatedMilliseconds ?? execution.startMilliseconds)
            MachineConfiguration.describe(row?.revision, into: &result)
            result.set("mapRunArn", execution.mapRunARN)
            if let slash = name.firstIndex(of: "/") { result["label"] = .string(String(name[name.index(after: slash)...])) }
            if let id = own?["revisionId"] { result["revisionId"] = id }
            if let references = variableReferences(text) { result["variableReferences"] = references }
            return .object(result)
        }
    }

    func listStateMachines(_ parameters: Parameters) async throws -> JSONValue {
        let page = try Page(parameters, kind: "machines")
        try await finishDeletions()
        let (rows, next) = page.slice(try store.read { try $0.stateMachines(limit: Page.most) }.sorted { Names.precedes($0.name, $1.name) })
        var result = JSONObject()
        result["stateMachines"] = .array(
            rows.map { row in
                var object = JSONObject()
                object["stateMachineArn"] = .string(row.arn)
                object["name"] = .string(row.name)
                object["type"] = .string(row.type.rawValue)
                object.set("creationDate", time: row.createdMilliseconds)
                return .object(object)
            })
        result.set("nextToken", next)
        return .object(result)
    }

    func deleteStateMachine(_ parameters: Parameters) async throws -> JSONValue {
        let arn = parameters.required("stateMachineArn")
        try ARN.checkMachine(arn)
        guard ARN.qualified(arn) == nil else { throw APIError.invalidARN(arn) }
        guard let row = try store.read({ try $0.stateMachine(arn: arn) }) else { return .object(JSONObject()) }
        let isGone = try await engine.write { tx in
            try tx.beginDeletingStateMachine(row.id)
            try tx.removeTags(of: arn)
            // A machine whose executions have all ended is gone at once.
            guard try tx.deletableStateMachines().contains(row.id) else { return false }
            try tx.finishDeletingStateMachine(row.id)
            return true
        }
        // An express execution ends by itself, within five minutes.
        if !isGone, row.type == .standard { Task { try await endExecutions(of: row.id) } }
        return .object(JSONObject())
    }
}

/// Logging, tracing and encryption as they are kept: JSON texts.
struct MachineConfiguration {
    static let awsOwnedKey = #"{"type":"AWS_OWNED_KEY"}"#
    let logging: String?
    let tracing: String?
    let encryption: String?

    init(_ parameters: Parameters, machineName: String) throws {
        if let value = parameters["loggingConfiguration"] {
            try Self.checkLogging(value)
            logging = value.text()
        } else {
            logging = nil
        }
        tracing = parameters["tracingConfiguration"]?.text()
        encryption = parameters["encryptionConfiguration"]?.text()
        if let value = parameters["encryptionConfiguration"], value["type"]?.string == "CUSTOMER_MANAGED_KMS_KEY", value["kmsKeyId"] == nil {
            throw APIError("InvalidEncryptionConfiguration", "Invalid Encryption Configuration: 'kmsKeyId must be specified'")
        }
    }

    private static func refused(_ why: String) -> APIError { APIError("InvalidLoggingConfiguration", "Invalid Logging Configuration: \(why)") }

    /// What can be told only by asking: whether the log group is there.
    func checkDestinations(_ exists: (@Sendable (String) async -> Bool)?) async throws {
        guard let exists, let logging, let value = try? JSONValue(parsing: logging) else { return }
        for destination in value["destinations"]?.array ?? [] {
            guard let arn = destination["cloudWatchLogsLogGroup"]?["logGroupArn"]?.string else { continue }
            guard await exists(arn) else { throw Self.refused("Log Destination not found.") }
        }
    }

    private static func checkLogging(_ value: JSONValue) throws {
        let level = value["level"]?.string ?? "OFF"
        let destinations = value["destinations"]?.array ?? []
        if destinations.count > 1 {
            throw refused("Must specify exactly one Log Destination.")
        }
        if level != "OFF", destinations.isEmpty { throw refused("Must specify exactly one Log Destination.") }
        for destination in destinations {
            guard let arn = destination["cloudWatchLogsLogGroup"]?["logGroupArn"]?.string, arn.hasSuffix(":*"),
                arn.split(separator: ":", omittingEmptySubsequences: false).count >= 7
            else { throw refused("Log Destination is not valid.") }
        }
    }

    static func describe(_ revision: StateMachineRevision?, into result: inout JSONObject) {
        var logging = JSONObject([("level", "OFF"), ("includeExecutionData", false)])
        if let text = revision?.logging, case .object(let own)? = try? JSONValue(parsing: text) {
            for (key, value) in own { logging[key] = value }
        }
        result["loggingConfiguration"] = .object(logging)
        result["tracingConfiguration"] = revision?.tracing.flatMap { try? JSONValue(parsing: $0) } ?? ["enabled": false]
        result["encryptionConfiguration"] = revision?.encryption.flatMap { try? JSONValue(parsing: $0) } ?? ["type": "AWS_OWNED_KEY"]
    }
}
