import JSON
import StatesLanguage

/// `arn:aws:states:::batch:submitJob[.sync|.waitForTaskToken]`
///
/// A job is tagged with its task, by which a restarted engine finds it among the jobs of its name.
extension OptimizedService {
    private static let tag = "sfn-run:task"

    package static let batch = OptimizedService(
        "batch", service: "batch", ErrorNaming(prefix: "Batch", base: "AWSBatchException", label: "AWSBatch"),
        [
            "submitJob": OptimizedAction(
                "submitJob",
                job: JobPattern(
                    describe: { _, started in started["JobId"].map { .init("describeJobs", ["Jobs": .array([$0])]) } },
                    state: state,
                    stop: { _, started in
                        started["JobId"].map {
                            .init("terminateJob", ["JobId": $0, "Reason": "The execution was stopped."])
                        }
                    },
                    recovery: .search(first: listing, find: find))
            ).with {
                $0.prepare = { (input, request) throws(Failure) in
                    guard request.resource.pattern == .sync, var object = input.object else { return input }
                    var tags = object["Tags"]?.object ?? JSONObject()
                    tags[tag] = .string(request.taskID)
                    object["Tags"] = .object(tags)
                    return .object(object)
                }
            }
        ])

    private static func state(_ description: JSONValue) -> JobPattern.State {
        guard let job = description["Jobs"]?[0] else { return .running }
        return switch job["Status"]?.string {
        case "SUCCEEDED": .succeeded(job)
        case "FAILED": .failed(job)
        default: .running
        }
    }

    @Sendable private static func listing(_ input: JSONValue, _ taskID: String) -> JobPattern.Query {
        .init(
            "listJobs",
            [
                "JobQueue": input["JobQueue"] ?? .null,
                "Filters": [["Name": "JOB_NAME", "Values": .array([input["JobName"] ?? .null])]],
            ])
    }

    /// Pages: the list of names first, then the descriptions, which hold the tags.
    @Sendable private static func find(_ page: JSONValue, _ taskID: String) -> JobPattern.Found {
        if let jobs = page["Jobs"]?.array {
            guard let job = jobs.first(where: { $0["Tags"]?[tag]?.string == taskID }) else { return .none }
            return .job(job)
        }
        // A page lists 100 at most, which is as many as one description takes.
        let ids = (page["JobSummaryList"]?.array ?? []).compactMap { $0["JobId"] }
        return ids.isEmpty ? .none : .more([.init("describeJobs", ["Jobs": .array(Array(ids.prefix(100)))])])
    }
}
