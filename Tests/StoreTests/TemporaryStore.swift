import Glibc

@testable import Store

/// A store in a folder of its own, removed when this goes away.
final class TemporaryStore {
    let folder: String
    let store: Store
    var path: String { folder + "/sfn.db" }

    init(_ options: StoreOptions = StoreOptions()) throws {
        folder = TemporaryStore.makeFolder()
        store = try Store(path: folder + "/sfn.db", options: options)
    }

    deinit { TemporaryStore.remove(folder) }

    /// Another connection to the file, as another process would have it.
    func another() throws -> Store { try Store(path: path) }

    static func makeFolder() -> String {
        var template = Array("/tmp/sfn-store-XXXXXX".utf8CString)
        return mkdtemp(&template).map { String(cString: $0) } ?? "/tmp"
    }

    static func remove(_ folder: String) {
        guard folder.hasPrefix("/tmp/sfn-store-"), let directory = opendir(folder) else { return }
        while let entry = readdir(directory) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            unlink(folder + "/" + name)
        }
        closedir(directory)
        rmdir(folder)
    }
}

extension WriteTransaction {
    /// A running execution of the machine "m", with nothing special about it.
    @discardableResult
    func insertSample(
        _ name: String, owner: EngineID? = nil, start: Milliseconds = 1_000, change: (inout NewExecution) -> Void = { _ in }
    ) throws -> ExecutionID {
        let machine = try stateMachineID(
            forARN: "arn:aws:states:us-east-1:000000000000:stateMachine:m", name: "m", type: .standard, at: 0)
        let definition = try definitionID(of: #"{"StartAt":"A","States":{"A":{"Type":"Succeed"}}}"#)
        var new = NewExecution(
            arn: "arn:aws:states:us-east-1:000000000000:execution:m:\(name)", name: name, stateMachine: machine,
            definition: definition, type: .standard, startMilliseconds: start, input: "{}", owner: owner)
        change(&new)
        return try insert(new)
    }
}

/// Events as the engine writes them: `[kind, id, previousEventId, milliseconds, frame]`.
func segment(_ first: Int64, _ last: Int64) -> HistorySegment {
    let events = (first..<(last + 1)).map { "[\"PassStateEntered\",\($0),0,\($0),0]" }
    return HistorySegment(firstEventID: first, lastEventID: last, events: Array("[\(events.joined(separator: ","))]".utf8))
}
