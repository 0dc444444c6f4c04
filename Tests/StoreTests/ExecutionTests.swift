import SQLite
import Testing

@testable import Store

@Suite struct ExecutionTests {
    @Test func whatWasStoredIsReadBack() throws {
        let temporary = try TemporaryStore()
        let id = try temporary.store.write { tx in
            try tx.insertSample("one") { new in
                new.input = #"{"é":"\u0000"}"#
                new.versionARN = "v"
                new.timeScale = 10
                new.isUnlimited = true
                new.parameters = "{}"
            }
        }
        let row = try #require(try temporary.store.read { try $0.execution(id) })
        #expect(row.name == "one" && row.status == .running && row.timeScale == 10 && row.isUnlimited)
        #expect(row.stateMachineARN.hasSuffix(":m") && row.versionARN == "v" && row.aliasARN == nil && row.stopMilliseconds == nil)
        #expect(try temporary.store.read { try $0.execution(arn: row.arn) } == row)
        let payload = try temporary.store.read { try $0.payload(of: id) }
        #expect(payload == ExecutionPayload(input: #"{"é":"\u0000"}"#, output: nil, traceHeader: nil, parameters: "{}"))
    }

    @Test func anArnIsUsedOnce() throws {
        let temporary = try TemporaryStore()
        try temporary.store.write { _ = try $0.insertSample("one") }
        let error = #expect(throws: StoreError.self) { try temporary.store.write { _ = try $0.insertSample("one") } }
        #expect(error?.kind == .constraint)
    }

    @Test func anEndIsFinalUntilARedrive() throws {
        let temporary = try TemporaryStore()
        let store = temporary.store
        let engine = try store.registerEngine(name: "test", at: 0)
        let id = try store.write { try $0.insertSample("one", owner: engine.id) }
        let failed = StoredEnding(status: .failed, stopMilliseconds: 5, error: "E", cause: "C")
        try store.write { try $0.end(id, failed) }
        #expect(throws: StoreError.self) {
            try store.write { try $0.end(id, StoredEnding(status: .succeeded, stopMilliseconds: 6, output: "1")) }
        }
        #expect(try store.read { try $0.execution(id)?.status } == .failed)
        #expect(try store.read { try $0.execution(id)?.owner } == nil)
        #expect(try store.write { try $0.redrive(id, at: 7, owner: engine.id) })
        #expect(try store.write { try $0.redrive(id, at: 7, owner: engine.id) } == false)
        let row = try store.read { try $0.execution(id) }
        #expect(row?.status == .running && row?.redriveCount == 1 && row?.owner == engine.id && row?.error == nil)
        try store.write { try $0.end(id, StoredEnding(status: .succeeded, stopMilliseconds: 9, output: "1")) }
        #expect(try store.write { try $0.redrive(id, at: 10, owner: engine.id) } == false)
        #expect(try store.read { try $0.payload(of: id)?.output } == "1")
    }

    @Test(arguments: [
        StoredEnding(status: .succeeded, stopMilliseconds: 1, error: "E"),
        StoredEnding(status: .failed, stopMilliseconds: 1, output: "1"),
        StoredEnding(status: .running, stopMilliseconds: 1),
    ])
    func impossibleRowsAreRefused(ending: StoredEnding) throws {
        let store = try Store.inMemory()
        let error = #expect(throws: StoreError.self) { try store.write { _ = try $0.insertSample("one") { $0.ending = ending } } }
        #expect(error?.kind == .constraint)
        #expect(try store.read { try $0.executions(limit: 10) }.isEmpty)
    }

    @Test func listsGoFromNewToOldAndPagesDoNotShift() throws {
        let temporary = try TemporaryStore()
        let store = temporary.store
        try store.write { tx in
            for number in 1...9 {
                try tx.insertSample("e\(number)") { new in
                    if number.isMultiple(of: 3) { new.ending = StoredEnding(status: .failed, stopMilliseconds: 2_000) }
                }
            }
        }
        let first = try store.read { try $0.executions(limit: 4) }
        #expect(first.map(\.name) == ["e9", "e8", "e7", "e6"])
        try store.write { _ = try $0.insertSample("e10") }
        let second = try store.read { try $0.executions(before: first.last?.id, limit: 4) }
        #expect(second.map(\.name) == ["e5", "e4", "e3", "e2"])
        var filter = ExecutionFilter()
        filter.status = .failed
        filter.stateMachine = first[0].stateMachine
        #expect(try store.read { try $0.executions(filter, limit: 10) }.map(\.name) == ["e9", "e6", "e3"])
        filter.status = .running
        #expect(try store.read { try $0.executions(filter, limit: 2) }.map(\.name) == ["e10", "e8"])
        filter.status = .succeeded
        #expect(try store.read { try $0.executions(filter, limit: 2) }.isEmpty)
        #expect(try store.read { try $0.executionCounts() } == [.running: 7, .failed: 3])
    }

    @Test func aParkedExecutionIsFoundWhenItIsDue() throws {
        let store = try Store.inMemory()
        let engine = try store.registerEngine(name: "test", at: 0)
        let (early, late) = try store.write { tx in
            let early = try tx.insertSample("early", owner: engine.id)
            let late = try tx.insertSample("late", owner: engine.id)
            try tx.park(early, until: 100)
            try tx.park(late, until: 200)
            return (early, late)
        }
        #expect(try store.read { try $0.nextDue(of: engine.id) } == 100)
        #expect(try store.read { try $0.dueExecutions(of: engine.id, at: 150, limit: 10) } == [early])
        try store.write { try $0.park(early, until: nil) }
        #expect(try store.read { try $0.dueExecutions(of: engine.id, at: 250, limit: 10) } == [late])
    }

    @Test func aDefinitionIsStoredOnce() throws {
        let store = try Store.inMemory()
        let (a, again, b) = try store.write {
            (try $0.definitionID(of: "{}"), try $0.definitionID(of: "{}"), try $0.definitionID(of: "{ }"))
        }
        #expect(a == again && a != b)
        #expect(try store.read { try $0.definition(b) } == "{ }")
    }
}
