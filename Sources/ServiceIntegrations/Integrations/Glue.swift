import JSON
import StatesLanguage

/// `arn:aws:states:::glue:startJobRun[.sync]`
///
/// A run has no token of its own: its arguments get one, by which a restarted engine finds it.
extension OptimizedService {
    private static let argument = "--sfn-run-task"

    package static let glue = OptimizedService(
        "glue", service: "glue", ErrorNaming(prefix: "Glue", base: "AWSGlueException", label: "AWSGlue"),
        [
            "startJobRun": OptimizedAction(
                "startJobRun",
                job: JobPattern(
                    describe: { input, started in
                        guard let name = input["JobName"], let id = started["JobRunId"] ?? started["Id"] else { return nil }
                        return .init("getJobRun", ["JobName": name, "RunId": id])
                    },
                    state: state,
                    stop: { input, started in
                        guard let name = input["JobName"], let id = started["JobRunId"] ?? started["Id"] else { return nil }
                        return .init("batchStopJobRun", ["JobName": name, "JobRunIds": .array([id])])
                    },
                    recovery: .search(
                        first: { input, _ in .init("getJobRuns", ["JobName": input["JobName"] ?? .null]) },
                        find: { page, taskID in
                            let runs = page["JobRuns"]?.array ?? []
                            guard let run = runs.first(where: { $0["Arguments"]?[argument]?.string == taskID }) else {
                                guard let token = page["NextToken"]?.string, let name = runs.first?["JobName"] else { return .none }
                                return .more([.init("getJobRuns", ["JobName": name, "NextToken": .string(token)])])
                            }
                            return .job(run)
                        }))
            ).with {
                $0.prepare = { (input, request) throws(Failure) in
                    guard request.resource.pattern == .sync, var object = input.object else { return input }
                    var arguments = object["Arguments"]?.object ?? JSONObject()
                    arguments[argument] = .string(request.taskID)
                    object["Arguments"] = .object(arguments)
                    return .object(object)
                }
            }
        ])

    private static func state(_ description: JSONValue) -> JobPattern.State {
        guard let run = description["JobRun"] else { return .running }
        return switch run["JobRunState"]?.string {
        case "SUCCEEDED": .succeeded(run)
        case "FAILED", "STOPPED", "TIMEOUT", "ERROR", "EXPIRED": .failed(run)
        default: .running
        }
    }
}
