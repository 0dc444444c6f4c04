import FaultyDisk
import Store
import Testing

/// What a store on a faulty disk must have kept, by the promises it made.
private struct Promises {
    /// Executions whose commit returned.
    var durable: Set<String> = []
    /// Executions whose commit failed: they may be there or not.
    var unknown: Set<String> = []
}

/// Runs `count` commits of one execution with two segments each, until the store fails.
private func work(_ store: Store, _ promises: inout Promises, prefix: String, count: Int) -> StoreError? {
    for number in 0..<count {
        let name = "\(prefix)-\(number)"
        do {
            try store.write { tx in
                let machine = try tx.stateMachineID(forARN: "machine", name: "m", type: .standard, at: 0)
                let new = NewExecution(
                    arn: name, name: name, stateMachine: machine, definition: try tx.definitionID(of: "{}"),
                    type: .standard, startMilliseconds: 0, input: "{}")
                let id = try tx.insert(new)
                let events = Array("[\"\(String(repeating: "x", count: 3_000))\"]".utf8)
                try tx.append(HistorySegment(firstEventID: 1, lastEventID: 1, events: events), to: id)
                try tx.append(HistorySegment(firstEventID: 2, lastEventID: 2, events: events), to: id)
            }
            promises.durable.insert(name)
        } catch {
            promises.unknown.insert(name)
            return error as? StoreError
        }
    }
    return nil
}

/// What is wrong with the store after all that; empty when it kept its promises.
private func broken(_ store: Store, _ promises: Promises) throws -> [String] {
    var problems = try store.integrityProblems()
    let rows = try store.read { try $0.executions(limit: 10_000) }
    let names = Set(rows.map(\.name))
    for name in promises.durable.subtracting(names) { problems.append("\(name) was durable and is lost") }
    for name in names.subtracting(promises.durable).subtracting(promises.unknown) { problems.append("\(name) came from nowhere") }
    for row in rows where try store.read({ try $0.lastEventID(of: row.id) }) != 2 { problems.append("\(row.name) is cut off") }
    return problems
}

@Suite struct FaultyDiskTests {
    @Test func aGoodDiskKeepsEverythingThroughAPowerCut() throws {
        for loss in FaultyDisk.Loss.allCases {
            let disk = FaultyDisk(seed: 1)
            var promises = Promises()
            var store = try Store(path: "sfn.db", options: disk.options)
            #expect(work(store, &promises, prefix: "a", count: 30) == nil)
            disk.cutPower(loss)
            store = try Store(path: "sfn.db", options: disk.options)
            #expect(promises.durable.count == 30)
            #expect(try broken(store, promises) == [])
        }
    }

    /// Every write and every sync of the workload fails in turn, in every way, and the power goes.
    @Test(arguments: FaultyDisk.Operation.allCases)
    func whateverFailsWhatWasAcknowledgedIsThere(operation: FaultyDisk.Operation) throws {
        let manners: [FaultyDisk.Manner] = operation == .write ? FaultyDisk.Manner.allCases : [.before, .after]
        for manner in manners {
            for nth in stride(from: 1, to: 60, by: operation == .sync ? 1 : 3) {
                let disk = FaultyDisk(seed: UInt64(nth))
                var promises = Promises()
                do {
                    let store = try Store(path: "sfn.db", options: disk.options)
                    _ = work(store, &promises, prefix: "a", count: 3)
                    disk.fail(operation, at: nth, manner)
                    _ = work(store, &promises, prefix: "b", count: 12)
                    disk.cutPower(nth.isMultiple(of: 2) ? .everythingUnsyncedIsLost : .someUnsyncedWritesSurvive)
                }
                let store = try Store(path: "sfn.db", options: disk.options)
                #expect(try broken(store, promises) == [], "\(operation) \(nth) \(manner)")
                #expect(work(store, &promises, prefix: "c", count: 3) == nil)
                #expect(try broken(store, promises) == [])
            }
        }
    }

    /// The store goes on after a failed commit without being opened again: SQLite has rolled back.
    @Test func aFailedCommitLeavesNothingBehind() throws {
        for nth in 1..<20 {
            let disk = FaultyDisk(seed: 1)
            var promises = Promises()
            let store = try Store(path: "sfn.db", options: disk.options)
            _ = work(store, &promises, prefix: "a", count: 1)
            disk.fail(.write, at: nth, .before)
            let error = work(store, &promises, prefix: "b", count: 8)
            #expect(error?.kind == .inputOutput)
            #expect(work(store, &promises, prefix: "c", count: 2) == nil)
            #expect(try broken(store, promises) == [])
        }
    }

    @Test func aFullDiskIsSaidInOneSentence() throws {
        let disk = FaultyDisk(seed: 1)
        var promises = Promises()
        let store = try Store(path: "sfn.db", options: disk.options)
        disk.setCapacity(600_000)
        let error = try #require(work(store, &promises, prefix: "a", count: 1_000))
        #expect(error.kind == .diskFull)
        #expect(error.description == "sfn.db: the disk is full; nothing of the last step was stored")
        disk.setCapacity(nil)
        #expect(work(store, &promises, prefix: "b", count: 3) == nil)
        #expect(try broken(store, promises) == [])
    }

    /// The checker has teeth: a disk whose syncs lie loses what was promised, and it says so.
    @Test func aLyingDiskIsCaught() throws {
        let disk = FaultyDisk(seed: 1)
        var promises = Promises()
        var store = try Store(path: "sfn.db", options: disk.options)
        _ = work(store, &promises, prefix: "a", count: 5)
        disk.setLying(true)
        _ = work(store, &promises, prefix: "b", count: 5)
        disk.cutPower(.everythingUnsyncedIsLost)
        disk.setLying(false)
        store = try Store(path: "sfn.db", options: disk.options)
        #expect(try broken(store, promises).count == 5)
    }

    @Test func aPowerCutIsTheDeathOfEveryEngine() throws {
        let disk = FaultyDisk(seed: 1)
        let store = try Store(path: "sfn.db", options: disk.options)
        let engine = try store.registerEngine(name: "a", at: 0)
        #expect(try store.deadEngines().isEmpty)
        // Its registration is durable with the first thing that it promises.
        var promises = Promises()
        _ = work(store, &promises, prefix: "a", count: 1)
        disk.cutPower(.everythingUnsyncedIsLost)
        #expect(throws: StoreError.self) { try store.read { _ = try $0.engines() } }
        let reborn = try Store(path: "sfn.db", options: disk.options)
        let dead = try reborn.deadEngines()
        #expect(dead.map(\.row.id) == [engine.id])
        for one in dead { reborn.giveBack(one) }
    }
}
