import JSON

/// Reads the items of a distributed Map from a local bucket, one after the other, holding one at a time.
package struct ItemReader {
    static let failed = "States.ItemReaderFailed"

    private var rows: any ItemRows
    private var left: Int64

    /// - Parameters:
    ///   - resource: `arn:aws:states:::s3:getObject` or `arn:aws:states:::s3:listObjectsV2`.
    ///   - arguments: the evaluated Parameters or Arguments: `{"Bucket", "Key"}` or `{"Bucket", "Prefix"}`.
    ///   - config: the ReaderConfig with its paths evaluated: InputType, CSVHeaderLocation, CSVHeaders, CSVDelimiter,
    ///     ItemsPointer, MaxItems, Transformation, ManifestType.
    package init(resource: String, arguments: JSONValue, config: JSONValue, buckets: LocalBuckets) throws(JobFailure) {
        let limit = config["MaxItems"]?.wholeNumber ?? 0
        if limit < 0 { throw JobFailure(Self.failed, "field MaxItems must be positive") }
        left = limit == 0 ? .max : limit
        guard let bucket = arguments["Bucket"]?.string, !bucket.isEmpty else {
            throw JobFailure(Self.failed, "The field 'Bucket' is required but was missing")
        }
        switch resource.split(separator: ":").last.map(String.init) {
        case "getObject":
            guard let key = arguments["Key"]?.string, !key.isEmpty else {
                throw JobFailure(Self.failed, "The field 'Key' is required but was missing")
            }
            rows = try ItemFormat(config).rows(S3Location(bucket: bucket, key: key), buckets)
        case "listObjectsV2":
            guard buckets.bucketExists(bucket) else {
                throw JobFailure(Self.failed, "The specified bucket does not exist: \(bucket)")
            }
            let objects = buckets.objects(in: bucket, prefix: arguments["Prefix"]?.string ?? "", after: arguments["StartAfter"]?.string)
            if config["Transformation"]?.string == "LOAD_AND_FLATTEN" {
                rows = FlattenedRows(objects: objects, bucket: bucket, format: try ItemFormat(config), buckets: buckets)
            } else {
                rows = ObjectRows(objects: objects)
            }
        default: throw JobFailure(Self.failed, "The resource \(resource) cannot read items")
        }
    }

    /// The next item; nil at the end.
    package mutating func next() throws(JobFailure) -> JSONValue? {
        guard left > 0, let item = try rows.next() else { return nil }
        left -= 1
        return item
    }

    /// Where an item of `next()` came from, as `Map.Item.Source` says it; nil where the items are the state's own.
    package var source: String? { rows.source }
}

/// Items in their order.
protocol ItemRows {
    mutating func next() throws(JobFailure) -> JSONValue?
    var source: String? { get }
}

extension ItemRows {
    var source: String? { nil }
}

private struct ObjectRows: ItemRows {
    var objects: S3ObjectIterator
    mutating func next() throws(JobFailure) -> JSONValue? { objects.next()?.item }
}

/// The items of every object of a listing.
private struct FlattenedRows: ItemRows {
    var objects: S3ObjectIterator
    let bucket: String
    let format: ItemFormat
    let buckets: LocalBuckets
    var current: (any ItemRows)?
    var source: String?

    init(objects: S3ObjectIterator, bucket: String, format: ItemFormat, buckets: LocalBuckets) {
        self.objects = objects
        self.bucket = bucket
        self.format = format
        self.buckets = buckets
    }

    mutating func next() throws(JobFailure) -> JSONValue? {
        while true {
            if let item = try current?.next() { return item }
            guard let object = objects.next() else { return nil }
            let location = S3Location(bucket: bucket, key: object.key)
            source = location.description
            current = try format.rows(location, buckets)
        }
    }
}

/// How a file's bytes become items: what the ReaderConfig says.
struct ItemFormat {
    enum Kind { case csv, json, jsonLines, parquet, manifest }

    let kind: Kind
    let csv: CSVFormat
    let pointer: String?

    init(_ config: JSONValue) throws(JobFailure) {
        switch config["InputType"]?.string {
        case "CSV": kind = .csv
        // An inventory names the type of its files itself.
        case nil where config["ManifestType"]?.string == "S3_INVENTORY": kind = .manifest
        case nil, "JSON": kind = .json
        case "JSONL": kind = .jsonLines
        case "PARQUET": kind = .parquet
        case "MANIFEST": kind = .manifest
        case let other?: throw JobFailure(ItemReader.failed, "The InputType '\(other)' is not supported")
        }
        csv = try CSVFormat(config)
        pointer = config["ItemsPointer"]?.string
        if let pointer, !pointer.isEmpty, !pointer.hasPrefix("/") {
            throw JobFailure(ItemReader.failed, "The ItemsPointer '\(pointer)' is not a JSON Pointer")
        }
        isAthena = config["ManifestType"]?.string == "ATHENA_DATA"
    }
    private let isAthena: Bool

    func rows(_ location: S3Location, _ buckets: LocalBuckets) throws(JobFailure) -> any ItemRows {
        // An UNLOAD of Athena: a list of files, each of the type that InputType says.
        if isAthena { return try AthenaRows(location, self, buckets) }
        if kind == .manifest { return try InventoryRows(location, buckets) }
        return try fileRows(location, buckets)
    }

    func fileRows(_ location: S3Location, _ buckets: LocalBuckets) throws(JobFailure) -> any ItemRows {
        let path: String
        do { path = try buckets.objectPath(location) } catch { throw JobFailure(ItemReader.failed, error.cause) }
        if kind == .parquet { return JSONLineRows(stream: try ByteStream(command: Self.parquet(path), name: location.description)) }
        let stream = try Self.stream(path, name: location.description)
        stream.skipMark()
        switch kind {
        case .csv: return try CSVRows(stream, csv)
        case .jsonLines: return JSONLineRows(stream: stream)
        default: return try JSONArrayRows(stream, pointer: pointer)
        }
    }

    static func stream(_ path: String, name: String) throws(JobFailure) -> ByteStream {
        path.hasSuffix(".gz") ? try ByteStream(command: "exec gzip -dc < \(quoted(path))", name: name) : try ByteStream(path: path)
    }

    /// Parquet is read by Python's pyarrow, a row group at a time.
    private static func parquet(_ path: String) -> String {
        let program = """
            import json, sys
            import pyarrow.parquet
            for batch in pyarrow.parquet.ParquetFile(sys.argv[1]).iter_batches():
                for row in batch.to_pylist():
                    print(json.dumps(row, default=str))
            """
        return "exec python3 -c \(quoted(program)) \(quoted(path))"
    }

    static func quoted(_ text: String) -> String {
        "'" + text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''") + "'"
    }
}
