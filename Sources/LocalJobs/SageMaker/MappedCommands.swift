import JSON

/// EMR and EMR Serverless steps: a command that `images` maps `emr` or `emr-serverless` to. It gets the request as JSON on
/// standard input; JSON on its standard output is merged into the result.
package struct MappedCommands: Sendable {
    private let images: ImageCatalog
    private let folder: String

    package init(_ configuration: Configuration) {
        images = ImageCatalog(images: configuration.images)
        folder = configuration.folder
    }

    package func run(_ action: String, _ request: JSONValue, _ caller: SageMakerJobs.Caller) async throws(JobFailure) -> JSONValue {
        let isServerless = action == "emrServerlessJob"
        let image = isServerless ? "emr-serverless" : "emr"
        // A pattern for all images is not meant for clusters.
        guard let entry = images.images.first(where: { $0.pattern != "*" && $0.matches(image) }), !entry.command.isEmpty else {
            throw JobFailure("Step.ClientError", "no local command stands for \(image): map the image \"\(image)\" under \"images\" in sfn-run.json")
        }
        caller.submitted(request)
        var environment = Executable.environment
        environment.merge(entry.environment) { $1 }
        let output = await CommandRun.run(entry.command, environment: environment, directory: folder, input: request.bytes(), log: caller.log)
        switch output.exit {
        case .exited(0): break
        case .cancelled: throw JobFailure("States.TaskFailed", "The task was cancelled.")
        case .notStarted(let message): throw JobFailure("Step.ClientError", message)
        default: throw JobFailure("States.TaskFailed", CommandFunction.trimmed(String(decoding: output.errorTail, as: UTF8.self)))
        }
        let answer = (try? JSONValue(parsing: output.standardOutput))?.object ?? JSONObject()
        var result = JSONObject()
        if isServerless {
            var run = JSONObject([("applicationId", request["ApplicationId"] ?? "local"), ("jobRunId", .string(caller.taskID)), ("state", "SUCCESS")])
            for (key, value) in answer { run[key] = value }
            result["jobRun"] = .object(run)
        } else {
            result["ClusterId"] = request["ClusterId"] ?? "j-LOCAL"
            result["Id"] = .string("s-\(caller.taskID)")
            result["Name"] = request["StepConfig"]?["Name"] ?? .string(caller.stateName)
            result["Config"] = request["StepConfig"]?["HadoopJarStep"]
            result["Status"] = ["State": "COMPLETED"]
            for (key, value) in answer { result[key] = value }
        }
        return .object(result)
    }
}
