import Testing

@testable import Store

@Suite struct RegistryTests {
    private let arn = "arn:aws:states:us-east-1:000000000000:stateMachine:m"

    private func revision(
        _ id: String, _ tx: WriteTransaction, at now: Milliseconds = 1, isInitial: Bool = false
    ) throws
        -> StateMachineRevision
    {
        StateMachineRevision(
            id: id, definition: try tx.definitionID(of: "{\"\(id)\":1}"), roleARN: "role", logging: "{}",
            isInitial: isInitial, createdMilliseconds: now)
    }

    @Test func aMachineLivesFromCreationToTheEndOfItsLastExecution() throws {
        let store = try Store.inMemory()
        let id = try #require(
            try store.write { tx in
                try tx.createStateMachine(
                    arn: arn, name: "m", type: .standard, revision: try revision("r1", tx, isInitial: true))
            })
        #expect(
            try store.write { tx in
                try tx.createStateMachine(arn: arn, name: "m", type: .standard, revision: try revision("r2", tx))
            } == nil)
        #expect(try store.write { try $0.updateStateMachine(id, to: try revision("r3", $0, at: 5)) })
        let row = try #require(try store.read { try $0.stateMachine(arn: arn) })
        #expect(row.revision.id == "r3" && row.updatedMilliseconds == 5 && row.createdMilliseconds == 1)
        #expect(try store.read { try $0.stateMachines(limit: 5) }.map(\.arn) == [arn])

        let execution = try store.write { try $0.insertSample("one") }
        try store.write { try $0.beginDeletingStateMachine(id) }
        #expect(try store.read { try $0.stateMachine(arn: arn)?.status } == .deleting)
        #expect(try store.read { try $0.deletableStateMachines() }.isEmpty)
        try store.write { try $0.end(execution, StoredEnding(status: .aborted, stopMilliseconds: 9)) }
        #expect(try store.read { try $0.deletableStateMachines() } == [id])
        try store.write { try $0.finishDeletingStateMachine(id) }
        #expect(try store.read { try $0.stateMachine(arn: arn) } == nil)
        #expect(try store.read { try $0.execution(execution)?.stateMachineARN } == arn)

        let again = try store.write { tx in
            try tx.createStateMachine(arn: arn, name: "m", type: .standard, revision: try revision("r4", tx, at: 20))
        }
        #expect(again == id)
        #expect(try store.read { try $0.stateMachine(arn: arn)?.createdMilliseconds } == 20)
    }

    @Test func versionNumbersAreNeverUsedAgain() throws {
        let store = try Store.inMemory()
        try store.write { tx in
            let id = try #require(
                try tx.createStateMachine(arn: arn, name: "m", type: .standard, revision: try revision("r1", tx)))
            #expect(try tx.publishVersion(of: id, revision: "r1", description: "first", at: 2) == 1)
            #expect(try tx.publishVersion(of: id, revision: "r1", description: nil, at: 3) == 2)
            #expect(try tx.versions(of: id, limit: 5).map(\.number) == [2, 1])
            #expect(try tx.deleteVersion(2, of: id))
            #expect(try tx.publishVersion(of: id, revision: "r1", description: nil, at: 4) == 3)
            #expect(try tx.version(1, of: id)?.revision.id == "r1")

            let alias = StateMachineAliasRow(
                arn: arn + ":live", stateMachine: id, name: "live", description: nil, routing: "[]",
                createdMilliseconds: 5, updatedMilliseconds: 5)
            #expect(try tx.insert(alias))
            #expect(try tx.insert(alias) == false)
            #expect(try tx.updateAlias(arn: alias.arn, description: "d", routing: "[1]", at: 6))
            #expect(try tx.aliases(of: id, limit: 5).map(\.routing) == ["[1]"])
            #expect(try tx.deleteAlias(arn: alias.arn))
            #expect(try tx.alias(arn: alias.arn) == nil)
        }
    }

    @Test func tagsAreSetReplacedAndRemoved() throws {
        let store = try Store.inMemory()
        try store.write { tx in
            try tx.setTag("b", to: "1", of: arn)
            try tx.setTag("a", to: "2", of: arn)
            try tx.setTag("b", to: "3", of: arn)
            #expect(try tx.tags(of: arn).map { $0.key + $0.value } == ["a2", "b3"])
            try tx.removeTag("a", of: arn)
            #expect(try tx.tags(of: arn).map(\.key) == ["b"])
        }
    }

    @Test func aCacheHitIsFreshAndAMissCanBeCompared() throws {
        let store = try Store.inMemory()
        func entry(_ key: String, at now: Milliseconds) -> StepCacheEntry {
            StepCacheEntry(
                key: key, scope: "p", step: "train", fields: "{}", result: "1", executionARN: "e", createdMilliseconds: now)
        }
        try store.write { tx in
            try tx.put(entry("k1", at: 10))
            try tx.put(entry("k2", at: 20))
            #expect(try tx.cachedStep(key: "k1", notBefore: 10)?.executionARN == "e")
            #expect(try tx.cachedStep(key: "k1", notBefore: 11) == nil)
            try tx.put(entry("k1", at: 30))
            #expect(try tx.latestCachedStep(scope: "p", step: "train") == entry("k1", at: 30))
            #expect(try tx.removeCachedSteps(olderThan: 25) == 1)
        }
    }

    @Test func documentsAndCountersAreKept() throws {
        let store = try Store.inMemory()
        try store.write { tx in
            for key in ["g/2", "g/1", "h/1"] { #expect(try tx.insertDocument(kind: "model", key: key, json: "{}", at: 1)) }
            #expect(try tx.insertDocument(kind: "model", key: "g/1", json: "[]", at: 1) == false)
            try tx.putDocument(kind: "model", key: "g/1", json: "[]", at: 2)
            #expect(try tx.documents(kind: "model", prefix: "g/", limit: 5).map(\.json) == ["[]", "{}"])
            #expect(try tx.documents(kind: "model", after: "g/1", limit: 1).map(\.key) == ["g/2"])
            #expect(try tx.nextValue(ofCounter: "c") == 1)
            #expect(try tx.nextValue(ofCounter: "c") == 2)
            #expect(try tx.value(ofCounter: "c") == 2)
        }
        #expect(throws: StoreError.self) { try store.write { try $0.putDocument(kind: "k", key: "k", json: "{", at: 1) } }
    }
}
