import Engine
import JSON
import StatesLanguage
import Store

extension StepFunctionsAPI {
    // MARK: starting

    func startExecution(_ parameters: Parameters) async throws -> JSONValue {
        let (arn, mockCase) = splitMockCase(parameters.required("stateMachineArn"))
        var request = try startRequest(arn, parameters)
        try useMocks(mockCase, &request)
        let started = try await engine.start(request)
        var result = JSONObject()
        result["executionArn"] = .string(started.arn)
        result.set("startDate", time: started.startedAt.milliseconds)
        return .object(result)
    }

    func startSyncExecution(_ parameters: Parameters) async throws -> JSONValue {
        let (arn, mockCase) = splitMockCase(parameters.required("stateMachineArn"))
        if mockCase != nil, options.mocks == nil { throw APIError.invalidARN(parameters.required("stateMachineArn")) }
        var request = try startRequest(arn, parameters)
        try useMocks(mockCase, &request)
        guard request.machine.isExpress else {
            throw APIError("StateMachineTypeNotSupported", "This operation is not supported by this type of state machine")
        }
        let ended = try await engine.run(request)
        var result = JSONObject()
        result["executionArn"] = .string(ended.arn)
        result["stateMachineArn"] = .string(request.machine.arn)
        result["name"] = .string(ended.name)
        result.set("startDate", time: ended.startedAt.milliseconds)
        result.set("stopDate", time: ended.stoppedAt.milliseconds)
        result["status"] = .string(ended.status == .aborted ? "FAILED" : ended.status.rawValue)
        result.set("error", ended.error)
        result.set("cause", ended.cause)
        let includesData = parameters.text("includedData") != "METADATA_ONLY"
        if includesData { result["input"] = .string(parameters.text("input") ?? "{}") }
        result["inputDetails"] = ["included": .bool(includesData)]
        if includesData, let output = ended.output { result["output"] = .string(output.text()) }
        result["outputDetails"] = ["included": .bool(includesData)]
        result.set("traceHeader", parameters.text("traceHeader"))
        let milliseconds = max(1, ended.stoppedAt.milliseconds - ended.startedAt.milliseconds)
        result["billingDetails"] = [
            "billedDurationInMilliseconds": .integer((milliseconds + 99) / 100 * 100), "billedMemoryUsedInMB": 64,
        ]
        return .object(result)
    }

    private func startRequest(_ arn: String, _ parameters: Parameters) throws -> StartRequest {
        try ARN.checkMachine(arn)
        if let name = parameters.text("name") { try Names.check(name) }
        let input: JSONValue
        let text = parameters.text("input") ?? "{}"
        do { input = try JSONValue(parsing: text) } catch {
            let shown = text.utf8.isEmpty ? "Invalid execution input." : error.message
            throw APIError("InvalidExecutionInput", "Invalid State Machine Execution Input: '\(shown)'")
        }
        if text.utf8.count > 262_144, !engine.options.liftsQuotas {
            throw APIError("InvalidExecutionInput", "Invalid State Machine Execution Input: 'Input exceeds the maximum size of 262144 bytes'")
        }
        let resolved = try resolve(arn)
        var request = StartRequest(machine: resolved.machine, input: input, name: parameters.text("name"))
        request.versionARN = resolved.versionARN
        request.aliasARN = resolved.aliasARN
        request.traceHeader = parameters.text("traceHeader")
        if !Spelling(text).isEmpty { request.parameters["inputText"] = .string(text) }
        if let revision = resolved.revisionID { request.parameters["revisionId"] = .string(revision) }
        return request
    }

    /// The machine of a machine's, a version's or an alias's ARN.
    private func resolve(_ arn: String) throws -> ResolvedMachine {
        try store.read { tx in
            if let row = try tx.stateMachine(arn: arn) {
                if row.status != .active { throw APIError.machineIsDeleted(arn) }
                return ResolvedMachine(
                    machine: try engine.machines.machine(row, row.revision, tx), revisionID: row.revision.isInitial ? nil : row.revision.id)
            }
            var version = arn
            var alias: String?
            if let found = try tx.alias(arn: arn), let chosen = Routing(found.routing).choose() {
                alias = arn
                version = chosen
            }
            guard let (row, found) = try findVersion(version, tx) else { throw APIError.machineDoesNotExist(arn) }
            return ResolvedMachine(
                machine: try engine.machines.machine(row, found.revision, tx), versionARN: version, aliasARN: alias,
                revisionID: found.revision.isInitial ? nil : found.revision.id)
        }
    }

    // MARK: stopping and redriving

    func stopExecution(_ parameters: Parameters) async throws -> JSONValue {
        let arn = parameters.required("executionArn")
        try ARN.check(arn, .execution)
        let stopped = try await engine.stop(arn, error: parameters.text("error"), cause: parameters.text("cause"))
        var result = JSONObject()
        result.set("stopDate", time: stopped.milliseconds)
        return .object(result)
    }

    func redriveExecution(_ parameters: Parameters) async throws -> JSONValue {
        let arn = parameters.required("executionArn")
        try ARN.check(arn, .execution)
        guard let row = try store.read({ try $0.execution(arn: arn) }) else { throw APIError.executionDoesNotExist(arn) }
        let (token, now) = (parameters["clientToken"]?.string, engine.options.clock().milliseconds)
        if let known = redriveTokens.answer(arn, token, at: now) { return known }
        if row.status == .running {
            throw APIError("ExecutionNotRedrivable", "Execution is RUNNING and cannot be redriven")
        }
        if row.mapRun != nil {
            throw APIError("ExecutionNotRedrivable", "Child executions of a Map Run are redriven with their Map Run")
        }
        try await engine.resume(arn)
        var result = JSONObject()
        result.set("redriveDate", time: try store.read({ try $0.execution(arn: arn) })?.redriveMilliseconds)
        redriveTokens.keep(.object(result), arn, token, at: now)
        return .object(result)
    }

    // MARK: looking

    func describeExecution(_ parameters: Parameters) async throws -> JSONValue {
        let arn = parameters.required("executionArn")
        try ARN.check(arn, .execution, .express)
        return try store.read { tx in
            let row = try describable(arn, tx)
            let payload = try tx.payload(of: row.id)
            let includesData = parameters.text("includedData") != "METADATA_ONLY"
            var result = JSONObject()
            result["executionArn"] = .string(arn)
            result["stateMachineArn"] = .string(row.stateMachineARN)
            result["name"] = .string(row.name)
            result["status"] = .string(row.status.rawValue)
            result.set("startDate", time: row.startMilliseconds)
            result.set("stopDate", time: row.stopMilliseconds)
            if includesData { result.set("input", payload.map { Self.inputText($0.parameters) ?? $0.input }) }
            result["inputDetails"] = ["included": .bool(includesData)]
            if let output = payload?.output {
                if includesData { result["output"] = .string(Spelling(Self.inputText(payload?.parameters)).text(output)) }
                result["outputDetails"] = ["included": .bool(includesData)]
            }
            result.set("traceHeader", payload?.traceHeader)
            result.set("mapRunArn", row.mapRunARN)
            if row.status != .timedOut {
                result.set("error", row.error)
                result.set("cause", row.cause)
            }
            result.set("stateMachineVersionArn", row.versionARN)
            result.set("stateMachineAliasArn", row.aliasARN)
            result["redriveCount"] = .integer(Int64(row.redriveCount))
            result.set("redriveDate", time: row.redriveMilliseconds)
            let (status, reason) = try redriveStatus(row, tx)
            result["redriveStatus"] = .string(status)
            result.set("redriveStatusReason", reason)
            return .object(result)
        }
    }

    /// An execution that can be described: of the express ones, those that a Map Run started.
    func describable(_ arn: String, _ tx: ReadTransaction) throws -> ExecutionRow {
        let row = try tx.execution(arn: arn)
        if row?.mapRun == nil { try ARN.check(arn, .execution) }
        guard let row else { throw APIError.executionDoesNotExist(arn) }
        return row
    }

    /// The input as the caller wrote it, where that is not how we write it.
    private static func inputText(_ parameters: String?) -> String? {
        guard let parameters, parameters.contains("\"inputText\"") else { return nil }
        return (try? JSONValue(parsing: parameters))?["inputText"]?.string
    }

    private func redriveStatus(_ row: ExecutionRow, _ tx: ReadTransaction) throws -> (String, String?) {
        switch row.status {
        case .running, .succeeded, .pendingRedrive:
            return ("NOT_REDRIVABLE", "Execution is \(row.status.rawValue) and cannot be redriven")
        case .failed, .timedOut, .aborted:
            if row.mapRun != nil { return ("REDRIVABLE_BY_MAP_RUN", nil) }
            if row.type == .express { return ("NOT_REDRIVABLE", "Execution is EXPRESS and cannot be redriven") }
            if try tx.stateMachine(arn: row.stateMachineARN)?.status == .deleting { return ("NOT_REDRIVABLE", "State machine is in DELETING status") }
            if row.isUnlimited { return ("REDRIVABLE", nil) }
            if RedriveLimits.isPast(row, at: engine.options.clock().milliseconds) { return ("NOT_REDRIVABLE", RedriveLimits.periodExceeded) }
            if try tx.lastEventID(of: row.id) >= RedriveLimits.events { return ("NOT_REDRIVABLE", RedriveLimits.historyExceeded) }
            return ("REDRIVABLE", nil)
        }
    }

    func listExecutions(_ parameters: Parameters) async throws -> JSONValue {
        let machineARN = parameters.text("stateMachineArn")
        let mapRunARN = parameters.text("mapRunArn")
        guard (machineARN == nil) != (mapRunARN == nil) else {
            throw APIError.validation("Must specify exactly one of stateMachineArn or mapRunArn")
        }
        if machineARN != nil, parameters.text("statusFilter") == "PENDING_REDRIVE" {
            throw APIError.validation("The status filter PENDING_REDRIVE needs a mapRunArn")
        }
        let page = try Page(parameters, kind: "executions \(machineARN ?? "") \(mapRunARN ?? "")")
        var filter = ExecutionFilter()
        filter.status = parameters.text("statusFilter").flatMap(StoredStatus.init(rawValue:))
        filter.isRedriven = parameters.text("redriveFilter").map { $0 == "REDRIVEN" }
        filter.includesChildren = mapRunARN != nil
        return try store.read { tx in
            var filter = filter
            var isBatched = false
            if let machineARN { try self.filter(byMachine: machineARN, &filter, tx) }
            if let mapRunARN {
                try ARN.check(mapRunARN, .mapRun)
                guard let run = try tx.mapRun(arn: mapRunARN) else { throw APIError.resourceNotFound(mapRunARN) }
                filter.mapRun = run.id
                // More items than children: each child has a batch of them.
                isBatched = Self.total(run.itemCounts) > Self.total(run.executionCounts)
            }
            let rows = try tx.executions(filter, before: page.position.map { ExecutionID(rawValue: $0) }, limit: page.limit + 1)
            var result = JSONObject()
            result["executions"] = .array(try rows.prefix(page.limit).map { try listed($0, isBatched: isBatched, tx) })
            if rows.count > page.limit { result["nextToken"] = .string(page.token(rows[page.limit - 1].id.rawValue)) }
            return .object(result)
        }
    }

    private func filter(byMachine arn: String, _ filter: inout ExecutionFilter, _ tx: ReadTransaction) throws {
        try ARN.check(arn, .stateMachine)
        if let row = try tx.stateMachine(arn: arn) {
            if row.type == .express {
                throw APIError("StateMachineTypeNotSupported", "This operation is not supported by this type of state machine")
            }
            filter.stateMachine = row.id
            filter.startedSince = row.createdMilliseconds
            return
        }
        if let alias = try tx.alias(arn: arn) {
            filter.stateMachine = alias.stateMachine
            filter.aliasARN = arn
        } else if let (row, _) = try findVersion(arn, tx) {
            filter.stateMachine = row.id
            filter.versionARN = arn
        } else if let id = try tx.stateMachineID(arn: arn) {
            // Executions of a file that was never registered.
            filter.stateMachine = id
        } else {
            throw APIError.machineDoesNotExist(arn)
        }
    }

    private static func total(_ counts: String) -> Int64 { (try? JSONValue(parsing: counts))?["total"]?.wholeNumber ?? 0 }

    private func listed(_ row: ExecutionRow, isBatched: Bool, _ tx: ReadTransaction) throws -> JSONValue {
        var object = JSONObject()
        object["executionArn"] = .string(row.arn)
        object["stateMachineArn"] = .string(row.stateMachineARN)
        object["name"] = .string(row.name)
        object["status"] = .string(row.status.rawValue)
        object.set("startDate", time: row.startMilliseconds)
        object.set("stopDate", time: row.stopMilliseconds)
        object.set("mapRunArn", row.mapRunARN)
        if row.mapRun != nil {
            let input = isBatched ? try tx.payload(of: row.id).flatMap { try? JSONValue(parsing: $0.input) } : nil
            object["itemCount"] = .integer(Int64(input?["Items"]?.array?.count ?? 1))
        }
        object.set("stateMachineVersionArn", row.versionARN)
        object.set("stateMachineAliasArn", row.aliasARN)
        object["redriveCount"] = .integer(Int64(row.redriveCount))
        object.set("redriveDate", time: row.redriveMilliseconds)
        return .object(object)
    }

    func getExecutionHistory(_ parameters: Parameters) async throws -> JSONValue {
        let arn = parameters.required("executionArn")
        try ARN.check(arn, .execution)
        let isReversed = parameters.bool("reverseOrder") ?? false
        let page = try Page(parameters, kind: "history \(arn) \(isReversed)")
        return try store.read { tx in
            guard let row = try tx.execution(arn: arn) else { throw APIError.executionDoesNotExist(arn) }
            let machine = try engine.machine(row.definition, tx)
            let last = try tx.lastEventID(of: row.id)
            let range: ClosedRange<Int64>
            if isReversed {
                let top = page.position.map { $0 - 1 } ?? last
                range = max(1, top - Int64(page.limit) + 1)...max(1, top)
                if top < 1 { return ["events": []] }
            } else {
                let bottom = (page.position ?? 0) + 1
                if bottom > last { return ["events": []] }
                range = bottom...min(last, bottom + Int64(page.limit) - 1)
            }
            let includesData = parameters.bool("includeExecutionData") ?? true
            var events = try tx.storedEvents(of: row.id, range: range, in: machine).compactMap {
                $0.awsJSON(in: machine, region: region, includesData: includesData)
            }
            if includesData, let text = Self.inputText(try tx.payload(of: row.id)?.parameters) {
                var spelling = Spelling(text)
                // What JSONata makes is written anew, though it equals the caller's.
                let making = Set(machine.states.filter { $0.language == .jsonata && $0.output != nil }.map(\.name))
                events = events.map { $0.spelled(&spelling, making: making) }
            }
            if isReversed { events.reverse() }
            var result = JSONObject()
            result["events"] = .array(events)
            if isReversed, range.lowerBound > 1 { result["nextToken"] = .string(page.token(range.lowerBound)) }
            if !isReversed, range.upperBound < last { result["nextToken"] = .string(page.token(range.upperBound)) }
            return .object(result)
        }
    }
}

extension JSONValue {
    /// A history event whose unchanged data keep the caller's blanks.
    fileprivate func spelled(_ spelling: inout Spelling, making: Set<String>) -> JSONValue {
        guard case .object(var event) = self else { return self }
        let type = event["type"]?.string
        for (name, details) in event where name.hasSuffix("EventDetails") {
            guard case .object(var members) = details else { continue }
            for key in ["input", "output"] {
                guard let text = members[key]?.string else { continue }
                if key == "output", type?.hasSuffix("StateExited") == true, let name = members["name"]?.string, making.contains(name) {
                    spelling.forget(text)
                    continue
                }
                // The results of a Map are a list of its own, even where it equals the caller's.
                switch (type, key) {
                case ("MapStateExited", "output"):
                    members[key] = .string(spelling.madeAnew(text))
                    spelling.forget(text)
                case ("ParallelStateExited", "output"): members[key] = .string(spelling.gathered(text))
                default: members[key] = .string(spelling.text(text))
                }
            }
            event[name] = .object(members)
        }
        return .object(event)
    }
}
