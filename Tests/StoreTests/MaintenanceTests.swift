import Testing

@testable import Store

@Suite struct MaintenanceTests {
    private func ended(at time: Milliseconds) -> StoredEnding {
        StoredEnding(status: .succeeded, stopMilliseconds: time, output: "{}")
    }

    @Test func pruningTakesOldEndedExecutionsWithAllTheirRows() throws {
        let temporary = try TemporaryStore()
        let store = temporary.store
        try store.write { tx in
            for number in 0..<450 {
                let id = try tx.insertSample("old\(number)")
                try tx.append(segment(1, 2), to: id)
                try tx.appendLog(of: id, event: 2, bytes: [1])
                try tx.end(id, ended(at: 100))
            }
            try tx.insertSample("running", start: 1)
            let young = try tx.insertSample("young")
            try tx.end(young, ended(at: 900))
            let mapper = try tx.insertSample("mapper")
            let run = try tx.insertMapRun(
                arn: "run", execution: mapper, stateMachineARN: "m/l", maxConcurrency: 0, toleratedFailureCount: 0,
                toleratedFailurePercentage: 0, configuration: nil, at: 1)
            let child = try tx.insertSample("child") { new in
                new.mapRun = run
                new.itemIndex = 0
            }
            try tx.end(child, ended(at: 50))
        }
        #expect(try store.prune(endedBefore: 500) == 450)
        let names = try store.read { try $0.executions(limit: 1_000) }.map(\.name)
        #expect(names == ["child", "mapper", "young", "running"])
        #expect(try store.integrityProblems().isEmpty)
    }

    @Test func aBackupTakenInTheMiddleOfACommitHasNothingOfIt() throws {
        let temporary = try TemporaryStore()
        let store = temporary.store
        let id = try store.write { tx in
            let id = try tx.insertSample("one")
            try tx.append(segment(1, 2), to: id)
            return id
        }
        try store.write { tx in
            try tx.append(segment(3, 4), to: id)
            _ = try tx.insertSample("two")
            try store.backUp(to: temporary.folder + "/copy.db")
            // Whoever writes is not held up, and does not notice.
            try tx.append(segment(5, 6), to: id)
        }
        let copy = try Store(path: temporary.folder + "/copy.db")
        #expect(try copy.integrityProblems().isEmpty)
        #expect(try copy.read { try $0.executions(limit: 5) }.map(\.name) == ["one"])
        #expect(try copy.read { try $0.historySegments(of: id).map(\.lastEventID) } == [2])
        #expect(try store.read { try $0.historySegments(of: id).map(\.lastEventID) } == [2, 4, 6])
    }

    @Test func aBackupIsAStoreOfThatMoment() throws {
        let temporary = try TemporaryStore()
        try temporary.store.write { _ = try $0.insertSample("one") }
        try temporary.store.backUp(to: temporary.folder + "/copy.db")
        try temporary.store.write { _ = try $0.insertSample("two") }
        let copy = try Store(path: temporary.folder + "/copy.db")
        #expect(try copy.read { try $0.executions(limit: 5) }.map(\.name) == ["one"])
        #expect(throws: StoreError.self) { try temporary.store.backUp(to: temporary.folder + "/copy.db") }
    }
}
