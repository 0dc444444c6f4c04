import JSON
import StatesLanguage

/// `arn:aws:states:::emr-serverless:createApplication[.sync]`, `startApplication[.sync]`, `stopApplication[.sync]`,
/// `deleteApplication[.sync]`, `startJobRun[.sync]`, `cancelJobRun[.sync]`
///
/// An application that is created and a job run have a client token, so the same call after a restart gives the same one.
/// What is changed is asked for first: an application that is gone is not deleted twice.
extension OptimizedService {
    package static let emrServerless = OptimizedService(
        "emr-serverless", service: "emrserverless",
        ErrorNaming(prefix: "EMRServerless", base: "AWSEMRServerlessException", label: "AWSEMRServerless"),
        [
            "createApplication": application("createApplication", until: ["CREATED", "STARTED", "STOPPED"], .startAgain),
            "startApplication": application("startApplication", until: ["STARTED"], begun("Application", ["STARTING", "STARTED"])),
            "stopApplication": application("stopApplication", until: ["STOPPED", "CREATED"], begun("Application", ["STOPPING", "STOPPED"])),
            "deleteApplication": application("deleteApplication", until: ["TERMINATED"], begun("Application", ["TERMINATED"])).with {
                $0.job = $0.job?.ending(onError: "EMRServerless.ResourceNotFoundException")
            },
            "startJobRun": jobRun("startJobRun", until: ["SUCCESS"], stops: true, .startAgain),
            "cancelJobRun": jobRun(
                "cancelJobRun", until: ["CANCELLED", "SUCCESS", "FAILED"], stops: false, begun("JobRun", ["CANCELLING", "CANCELLED"])),
        ])

    private static func begun(_ member: String, _ states: Set<String>) -> JobPattern.Recovery {
        .byState { states.contains($0[member]?["State"]?.string ?? "") }
    }

    private static func application(_ operation: String, until good: Set<String>, _ recovery: JobPattern.Recovery) -> OptimizedAction {
        OptimizedAction(
            operation,
            job: JobPattern(
                describe: { input, started in
                    (started["ApplicationId"] ?? input["ApplicationId"]).map { .init("getApplication", ["ApplicationId": $0]) }
                },
                state: { description in
                    let state = description["Application"]?["State"]?.string ?? ""
                    if good.contains(state) { return .succeeded(description) }
                    return state == "TERMINATED" ? .failed(description) : .running
                },
                recovery: recovery))
    }

    private static func jobRun(
        _ operation: String, until good: Set<String>, stops: Bool, _ recovery: JobPattern.Recovery
    ) -> OptimizedAction {
        @Sendable func run(_ operation: String, _ input: JSONValue, _ started: JSONValue) -> JobPattern.Query? {
            guard let application = started["ApplicationId"] ?? input["ApplicationId"],
                let id = started["JobRunId"] ?? input["JobRunId"]
            else { return nil }
            return .init(operation, ["ApplicationId": application, "JobRunId": id])
        }
        return OptimizedAction(
            operation,
            job: JobPattern(
                describe: { input, started in run("getJobRun", input, started) },
                state: { description in
                    let state = description["JobRun"]?["State"]?.string ?? ""
                    if good.contains(state) { return .succeeded(description) }
                    return ["FAILED", "CANCELLED"].contains(state) ? .failed(description) : .running
                },
                stop: { input, started in stops ? run("cancelJobRun", input, started) : nil }, recovery: recovery))
    }
}
