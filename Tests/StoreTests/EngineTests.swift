import Testing

@testable import Store

@Suite struct EngineTests {
    @Test func aLivingEngineIsNotDead() throws {
        let temporary = try TemporaryStore()
        let other = try temporary.another()
        let engine = try temporary.store.registerEngine(name: "a", at: 0)
        #expect(try other.deadEngines().isEmpty)
        #expect(try other.read { try $0.engines() }.map(\.id) == [engine.id])
        try temporary.store.deregister(engine)
        #expect(try other.read { try $0.engines() }.isEmpty)
    }

    @Test func aDeadEnginesExecutionsAreTakenOverByOne() throws {
        let temporary = try TemporaryStore()
        let (store, other) = (temporary.store, try temporary.another())
        let dying = try store.registerEngine(name: "dying", at: 0)
        let running = try store.write { try $0.insertSample("one", owner: dying.id) }
        dying.lock.release(isForgotten: false)  // what the kernel does when the process is killed
        let heir = try other.registerEngine(name: "heir", at: 1)
        let dead = try other.deadEngines()
        #expect(dead.map(\.row.name) == ["dying"])
        #expect(try store.deadEngines().isEmpty)
        #expect(try other.takeOver(dead[0], by: heir.id) == 1)
        #expect(try store.read { try $0.execution(running)?.owner } == heir.id)
        #expect(try store.deadEngines().isEmpty)
        #expect(try store.read { try $0.executions(ownedBy: heir.id, limit: 5) }.map(\.id) == [running])
    }

    @Test func whatADeregisteredEngineLeftIsClaimedOnce() throws {
        let temporary = try TemporaryStore()
        let store = temporary.store
        let first = try store.registerEngine(name: "first", at: 0)
        let id = try store.write { try $0.insertSample("one", owner: first.id) }
        #expect(try store.write { try $0.claim(id, by: first.id) } == false)
        try store.deregister(first)
        #expect(try store.read { try $0.unownedExecutions(limit: 5) }.map(\.id) == [id])
        let second = try store.registerEngine(name: "second", at: 0)
        #expect(second.id != first.id)
        #expect(try store.write { try $0.claim(id, by: second.id) })
        #expect(try store.write { try $0.claim(id, by: second.id) } == false)
    }
}
