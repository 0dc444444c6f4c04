import SQLite

/// The tables, as steps that each bring a store from one `user_version` to the next. A step that has been released
/// is never changed; a change is a new step.
enum Schema {
    static let migrations: [String] = [firstMigration]
    static var version: Int { migrations.count }
    /// "sfnr": says that a SQLite file is a store of ours.
    static let applicationID: Int64 = 0x7366_6e72
}

extension Store {
    private static let userVersion = SQL("PRAGMA user_version")
    private static let applicationID = SQL("PRAGMA application_id")
    private static let tableCount = SQL("SELECT count(*) FROM sqlite_schema WHERE type = 'table'")

    /// Brings the store to this program's schema; refuses one that is newer, or that is not ours.
    func migrate() throws {
        let found = try withConnection { try $0.first(Self.userVersion) { Int($0.integer(0)) } ?? 0 }
        if found == Schema.version {
            let isOurs = try withConnection { try $0.first(Self.applicationID) { $0.integer(0) } } == Schema.applicationID
            guard isOurs else { throw notAStore }
            return
        }
        try refuseIfNewer(found)
        // The first commit with a sync makes this durable: until then nothing is in the store. But a WAL counts only beside a
        // database that has a page, and that page was written without a sync (`Store.connect`).
        if found == 0, options.fileSystem == nil, options.isShared { try withConnection { try $0.syncFile() } }
        try write(isMigration: true, isSynced: found > 0) { tx in
            // Another process may have done it while this one waited for its turn.
            let found = try tx.connection.first(Self.userVersion) { Int($0.integer(0)) } ?? 0
            try refuseIfNewer(found)
            if found == 0 {
                let tables = try tx.connection.first(Self.tableCount) { $0.integer(0) } ?? 0
                guard tables == 0 else { throw notAStore }
                try tx.connection.execute("PRAGMA application_id = \(Schema.applicationID)")
            }
            for migration in Schema.migrations.dropFirst(found) { try tx.connection.execute(migration) }
            try tx.connection.execute("PRAGMA user_version = \(Schema.version)")
        }
    }

    private func refuseIfNewer(_ found: Int) throws(StoreError) {
        guard found > Schema.version else { return }
        throw StoreError(
            .newerSchema, path: path,
            "\(path): the store was written by a newer sfn-run (schema \(found), this program knows \(Schema.version)); update sfn-run")
    }

    private var notAStore: StoreError {
        StoreError(.notAStore, path: path, "\(path): this SQLite database is not an sfn-run store")
    }
}
