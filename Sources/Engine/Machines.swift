import JSON
import StatesLanguage
import Store
import Synchronization

/// The machines that are registered in a store, parsed once for each revision.
package final class MachineRegistry: Sendable {
    private let store: Store
    private let parsed = Mutex<[String: Machine]>([:])

    package init(store: Store) { self.store = store }

    /// The machine that an ARN names: of a machine, a version (`…:3`) or an alias (`…:PROD`, whose routing decides).
    /// nil: there is none.
    package func machine(arn: String) throws -> ResolvedMachine? {
        try store.read { tx in
            if let row = try tx.stateMachine(arn: arn) {
                guard row.status == .active else { return nil }
                return ResolvedMachine(machine: try self.machine(row, row.revision, tx))
            }
            return nil
        }
    }

    /// A revision of a registered machine.
    package func machine(_ row: StateMachineRow, _ revision: StateMachineRevision, _ tx: ReadTransaction) throws -> Machine {
        if let known = parsed.withLock({ $0[revision.id] }) { return known }
        let text = try tx.definition(revision.definition) ?? ""
        let (definition, diagnostics) = StateMachine.read(text: text)
        guard let definition else {
            throw EngineError.storeFailed("the definition of \(row.arn) cannot be read: \(diagnostics.first?.message ?? "it is missing")")
        }
        let machine = Machine(
            arn: row.arn, name: row.name, roleARN: revision.roleARN, isExpress: row.type == .express, definition: definition, text: text,
            logging: Self.logging(revision.logging))
        parsed.withLock {
            if $0.count > 10_000 { $0 = [:] }
            $0[revision.id] = machine
        }
        return machine
    }
}

extension MachineRegistry {
    /// nil: it writes nothing.
    private static func logging(_ text: String?) -> JSONValue? {
        guard let text, let value = try? JSONValue(parsing: text), let level = value["level"]?.string, level != "OFF" else { return nil }
        return value
    }
}

package struct ResolvedMachine: Sendable {
    package let machine: Machine
    package let versionARN: String?
    package let aliasARN: String?
    /// nil: the revision that the machine was created with.
    package let revisionID: String?

    package init(machine: Machine, versionARN: String? = nil, aliasARN: String? = nil, revisionID: String? = nil) {
        self.machine = machine
        self.versionARN = versionARN
        self.aliasARN = aliasARN
        self.revisionID = revisionID
    }
}

extension ExecutionEngine {
    /// The machine of a stored definition: for reading a history.
    package func machine(_ id: DefinitionID, _ tx: ReadTransaction) throws -> StateMachine {
        if let known = definitions.withLock({ $0[id] }) { return known }
        guard let machine = StateMachine.read(text: try tx.definition(id) ?? "").machine else {
            throw EngineError.storeFailed("definition \(id.rawValue) cannot be read")
        }
        definitions.withLock {
            if $0.count > 1000 { $0 = [:] }
            $0[id] = machine
        }
        return machine
    }
}
