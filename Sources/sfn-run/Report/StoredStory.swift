import JSON
import SageMakerPipelines
import StatesLanguage
import Store

/// An execution of the store, told.
struct StoredStory {
    let row: ExecutionRow
    let definition: JSONValue
    let story: ExecutionStory
    /// nil: a machine's execution.
    let pipeline: PipelineDefinition?

    init(_ row: ExecutionRow, in store: Store) throws {
        self.row = row
        let (machine, definition) = try StoredExecution.machine(of: row, in: store)
        self.definition = definition
        story = ExecutionStory(try StoredExecution.allEvents(of: row, in: store), machine: machine)
        let payload = try store.read { tx in try tx.payload(of: row.id) }
        pipeline = StoredPipeline.definition(try JSONValue(parsing: payload?.parameters ?? "{}", limits: .stored))
    }

    /// A pipeline's parameters, defaults included; the members of a machine's input.
    var parameters: JSONObject {
        var result = JSONObject()
        for parameter in pipeline?.parameters ?? [] { result[parameter.name] = parameter.defaultValue }
        for (name, value) in story.input.object ?? JSONObject() { result[name] = value }
        return result
    }

    /// What each attempt printed, by the id of its …Scheduled event.
    func logs(in store: Store) throws -> [Int64: [UInt8]] {
        var logs: [Int64: [UInt8]] = [:]
        try store.read { tx in
            try tx.forEachLogChunk(of: row.id) { chunk in
                logs[chunk.eventID, default: []] += chunk.bytes
                return true
            }
        }
        return logs
    }

    /// Executions to compare or to search: those of a machine by its name, or all; the newest first.
    static func rows(ofMachine name: String?, in store: Store, limit: Int) throws -> [ExecutionRow] {
        var filter = ExecutionFilter()
        filter.includesChildren = false
        var found: [ExecutionRow] = []
        var before: ExecutionID?
        while found.count < limit {
            let page = try store.read { tx in try tx.executions(filter, before: before, limit: 500) }
            for row in page where found.count < limit {
                if let name, row.stateMachineARN.split(separator: ":").last.map({ String($0).isSameText(as: name) }) != true,
                    !row.stateMachineARN.isSameText(as: name)
                {
                    continue
                }
                found.append(row)
            }
            guard page.count == 500, let last = page.last else { break }
            before = last.id
        }
        return found
    }
}
