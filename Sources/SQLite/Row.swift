import CSQLite

/// The row a query stands on; valid only inside the closure it is given to. Columns count from 0.
package struct Row {
    let statement: OpaquePointer

    package func isNull(_ column: Int32) -> Bool { sqlite3_column_type(statement, column) == SQLITE_NULL }
    package func integer(_ column: Int32) -> Int64 { sqlite3_column_int64(statement, column) }
    package func bool(_ column: Int32) -> Bool { integer(column) != 0 }
    package func real(_ column: Int32) -> Double { sqlite3_column_double(statement, column) }

    /// Calls `body` with the bytes of a TEXT or BLOB, without a copy; they are valid only inside it.
    package func withBytes<Result>(_ column: Int32, _ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
        let start = sqlite3_column_blob(statement, column)
        return try body(UnsafeRawBufferPointer(start: start, count: Int(sqlite3_column_bytes(statement, column))))
    }

    package func text(_ column: Int32) -> String { withBytes(column) { String(decoding: $0, as: UTF8.self) } }
    package func bytes(_ column: Int32) -> [UInt8] { withBytes(column) { [UInt8]($0) } }

    package func optionalInteger(_ column: Int32) -> Int64? { isNull(column) ? nil : integer(column) }
    package func optionalReal(_ column: Int32) -> Double? { isNull(column) ? nil : real(column) }
    package func optionalText(_ column: Int32) -> String? { isNull(column) ? nil : text(column) }
}
