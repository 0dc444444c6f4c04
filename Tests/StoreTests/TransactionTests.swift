import Glibc
import SQLite
import Testing

@testable import Store

@Suite struct TransactionTests {
    private struct Stop: Error {}

    @Test func whatThrowsLeavesNothing() throws {
        let temporary = try TemporaryStore()
        #expect(throws: Stop.self) {
            try temporary.store.write { tx in
                try tx.insertSample("one")
                throw Stop()
            }
        }
        #expect(try temporary.store.read { try $0.executions(limit: 1) }.isEmpty)
        try temporary.store.write { _ = try $0.insertSample("two") }
        #expect(try temporary.another().read { try $0.executions(limit: 5) }.map(\.name) == ["two"])
    }

    @Test func aReaderSeesOneMomentAndNeverWaits() throws {
        let temporary = try TemporaryStore()
        let other = try temporary.another()
        try temporary.store.write { _ = try $0.insertSample("one") }
        try other.write { writing in
            try writing.insertSample("two")
            // The writer is in the middle of its transaction.
            let seen = try temporary.store.read { try $0.executions(limit: 5) }
            #expect(seen.map(\.name) == ["one"])
        }
        try temporary.store.read { reading in
            #expect(try reading.executions(limit: 5).count == 2)
            try other.write { _ = try $0.insertSample("three") }
            #expect(try reading.executions(limit: 5).count == 2)
        }
    }

    @Test func othersCommitsAreNoticedAndOwnOnesAreNot() throws {
        let temporary = try TemporaryStore()
        let other = try temporary.another()
        _ = try temporary.store.othersHaveCommitted()
        try temporary.store.write { _ = try $0.insertSample("own") }
        #expect(try temporary.store.othersHaveCommitted() == false)
        try other.write { _ = try $0.insertSample("theirs") }
        #expect(try temporary.store.othersHaveCommitted())
        #expect(try temporary.store.othersHaveCommitted() == false)
    }

    @Test func threadsOnSeveralConnectionsLoseNothing() async throws {
        let temporary = try TemporaryStore()
        let stores = [temporary.store, temporary.store, try temporary.another()]
        try await withThrowingTaskGroup(of: Void.self) { group in
            for (worker, store) in stores.enumerated() {
                group.addTask {
                    for number in 0..<30 {
                        let name = "w\(worker)-\(number)"
                        try store.write { _ = try $0.insertSample(name) }

                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(try temporary.store.read { try $0.executionCounts() } == [.running: 90])
    }

    @Test func textIsKeptToTheByte() throws {
        let store = try Store.inMemory()
        for text in ["", "a\u{0}b", "e\u{301}", "\u{e9}", String(repeating: "x", count: 300_000), "🦆"] {
            try store.write { try $0.putDocument(kind: "k", key: "k", json: #""x""#, at: 0) }
            try store.write { try $0.setTag("key", to: text, of: "arn") }
            let found = try store.read { try $0.tags(of: "arn")[0].value }
            #expect(Array(found.utf8) == Array(text.utf8))
        }
    }
}
