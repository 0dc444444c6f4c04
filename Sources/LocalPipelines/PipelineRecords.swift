import JSON
import LocalJobs
import SageMakerPipelines

/// The pipelines of this machine: a folder for each, a file for each of its versions.
struct PipelineRecords: Sendable {
    let folder: String
    let region: String
    let account: String

    struct Record: Sendable {
        let version: Int
        let document: JSONObject
        var definition: PipelineDefinition { PipelineDefinition(document: document["PipelineDefinition"]?.object ?? JSONObject()) }
        var roleARN: String { document["RoleArn"]?.string ?? "" }
        var parallelism: Int? { document["ParallelismConfiguration"]?["MaxParallelExecutionSteps"]?.wholeNumber.flatMap { Int(exactly: $0) } }
    }

    func arn(_ name: String) -> String { "arn:aws:sagemaker:\(region):\(account):pipeline/\(name.lowercased())" }

    func path(_ name: String, _ version: Int) -> String { "\(folder)/\(name)/\(version).json" }

    /// A new version, unless nothing has changed.
    func upsert(_ name: String, _ definition: PipelineDefinition, roleARN: String, description: String?, parallelism: Int?) throws -> String {
        let isValid =
            !name.isEmpty && name.utf8.count <= 256
            && name.utf8.allSatisfy { $0 == 0x2D || (0x30...0x39).contains($0) || (0x41...0x5A).contains($0) || (0x61...0x7A).contains($0) }
        guard isValid else { throw PipelineServiceError("found the pipeline name '\(name)', expected letters, digits and hyphens, 256 at most") }
        let now = Timestamps.iso(Timestamps.milliseconds())
        let old = versions(name).last
        var record = JSONObject([("PipelineArn", JSONValue.string(arn(name))), ("PipelineName", .string(name))])
        record["PipelineDefinition"] = definition.json
        record["PipelineDescription"] = description.map { .string($0) }
        record["RoleArn"] = .string(roleARN)
        record["PipelineStatus"] = "Active"
        record["ParallelismConfiguration"] = parallelism.map { ["MaxParallelExecutionSteps": .integer(Int64($0))] }
        let before = try old.map { try version(name, $0).document }
        if let before, Self.plain(before) == Self.plain(record) { return arn(name) }
        record["CreationTime"] = before?["CreationTime"] ?? .string(now)
        record["LastModifiedTime"] = .string(now)
        try Files.makeFolder("\(folder)/\(name)")
        try Files.write(JSONValue.object(record).bytes(.pretty), to: path(name, (old ?? 0) + 1))
        return arn(name)
    }

    private static func plain(_ record: JSONObject) -> JSONObject {
        var record = record
        for key in ["CreationTime", "LastModifiedTime"] { record[key] = nil }
        return record
    }

    func latest(_ name: String) throws -> Record {
        guard let number = versions(name).last else { throw PipelineServiceError("Pipeline '\(name)' does not exist: upsert it first.") }
        return try version(name, number)
    }

    func version(_ name: String, _ number: Int) throws -> Record {
        guard let document = try JSONValue(parsing: try Files.read(path(name, number))).object else {
            throw PipelineServiceError("\(path(name, number)) is no pipeline's record")
        }
        return Record(version: number, document: document)
    }

    /// As DescribePipeline: the definition is a text.
    func describe(_ name: String) throws -> JSONValue {
        let record = try latest(name)
        var answer = record.document
        answer["PipelineDefinition"] = .string(record.definition.json.text())
        answer["PipelineVersionId"] = .integer(Int64(record.version))
        return .object(answer)
    }

    private func versions(_ name: String) -> [Int] {
        name.contains("/") ? [] : Files.names("\(folder)/\(name)").compactMap { $0.hasSuffix(".json") ? Int($0.dropLast(5)) : nil }.sorted()
    }

    /// Twelve letters and digits, as SageMaker has them.
    static func newExecutionID() -> String {
        let letters = Array("abcdefghijklmnopqrstuvwxyz0123456789")
        return String((0..<12).compactMap { _ in letters.randomElement() })
    }
}
