import SQLite

private enum Statements {
    static let find = SQL("SELECT id FROM definition WHERE hash = ? AND text = ?")
    static let insert = SQL("INSERT INTO definition (hash, text) VALUES (?, ?)")
    static let text = SQL("SELECT text FROM definition WHERE id = ?")
}

extension Reading {
    package func definition(_ id: DefinitionID) throws -> String? {
        try connection.first(Statements.text, id) { $0.text(0) }
    }
}

extension WriteTransaction {
    /// The id of a definition's text, stored now if it was not. Keep it: asking costs as much as the text is long.
    package func definitionID(of text: String) throws -> DefinitionID {
        let hash = text.contentHash
        if let found = try connection.first(Statements.find, hash, text, read: { $0.integer(0) }) {
            return DefinitionID(rawValue: found)
        }
        try connection.run(Statements.insert, hash, text)
        return DefinitionID(rawValue: connection.lastInsertRowID)
    }
}
