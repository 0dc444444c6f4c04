import JSON

/// The rows of an S3 inventory: its `manifest.json` names the columns and the CSV files.
struct InventoryRows: ItemRows {
    private let bucket: String
    private var keys: ArraySlice<String>
    private let headers: [String]
    private let buckets: LocalBuckets
    private var current: CSVRows?

    init(_ location: S3Location, _ buckets: LocalBuckets) throws(JobFailure) {
        self.buckets = buckets
        let manifest: JSONValue
        do { manifest = try JSONValue(parsing: try buckets.get(location)) } catch {
            throw JobFailure(ItemReader.failed, "the manifest \(location) cannot be read: \((error as? JobFailure)?.cause ?? "\(error)")")
        }
        guard let schema = manifest["fileSchema"]?.string, let files = manifest["files"]?.array else {
            throw JobFailure(ItemReader.failed, "the manifest \(location) has no fileSchema and files")
        }
        guard manifest["fileFormat"]?.string ?? "CSV" == "CSV" else {
            throw JobFailure(ItemReader.failed, "the manifest \(location) lists files of another format than CSV")
        }
        headers = schema.split(separator: ",").map { CommandFunction.trimmed(String($0)) }
        keys = files.compactMap { $0["key"]?.string }[...]
        let destination = manifest["destinationBucket"]?.string ?? location.bucket
        bucket = destination.split(separator: ":").last.map(String.init) ?? location.bucket
    }

    mutating func next() throws(JobFailure) -> JSONValue? {
        while true {
            if let item = try current?.next() { return item }
            guard let key = keys.popFirst() else { return nil }
            let location = S3Location(bucket: bucket, key: key)
            let path: String
            do { path = try buckets.objectPath(location) } catch { throw JobFailure(ItemReader.failed, error.cause) }
            current = try CSVRows(try ItemFormat.stream(path, name: location.description), CSVFormat(headers: headers))
        }
    }
}

/// The items of every file that the manifest of an Athena UNLOAD lists, one `s3://` URI a line.
struct AthenaRows: ItemRows {
    private let manifest: ByteStream
    private let format: ItemFormat
    private let buckets: LocalBuckets
    private var current: (any ItemRows)?
    private(set) var source: String?

    init(_ location: S3Location, _ format: ItemFormat, _ buckets: LocalBuckets) throws(JobFailure) {
        self.format = format
        self.buckets = buckets
        do { manifest = try ByteStream(path: try buckets.objectPath(location)) } catch {
            throw JobFailure(ItemReader.failed, error.cause)
        }
    }

    mutating func next() throws(JobFailure) -> JSONValue? {
        while true {
            if let item = try current?.next() { return item }
            guard let line = manifest.line() else { return nil }
            let text = CommandFunction.trimmed(String(decoding: line.filter { $0 != UInt8(ascii: "\"") }, as: UTF8.self))
            if text.isEmpty { continue }
            guard let location = S3Location(text) else {
                throw JobFailure(ItemReader.failed, "\(manifest.name): found '\(text)', expected an s3:// URI")
            }
            source = text
            current = try format.fileRows(location, buckets)
        }
    }
}
