import SQLite

private enum Statements {
    static let list = SQL("SELECT key, value FROM tag WHERE resource_arn = ? ORDER BY key")
    static let set = SQL(
        """
        INSERT INTO tag (resource_arn, key, value) VALUES (?1, ?2, ?3)
        ON CONFLICT (resource_arn, key) DO UPDATE SET value = ?3
        """)
    static let remove = SQL("DELETE FROM tag WHERE resource_arn = ? AND key = ?")
    static let removeAll = SQL("DELETE FROM tag WHERE resource_arn = ?")
}

extension Reading {
    /// The tags of a machine or an activity, by key.
    package func tags(of arn: String) throws -> [(key: String, value: String)] {
        try connection.rows(Statements.list, arn) { (key: $0.text(0), value: $0.text(1)) }
    }
}

extension WriteTransaction {
    package func setTag(_ key: String, to value: String, of arn: String) throws {
        try connection.run(Statements.set, arn, key, value)
    }

    package func removeTag(_ key: String, of arn: String) throws { try connection.run(Statements.remove, arn, key) }
    package func removeTags(of arn: String) throws { try connection.run(Statements.removeAll, arn) }
}
