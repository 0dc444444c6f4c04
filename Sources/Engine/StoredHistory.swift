import JSON
import StatesLanguage
import Store

extension Reading {
    /// The events of an execution as they were, notes included. One that is damaged, or that does not fit the machine, is named.
    package func storedEvents(of id: ExecutionID, in machine: StateMachine) throws -> [HistoryEvent] {
        var events: [HistoryEvent] = []
        var last: Int64 = 0
        try forEachHistorySegment(of: id) { segment in
            for event in try Self.events(segment, id) {
                if let reason = event.misfit(in: machine, after: last) { throw Self.damage(id, after: last, reason) }
                if event.id > 0 { last = event.id }
                events.append(event)
            }
            return true
        }
        return events
    }

    /// The events of an execution with these ids (no notes).
    package func storedEvents(of id: ExecutionID, range: ClosedRange<Int64>, in machine: StateMachine) throws -> [HistoryEvent] {
        var events: [HistoryEvent] = []
        for segment in try historySegments(of: id, from: range.lowerBound, to: range.upperBound) {
            for value in try Self.values(segment, id) {
                guard let number = value[1]?.wholeNumber, range.contains(number) else { continue }
                guard let event = HistoryEvent(stored: value) else { throw Self.damage(id, after: number - 1, "it is no event that this version knows") }
                if let reason = event.misfit(in: machine, after: number - 1) { throw Self.damage(id, after: number - 1, reason) }
                events.append(event)
            }
        }
        return events
    }

    /// The events of an execution whose machine does not matter.
    package func storedEvents(of id: ExecutionID) throws -> [HistoryEvent] {
        var events: [HistoryEvent] = []
        try forEachHistorySegment(of: id) { segment in
            events += try Self.events(segment, id)
            return true
        }
        return events
    }

    private static func events(_ segment: HistorySegment, _ id: ExecutionID) throws -> [HistoryEvent] {
        try values(segment, id).map { value in
            guard let event = HistoryEvent(stored: value) else {
                throw damage(id, after: segment.firstEventID - 1, "something is no event that this version knows")
            }
            return event
        }
    }

    private static func values(_ segment: HistorySegment, _ id: ExecutionID) throws -> [JSONValue] {
        let value: JSONValue
        do { value = try JSONValue(parsing: segment.events, limits: .stored) } catch {
            throw damage(id, after: segment.firstEventID - 1, "it is no JSON: \(error)")
        }
        guard case .array(let values) = value else { throw damage(id, after: segment.firstEventID - 1, "it is no array of events") }
        return values
    }

    private static func damage(_ id: ExecutionID, after last: Int64, _ reason: String) -> EngineError {
        .storeFailed("the history of execution \(id.rawValue) is damaged after event \(last): \(reason)")
    }
}
