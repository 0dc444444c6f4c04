import CSQLite

/// The only error this room throws: SQLite's (extended) result code and its message.
package struct SQLiteError: Error, Equatable, CustomStringConvertible {
    /// The extended result code, such as 1555 (SQLITE_CONSTRAINT_PRIMARYKEY).
    package let extendedCode: Int32
    package let message: String
    /// The statement that failed, where there was one.
    package let sql: String?

    package init(extendedCode: Int32, message: String, sql: String? = nil) {
        self.extendedCode = extendedCode
        self.message = message
        self.sql = sql
    }

    init(_ code: Int32, on handle: OpaquePointer?, sql: String? = nil) {
        let extended = handle.map(sqlite3_extended_errcode) ?? code
        // After some failures (misuse, a failed reset) the handle knows less than the code that was returned.
        extendedCode = extended & 0xff == code & 0xff ? extended : code
        let text: UnsafePointer<CChar>? = handle.map { sqlite3_errmsg($0) } ?? sqlite3_errstr(code)
        message = text.map { String(cString: $0) } ?? "unknown error"
        self.sql = sql
    }

    /// The primary result code, such as 19 (SQLITE_CONSTRAINT).
    package var code: Int32 { extendedCode & 0xff }
    package var isConstraint: Bool { code == SQLITE_CONSTRAINT }
    package var isBusy: Bool { code == SQLITE_BUSY || code == SQLITE_LOCKED }

    package var description: String {
        "SQLite error \(extendedCode): \(message)" + (sql.map { " in \($0)" } ?? "")
    }
}
