import SQLite

/// The row of an execution; ascending in the order of starts.
package struct ExecutionID: RawRepresentable, Hashable, Comparable, Sendable, SQLBindable {
    package let rawValue: Int64
    package init(rawValue: Int64) { self.rawValue = rawValue }
    package static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
}

/// The row of a state machine, registered or only known by its executions.
package struct StateMachineID: RawRepresentable, Hashable, Sendable, SQLBindable {
    package let rawValue: Int64
    package init(rawValue: Int64) { self.rawValue = rawValue }
}

/// The text of a definition, stored once however many executions run it.
package struct DefinitionID: RawRepresentable, Hashable, Sendable, SQLBindable {
    package let rawValue: Int64
    package init(rawValue: Int64) { self.rawValue = rawValue }
}

/// The row of a Map Run.
package struct MapRunID: RawRepresentable, Hashable, Sendable, SQLBindable {
    package let rawValue: Int64
    package init(rawValue: Int64) { self.rawValue = rawValue }
}

/// One engine process, for as long as it lives; never used again.
package struct EngineID: RawRepresentable, Hashable, Sendable, SQLBindable {
    package let rawValue: Int64
    package init(rawValue: Int64) { self.rawValue = rawValue }
}

/// Milliseconds since 1970, UTC: how every time is stored.
package typealias Milliseconds = Int64
