import Engine
import JSON
import StatesLanguage

/// Mistakes that a durable engine could make, put in on purpose: the simulator must find each.
package enum SeededBug: Hashable, Sendable, CaseIterable {
    /// The engine's own.
    case engine(EngineMistake)
    /// What is read back lacks the last event.
    case losesTheLastEvent
    /// What is read back lacks the engine's notes.
    case losesNotes
    /// What is read back has a gap in its ids.
    case skipsAnEventID
    /// A sync does nothing, and the power fails.
    case neverSyncs

    package static var allCases: [SeededBug] {
        EngineMistake.allCases.map { .engine($0) } + [.losesTheLastEvent, .losesNotes, .skipsAnEventID, .neverSyncs]
    }

    package var name: String {
        switch self {
        case .engine(let mistake): mistake.rawValue
        case .losesTheLastEvent: "loses-the-last-event"
        case .losesNotes: "loses-notes"
        case .skipsAnEventID: "skips-an-event-id"
        case .neverSyncs: "never-syncs"
        }
    }

    package init?(name: String) {
        guard let bug = Self.allCases.first(where: { $0.name == name }) else { return nil }
        self = bug
    }

    var mistake: EngineMistake? {
        if case .engine(let mistake) = self { return mistake }
        return nil
    }

    /// What the store would give back if it had this mistake.
    func tamper(_ events: [HistoryEvent]) -> [HistoryEvent] {
        switch self {
        case .losesTheLastEvent: Array(events.dropLast())
        case .losesNotes: events.filter { $0.id > 0 }
        case .skipsAnEventID:
            events.map { event in
                guard event.id >= 5, case .array(var fields)? = Self.stored(event) else { return event }
                fields[1] = .integer(event.id + 1)
                return HistoryEvent(stored: .array(fields)) ?? event
            }
        case .engine, .neverSyncs: events
        }
    }

    private static func stored(_ event: HistoryEvent) -> JSONValue? {
        var bytes: [UInt8] = []
        event.write(to: &bytes)
        return try? JSONValue(parsing: bytes)
    }
}
