import JSON
import LocalJobs
import ServiceIntegrations
import StatesLanguage
import Store
import Synchronization

extension EngineThread {
    /// Conducts a distributed Map's run as a Swift task: reads items, runs children, counts, writes results.
    func startMapRun(_ live: LiveExecution, _ request: MapRunRequest) {
        let plan: MapRunPlan
        do throws(Failure) {
            guard let made = try live.execution.mapRunPlan(request) else { return }
            plan = made
        } catch {
            mailbox.post(.stimulus(live.id, .mapRunEnded(request.frame, started: request.started, .failure(error))))
            return
        }
        let key = TaskKey(execution: live.id, scheduled: request.started)
        guard runs[key] == nil else { return }
        let report = EngineReport(mailbox: mailbox, key: key, frame: request.frame, pattern: .sync, mostPrinted: options.logBytesPerAttempt)
        let runner = MapRunner(
            engine: engine, plan: plan, request: request, parent: live.id, header: live.execution.header, report: report,
            quotas: live.execution.quotas, isReattached: request.started <= live.recoveredUpTo,
            redrivenAt: live.execution.redrivenAt?.milliseconds, mockCase: live.parameters["mockCase"])
        let mailbox = mailbox
        reports[key] = report
        // A run is no task of its own in the limits: its children's tasks are.
        runs[key] = Task.detached(executorPreference: options.taskExecutor) {
            let result = await runner.run()
            mailbox.post(.mapRunEnded(key, result.map { .mapRunEnded(request.frame, started: request.started, $0) }))
        }
    }
}

/// The run of one distributed Map.
final class MapRunner: Sendable {
    private let engine: ExecutionEngine
    private let plan: MapRunPlan
    private let request: MapRunRequest
    private let parent: ExecutionID
    private let header: ExecutionHeader
    private let report: EngineReport
    private let quotas: Quotas
    private let isReattached: Bool
    /// When the parent was redriven last.
    private let redrivenAt: Int64?
    /// The test case that the parent was started with; its children are answered from it too.
    private let mockCase: JSONValue?
    /// Children under way, to be stopped if the run is given up.
    private let running = Mutex<Set<String>>([])

    init(
        engine: ExecutionEngine, plan: MapRunPlan, request: MapRunRequest, parent: ExecutionID, header: ExecutionHeader, report: EngineReport,
        quotas: Quotas, isReattached: Bool, redrivenAt: Int64?, mockCase: JSONValue?
    ) {
        self.mockCase = mockCase
        self.engine = engine
        self.plan = plan
        self.request = request
        self.parent = parent
        self.header = header
        self.report = report
        self.quotas = quotas
        self.isReattached = isReattached
        self.redrivenAt = redrivenAt
    }

    /// nil: given up, nobody waits for the result.
    func run() async -> Result<JSONValue, Failure>? {
        let signal = engine.mapRunSignals.begin(request.arn)
        defer { engine.mapRunSignals.end(signal) }
        var counts = MapRunCounts()
        var row: MapRunID?
        var result: Result<JSONValue, Failure>
        do {
            let machine = try machine()
            row = try await begin(machine)
            result = .success(try await conduct(machine, row, signal, &counts))
        } catch let failure as Failure {
            result = .failure(failure)
        } catch let failure as JobFailure {
            result = .failure(Failure(failure.error, failure.cause))
        } catch {
            if report.isShuttingDown || engine.ends(because: error) { return nil }
            result = .failure(Failure(ErrorName.taskFailed, "\(error)"))
        }
        if Task.isCancelled, report.isShuttingDown { return nil }
        if let row { await end(row, counts, isCancelled: Task.isCancelled, result) }
        return Task.isCancelled ? nil : result
    }

    // MARK: the children

    private func machine() throws -> Machine {
        let text = plan.definition.text()
        let (definition, diagnostics) = StateMachine.read(definition(text))
        guard let definition else { throw Failure.runtime("The ItemProcessor cannot be read: \(diagnostics.first?.message ?? "")") }
        let arn = header.stateMachineARN + "/" + plan.label
        return Machine(
            arn: arn, name: header.stateMachineName + "/" + plan.label, roleARN: header.roleARN, isExpress: plan.isExpress,
            definition: definition, text: text)
    }

    private func definition(_ text: String) -> JSONValue { (try? JSONValue(parsing: text)) ?? plan.definition }

    private enum Turn: Sendable {
        case ended(MapChild)
        /// Or, if there is no `more`, will not change again.
        case limitsChanged(more: Bool)
    }

    private func conduct(
        _ machine: Machine, _ row: MapRunID?, _ signal: MapRunSignals.Signal, _ counts: inout MapRunCounts
    ) async throws -> JSONValue {
        let scratch = try ScratchBuckets(plan, engine.options)
        defer { scratch?.remove() }
        let buckets = scratch?.buckets ?? engine.options.buckets
        var source = try await ItemSource(plan, buckets, scratch?.remote)
        let writer = try plan.writer.flatMap { writer in
            writer.resource == nil
                ? nil
                : try MapResultWriter(buckets: scratch?.results ?? buckets, arguments: writer.arguments, config: writer.configuration, mapRunARN: request.arn)
        }
        var known = KnownChildren(
            of: isReattached || request.redriveCount > 0 ? row : nil, in: engine.store, perPage: engine.options.knownChildrenPerPage)
        var outputs = MapOutputs(limit: quotas.payloadBytes)
        // What another process began may have other limits by now.
        var limits = MapRunLimits(plan, at: isReattached || request.redriveCount > 0 ? nil : engine.options.clock().milliseconds)
        var reported = 0
        try await withThrowingTaskGroup(of: Turn.self) { group in
            let look: @Sendable () async -> Turn = {
                for await _ in signal.changes { return .limitsChanged(more: true) }
                return .limitsChanged(more: false)
            }
            // The last children: nobody looks at the limits any more.
            func drain(_ group: inout ThrowingTaskGroup<Turn, any Error>) async throws {
                engine.mapRunSignals.end(signal)
                while let late = try await group.next() { if case .ended(let child) = late { counts.ended(child) } }
            }
            group.addTask(operation: look)
            defer { engine.mapRunSignals.end(signal) }
            var inFlight = 0
            var isExhausted = false
            do {
                while true {
                    if let row { try limits.refresh(row, request.arn, engine.store, at: engine.options.clock().milliseconds) }
                    while !isExhausted, inFlight < limits.concurrency, !Task.isCancelled {
                        guard let next = try source.next() else {
                            isExhausted = true
                            break
                        }
                        counts.add(items: next.items)
                        let before = try known.take(next.index)
                        group.addTask { [self] in .ended(try await child(next, machine, row, before)) }
                        inFlight += 1
                    }
                    guard inFlight > 0, let turn = try await group.next() else { break }
                    guard case .ended(let ended) = turn else {
                        limits.forget()
                        if case .limitsChanged(more: true) = turn { group.addTask(operation: look) }
                        continue
                    }
                    inFlight -= 1
                    counts.ended(ended)
                    if let writer { try writer.add(ended.isSucceeded ? .succeeded : .failed, ended.record(machine)) } else { outputs.add(ended) }
                    if counts.executions.total - reported >= 5000, let row {
                        reported = counts.executions.total
                        try await save(counts, row)
                    }
                    let total = source.total ?? (isExhausted ? counts.items.total : nil)
                    if limits.isExceeded(failed: counts.items.failed, total: total ?? .max) {
                        stopChildren()
                        try await drain(&group)
                        throw Failure(
                            ErrorName.exceedToleratedFailureThreshold, "The specified tolerated failure threshold was exceeded")
                    }
                    if Task.isCancelled {
                        if !report.isShuttingDown { stopChildren() }
                        try await drain(&group)
                        break
                    }
                }
            } catch {
                // Leaving cancels the children, and one that is cancelled is stopped for good: not if it is only the engine that ends.
                if engine.ends(because: error) { report.shutDown() }
                throw error
            }
        }
        guard let writer else { return try outputs.value(stateName: engine.options.region) }
        let details = try writer.finish()
        if let scratch, let bucket = plan.writer?.arguments["Bucket"]?.string { try await scratch.remote.send(bucket, from: scratch.results) }
        return ["MapRunArn": .string(request.arn), "ResultWriterDetails": details]
    }

    private func child(_ next: MapChildInput, _ machine: Machine, _ row: MapRunID?, _ before: ExecutionRow?) async throws -> MapChild {
        // An Express child that has failed is not redriven but started again; one that was under way goes on, as its history is here.
        if let before, !(machine.isExpress && isToRunAgain(before)) {
            let arn = before.arn
            if !before.status.isEnded || isToRunAgain(before) { _ = try? await engine.resume(arn) }
            running.withLock { _ = $0.insert(arn) }
            defer { running.withLock { _ = $0.remove(arn) } }
            return MapChild(
                index: next.index, items: next.items, result: try await stopping(StartedChild(arn)) { try await self.engine.resultAnywhere(of: arn) })
        }
        var start = StartRequest(machine: machine, input: next.input)
        start.mapRun = row
        start.itemIndex = next.index
        start.item = next.item
        start.parent = parent
        start.timeScale = header.timeScale
        start.isUnlimited = quotas.historyEvents == nil
        if let mockCase { start.parameters["mockCase"] = mockCase }
        // Asked for and awaited in one message: a child without tasks is over when its start is durable.
        let own = StartedChild()
        let result = try await stopping(own) { [start] in
            try await self.engine.run(start) { arn in
                self.running.withLock { _ = $0.insert(arn) }
                if own.started(arn) { self.stop(arn) }
            }
        }
        if let arn = own.arn { running.withLock { _ = $0.remove(arn) } }
        return MapChild(index: next.index, items: next.items, result: result)
    }

    /// A child that failed is redriven with its parent and for no other reason: after a crash it stays as it ended. One that was
    /// stopped with its parent may end a moment after the redrive.
    private func isToRunAgain(_ child: ExecutionRow) -> Bool {
        guard child.status.isEnded, child.status != .succeeded, let redrivenAt else { return false }
        return child.status == .aborted || child.stopMilliseconds ?? 0 <= redrivenAt
    }

    /// Awaits a child; when the run is given up, the child is stopped.
    private func stopping(_ child: StartedChild, _ body: () async throws -> ExecutionResult) async throws -> ExecutionResult {
        try await withTaskCancellationHandler(operation: body) { [self] in
            guard !report.isShuttingDown, let arn = child.cancelled() else { return }
            stop(arn)
        }
    }

    private func stop(_ arn: String) {
        let engine = engine
        Task(executorPreference: engine.options.taskExecutor) { _ = try? await engine.stop(arn) }
    }

    // MARK: its row

    private func begin(_ machine: Machine) async throws -> MapRunID {
        let arn = request.arn
        if let known = try engine.store.read({ try $0.mapRun(arn: arn) }) {
            let now = engine.options.clock().milliseconds
            if known.status != "RUNNING" { _ = try await engine.write { tx in try tx.redriveMapRun(known.id, at: now) } }
            return known.id
        }
        let (plan, parent, now) = (plan, parent, engine.options.clock().milliseconds)
        return try await engine.write { tx in
            try tx.insertMapRun(
                arn: arn, execution: parent, stateMachineARN: machine.arn, maxConcurrency: plan.maxConcurrency,
                toleratedFailureCount: plan.toleratedFailureCount ?? 0, toleratedFailurePercentage: plan.toleratedFailurePercentage ?? 0,
                configuration: nil, at: now)
        }
    }

    private func save(_ counts: MapRunCounts, _ row: MapRunID) async throws {
        let (items, executions) = (counts.json(counts.items).text(), counts.json(counts.executions).text())
        try await engine.write { tx in try tx.setCounts(of: row, items: items, executions: executions) }
    }

    private func end(_ row: MapRunID, _ counts: MapRunCounts, isCancelled: Bool, _ result: Result<JSONValue, Failure>) async {
        try? await save(counts, row)
        let now = engine.options.clock().milliseconds
        var status = "ABORTED"
        if !isCancelled { if case .success = result { status = "SUCCEEDED" } else { status = "FAILED" } }
        try? await engine.write { [status] tx in try tx.endMapRun(row, status: status, at: now) }
    }

    private func stopChildren() {
        let arns = running.withLock { $0 }
        let engine = engine
        Task(executorPreference: engine.options.taskExecutor) { for arn in arns { _ = try? await engine.stop(arn) } }
    }
}

/// A child that is being started, and may be given up before its ARN is known.
private final class StartedChild: Sendable {
    private let state: Mutex<(arn: String?, isCancelled: Bool)>

    init(_ arn: String? = nil) { state = Mutex((arn, false)) }

    var arn: String? { state.withLock { $0.arn } }

    /// True: it is not wanted any more.
    func started(_ arn: String) -> Bool {
        state.withLock { state in
            state.arn = arn
            return state.isCancelled
        }
    }

    /// The ARN if it has one.
    func cancelled() -> String? {
        state.withLock { state in
            state.isCancelled = true
            return state.arn
        }
    }
}

/// What UpdateMapRun may change while the run goes on, from whatever process.
private struct MapRunLimits {
    private(set) var concurrency: Int
    private let plan: MapRunPlan
    private var changed: (count: Int, percentage: Double)?
    private var lookedAt: Int64?

    /// `now`: they are as planned now; nil: nobody knows.
    init(_ plan: MapRunPlan, at now: Int64?) {
        self.plan = plan
        lookedAt = now
        concurrency = Self.most(plan.maxConcurrency)
    }

    private static func most(_ asked: Int) -> Int { asked > 0 ? min(asked, 10_000) : 1000 }

    /// The next refresh looks whenever it is.
    mutating func forget() { lookedAt = nil }

    /// Looks at most once a second.
    mutating func refresh(_ row: MapRunID, _ arn: String, _ store: Store, at now: Int64) throws {
        if let lookedAt, now - lookedAt <= 1000 { return }
        lookedAt = now
        guard let stored = try store.read({ try $0.mapRun(arn: arn) }) else { return }
        concurrency = Self.most(stored.maxConcurrency)
        let isAsPlanned =
            stored.toleratedFailureCount == plan.toleratedFailureCount ?? 0 && stored.toleratedFailurePercentage == plan.toleratedFailurePercentage ?? 0
        changed = isAsPlanned ? nil : (stored.toleratedFailureCount, stored.toleratedFailurePercentage)
    }

    func isExceeded(failed: Int, total: Int) -> Bool {
        guard let changed else { return plan.isExceeded(failed: failed, total: total) }
        if changed.count > 0, failed > changed.count { return true }
        if changed.percentage > 0, total > 0, Double(failed) * 100 > changed.percentage * Double(total) { return true }
        return changed.count == 0 && changed.percentage == 0 && failed > 0
    }
}

/// The children that an earlier process (or the run before a redrive) left, a page at a time: items come in their order too,
/// so memory does not grow with their number.
private struct KnownChildren {
    private let row: MapRunID?
    private let store: Store
    private var page: [Int: ExecutionRow] = [:]
    /// Children up to here are in the page or were taken.
    private var read = -1
    private var isAtEnd = false
    private let pageSize: Int

    init(of row: MapRunID?, in store: Store, perPage pageSize: Int) {
        self.row = row
        self.pageSize = pageSize
        self.store = store
    }

    mutating func take(_ index: Int) throws -> ExecutionRow? {
        guard let row else { return nil }
        if index > read, !isAtEnd {
            let rows = try store.read { try $0.children(of: row, from: index, limit: pageSize) }
            isAtEnd = rows.count < pageSize
            page = [:]
            for child in rows { if let index = child.itemIndex { page[index] = child } }
            read = rows.last?.itemIndex ?? read
        }
        return page.removeValue(forKey: index)
    }
}

/// A folder for what is read from S3 and what is to be written there.
private struct ScratchBuckets {
    let remote: RemoteBuckets
    let buckets: LocalBuckets
    let results: LocalBuckets
    private let folder: String

    /// nil: the buckets are this machine's, or the run needs none.
    init?(_ plan: MapRunPlan, _ options: EngineOptions) throws {
        guard let remote = options.remoteBuckets, plan.reader != nil || plan.writer?.resource != nil else { return nil }
        self.remote = remote
        folder = "\(IntegrationTable.environment()["TMPDIR"] ?? "/tmp")/sfn-run-map-\(SecureRandom.uuid())"
        buckets = LocalBuckets(root: folder + "/read")
        results = LocalBuckets(root: folder + "/written")
    }

    func remove() { Files.remove(folder) }
}

/// Reads items and makes the inputs of children, one at a time: an item, or a batch of them.
private struct ItemSource {
    private let plan: MapRunPlan
    private var reader: ItemReader?
    private var position = 0
    private var children = 0
    /// Read, but too large for the batch before.
    private var waiting: JSONValue?

    /// How many items there are, where that is known before the end.
    var total: Int? { plan.items?.values.count }

    init(_ plan: MapRunPlan, _ buckets: LocalBuckets, _ remote: RemoteBuckets?) async throws {
        self.plan = plan
        guard let own = plan.reader else { return }
        guard let remote else {
            reader = try ItemReader(resource: own.resource, arguments: own.arguments, config: own.configuration, buckets: buckets)
            return
        }
        let fetched = try await remote.fetch(resource: own.resource, arguments: own.arguments, configuration: own.configuration, into: buckets)
        reader = try ItemReader(resource: fetched.resource, arguments: fetched.arguments, config: fetched.configuration, buckets: buckets)
    }

    mutating func next() throws -> MapChildInput? {
        guard plan.maxItemsPerBatch != nil || plan.maxInputBytesPerBatch != nil else {
            guard let (input, item) = try nextInput() else { return nil }
            defer { children += 1 }
            return MapChildInput(index: children, items: 1, input: input, item: item)
        }
        var batch: [JSONValue] = []
        var bytes = JSONValue.object(wrapped([])).byteCount
        let most = plan.maxItemsPerBatch.map { $0 > 0 ? $0 : .max } ?? .max
        let limit = plan.maxInputBytesPerBatch.map { $0 > 0 ? min($0, 262_144) : 262_144 } ?? 262_144
        while batch.count < most {
            let held = waiting
            waiting = nil
            guard let input = try held ?? nextInput()?.input else { break }
            let size = input.byteCount + (batch.isEmpty ? 0 : 1)
            if !batch.isEmpty, bytes + size > limit {
                waiting = input
                break
            }
            bytes += size
            batch.append(input)
        }
        guard !batch.isEmpty else { return nil }
        defer { children += 1 }
        let input = JSONValue.object(wrapped(batch))
        return MapChildInput(index: children, items: batch.count, input: input, item: nil)
    }

    private func wrapped(_ batch: [JSONValue]) -> JSONObject {
        var object = JSONObject()
        if let own = plan.batchInput { object["BatchInput"] = own }
        object["Items"] = .array(batch)
        return object
    }

    private mutating func nextInput() throws -> (input: JSONValue, item: JSONValue)? {
        let item: JSONValue
        var key: String?
        if let items = plan.items {
            guard position < items.values.count else { return nil }
            item = items.values[position]
            key = items.keys.flatMap { $0.indices.contains(position) ? $0[position] : nil }
        } else {
            guard let read = try reader?.next() else { return nil }
            item = read
        }
        let source = reader?.source ?? "STATE_DATA"
        let index = position
        position += 1
        return (
            try plan.input(item, index: index, key: key, source: source), plan.mapItem(item, index, key, source)
        )
    }
}

struct MapChildInput: Sendable {
    let index: Int
    /// How many items it works on.
    let items: Int
    let input: JSONValue
    /// `$$.Map.Item`, where it is one item.
    let item: JSONValue?
}

/// A child that ended.
struct MapChild: Sendable {
    let index: Int
    let items: Int
    let result: ExecutionResult

    var isSucceeded: Bool { result.status == .succeeded }

    /// As result files have it.
    func record(_ machine: Machine) -> JSONValue {
        var record = JSONObject()
        record["ExecutionArn"] = .string(result.arn)
        record["Input"] = .string(result.input.text())
        record["InputDetails"] = ["Included": true]
        record["Name"] = .string(result.name)
        if let output = result.output {
            record["Output"] = .string(output.text())
            record["OutputDetails"] = ["Included": true]
        }
        if let error = result.error { record["Error"] = .string(error) }
        if let cause = result.cause { record["Cause"] = .string(cause) }
        record["StartDate"] = .string(result.startedAt.iso8601)
        record["StateMachineArn"] = .string(machine.arn)
        record["Status"] = .string(result.status.rawValue)
        record["StopDate"] = .string(result.stoppedAt.iso8601)
        return .object(record)
    }
}

/// The outputs of the children in the order of the items, as long as they fit into a state's output.
struct MapOutputs {
    let limit: Int?
    private var values: [(index: Int, value: JSONValue)] = []
    private var bytes = 2
    private var isTooLarge = false

    init(limit: Int?) { self.limit = limit }

    mutating func add(_ child: MapChild) {
        guard !isTooLarge else { return }
        var value = child.result.output ?? .null
        if !child.isSucceeded {
            // Measured in 2026 (iwamot/sfnx).
            value = [
                "Status": .string(child.result.status.rawValue), "Error": child.result.error.map { .string($0) } ?? .null,
                "Cause": child.result.cause.map { .string($0) } ?? .null,
            ]
        }
        bytes += value.byteCount + 1
        if let limit, bytes > limit + 1 {
            isTooLarge = true
            values = []
        } else {
            values.append((child.index, value))
        }
    }

    func value(stateName: String) throws -> JSONValue {
        if isTooLarge {
            throw Failure(
                ErrorName.dataLimitExceeded, "The state/task 'Map' returned a result with a size exceeding the maximum number of bytes service limit.")
        }
        return .array(values.sorted { $0.index < $1.index }.map(\.value))
    }
}

/// DescribeMapRun's counts.
struct MapRunCounts: Sendable {
    struct Counts: Sendable {
        var running = 0, succeeded = 0, failed = 0, timedOut = 0, aborted = 0
        var total: Int { running + succeeded + failed + timedOut + aborted }
    }
    var items = Counts()
    var executions = Counts()

    mutating func add(items count: Int) {
        items.running += count
        executions.running += 1
    }

    mutating func ended(_ child: MapChild) {
        items.running -= child.items
        executions.running -= 1
        switch child.result.status {
        case .succeeded:
            items.succeeded += child.items
            executions.succeeded += 1
        case .failed, .running:
            items.failed += child.items
            executions.failed += 1
        case .timedOut:
            items.timedOut += child.items
            executions.timedOut += 1
        case .aborted:
            items.aborted += child.items
            executions.aborted += 1
        }
    }

    func json(_ counts: Counts) -> JSONValue {
        [
            "pending": 0, "running": .integer(Int64(counts.running)), "succeeded": .integer(Int64(counts.succeeded)),
            "failed": .integer(Int64(counts.failed)), "timedOut": .integer(Int64(counts.timedOut)), "aborted": .integer(Int64(counts.aborted)),
            "total": .integer(Int64(counts.total)), "resultsWritten": .integer(Int64(counts.total - counts.running)),
            "failuresNotRedrivable": 0, "pendingRedrive": 0,
        ]
    }
}
