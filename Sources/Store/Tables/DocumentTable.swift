import SQLite

/// An entry of a small registry (model packages, their groups, …).
package struct StoredDocument: Sendable, Equatable {
    package let kind: String
    package let key: String
    package let json: String
    package let createdMilliseconds: Milliseconds
    package let updatedMilliseconds: Milliseconds
}

private enum Statements {
    static let select = "SELECT kind, key, json, created_ms, updated_ms FROM document"
    static let find = SQL("\(select) WHERE kind = ? AND key = ?")
    static let list = SQL(
        "\(select) WHERE kind = ?1 AND key > ?2 AND substr(key, 1, length(?3)) = ?3 ORDER BY key LIMIT ?4")
    static let put = SQL(
        """
        INSERT INTO document (kind, key, json, created_ms, updated_ms) VALUES (?1, ?2, ?3, ?4, ?4)
        ON CONFLICT (kind, key) DO UPDATE SET json = ?3, updated_ms = ?4
        """)
    static let insert = SQL(
        "INSERT INTO document (kind, key, json, created_ms, updated_ms) VALUES (?1, ?2, ?3, ?4, ?4) ON CONFLICT DO NOTHING")
    static let delete = SQL("DELETE FROM document WHERE kind = ? AND key = ?")
    static let next = SQL(
        """
        INSERT INTO counter (name, value) VALUES (?, 1) ON CONFLICT (name) DO UPDATE SET value = value + 1 RETURNING value
        """)
    static let value = SQL("SELECT value FROM counter WHERE name = ?")
}

extension Reading {
    package func document(kind: String, key: String) throws -> StoredDocument? {
        try connection.first(Statements.find, kind, key) { StoredDocument(row: $0) }
    }

    /// The entries of a kind by key, those that begin with `prefix`; `after` is the last key of the page before.
    package func documents(
        kind: String, prefix: String = "", after: String = "", limit: Int
    ) throws -> [StoredDocument] {
        try connection.rows(Statements.list, kind, after, prefix, limit) { StoredDocument(row: $0) }
    }

    /// The last value that `nextValue` gave; 0 if it never did.
    package func value(ofCounter name: String) throws -> Int64 {
        try connection.first(Statements.value, name) { $0.integer(0) } ?? 0
    }
}

extension WriteTransaction {
    /// Stores a document in place of an older one.
    package func putDocument(kind: String, key: String, json: String, at now: Milliseconds) throws {
        try connection.run(Statements.put, kind, key, json, now)
    }

    /// Stores a document that is not there yet; false if it is.
    @discardableResult
    package func insertDocument(kind: String, key: String, json: String, at now: Milliseconds) throws -> Bool {
        try connection.run(Statements.insert, kind, key, json, now) == 1
    }

    @discardableResult
    package func deleteDocument(kind: String, key: String) throws -> Bool {
        try connection.run(Statements.delete, kind, key) == 1
    }

    /// 1, 2, 3 …: each value of a named counter once (model package versions, …).
    package func nextValue(ofCounter name: String) throws -> Int64 {
        try connection.first(Statements.next, name) { $0.integer(0) } ?? 1
    }
}

extension StoredDocument {
    fileprivate init(row: Row) {
        kind = row.text(0)
        key = row.text(1)
        json = row.text(2)
        createdMilliseconds = row.integer(3)
        updatedMilliseconds = row.integer(4)
    }
}
