import Engine
import FaultyDisk
import JSON
import ServiceIntegrations
import StatesLanguage
import Store
import Synchronization
import Testing

/// Which tasks were called, by the id of their …Scheduled event.
private final class Calls: Sendable {
    private let scheduled = Mutex<[Int64]>([])

    func add(_ request: TaskRequest) {
        guard let id = request.taskID.split(separator: "-").last.flatMap({ Int64($0) }) else { return }
        scheduled.withLock { $0.append(id) }
    }

    var all: [Int64] { scheduled.withLock { $0 } }
}

/// The real engine on the real SQLite, on a disk that fails at every operation in turn; then the power goes, and
/// another engine takes up what is left.
@Suite struct PowerCutTests {
    static let machines: [String: String] = [
        "chain": """
        {"StartAt":"A","States":{"A":{"Type":"Task","Resource":"arn:aws:states:::lambda:invoke","ResultPath":"$.a","Next":"P"},
        "P":{"Type":"Pass","Parameters":{"a.$":"$.a.state"},"ResultPath":"$.p","Next":"B"},
        "B":{"Type":"Task","Resource":"arn:aws:states:::lambda:invoke","ResultPath":"$.b","Next":"W"},
        "W":{"Type":"Wait","Seconds":1,"Next":"C"},
        "C":{"Type":"Task","Resource":"arn:aws:states:::lambda:invoke","ResultPath":"$.c","End":true}}}
        """,
        "fan": """
        {"StartAt":"F","States":{"F":{"Type":"Parallel","Next":"M","ResultPath":"$.f","Branches":[
        {"StartAt":"A","States":{"A":{"Type":"Task","Resource":"arn:aws:states:::lambda:invoke","End":true}}},
        {"StartAt":"B","States":{"B":{"Type":"Task","Resource":"arn:aws:states:::lambda:invoke","Next":"C"},
        "C":{"Type":"Pass","End":true}}}]},
        "M":{"Type":"Map","ItemsPath":"$.items","MaxConcurrency":2,"ResultPath":"$.m","End":true,"ItemProcessor":{
        "StartAt":"I","States":{"I":{"Type":"Task","Resource":"arn:aws:states:::lambda:invoke","End":true}}}}}}
        """,
        "retry": """
        {"StartAt":"Flaky","States":{"Flaky":{"Type":"Task","Resource":"arn:aws:states:::lambda:invoke","ResultPath":"$.f",
        "Retry":[{"ErrorEquals":["Again"],"IntervalSeconds":1,"MaxAttempts":3}],"Next":"Broken"},
        "Broken":{"Type":"Task","Resource":"arn:aws:states:::lambda:invoke","End":true,
        "Catch":[{"ErrorEquals":["States.ALL"],"ResultPath":"$.e","Next":"Saved"}]},
        "Saved":{"Type":"Pass","End":true}}}
        """,
    ]

    static let input: JSONValue = ["items": [1, 2, 3]]

    /// What a task answers depends on what it is asked and on nothing else.
    private func options(_ calls: Calls) -> EngineOptions {
        var options = EngineOptions()
        options.integration = { _ in
            Answering { (request) throws(Failure) in
                calls.add(request)
                switch request.stateName {
                case "Flaky" where request.retryCount < 2: throw Failure("Again", "not yet")
                case "Broken": throw Failure("Broken", "for good")
                default: return ["state": .string(request.stateName), "retry": .integer(Int64(request.retryCount))]
                }
            }
        }
        return options
    }

    private func request(_ name: String) throws -> StartRequest {
        var request = StartRequest(machine: try machine(Self.machines[name] ?? "", name: name), input: Self.input, name: "x")
        request.timeScale = 1_000
        return request
    }

    /// Runs it without disturbance: the outcome, and how many operations the disk did.
    private func undisturbed(_ name: String) async throws -> (result: ExecutionResult, writes: Int, syncs: Int) {
        let disk = FaultyDisk(seed: 1)
        let store = try Store(path: "sfn.db", options: disk.options)
        let (writes, syncs) = (disk.count(of: .write), disk.count(of: .sync))
        let engine = try ExecutionEngine(store: store, options: options(Calls()))
        let result = try await engine.run(try request(name))
        let counts = (disk.count(of: .write) - writes, disk.count(of: .sync) - syncs)
        await engine.shutDown()
        return (result, counts.0, counts.1)
    }

    /// What was scheduled, and what of it has ended, by the history.
    private func tasks(_ events: [HistoryEvent]) -> (scheduled: Set<Int64>, ended: Set<Int64>) {
        var byID: [Int64: HistoryEvent] = [:]
        var (scheduled, ended): (Set<Int64>, Set<Int64>) = ([], [])
        for event in events where event.id > 0 {
            byID[event.id] = event
            switch event.kind {
            case .taskScheduled: scheduled.insert(event.id)
            case .taskSucceeded, .taskFailed, .taskTimedOut:
                var cause: HistoryEvent? = event
                while let id = cause?.previousEventID, id > 0, !scheduled.contains(cause?.id ?? 0) { cause = byID[id] }
                if let cause { ended.insert(cause.id) }
            default: break
            }
        }
        return (scheduled, ended)
    }

    @Test(arguments: ["chain", "fan", "retry"])
    func theOutcomeIsThatOfTheRunWithoutPowerCuts(name: String) async throws {
        let wanted = try await undisturbed(name)
        #expect(wanted.result.status == .succeeded)
        let request = try request(name)
        let arn = wanted.result.arn
        var points: [(FaultyDisk.Operation, Int, FaultyDisk.Manner)] = []
        for nth in 1...wanted.syncs { points += [(.sync, nth, .before), (.sync, nth, .after)] }
        for nth in stride(from: 1, through: wanted.writes, by: 4) { points += [(.write, nth, .before), (.write, nth, .torn), (.write, nth, .full)] }

        for (index, (operation, nth, manner)) in points.enumerated() {
            let point: Comment = "\(operation) \(nth) \(manner)"
            let disk = FaultyDisk(seed: UInt64(index))
            let first = Calls()
            let store = try Store(path: "sfn.db", options: disk.options)
            disk.fail(operation, at: nth, manner)
            var isStarted = false
            if let engine = try? ExecutionEngine(store: store, options: options(first)) {
                if (try? await engine.start(request)) != nil {
                    isStarted = true
                    _ = try? await engine.result(of: arn)
                }
                disk.cutPower(index.isMultiple(of: 2) ? .everythingUnsyncedIsLost : .someUnsyncedWritesSurvive)
                await engine.shutDown()
            } else {
                disk.cutPower(.everythingUnsyncedIsLost)
            }

            let survivor = try Store(path: "sfn.db", options: disk.options)
            let before = try survivor.read { tx in
                try tx.execution(arn: arn).map { try tx.storedEvents(of: $0.id) } ?? []
            }
            // An answered start is durable, and so is whatever had a task called.
            if isStarted { #expect(!before.isEmpty, point) }
            let known = tasks(before)
            #expect(Set(first.all).isSubset(of: known.scheduled), point)

            let second = Calls()
            let engine = try ExecutionEngine(store: survivor, options: options(second))
            try await engine.recover()
            if before.isEmpty { _ = try await engine.start(request) }
            let result = try await engine.result(of: arn)
            #expect(result.status == wanted.result.status && result.output == wanted.result.output, point)
            #expect(known.ended.isDisjoint(with: second.all), point)
            let events = try survivor.read { tx in
                try tx.execution(arn: arn).map { try tx.storedEvents(of: $0.id) } ?? []
            }.filter { $0.id > 0 }
            #expect(events.map(\.id) == Array(1...Int64(max(events.count, 1))), point)
            #expect(try survivor.integrityProblems() == [], point)
            await engine.shutDown()
        }
    }
}
