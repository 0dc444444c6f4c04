import JSON
import LocalJobs
import StatesLanguage

/// S3 on this machine, for Task states: `aws-sdk:s3:getObject`, `putObject`, `listObjectsV2`, `headObject`, `deleteObject`,
/// `deleteObjects`, `copyObject`, `createBucket`, `listBuckets`, and the optimized `s3:…` of the same names.
package struct LocalS3: Integration {
    private let buckets: LocalBuckets

    package init(_ configuration: Configuration) { buckets = LocalBuckets(configuration) }

    package static let actions: Set<String> = [
        "getObject", "putObject", "listObjectsV2", "listObjects", "headObject", "deleteObject", "deleteObjects", "copyObject", "createBucket",
        "headBucket",
    ]

    package func perform(_ request: TaskRequest, report: any TaskReport) async throws(Failure) -> JSONValue {
        guard case .service(_, let action) = request.resource.kind else { throw Failure(ErrorName.runtime, "not an S3 action") }
        do throws(JobFailure) {
            return try perform(action, request.input)
        } catch {
            throw Failure(error.error, error.cause)
        }
    }

    private func perform(_ action: String, _ input: JSONValue) throws(JobFailure) -> JSONValue {
        let bucket = input["Bucket"]?.string ?? ""
        let location = S3Location(bucket: bucket, key: input["Key"]?.string ?? "")
        switch action {
        case "getObject":
            let object = try existing(location)
            let bytes = try buckets.get(location)
            var result = headers(object)
            result["Body"] = .string(String(decoding: bytes, as: UTF8.self))
            return .object(result)
        case "headObject": return .object(headers(try existing(location)))
        case "putObject":
            // JSON that is no text is stored as its text.
            let body = input["Body"].map { $0.string ?? $0.text() } ?? ""
            let object = try buckets.put(Array(body.utf8), to: location)
            return ["ETag": .string("\"\(object.etag)\""), "ServerSideEncryption": "AES256"]
        case "listObjectsV2", "listObjects": return try list(bucket, input)
        case "deleteObject":
            buckets.delete(location)
            return .object(JSONObject())
        case "deleteObjects":
            let keys = (input["Delete"]?["Objects"]?.array ?? []).compactMap { $0["Key"]?.string }
            for key in keys { buckets.delete(S3Location(bucket: bucket, key: key)) }
            return ["Deleted": .array(keys.map { ["Key": .string($0)] })]
        case "copyObject":
            var source = input["CopySource"]?.string ?? ""
            if source.hasPrefix("/") { source.removeFirst() }
            guard let from = S3Location("s3://\(source)") else { throw JobFailure("S3.S3Exception", "Invalid copy source: \(source)") }
            _ = try existing(from)
            let object = try buckets.put(try buckets.get(from), to: location)
            return ["CopyObjectResult": ["ETag": .string("\"\(object.etag)\""), "LastModified": .string(Timestamps.iso(object.changed, fraction: false))]]
        case "createBucket":
            try buckets.makeBucket(bucket)
            return ["Location": .string("/\(bucket)")]
        default:
            guard buckets.bucketExists(bucket) else { throw JobFailure("S3.NoSuchBucketException", text("The specified bucket does not exist")) }
            return .object(JSONObject())
        }
    }

    private func existing(_ location: S3Location) throws(JobFailure) -> S3Object {
        if let object = buckets.head(location) { return object }
        if !buckets.bucketExists(location.bucket) { throw JobFailure("S3.NoSuchBucketException", text("The specified bucket does not exist")) }
        throw JobFailure("S3.NoSuchKeyException", text("The specified key does not exist."))
    }

    private func text(_ message: String) -> String {
        let id = Identifiers.uuid().filter { $0 != "-" }.uppercased()
        return "\(message) (Service: S3, Status Code: 404, Request ID: \(id.prefix(16)), Extended Request ID: \(id))"
    }

    private func headers(_ object: S3Object) -> JSONObject {
        JSONObject([
            ("AcceptRanges", "bytes"), ("ContentLength", .integer(object.size)), ("ContentType", .string(contentType(object.key))),
            ("ETag", .string("\"\(object.etag)\"")), ("LastModified", .string(Timestamps.iso(object.changed, fraction: false))),
            ("Metadata", .object(JSONObject())),
        ])
    }

    private func contentType(_ key: String) -> String {
        if key.hasSuffix(".json") { return "application/json" }
        if key.hasSuffix(".csv") { return "text/csv" }
        return "binary/octet-stream"
    }

    private func list(_ bucket: String, _ input: JSONValue) throws(JobFailure) -> JSONValue {
        guard buckets.bucketExists(bucket) else { throw JobFailure("S3.NoSuchBucketException", text("The specified bucket does not exist")) }
        let prefix = input["Prefix"]?.string ?? ""
        let delimiter = input["Delimiter"]?.string ?? ""
        let most = min(1000, max(0, Int(clamping: input["MaxKeys"]?.wholeNumber ?? 1000)))
        let start = input["ContinuationToken"]?.string.flatMap(Base64.decode).map { String(decoding: $0, as: UTF8.self) }
        var objects = buckets.objects(in: bucket, prefix: prefix, after: start ?? input["StartAfter"]?.string)
        var contents: [JSONValue] = []
        var folders: [String] = []
        var last = ""
        var isTruncated = false
        while let object = objects.next() {
            let rest = object.key.dropFirst(prefix.count)
            if !delimiter.isEmpty, let end = firstRange(of: delimiter, in: rest) {
                let folder = prefix + rest[..<end]
                if folders.last != folder {
                    if contents.count + folders.count >= most {
                        isTruncated = true
                        break
                    }
                    folders.append(folder)
                }
                last = object.key
                continue
            }
            if contents.count + folders.count >= most {
                isTruncated = true
                break
            }
            contents.append([
                "ETag": .string("\"\(object.etag)\""), "Key": .string(object.key),
                "LastModified": .string(Timestamps.iso(object.changed, fraction: false)), "Size": .integer(object.size), "StorageClass": "STANDARD",
            ])
            last = object.key
        }
        var result = JSONObject()
        if !folders.isEmpty { result["CommonPrefixes"] = .array(folders.map { ["Prefix": .string($0)] }) }
        if !contents.isEmpty { result["Contents"] = .array(contents) }
        result["IsTruncated"] = .bool(isTruncated)
        result["KeyCount"] = .integer(Int64(contents.count + folders.count))
        result["MaxKeys"] = .integer(Int64(most))
        result["Name"] = .string(bucket)
        if isTruncated { result["NextContinuationToken"] = .string(Base64.encode(Array(last.utf8))) }
        result["Prefix"] = .string(prefix)
        return .object(result)
    }

    /// Where the first `delimiter` ends.
    private func firstRange(of delimiter: String, in text: Substring) -> Substring.Index? {
        let needle = Array(delimiter.utf8)
        var index = text.startIndex
        while index < text.endIndex {
            if text.utf8[index...].starts(with: needle) { return text.utf8.index(index, offsetBy: needle.count) }
            index = text.utf8.index(after: index)
        }
        return nil
    }
}

/// SQS on this machine: a queue is a folder, a message a file in it, `{"MessageId", "Body", "SentTimestamp", …}`.
package struct LocalSQS: Integration {
    private let queues: LocalQueues

    package init(_ configuration: Configuration) { queues = LocalQueues(configuration) }

    package func perform(_ request: TaskRequest, report: any TaskReport) async throws(Failure) -> JSONValue {
        guard let url = request.input["QueueUrl"]?.string, let body = request.input["MessageBody"] else {
            let missing = request.input["QueueUrl"] == nil ? "QueueUrl" : "MessageBody"
            throw .runtime("The Parameters '\(request.input.text())' could not be used to start the Task: [The field '\(missing)' is required but was missing]")
        }
        do throws(JobFailure) {
            let message = try queues.send(body.string ?? body.text(), to: url, attributes: request.input["MessageAttributes"], id: request.taskID)
            let id = Identifiers.uuid()
            let headers: [(String, String)] = [
                ("x-amzn-RequestId", id), ("connection", "keep-alive"), ("Content-Length", "106"),
                ("Date", Timestamps.http(Timestamps.milliseconds())), ("Content-Type", "application/x-amz-json-1.0"),
            ]
            var result = JSONObject([("MD5OfMessageBody", .string(message.md5)), ("MessageId", .string(message.id))])
            result["SdkHttpMetadata"] = [
                "AllHttpHeaders": .object(JSONObject(headers.map { ($0.0, .array([.string($0.1)])) })),
                "HttpHeaders": .object(JSONObject(headers.map { ($0.0, .string($0.1)) })), "HttpStatusCode": 200,
            ]
            result["SdkResponseMetadata"] = ["RequestId": .string(id)]
            return .object(result)
        } catch {
            throw Failure(error.error, error.cause)
        }
    }
}

/// The Systems Manager parameter store on this machine: `aws-sdk:ssm:putParameter`, `getParameter`, `getParametersByPath`, `deleteParameter`.
package struct LocalSSM: Integration {
    private let parameters: LocalParameters

    package init(_ configuration: Configuration) { parameters = LocalParameters(configuration) }

    package static let actions: Set<String> = ["putParameter", "getParameter", "getParameters", "getParametersByPath", "deleteParameter"]

    package func perform(_ request: TaskRequest, report: any TaskReport) async throws(Failure) -> JSONValue {
        guard case .service(_, let action) = request.resource.kind else { throw Failure(ErrorName.runtime, "not an SSM action") }
        do throws(JobFailure) {
            return try parameters.perform(action, request.input)
        } catch {
            throw Failure(error.error, error.cause)
        }
    }
}
