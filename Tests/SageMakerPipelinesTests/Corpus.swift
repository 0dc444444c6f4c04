import Foundation
import JSON

/// The real definitions of `SFN_PIPELINES` or `../shared/pipelines`, where they are present.
enum Corpus {
    struct Entry: Sendable {
        let file: String
        let isComplete: Bool
        let record: JSONValue
        let path: String

        func read() throws -> JSONValue { try JSONValue(parsing: Array(Data(contentsOf: URL(fileURLWithPath: path)))) }
    }

    static let folder: String? = {
        let environment = ProcessInfo.processInfo.environment
        let root = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath().deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        let candidates: [String?] = [environment["SFN_PIPELINES"], root.appendingPathComponent("../shared/pipelines").path]
        return candidates.compactMap { $0 }.first { FileManager.default.fileExists(atPath: $0 + "/index.json") }
    }()

    static let entries: [Entry] = {
        guard let folder, let data = try? Data(contentsOf: URL(fileURLWithPath: folder + "/index.json")),
            let index = try? JSONValue(parsing: Array(data))
        else { return [] }
        return (index["definitions"]?.array ?? []).compactMap { record in
            guard let file = record["file"]?.string else { return nil }
            return Entry(file: file, isComplete: record["complete"]?.bool ?? false, record: record, path: folder + "/" + file)
        }
    }()

    static var complete: [Entry] { entries.filter { $0.isComplete && $0.record["expected"] == nil } }
}
