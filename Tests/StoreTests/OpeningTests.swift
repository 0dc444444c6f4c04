import Glibc
import SQLite
import Testing

@testable import Store

@Suite struct OpeningTests {
    private func error(opening path: String, _ change: (inout StoreOptions) -> Void = { _ in }) -> StoreError? {
        var options = StoreOptions()
        change(&options)
        return #expect(throws: StoreError.self) { _ = try Store(path: path, options: options) }
    }

    private func write(_ bytes: [UInt8], to path: String) {
        let descriptor = open(path, O_RDWR | O_CREAT | O_TRUNC, 0o644)
        _ = Glibc.write(descriptor, bytes, bytes.count)
        close(descriptor)
    }

    @Test func whatIsNotADatabaseIsNamedAndKept() throws {
        let folder = TemporaryStore.makeFolder()
        defer { TemporaryStore.remove(folder) }
        write(Array("This is a letter, not a database. It is long enough to have a header. ".utf8), to: folder + "/sfn.db")
        let error = error(opening: folder + "/sfn.db")
        #expect(error?.kind == .notADatabase && error?.description == "\(folder)/sfn.db: this file is not a database")
    }

    @Test func aForeignDatabaseIsRefused() throws {
        let folder = TemporaryStore.makeFolder()
        defer { TemporaryStore.remove(folder) }
        try Connection(path: folder + "/sfn.db").execute("CREATE TABLE precious (x)")
        #expect(error(opening: folder + "/sfn.db")?.kind == .notAStore)
        try Connection(path: folder + "/sfn.db").execute("PRAGMA user_version = \(Schema.version)")
        #expect(error(opening: folder + "/sfn.db")?.kind == .notAStore)
    }

    @Test func aNewerSchemaIsRefused() throws {
        let folder = TemporaryStore.makeFolder()
        defer { TemporaryStore.remove(folder) }
        _ = try Store(path: folder + "/sfn.db")
        try Connection(path: folder + "/sfn.db").execute("PRAGMA user_version = 99")
        #expect(error(opening: folder + "/sfn.db")?.kind == .newerSchema)
    }

    @Test func aMissingFolderIsNamed() {
        #expect(error(opening: "/tmp/sfn-store-nowhere/at/all/sfn.db")?.kind == .cannotOpen)
        #expect(error(opening: "/tmp/sfn-store-nothing.db") { $0.mayCreate = false }?.kind == .cannotOpen)
    }

    @Test func damageIsReportedAndNeverTraps() throws {
        let folder = TemporaryStore.makeFolder()
        defer { TemporaryStore.remove(folder) }
        let path = folder + "/sfn.db"
        do {
            let store = try Store(path: path)
            try store.write { tx in for number in 0..<200 { try tx.insertSample("e\(number)") } }
            try store.checkpoint()
        }
        let descriptor = open(path, O_RDWR)
        let garbage = [UInt8](repeating: 0xA5, count: 4_096)
        let size = lseek(descriptor, 0, SEEK_END)
        for page in stride(from: 4_096 * 8, to: Int(size), by: 4_096 * 2) { pwrite(descriptor, garbage, 4_096, page) }
        close(descriptor)
        do {
            let store = try Store(path: path)
            #expect(try store.integrityProblems() != [])
            _ = try store.read { try $0.executions(limit: 300) }
            try store.write { tx in for number in 0..<200 { try tx.insertSample("f\(number)") } }
        } catch let error as StoreError {
            #expect(error.kind == .corrupt)
        }
    }

    @Test func openingAgainFindsWhatWasThere() throws {
        let temporary = try TemporaryStore()
        try temporary.store.write { _ = try $0.insertSample("one") }
        let again = try temporary.another()
        #expect(try again.read { try $0.executions(limit: 5) }.map(\.name) == ["one"])
        let mode = try again.read { try $0.connection.first(SQL("PRAGMA journal_mode")) { $0.text(0) } }
        #expect(mode == "wal")
    }
}
