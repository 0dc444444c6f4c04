import Glibc
import SQLite

extension Store {
    /// The writing connection: WAL, every commit synced, foreign keys checked.
    static func connect(path: String, options: StoreOptions) throws -> Connection {
        var facts = stat()
        let isNew = options.fileSystem == nil && options.isShared && (stat(path, &facts) != 0 || facts.st_size == 0)
        let connection = try Connection(path: path, mayCreate: options.mayCreate, on: options.fileSystem)
        connection.setBusyHandler(busyHandler)
        // Four syncs for the change to WAL of an empty file, in which there is nothing to lose; `migrate` syncs it once.
        if isNew { try connection.execute("PRAGMA synchronous=OFF") }
        try setUpJournal(connection)
        // secure_delete would write every freed byte again; the WAL limit keeps a long-lived file from staying large.
        try connection.execute(
            """
            PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON; PRAGMA secure_delete=OFF; PRAGMA temp_store=MEMORY;
            PRAGMA cache_size=-16000; PRAGMA wal_autocheckpoint=4000; PRAGMA journal_size_limit=67108864
            """)
        return connection
    }

    /// Changing to WAL needs the file for itself and does not ask the busy handler: others may be doing the same.
    private static func setUpJournal(_ connection: Connection) throws {
        var tries: Int32 = 0
        while true {
            do {
                try connection.execute("PRAGMA journal_mode=WAL")
                return
            } catch {
                guard error.isBusy, busyHandler(nil, tries) != 0 else { throw error }
                tries += 1
            }
        }
    }

    /// Waits longer each time, up to 5 ms; gives up after about five minutes.
    static let busyHandler: @convention(c) (UnsafeMutableRawPointer?, Int32) -> Int32 = { _, tries in
        guard tries < 60_000 else { return 0 }
        usleep(tries < 10 ? 100 : tries < 50 ? 1_000 : 5_000)
        return 1
    }
}
