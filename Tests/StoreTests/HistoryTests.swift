import SQLite
import Testing

@testable import Store

@Suite struct HistoryTests {
    private func storeWithHistory() throws -> (Store, ExecutionID) {
        let store = try Store.inMemory()
        let id = try store.write { tx in
            let id = try tx.insertSample("one")
            try tx.append(segment(1, 3), to: id)
            try tx.append(segment(4, 4), to: id)
            try tx.append(segment(5, 9), to: id)
            return id
        }
        return (store, id)
    }

    @Test func segmentsComeBackInOrder() throws {
        let (store, id) = try storeWithHistory()
        #expect(try store.read { try $0.historySegments(of: id) } == [segment(1, 3), segment(4, 4), segment(5, 9)])
        #expect(try store.read { try $0.lastEventID(of: id) } == 9)
        var seen: [Int64] = []
        try store.read { tx in
            try tx.forEachHistorySegmentReversed(of: id, from: 6) { segment in
                seen.append(segment.firstEventID)
                return segment.firstEventID > 4
            }
        }
        #expect(seen == [5, 4])
    }

    @Test(arguments: [(1, 1, [1]), (3, 4, [1, 4]), (4, 8, [4, 5]), (9, 20, [5]), (0, 0, [])] as [(Int64, Int64, [Int64])])
    func aRangeOfEventsIsFound(first: Int64, last: Int64, segments: [Int64]) throws {
        let (store, id) = try storeWithHistory()
        #expect(try store.read { try $0.historySegments(of: id, from: first, to: last) }.map(\.firstEventID) == segments)
    }

    @Test func historyCannotBeChanged() throws {
        let (store, id) = try storeWithHistory()
        for statement in ["UPDATE history_segment SET events = '[]'", "DELETE FROM history_segment"] {
            #expect(throws: StoreError.self) { try store.write { try $0.connection.execute(statement) } }
        }
        #expect(try store.read { try $0.lastEventID(of: id) } == 9)
    }

    @Test(arguments: [1, 5, 9, 11] as [Int64])
    func eventsGoOnWhereTheHistoryEnds(first: Int64) throws {
        let (store, id) = try storeWithHistory()
        #expect(throws: StoreError.self) { try store.write { try $0.append(segment(first, first), to: id) } }
        try store.write { tx in
            try tx.append(segment(10, 9), to: id)  // notes only
            try tx.append(segment(10, 10), to: id)
        }
        #expect(try store.read { try $0.historySegments(of: id) }.suffix(2) == [segment(10, 9), segment(10, 10)])
        #expect(try store.read { try $0.lastEventID(of: id) } == 10)
    }

    @Test func anExecutionIsDeletedWithItsHistory() throws {
        let (store, id) = try storeWithHistory()
        try store.write { tx in
            try tx.end(id, StoredEnding(status: .succeeded, stopMilliseconds: 2, output: "{}"))
            #expect(try tx.delete(id))
        }
        #expect(try store.read { try $0.historySegments(of: id) }.isEmpty)
    }

    @Test func peopleSeeEvents() throws {
        let (store, _) = try storeWithHistory()
        let count = SQL("SELECT count(*), max(id), max(kind) FROM history_event WHERE execution_name = 'one'")
        let row = try store.read { try $0.connection.first(count) { ($0.integer(0), $0.integer(1), $0.text(2)) } }
        #expect(row?.0 == 9 && row?.1 == 9 && row?.2 == "PassStateEntered")
    }
}
