import Digest
import JSON

/// SQS queues that are folders: `<data>/queues/<name>/<time>-<id>.json`, the oldest first. Whoever works on a queue
/// reads a file and deletes it.
package struct LocalQueues: Sendable {
    private let root: String

    package init(_ configuration: Configuration) { root = "\(configuration.dataDirectory)/queues" }

    package struct Message: Sendable {
        package let id: String
        package let md5: String
        package let path: String
    }

    /// The folder of a queue by its URL, ARN or name; nil where it has no name.
    package func folder(_ queue: String) -> String? {
        let name = queue.split(whereSeparator: { $0 == "/" || $0 == ":" }).last.map(String.init) ?? ""
        let isPlain = name.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
                UInt8(ascii: "-"), UInt8(ascii: "_"):
                true
            case UInt8(ascii: "."): true
            default: false
            }
        }
        guard isPlain, !name.isEmpty, !name.hasPrefix("."), name.utf8.count <= 100 else { return nil }
        return "\(root)/\(name)"
    }

    /// Sending again for the same `id` (a task's) sends nothing new.
    package func send(_ body: String, to queue: String, attributes: JSONValue? = nil, id: String? = nil) throws(JobFailure) -> Message {
        guard let folder = folder(queue) else {
            throw JobFailure("SQS.QueueDoesNotExistException", "The specified queue does not exist.")
        }
        let messageID = id.map { Self.identifier($0) } ?? Identifiers.uuid()
        let md5 = Digest.hex(body, algorithm: .md5)
        if id != nil, let old = Files.names(folder).first(where: { $0.hasSuffix("-\(messageID).json") }) {
            return Message(id: messageID, md5: md5, path: "\(folder)/\(old)")
        }
        let now = Timestamps.milliseconds()
        var record = JSONObject([
            ("MessageId", .string(messageID)), ("Body", .string(body)), ("MD5OfBody", .string(md5)),
            ("Attributes", .object(JSONObject([("SentTimestamp", .string(String(now)))]))),
        ])
        if let attributes { record["MessageAttributes"] = attributes }
        let path = "\(folder)/\(now)-\(messageID).json"
        do { try Files.write(JSONValue.object(record).bytes(.pretty), to: path) } catch { throw .internalError(error.description) }
        return Message(id: messageID, md5: md5, path: path)
    }

    /// The messages of a queue, the oldest first.
    package func messages(_ queue: String) -> [JSONValue] {
        guard let folder = folder(queue) else { return [] }
        return Files.names(folder).compactMap { name in (try? Files.read("\(folder)/\(name)")).flatMap { try? JSONValue(parsing: $0) } }
    }

    /// A UUID made of a task's name.
    private static func identifier(_ text: String) -> String {
        let hex = Digest.hex(text, algorithm: .sha256)
        let parts = [
            hex.prefix(8), hex.dropFirst(8).prefix(4), "4" + hex.dropFirst(13).prefix(3), "8" + hex.dropFirst(17).prefix(3), hex.dropFirst(20).prefix(12),
        ]
        return parts.map { String($0) }.joined(separator: "-")
    }
}
