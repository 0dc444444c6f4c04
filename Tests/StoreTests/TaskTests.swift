import Glibc
import Synchronization
import Testing

@testable import Store

@Suite struct TaskTests {
    @Test func activityTasksAreTakenOnceAndInOrder() throws {
        let temporary = try TemporaryStore()
        let (store, other) = (temporary.store, try temporary.another())
        try store.write { tx in
            #expect(try tx.createActivity(arn: "act", name: "act", encryption: nil, at: 0))
            #expect(try tx.createActivity(arn: "act", name: "act", encryption: nil, at: 0) == false)
            let id = try tx.insertSample("one")
            for event in 1...3 {
                try tx.openToken("token\(event)", execution: id, event: Int64(event))
                try tx.offerActivityTask(
                    token: "token\(event)", activityARN: "act", execution: id, event: Int64(event), input: "{}", at: 0,
                    timeoutAt: event == 1 ? 50 : nil)
            }
        }
        #expect(try other.write { try $0.takeActivityTask(activityARN: "act", worker: "w", at: 60) }?.token == "token2")
        #expect(try store.write { try $0.takeActivityTask(activityARN: "act", worker: nil, at: 60) }?.token == "token3")
        #expect(try other.write { try $0.takeActivityTask(activityARN: "act", worker: "w", at: 60) } == nil)
        #expect(try store.read { try $0.activityTask(token: "token2")?.worker } == "w")
    }

    @Test func aTokenIsOpenUntilItsTaskEnds() throws {
        let store = try Store.inMemory()
        let id = try store.write { tx in
            let id = try tx.insertSample("one")
            try tx.openToken("t", execution: id, event: 4)
            return id
        }
        #expect(try store.read { try $0.taskToken("t") } == TaskTokenRow(execution: id, eventID: 4, isOpen: true))
        try store.write { try $0.closeToken(of: id, event: 4) }
        #expect(try store.read { try $0.taskToken("t")?.isOpen } == false)
        #expect(try store.read { try $0.taskToken("forged") } == nil)
    }

    @Test func aMessageReachesWhoeverOwnsTheExecutionOnce() throws {
        let temporary = try TemporaryStore()
        let (store, sender) = (temporary.store, try temporary.another())
        let engine = try store.registerEngine(name: "a", at: 0)
        let heir = try sender.registerEngine(name: "b", at: 0)
        let id = try store.write { try $0.insertSample("one", owner: engine.id) }
        try sender.write { tx in
            try tx.send("stop", "{}", to: id, at: 5)
            try tx.send("hello", "1", toEngine: heir.id, at: 6)
        }
        #expect(try store.read { try $0.messages(for: engine.id, limit: 5) }.map(\.kind) == ["stop"])
        try store.deregister(engine)
        #expect(try sender.read { try $0.messages(for: heir.id, limit: 5) }.map(\.kind) == ["hello"])
        #expect(try sender.write { try $0.claim(id, by: heir.id) })
        #expect(try sender.write { try $0.drainMailbox(for: heir.id) }.map(\.kind) == ["stop", "hello"])
        #expect(try sender.write { try $0.drainMailbox(for: heir.id) }.isEmpty)
    }

    @Test func theDoorbellRingsForMessagesFromOthers() throws {
        let temporary = try TemporaryStore()
        let (store, sender) = (temporary.store, try temporary.another())
        let engine = try store.registerEngine(name: "a", at: 0)
        let id = try store.write { try $0.insertSample("one", owner: engine.id) }
        var ends: [Int32] = [-1, -1]
        try #require(pipe(&ends) == 0)
        let bell = ends[1]
        let watcher = store.watchDoorbell(of: engine.id, fallbackSeconds: 1_000) {
            var byte: UInt8 = 1
            _ = Glibc.write(bell, &byte, 1)
        }
        try sender.write { try $0.send("stop", "{}", to: id, at: 5) }
        var polled = pollfd(fd: ends[0], events: Int16(POLLIN), revents: 0)
        #expect(poll(&polled, 1, 10_000) == 1)
        withExtendedLifetime(watcher) {}
    }

    @Test func aLongLogKeepsItsTail() throws {
        let store = try Store.inMemory()
        let id = try store.write { try $0.insertSample("one") }
        try store.write { tx in
            for number in 0..<100 {
                try tx.appendLog(of: id, event: 3, bytes: Array("line \(number + 100)\n".utf8), limit: 90)
                try tx.appendLog(of: id, event: 7, bytes: Array("x".utf8), limit: 1_000)
            }
        }
        var chunks: [TaskLogChunk] = []
        try store.read { tx in
            try tx.forEachLogChunk(of: id, event: 3) {
                chunks.append($0)
                return true
            }
        }
        let text = String(decoding: chunks.flatMap(\.bytes), as: UTF8.self)
        #expect(text.hasSuffix("line 198\nline 199\n") && text.utf8.count >= 90 && text.utf8.count <= 108)
        #expect(chunks.first?.startOffset == Int64(900 - text.utf8.count))
        #expect(chunks.map(\.sequence) == Array((100 - chunks.count)..<100))
        var all = 0
        try store.read { tx in
            try tx.forEachLogChunk(of: id) {
                all += $0.bytes.count
                return true
            }
        }
        #expect(all == text.utf8.count + 100)
    }

    @Test func aMapRunKnowsItsChildrenByItem() throws {
        let store = try Store.inMemory()
        let run = try store.write { tx in
            let parent = try tx.insertSample("parent")
            let run = try tx.insertMapRun(
                arn: "run", execution: parent, stateMachineARN: "m/l", maxConcurrency: 3, toleratedFailureCount: 0,
                toleratedFailurePercentage: 5, configuration: nil, at: 1)
            for item in [2, 0, 1] {
                try tx.insertSample("child\(item)") { new in
                    new.mapRun = run
                    new.itemIndex = item
                    new.ending = StoredEnding(status: .succeeded, stopMilliseconds: 2, output: "\(item)")
                }
            }
            return run
        }
        var outputs: [String?] = []
        try store.read { tx in
            try tx.forEachResult(of: run) {
                outputs.append($0.payload.output)
                return true
            }
        }
        #expect(outputs == ["0", "1", "2"])
        #expect(try store.read { try $0.childCounts(of: run) } == [.succeeded: 3])
        #expect(try store.read { try $0.children(of: run, from: 1, limit: 5) }.map(\.name) == ["child1", "child2"])
        // One that was begun again counts as it is now, also where a page ends between the two.
        try store.write { tx in
            _ = try tx.insertSample("again") { new in
                new.mapRun = run
                new.itemIndex = 1
            }
        }
        #expect(try store.read { try $0.children(of: run, from: 1, limit: 1) }.map(\.name) == ["again"])
        var filter = ExecutionFilter()
        filter.includesChildren = false
        #expect(try store.read { try $0.executions(filter, limit: 5) }.map(\.name) == ["parent"])
        #expect(throws: StoreError.self) { try store.write { try $0.endMapRun(run, status: "RUNNING", at: 3) } }
        try store.write { tx in
            try tx.endMapRun(run, status: "FAILED", at: 3)
            #expect(try tx.redriveMapRun(run, at: 4))
        }
        #expect(try store.read { try $0.mapRun(arn: "run")?.redriveCount } == 1)
    }
}
