import AWSClient
import JSON
import LocalJobs
import StatesLanguage

/// S3 behind the item readers and result writers of distributed Maps: what they read is fetched into a folder
/// of this machine first, what they write is sent from there.
package struct RemoteBuckets: Sendable {
    private let client: @Sendable () -> AWSClient

    package init(_ client: @escaping @Sendable () -> AWSClient) { self.client = client }

    /// What a reader reads here instead.
    package struct Fetched: Sendable {
        package var resource: String
        package var arguments: JSONValue
        package var configuration: JSONValue
    }

    /// Fetches what an ItemReader names into `buckets`.
    package func fetch(
        resource: String, arguments: JSONValue, configuration: JSONValue, into buckets: LocalBuckets
    ) async throws(Failure) -> Fetched {
        var fetched = Fetched(resource: resource, arguments: arguments, configuration: configuration)
        guard let bucket = arguments["Bucket"]?.string, !bucket.isEmpty else { return fetched }
        switch resource.split(separator: ":").last.map(String.init) {
        case "getObject":
            guard let key = arguments["Key"]?.string, !key.isEmpty else { return fetched }
            let location = S3Location(bucket: bucket, key: key)
            try await copy(location, into: buckets)
            if configuration["InputType"]?.string == "MANIFEST" || configuration["ManifestType"] != nil {
                try await copyFiles(ofManifest: location, configuration, into: buckets)
            }
        case "listObjectsV2":
            let flattens = configuration["Transformation"]?.string == "LOAD_AND_FLATTEN"
            let limit = flattens ? .max : configuration["MaxItems"]?.wholeNumber ?? 0
            let objects = try await list(bucket, arguments, limit: limit > 0 ? limit : .max)
            if flattens {
                for object in objects {
                    if let key = object["Key"]?.string { try await copy(S3Location(bucket: bucket, key: key), into: buckets) }
                }
                do { try buckets.makeBucket(bucket) } catch { throw Failure("States.ItemReaderFailed", error.cause) }
            } else {
                let listing = S3Location(bucket: bucket, key: ".listing.json")
                try stored(JSONValue.array(objects).bytes(), listing, buckets)
                fetched.resource = "arn:aws:states:::s3:getObject"
                fetched.arguments = ["Bucket": .string(bucket), "Key": .string(listing.key)]
                var plain = JSONObject([("InputType", "JSON")])
                plain["MaxItems"] = configuration["MaxItems"]
                fetched.configuration = .object(plain)
            }
        default: break
        }
        return fetched
    }

    /// Sends everything in `buckets`'s folder of `bucket`.
    package func send(_ bucket: String, from buckets: LocalBuckets) async throws(Failure) {
        var objects = buckets.objects(in: bucket, prefix: "", after: nil)
        while let object = objects.next() {
            let location = S3Location(bucket: bucket, key: object.key)
            let bytes: [UInt8]
            do { bytes = try buckets.get(location) } catch { throw Failure("States.ResultWriterFailed", error.cause) }
            do throws(AWSFailure) {
                _ = try await client().call(
                    AWSCall(
                        "s3", "putObject",
                        [
                            "Bucket": .string(bucket), "Key": .string(object.key), "ContentType": "application/json",
                            "Body": .string(String(decoding: bytes, as: UTF8.self)),
                        ]))
            } catch {
                throw Failure("States.ResultWriterFailed", Self.cause(error, location))
            }
        }
    }

    private func copy(_ location: S3Location, into buckets: LocalBuckets) async throws(Failure) {
        let result: AWSResult
        do throws(AWSFailure) {
            result = try await client().call(AWSCall("s3", "getObject", ["Bucket": .string(location.bucket), "Key": .string(location.key)]))
        } catch {
            throw Failure("States.ItemReaderFailed", Self.cause(error, location))
        }
        try stored(result.response.body, location, buckets)
    }

    private func stored(_ bytes: [UInt8], _ location: S3Location, _ buckets: LocalBuckets) throws(Failure) {
        do {
            try buckets.makeBucket(location.bucket)
            _ = try buckets.put(bytes, to: location)
        } catch {
            throw Failure("States.ItemReaderFailed", error.cause)
        }
    }

    private func list(_ bucket: String, _ arguments: JSONValue, limit: Int64) async throws(Failure) -> [JSONValue] {
        var items: [JSONValue] = []
        var parameters = JSONObject([("Bucket", .string(bucket))])
        for name in ["Prefix", "StartAfter"] { parameters[name] = arguments[name] }
        while true {
            let page: JSONValue
            do throws(AWSFailure) {
                page = try await client().call(AWSCall("s3", "listObjectsV2", .object(parameters))).output
            } catch {
                throw Failure("States.ItemReaderFailed", Self.cause(error, S3Location(bucket: bucket, key: "")))
            }
            for object in page["Contents"]?.array ?? [] { items.append(item(object)) }
            guard page["IsTruncated"]?.bool == true, let next = page["NextContinuationToken"], Int64(items.count) < limit else { break }
            parameters["ContinuationToken"] = next
        }
        return items
    }

    /// `{"Etag", "Key", "LastModified" in seconds, "Size", "StorageClass"}`
    private func item(_ object: JSONValue) -> JSONValue {
        JSONValue.object(
            JSONObject([
                ("Etag", object["ETag"] ?? .null), ("Key", object["Key"] ?? .null), ("LastModified", object["LastModified"] ?? .null),
                ("Size", object["Size"] ?? .null), ("StorageClass", object["StorageClass"] ?? "STANDARD"),
            ]))
    }

    /// An inventory's `files[].key`; or an Athena manifest, one URI a line.
    private func copyFiles(ofManifest location: S3Location, _ configuration: JSONValue, into buckets: LocalBuckets) async throws(Failure) {
        guard let bytes = try? buckets.get(location) else { return }
        if configuration["ManifestType"]?.string == "ATHENA_DATA" {
            for line in String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isNewline) {
                if let file = S3Location(String(line)) { try await copy(file, into: buckets) }
            }
            return
        }
        guard let manifest = try? JSONValue(parsing: bytes) else { return }
        let place = manifest["destinationBucket"]?.string.map { $0.split(separator: ":").last.map(String.init) ?? $0 } ?? location.bucket
        for file in manifest["files"]?.array ?? [] {
            if let key = file["key"]?.string { try await copy(S3Location(bucket: place, key: key), into: buckets) }
        }
    }

    private static func cause(_ failure: AWSFailure, _ location: S3Location) -> String {
        switch failure {
        case .service(let error):
            return
                "\(error.message) (Service: Amazon S3; Status Code: \(error.status); Error Code: \(error.code); Request ID: \(error.requestID); S3 Extended Request ID: \(error.extendedRequestID ?? "null"); Proxy: null)"
        case .transport(let failure): return "Unable to execute HTTP request: \(failure.message)"
        case .noCredentials(let message), .endpoint(let message): return message
        case .parameters(let problems): return problems.complaints.joined(separator: ", ")
        case .unknownService(let name), .unknownOperation(let name, _): return "\(location) cannot be read: \(name) is unknown"
        }
    }
}
