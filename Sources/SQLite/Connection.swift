import CSQLite

/// A registered SQLite VFS that is not the system's, and what must live as long as files are open on it.
package struct FileSystem: Sendable {
    package let name: String
    package let owner: any Sendable

    package init(name: String, owner: any Sendable) {
        self.name = name
        self.owner = owner
    }
}

/// One connection to one database, with its prepared statements.
///
/// Sendable though it holds a bare handle opened without SQLite's own mutex: whoever owns a connection uses it
/// from one thread at a time (`Store` keeps its writer behind a lock and lends a reader to one caller at a time).
package final class Connection: @unchecked Sendable {
    private let handle: OpaquePointer
    /// Keeps the file system of the database for as long as the handle is open.
    private let fileSystem: FileSystem?
    private var statements: [ObjectIdentifier: (sql: SQL, statement: OpaquePointer)] = [:]

    /// Once in a process, before the first connection.
    private static let isConfigured = csqlite_leave_memory_uncounted() == SQLITE_OK

    /// Opens `path` (a file name, or a `file:` URI), creating the file unless told otherwise.
    package init(
        path: String, isReadOnly: Bool = false, mayCreate: Bool = true, on fileSystem: FileSystem? = nil
    ) throws(SQLiteError) {
        _ = Self.isConfigured
        var flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_URI | SQLITE_OPEN_EXRESCODE
        flags |= isReadOnly ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE
        if mayCreate && !isReadOnly { flags |= SQLITE_OPEN_CREATE }
        var opened: OpaquePointer?
        let code = sqlite3_open_v2(path, &opened, flags, fileSystem?.name)
        guard code == SQLITE_OK, let opened else {
            let error = SQLiteError(code, on: opened)
            sqlite3_close_v2(opened)
            throw error
        }
        handle = opened
        self.fileSystem = fileSystem
    }

    deinit {
        for entry in statements.values { sqlite3_finalize(entry.statement) }
        sqlite3_close_v2(handle)
    }

    /// Runs a script of any number of statements without parameters; rows are discarded.
    package func execute(_ script: String) throws(SQLiteError) {
        let code = sqlite3_exec(handle, script, nil, nil, nil)
        guard code == SQLITE_OK else { throw SQLiteError(code, on: handle, sql: script) }
    }

    /// Runs a statement to its end and returns how many rows it changed. The parameters are not copied.
    @discardableResult
    package func run(_ sql: SQL, _ values: any SQLBindable...) throws(SQLiteError) -> Int {
        let statement = try prepared(sql, parameters: values.count)
        let code = Self.withBound(values, from: 0, to: statement) {
            var code = sqlite3_step(statement)
            while code == SQLITE_ROW { code = sqlite3_step(statement) }
            return code
        }
        guard code == SQLITE_DONE else {
            let error = SQLiteError(code, on: handle, sql: sql.text)
            finish(statement, of: sql)
            throw error
        }
        let changes = Int(sqlite3_changes64(handle))
        finish(statement, of: sql)
        return changes
    }

    /// The rows of a query, read by `read`.
    package func rows<Value>(
        _ sql: SQL, _ values: any SQLBindable..., read: (Row) throws -> Value
    ) throws -> [Value] {
        var result: [Value] = []
        try forEach(sql, values) { row in
            result.append(try read(row))
            return true
        }
        return result
    }

    /// The first row of a query, or nil.
    package func first<Value>(
        _ sql: SQL, _ values: any SQLBindable..., read: (Row) throws -> Value
    ) throws -> Value? {
        var result: Value?
        try forEach(sql, values) { row in
            result = try read(row)
            return false
        }
        return result
    }

    /// Visits the rows of a query, in memory that does not grow with their number, until `body` returns false.
    package func forEach(_ sql: SQL, _ values: [any SQLBindable], _ body: (Row) throws -> Bool) throws {
        let statement = try prepared(sql, parameters: values.count)
        defer { finish(statement, of: sql) }
        for (index, value) in values.enumerated() {
            let code = Self.bindCopy(value.sqlValue, to: statement, at: Int32(index + 1))
            guard code == SQLITE_OK else { throw SQLiteError(code, on: handle, sql: sql.text) }
        }
        while true {
            let code = sqlite3_step(statement)
            if code == SQLITE_DONE { return }
            guard code == SQLITE_ROW else { throw SQLiteError(code, on: handle, sql: sql.text) }
            guard try body(Row(statement: statement)) else { return }
        }
    }

    /// Makes what was written to the database file itself durable.
    ///
    /// Through SQLite's own descriptor: closing another one of the same file would drop the process's locks on it (POSIX), and
    /// another process would then take itself for the last one and delete the WAL in which this one goes on committing.
    package func syncFile() throws(SQLiteError) {
        var file: UnsafeMutablePointer<sqlite3_file>?
        var code = withUnsafeMutablePointer(to: &file) { sqlite3_file_control(handle, "main", SQLITE_FCNTL_FILE_POINTER, $0) }
        if code == SQLITE_OK, let file, let sync = file.pointee.pMethods?.pointee.xSync { code = sync(file, SQLITE_SYNC_NORMAL) }
        guard code == SQLITE_OK else { throw SQLiteError(code, on: handle) }
    }

    package var lastInsertRowID: Int64 { sqlite3_last_insert_rowid(handle) }
    /// Rows changed since the connection was opened.
    package var totalChanges: Int64 { sqlite3_total_changes64(handle) }
    package var isInTransaction: Bool { sqlite3_get_autocommit(handle) == 0 }

    /// Asks `handler` whether to try again when another connection holds the lock; it gets the number of tries so far.
    /// It must not capture, and it sleeps itself.
    package func setBusyHandler(_ handler: @escaping @convention(c) (UnsafeMutableRawPointer?, Int32) -> Int32) {
        sqlite3_busy_handler(handle, handler, nil)
    }

    /// Copies the whole database to `path` while others go on reading and writing it.
    package func backUp(to path: String) throws(SQLiteError) {
        let target = try Connection(path: path)
        guard let backup = sqlite3_backup_init(target.handle, "main", handle, "main") else {
            throw SQLiteError(sqlite3_errcode(target.handle), on: target.handle)
        }
        var code = sqlite3_backup_step(backup, -1)
        while code == SQLITE_BUSY || code == SQLITE_LOCKED {
            sqlite3_sleep(10)
            code = sqlite3_backup_step(backup, -1)
        }
        let finished = sqlite3_backup_finish(backup)
        guard code == SQLITE_DONE, finished == SQLITE_OK else { throw SQLiteError(finished, on: target.handle) }
    }
}

extension Connection {
    private func prepared(_ sql: SQL, parameters: Int) throws(SQLiteError) -> OpaquePointer {
        if sql.isKept, let entry = statements[ObjectIdentifier(sql)], sqlite3_stmt_busy(entry.statement) == 0 {
            guard Int(sqlite3_bind_parameter_count(entry.statement)) == parameters else { throw wrongCount(sql) }
            return entry.statement
        }
        var prepared: OpaquePointer?
        let flags = sql.isKept ? UInt32(SQLITE_PREPARE_PERSISTENT) : 0
        let code = sqlite3_prepare_v3(handle, sql.text, -1, flags, &prepared, nil)
        guard code == SQLITE_OK, let prepared else { throw SQLiteError(code, on: handle, sql: sql.text) }
        guard Int(sqlite3_bind_parameter_count(prepared)) == parameters else {
            sqlite3_finalize(prepared)
            throw wrongCount(sql)
        }
        // A kept statement that is being stepped further up the stack stays what it is; this one is for once.
        if sql.isKept && statements[ObjectIdentifier(sql)] == nil { statements[ObjectIdentifier(sql)] = (sql, prepared) }
        return prepared
    }

    private func wrongCount(_ sql: SQL) -> SQLiteError {
        SQLiteError(extendedCode: SQLITE_RANGE, message: "wrong number of parameters", sql: sql.text)
    }

    private func finish(_ statement: OpaquePointer, of sql: SQL) {
        guard statements[ObjectIdentifier(sql)]?.statement == statement else {
            sqlite3_finalize(statement)
            return
        }
        sqlite3_reset(statement)
        sqlite3_clear_bindings(statement)
    }

    /// Binds all values without copying (SQLITE_STATIC) and calls `body` while their bytes are in place. The depth
    /// of the calls is the number of texts and blobs among a statement's parameters.
    private static func withBound(
        _ values: [any SQLBindable], from start: Int, to statement: OpaquePointer, _ body: () -> Int32
    ) -> Int32 {
        var index = start
        while index < values.count {
            let parameter = Int32(index + 1)
            switch values[index].sqlValue {
            case .null: sqlite3_bind_null(statement, parameter)
            case .integer(let integer): sqlite3_bind_int64(statement, parameter, integer)
            case .real(let real): sqlite3_bind_double(statement, parameter, real)
            case .text(var text):
                return text.withUTF8 { bytes in
                    let code = bindText(UnsafeRawBufferPointer(bytes), to: statement, at: parameter, nil)
                    return code == SQLITE_OK ? withBound(values, from: index + 1, to: statement, body) : code
                }
            case .encodedText(let text):
                return text.withUnsafeBytes { bytes in
                    let code = bindText(bytes, to: statement, at: parameter, nil)
                    return code == SQLITE_OK ? withBound(values, from: index + 1, to: statement, body) : code
                }
            case .blob(let blob):
                return blob.withUnsafeBytes { bytes in
                    let code = bindBlob(bytes, to: statement, at: parameter, nil)
                    return code == SQLITE_OK ? withBound(values, from: index + 1, to: statement, body) : code
                }
            }
            index += 1
        }
        return body()
    }

    /// Binds one value, copied (SQLITE_TRANSIENT), so that it stays while the caller steps through rows.
    private static func bindCopy(_ value: SQLValue, to statement: OpaquePointer, at parameter: Int32) -> Int32 {
        let transient = unsafeBitCast(-1, to: sqlite3_destructor_type.self)  // a macro that Swift cannot see
        switch value {
        case .null: return sqlite3_bind_null(statement, parameter)
        case .integer(let integer): return sqlite3_bind_int64(statement, parameter, integer)
        case .real(let real): return sqlite3_bind_double(statement, parameter, real)
        case .text(var text):
            return text.withUTF8 { bindText(UnsafeRawBufferPointer($0), to: statement, at: parameter, transient) }
        case .encodedText(let bytes):
            return bytes.withUnsafeBytes { bindText($0, to: statement, at: parameter, transient) }
        case .blob(let bytes):
            return bytes.withUnsafeBytes { bindBlob($0, to: statement, at: parameter, transient) }
        }
    }

    private static let empty: StaticString = ""

    private static func bindText(
        _ bytes: UnsafeRawBufferPointer, to statement: OpaquePointer, at parameter: Int32,
        _ destructor: sqlite3_destructor_type?
    ) -> Int32 {
        // A null pointer would bind NULL; an empty text is not NULL.
        let address = bytes.baseAddress ?? UnsafeRawPointer(empty.utf8Start)
        let text = address.assumingMemoryBound(to: CChar.self)
        return sqlite3_bind_text64(statement, parameter, text, UInt64(bytes.count), destructor, UInt8(SQLITE_UTF8))
    }

    private static func bindBlob(
        _ bytes: UnsafeRawBufferPointer, to statement: OpaquePointer, at parameter: Int32,
        _ destructor: sqlite3_destructor_type?
    ) -> Int32 {
        guard let address = bytes.baseAddress, !bytes.isEmpty else { return sqlite3_bind_zeroblob(statement, parameter, 0) }
        return sqlite3_bind_blob64(statement, parameter, address, UInt64(bytes.count), destructor)
    }
}
