import JSON
import StatesLanguage

/// `arn:aws:states:::codebuild:startBuild[.sync]`, `stopBuild`, `startBuildBatch[.sync]`, `stopBuildBatch`,
/// `retryBuildBatch`, `deleteBuildBatch`, `batchDeleteBuilds`, `batchGetReports`
///
/// CodeBuild forgets a token after five minutes; the variable SFN_RUN_TASK of a build does not.
extension OptimizedService {
    private static let variable = "SFN_RUN_TASK"

    package static let codeBuild = OptimizedService(
        "codebuild", service: "codebuild",
        ErrorNaming(prefix: "CodeBuild", base: "AWSCodeBuildException", label: "AWSCodeBuild"),
        [
            "startBuild": start("startBuild", "Build", "Builds", "stopBuild", "batchGetBuilds", "listBuildsForProject"),
            "startBuildBatch": start(
                "startBuildBatch", "BuildBatch", "BuildBatches", "stopBuildBatch", "batchGetBuildBatches",
                "listBuildBatchesForProject"),
            "stopBuild": OptimizedAction("stopBuild"), "stopBuildBatch": OptimizedAction("stopBuildBatch"),
            "retryBuildBatch": OptimizedAction("retryBuildBatch"), "deleteBuildBatch": OptimizedAction("deleteBuildBatch"),
            "batchDeleteBuilds": OptimizedAction("batchDeleteBuilds"), "batchGetReports": OptimizedAction("batchGetReports"),
        ])

    private static func start(
        _ operation: String, _ one: String, _ many: String, _ stop: String, _ get: String, _ list: String
    ) -> OptimizedAction {
        OptimizedAction(
            operation,
            job: JobPattern(
                describe: { _, started in started[one]?["Id"].map { .init(get, .object(JSONObject([("Ids", .array([$0]))]))) } },
                state: { description in
                    guard let build = description[many]?[0] else { return .running }
                    let shown = JSONValue.object(JSONObject([(one, build)]))
                    return switch build[one + "Status"]?.string {
                    case "SUCCEEDED": .succeeded(shown)
                    case "FAILED", "FAULT", "TIMED_OUT", "STOPPED": .failed(shown)
                    default: .running
                    }
                },
                stop: { _, started in started[one]?["Id"].map { .init(stop, .object(JSONObject([("Id", $0)]))) } },
                recovery: .search(
                    first: { input, _ in .init(list, ["ProjectName": input["ProjectName"] ?? .null]) },
                    find: { page, taskID in
                        if let builds = page[many]?.array {
                            let own = builds.first { build in
                                (build["Environment"]?["EnvironmentVariables"]?.array ?? []).contains {
                                    $0["Name"]?.string == variable && $0["Value"]?.string == taskID
                                }
                            }
                            return own.map { .job(.object(JSONObject([(one, $0)]))) } ?? .none
                        }
                        let ids = (page["Ids"]?.array ?? []).prefix(100)
                        return ids.isEmpty ? .none : .more([.init(get, .object(JSONObject([("Ids", .array(Array(ids)))])))])
                    }))
        ).with {
            $0.prepare = { (input, request) throws(Failure) in
                guard request.resource.pattern == .sync, var object = input.object else { return input }
                let own = object["EnvironmentVariablesOverride"]?.array ?? []
                object["EnvironmentVariablesOverride"] = .array(
                    own + [["Name": .string(variable), "Value": .string(request.taskID), "Type": "PLAINTEXT"]])
                return .object(object)
            }
        }
    }
}
