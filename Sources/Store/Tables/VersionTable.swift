import SQLite

/// A published version of a state machine: a number on a revision.
package struct StateMachineVersionRow: Sendable, Equatable {
    package let stateMachine: StateMachineID
    package let number: Int
    package let revision: StateMachineRevision
    package let description: String?
    package let createdMilliseconds: Milliseconds
}

/// A name that routes to one or two versions.
package struct StateMachineAliasRow: Sendable, Equatable {
    package let arn: String
    package let stateMachine: StateMachineID
    package let name: String
    package let description: String?
    /// JSON: routingConfiguration
    package let routing: String
    package let createdMilliseconds: Milliseconds
    package let updatedMilliseconds: Milliseconds

    package init(
        arn: String, stateMachine: StateMachineID, name: String, description: String?, routing: String,
        createdMilliseconds: Milliseconds, updatedMilliseconds: Milliseconds
    ) {
        self.arn = arn
        self.stateMachine = stateMachine
        self.name = name
        self.description = description
        self.routing = routing
        self.createdMilliseconds = createdMilliseconds
        self.updatedMilliseconds = updatedMilliseconds
    }
}

private enum Statements {
    static let select = """
        SELECT v.state_machine, v.number, v.description, v.created_ms, r.id, r.definition, r.role_arn, r.logging, r.tracing,
            r.encryption, r.is_initial, r.created_ms
        FROM state_machine_version AS v JOIN revision AS r ON r.id = v.revision
        """
    static let version = SQL("\(select) WHERE v.state_machine = ? AND v.number = ?")
    static let versions = SQL("\(select) WHERE v.state_machine = ? AND v.number < ? ORDER BY v.number DESC LIMIT ?")
    static let nextNumber = SQL(
        "UPDATE state_machine SET next_version = next_version + 1 WHERE id = ? RETURNING next_version - 1")
    static let publish = SQL(
        """
        INSERT INTO state_machine_version (state_machine, number, revision, description, created_ms) VALUES (?, ?, ?, ?, ?)
        """)
    static let deleteVersion = SQL("DELETE FROM state_machine_version WHERE state_machine = ? AND number = ?")

    static let selectAlias = """
        SELECT arn, state_machine, name, description, routing, created_ms, updated_ms FROM state_machine_alias
        """
    static let alias = SQL("\(selectAlias) WHERE arn = ?")
    static let aliases = SQL("\(selectAlias) WHERE state_machine = ? AND name > ? ORDER BY name LIMIT ?")
    static let insertAlias = SQL(
        """
        INSERT INTO state_machine_alias (arn, state_machine, name, description, routing, created_ms, updated_ms)
        VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING
        """)
    static let updateAlias = SQL(
        "UPDATE state_machine_alias SET description = ?, routing = ?, updated_ms = ? WHERE arn = ?")
    static let deleteAlias = SQL("DELETE FROM state_machine_alias WHERE arn = ?")
}

extension Reading {
    package func version(_ number: Int, of machine: StateMachineID) throws -> StateMachineVersionRow? {
        try connection.first(Statements.version, machine, number) { StateMachineVersionRow(row: $0) }
    }

    /// Versions from the newest; `before` is the last number of the page before.
    package func versions(of machine: StateMachineID, before: Int = .max, limit: Int) throws -> [StateMachineVersionRow] {
        try connection.rows(Statements.versions, machine, before, limit) { StateMachineVersionRow(row: $0) }
    }

    package func alias(arn: String) throws -> StateMachineAliasRow? {
        try connection.first(Statements.alias, arn) { StateMachineAliasRow(row: $0) }
    }

    /// Aliases by name; `after` is the last name of the page before.
    package func aliases(of machine: StateMachineID, after: String = "", limit: Int) throws -> [StateMachineAliasRow] {
        try connection.rows(Statements.aliases, machine, after, limit) { StateMachineAliasRow(row: $0) }
    }
}

extension WriteTransaction {
    /// Publishes a revision under the machine's next number and returns the number. Numbers are never used again.
    package func publishVersion(
        of machine: StateMachineID, revision: String, description: String?, at now: Milliseconds
    ) throws -> Int {
        let number = try connection.first(Statements.nextNumber, machine) { Int($0.integer(0)) } ?? 1
        try connection.run(Statements.publish, machine, number, revision, description, now)
        return number
    }

    /// False if there is no such version.
    @discardableResult
    package func deleteVersion(_ number: Int, of machine: StateMachineID) throws -> Bool {
        try connection.run(Statements.deleteVersion, machine, number) == 1
    }

    /// False if the machine has an alias of this name.
    @discardableResult
    package func insert(_ alias: StateMachineAliasRow) throws -> Bool {
        try connection.run(
            Statements.insertAlias, alias.arn, alias.stateMachine, alias.name, alias.description, alias.routing,
            alias.createdMilliseconds, alias.updatedMilliseconds) == 1
    }

    @discardableResult
    package func updateAlias(
        arn: String, description: String?, routing: String, at now: Milliseconds
    ) throws -> Bool {
        try connection.run(Statements.updateAlias, description, routing, now, arn) == 1
    }

    @discardableResult
    package func deleteAlias(arn: String) throws -> Bool { try connection.run(Statements.deleteAlias, arn) == 1 }
}

extension StateMachineVersionRow {
    fileprivate init(row: Row) {
        stateMachine = StateMachineID(rawValue: row.integer(0))
        number = Int(row.integer(1))
        description = row.optionalText(2)
        createdMilliseconds = row.integer(3)
        revision = StateMachineRevision(row: row, from: 4)
    }
}

extension StateMachineAliasRow {
    fileprivate init(row: Row) {
        self.init(
            arn: row.text(0), stateMachine: StateMachineID(rawValue: row.integer(1)), name: row.text(2),
            description: row.optionalText(3), routing: row.text(4), createdMilliseconds: row.integer(5),
            updatedMilliseconds: row.integer(6))
    }
}
