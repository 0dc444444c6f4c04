import Glibc
import JSON

/// Writes the results of a distributed Map's children as its ResultWriter says: `SUCCEEDED_n.json`, `FAILED_n.json`,
/// `PENDING_n.json` and `manifest.json` under `<Prefix>/<map run uuid>/`.
package final class MapResultWriter {
    package enum Kind: String, CaseIterable {
        case failed = "FAILED"
        case pending = "PENDING"
        case succeeded = "SUCCEEDED"
    }

    private struct Part {
        var number = 0
        var descriptor: Int32 = -1
        var path = ""
        var key = ""
        var bytes = 0
        var count = 0
        var files: [JSONValue] = []
    }

    private let buckets: LocalBuckets
    private let folder: S3Location
    private let mapRunARN: String
    private let transformation: String
    private let isLines: Bool
    private let partBytes: Int
    private var parts: [Kind: Part] = [:]

    /// - Parameters:
    ///   - arguments: the evaluated Parameters: `{"Bucket", "Prefix"}`.
    ///   - config: WriterConfig: `{"Transformation": NONE|COMPACT|FLATTEN, "OutputType": JSON|JSONL}`.
    ///   - partBytes: a file that is longer is followed by the next.
    package init(
        buckets: LocalBuckets, arguments: JSONValue, config: JSONValue?, mapRunARN: String, partBytes: Int = 5 << 30
    ) throws(JobFailure) {
        guard let bucket = arguments["Bucket"]?.string, buckets.folder(of: bucket) != nil else {
            throw JobFailure("States.ResultWriterFailed", "The field 'Bucket' names no bucket")
        }
        self.buckets = buckets
        let run = mapRunARN.split(separator: ":").last.map(String.init) ?? Identifiers.uuid()
        let prefix = arguments["Prefix"]?.string ?? ""
        let top = prefix.hasSuffix("/") ? String(prefix.dropLast()) : prefix
        folder = S3Location(bucket: bucket, key: top.isEmpty ? run : "\(top)/\(run)")
        self.mapRunARN = mapRunARN
        transformation = config?["Transformation"]?.string ?? "NONE"
        isLines = config?["OutputType"]?.string == "JSONL"
        self.partBytes = partBytes
    }

    deinit { for part in parts.values where part.descriptor >= 0 { close(part.descriptor) } }

    /// Adds a child's record: `{"ExecutionArn", "Input", "InputDetails", "Name", "Output", "OutputDetails", "StartDate",
    /// "StateMachineArn", "Status", "StopDate", …}`, Input and Output being JSON texts.
    package func add(_ kind: Kind, _ record: JSONValue) throws(JobFailure) {
        guard transformation != "NONE", kind == .succeeded else { return try append(kind, record) }
        let output = record["Output"]?.string.flatMap { try? JSONValue(parsing: $0) } ?? .null
        if transformation == "FLATTEN", let elements = output.array {
            for element in elements { try append(kind, element) }
        } else {
            try append(kind, output)
        }
    }

    /// Writes the manifest: the Map's output's `ResultWriterDetails`.
    package func finish() throws(JobFailure) -> JSONValue {
        var files = JSONObject()
        for kind in Kind.allCases {
            try closePart(kind)
            files[kind.rawValue] = .array(parts[kind]?.files ?? [])
        }
        let manifest: JSONValue = [
            "DestinationBucket": .string(folder.bucket), "MapRunArn": .string(mapRunARN), "ResultFiles": .object(files),
        ]
        let place = folder.appending("manifest.json")
        do { try buckets.put(manifest.bytes(), to: place) } catch { throw failed(error.cause) }
        return ["Bucket": .string(place.bucket), "Key": .string(place.key)]
    }

    private func append(_ kind: Kind, _ value: JSONValue) throws(JobFailure) {
        var part = parts[kind] ?? Part()
        if part.descriptor < 0 {
            part.key = folder.appending("\(kind.rawValue)_\(part.number).\(isLines ? "jsonl" : "json")").key
            part.path = buckets.path(S3Location(bucket: folder.bucket, key: part.key)) ?? ""
            do { try Files.makeFolder(Files.parent(part.path)) } catch { throw failed(error.description) }
            part.descriptor = open(part.path + ".part", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
            guard part.descriptor >= 0 else { throw failed("\(part.path): \(errorText(errno))") }
            (part.bytes, part.count) = (0, 0)
        }
        var bytes: [UInt8] = []
        if !isLines { bytes.append(part.count == 0 ? UInt8(ascii: "[") : UInt8(ascii: ",")) }
        value.write(to: &bytes)
        if isLines { bytes.append(UInt8(ascii: "\n")) }
        let code = Files.writeAll(bytes, to: part.descriptor)
        part.count += 1
        part.bytes += bytes.count
        parts[kind] = part
        if code != 0 { throw failed("\(part.path): \(errorText(code))") }
        if part.bytes >= partBytes { try closePart(kind) }
    }

    private func closePart(_ kind: Kind) throws(JobFailure) {
        guard var part = parts[kind], part.descriptor >= 0 else { return }
        var code: Int32 = 0
        if !isLines {
            code = Files.writeAll([UInt8(ascii: "]")], to: part.descriptor)
            part.bytes += 1
        }
        if close(part.descriptor) != 0, code == 0 { code = errno }
        if code == 0, rename(part.path + ".part", part.path) != 0 { code = errno }
        part.descriptor = -1
        part.number += 1
        part.files.append(["Key": .string(part.key), "Size": .integer(Int64(part.bytes))])
        parts[kind] = part
        if code != 0 { throw failed("\(part.path): \(errorText(code))") }
    }

    private func failed(_ cause: String) -> JobFailure { JobFailure("States.ResultWriterFailed", cause) }
}
