import SQLite

/// A state machine that was created through the API and not deleted.
package struct StateMachineRow: Sendable, Equatable {
    package enum Status: String, Sendable {
        case active = "ACTIVE"
        case deleting = "DELETING"
    }
    package let id: StateMachineID
    package let arn: String
    package let name: String
    package let type: StoredType
    package let status: Status
    package let createdMilliseconds: Milliseconds
    package let updatedMilliseconds: Milliseconds
    package let revision: StateMachineRevision
}

/// What UpdateStateMachine changes: one of these for each change.
package struct StateMachineRevision: Sendable, Equatable {
    /// revisionId
    package let id: String
    package let definition: DefinitionID
    package let roleARN: String
    /// JSON: loggingConfiguration, tracingConfiguration, encryptionConfiguration
    package let logging: String?
    package let tracing: String?
    package let encryption: String?
    /// The revision the machine was created with, whose id AWS does not show.
    package let isInitial: Bool
    package let createdMilliseconds: Milliseconds

    package init(
        id: String, definition: DefinitionID, roleARN: String, logging: String? = nil, tracing: String? = nil,
        encryption: String? = nil, isInitial: Bool = false, createdMilliseconds: Milliseconds
    ) {
        self.id = id
        self.definition = definition
        self.roleARN = roleARN
        self.logging = logging
        self.tracing = tracing
        self.encryption = encryption
        self.isInitial = isInitial
        self.createdMilliseconds = createdMilliseconds
    }
}

private enum Statements {
    static let columns = """
        m.id, m.arn, m.name, m.type, m.status, m.created_ms, m.updated_ms, r.id, r.definition, r.role_arn, r.logging,
        r.tracing, r.encryption, r.is_initial, r.created_ms
        """
    static let byARN = SQL(
        """
        SELECT \(columns) FROM state_machine AS m JOIN revision AS r ON r.id = m.revision
        WHERE m.arn = ? AND m.status IN ('ACTIVE', 'DELETING')
        """)
    static let list = SQL(
        """
        SELECT \(columns) FROM state_machine AS m JOIN revision AS r ON r.id = m.revision
        WHERE m.status IN ('ACTIVE', 'DELETING') AND m.id < ? ORDER BY m.id DESC LIMIT ?
        """)
    static let anyByARN = SQL("SELECT id FROM state_machine WHERE arn = ?")
    static let arn = SQL("SELECT arn FROM state_machine WHERE id = ?")
    static let known = SQL("SELECT arn FROM state_machine WHERE status <> 'DELETED' ORDER BY id")
    static let intern = SQL(
        """
        INSERT INTO state_machine (arn, name, type, status, created_ms, updated_ms)
        VALUES (?1, ?2, ?3, 'UNREGISTERED', ?4, ?4)
        """)
    static let create = SQL(
        """
        INSERT INTO state_machine (arn, name, type, status, created_ms, updated_ms, revision)
        VALUES (?1, ?2, ?3, 'ACTIVE', ?4, ?4, ?5)
        ON CONFLICT (arn) DO UPDATE SET name = ?2, type = ?3, status = 'ACTIVE', created_ms = ?4, updated_ms = ?4,
            revision = ?5, next_version = 1
        WHERE status IN ('DELETED', 'UNREGISTERED')
        """)
    static let insertRevision = SQL(
        """
        INSERT INTO revision (id, state_machine, definition, role_arn, logging, tracing, encryption, is_initial, created_ms)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
        """)
    static let update = SQL("UPDATE state_machine SET revision = ?, updated_ms = ? WHERE id = ? AND status = 'ACTIVE'")
    static let setDeleting = SQL("UPDATE state_machine SET status = 'DELETING' WHERE id = ?")
    static let setDeleted = SQL("UPDATE state_machine SET status = 'DELETED', revision = NULL WHERE id = ?")
    static let deleteVersions = SQL("DELETE FROM state_machine_version WHERE state_machine = ?")
    static let deleteAliases = SQL("DELETE FROM state_machine_alias WHERE state_machine = ?")
    static let deleteRevisions = SQL("DELETE FROM revision WHERE state_machine = ?")
    static let deleting = SQL(
        """
        SELECT id FROM state_machine WHERE status = 'DELETING' AND NOT EXISTS (
            SELECT 1 FROM execution WHERE state_machine = state_machine.id AND status = 'RUNNING' AND status <> 'SUCCEEDED')
        """)
    static let revision = SQL(
        """
        SELECT id, definition, role_arn, logging, tracing, encryption, is_initial, created_ms FROM revision WHERE id = ?
        """)
}

extension Reading {
    /// The machine with this ARN, if it is registered (ACTIVE or DELETING).
    package func stateMachine(arn: String) throws -> StateMachineRow? {
        try connection.first(Statements.byARN, arn) { StateMachineRow(row: $0) }
    }

    /// Registered machines, newest first; `before` is the last id of the page before.
    package func stateMachines(before: StateMachineID? = nil, limit: Int) throws -> [StateMachineRow] {
        try connection.rows(Statements.list, before?.rawValue ?? .max, limit) { StateMachineRow(row: $0) }
    }

    /// The id behind an ARN, registered or only known by its executions.
    package func stateMachineID(arn: String) throws -> StateMachineID? {
        try connection.first(Statements.anyByARN, arn) { StateMachineID(rawValue: $0.integer(0)) }
    }

    package func stateMachineARN(_ id: StateMachineID) throws -> String? {
        try connection.first(Statements.arn, id) { $0.text(0) }
    }

    /// The ARNs of all machines, registered or known by an execution, in the order they were first seen.
    package func knownStateMachineARNs() throws -> [String] {
        try connection.rows(Statements.known) { $0.text(0) }
    }

    package func revision(_ id: String) throws -> StateMachineRevision? {
        try connection.first(Statements.revision, id) { StateMachineRevision(row: $0, from: 0) }
    }

    /// Machines that wait for their last execution to end before they are gone, and wait no longer.
    package func deletableStateMachines() throws -> [StateMachineID] {
        try connection.rows(Statements.deleting) { StateMachineID(rawValue: $0.integer(0)) }
    }
}

extension WriteTransaction {
    /// The id of a machine that need not be registered: what executions of a file belong to.
    package func stateMachineID(
        forARN arn: String, name: String, type: StoredType, at now: Milliseconds
    ) throws -> StateMachineID {
        if let known = try stateMachineID(arn: arn) { return known }
        try connection.run(Statements.intern, arn, name, type, now)
        return StateMachineID(rawValue: connection.lastInsertRowID)
    }

    /// Registers a machine. Nil when one with this ARN is registered already.
    package func createStateMachine(
        arn: String, name: String, type: StoredType, revision: StateMachineRevision
    ) throws -> StateMachineID? {
        let now = revision.createdMilliseconds
        guard try connection.run(Statements.create, arn, name, type, now, revision.id) == 1 else { return nil }
        guard let id = try stateMachineID(arn: arn) else { return nil }
        try insert(revision, of: id)
        return id
    }

    /// Makes `revision` the current one; false unless the machine is ACTIVE.
    @discardableResult
    package func updateStateMachine(_ id: StateMachineID, to revision: StateMachineRevision) throws -> Bool {
        try insert(revision, of: id)
        return try connection.run(Statements.update, revision.id, revision.createdMilliseconds, id) == 1
    }

    /// Marks a machine as DELETING: it starts no more executions, and is gone when the last one has ended.
    package func beginDeletingStateMachine(_ id: StateMachineID) throws {
        try connection.run(Statements.setDeleting, id)
    }

    /// Removes a machine with its revisions, versions and aliases; its executions remain readable.
    package func finishDeletingStateMachine(_ id: StateMachineID) throws {
        try connection.run(Statements.setDeleted, id)
        try connection.run(Statements.deleteAliases, id)
        try connection.run(Statements.deleteVersions, id)
        try connection.run(Statements.deleteRevisions, id)
    }

    private func insert(_ revision: StateMachineRevision, of machine: StateMachineID) throws {
        try connection.run(
            Statements.insertRevision, revision.id, machine, revision.definition, revision.roleARN, revision.logging,
            revision.tracing, revision.encryption, revision.isInitial, revision.createdMilliseconds)
    }
}

extension StateMachineRow {
    fileprivate init(row: Row) {
        id = StateMachineID(rawValue: row.integer(0))
        arn = row.text(1)
        name = row.text(2)
        // The table's CHECKs and the queries' conditions allow no other texts.
        type = StoredType(rawValue: row.text(3)) ?? .standard
        status = Status(rawValue: row.text(4)) ?? .deleting
        createdMilliseconds = row.integer(5)
        updatedMilliseconds = row.integer(6)
        revision = StateMachineRevision(row: row, from: 7)
    }
}

extension StateMachineRevision {
    /// Reads its eight columns, the first of which is `column`.
    init(row: Row, from column: Int32) {
        id = row.text(column)
        definition = DefinitionID(rawValue: row.integer(column + 1))
        roleARN = row.text(column + 2)
        logging = row.optionalText(column + 3)
        tracing = row.optionalText(column + 4)
        encryption = row.optionalText(column + 5)
        isInitial = row.bool(column + 6)
        createdMilliseconds = row.integer(column + 7)
    }
}
