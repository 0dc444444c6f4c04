import JSON

/// Lineage steps: actions, artifacts and contexts as records, and how they are associated.
package struct Lineage: Sendable {
    private let jobs: SageMakerJobs

    package init(_ jobs: SageMakerJobs) { self.jobs = jobs }

    /// `{"Actions", "Artifacts", "Contexts", "Associations"}` → `{"ActionArns": {name: ARN}, "ArtifactArns", "ContextArns"}`
    package func record(_ request: JSONValue, taskID: String) throws(JobFailure) -> JSONValue {
        var result = JSONObject()
        for (member, noun) in [("Actions", "Action"), ("Artifacts", "Artifact"), ("Contexts", "Context")] {
            var arns = JSONObject()
            for entry in request[member]?.array ?? [] {
                guard let name = entry["\(noun)Name"]?.string ?? entry["Name"]?.string else { continue }
                arns[name] = .string("arn:aws:sagemaker:\(jobs.region):\(jobs.account):\(noun.lowercased())/\(name)")
            }
            result["\(noun)Arns"] = .object(arns)
        }
        var record = request.object ?? JSONObject()
        record["Arns"] = .object(result)
        record["CreationTime"] = .integer(Timestamps.milliseconds())
        do { try Files.write(JSONValue.object(record).bytes(.pretty), to: "\(jobs.root)/records/lineage/\(taskID).json") } catch {
            throw .internalError(error.description)
        }
        return .object(result)
    }
}

/// Cleanup steps: removes what the named steps left in buckets.
package struct Cleanup: Sendable {
    private let jobs: SageMakerJobs

    package init(_ jobs: SageMakerJobs) { self.jobs = jobs }

    /// `{"Resources": {"S3": [{"StepName", "S3Uris": [...]}]}}` → `{}`
    package func remove(_ request: JSONValue) -> JSONValue {
        for entry in request["Resources"]?["S3"]?.array ?? [] {
            for uri in (entry["S3Uris"]?.array ?? []).compactMap(\.string) {
                // A bucket as a whole is never meant.
                guard let location = S3Location(uri), !location.key.isEmpty else { continue }
                let buckets = jobs.data.buckets
                if buckets.exists(location) { buckets.delete(location) }
                let prefix = location.key.hasSuffix("/") ? location.key : location.key + "/"
                var objects = buckets.objects(in: location.bucket, prefix: prefix)
                var keys: [String] = []
                while let object = objects.next() { keys.append(object.key) }
                for key in keys { buckets.delete(S3Location(bucket: location.bucket, key: key)) }
            }
        }
        return .object(JSONObject())
    }
}
