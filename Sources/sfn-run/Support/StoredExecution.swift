import Engine
import JSON
import StatesLanguage
import Store

/// Finds executions by what people call them.
enum StoredExecution {
    /// By ARN, by name, or by the name's beginning where only one execution has it.
    static func find(_ name: String, in store: Store) throws -> ExecutionRow {
        try store.read { tx in
            if let row = try tx.execution(arn: name) { return row }
            var filter = ExecutionFilter()
            filter.name = name
            filter.includesChildren = false
            let rows = try tx.executions(filter, limit: 2)
            if rows.count > 1 {
                throw Refusal("several machines have an execution named \(name): say its ARN, such as \(rows[0].arn)")
            }
            if let row = rows.first { return row }
            throw Refusal("there is no execution named \(name) in \(store.path); `sfn-run list` shows those that are there")
        }
    }

    /// The machine that an execution runs.
    static func machine(of row: ExecutionRow, in store: Store) throws -> (machine: StateMachine, definition: JSONValue) {
        guard let text = try store.read({ tx in try tx.definition(row.definition) }) else {
            throw Refusal("the store has lost the definition of \(row.name)", .executionFailed)
        }
        let definition = try JSONValue(parsing: text)
        guard let machine = StateMachine.read(definition).machine else {
            throw Refusal("the stored definition of \(row.name) cannot be read by this version", .invalidDefinition)
        }
        return (machine, definition)
    }

    /// The line of each JSON Pointer of the stored definition, which is the file's text.
    static func lines(of row: ExecutionRow, in store: Store) throws -> [String: Int] {
        guard let text = try store.read({ tx in try tx.definition(row.definition) }) else { return [:] }
        return try JSONValue.parseWithLines(Array(text.utf8)).lines
    }

    /// The events with AWS's ids, notes left out.
    static func events(of row: ExecutionRow, in store: Store) throws -> [HistoryEvent] {
        try allEvents(of: row, in: store).filter { $0.id > 0 }
    }

    static func allEvents(of row: ExecutionRow, in store: Store) throws -> [HistoryEvent] {
        let machine = try machine(of: row, in: store).machine
        return try store.read { tx in try tx.storedEvents(of: row.id, in: machine) }
    }
}

extension Timestamp {
    /// `2025-03-01 12:30:05.250Z`
    var text: String {
        let (days, inDay) = (floorDivide(milliseconds, 86_400_000), milliseconds - floorDivide(milliseconds, 86_400_000) * 86_400_000)
        // Days since 0000-03-01, in eras of 400 years (Howard Hinnant's civil_from_days).
        let shifted = days + 719_468
        let era = floorDivide(shifted, 146_097)
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthIndex = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * monthIndex + 2) / 5 + 1
        let month = monthIndex < 10 ? monthIndex + 3 : monthIndex - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        func padded(_ number: Int64, _ width: Int) -> String {
            let text = "\(number)"
            return String(repeating: "0", count: max(0, width - text.utf8.count)) + text
        }
        let clock = "\(padded(inDay / 3_600_000, 2)):\(padded(inDay / 60_000 % 60, 2)):\(padded(inDay / 1000 % 60, 2))"
        return "\(padded(year, 4))-\(padded(month, 2))-\(padded(day, 2)) \(clock).\(padded(inDay % 1000, 3))Z"
    }

    private func floorDivide(_ number: Int64, _ divisor: Int64) -> Int64 {
        number >= 0 ? number / divisor : (number - divisor + 1) / divisor
    }
}
