import JSON

/// CreateAutoMLJob: a command that `images` maps `automl` to. It finds the request in `/opt/ml/input/config/automl.json`, each
/// channel's data in `/opt/ml/input/data/<type>`, and leaves the model in `/opt/ml/model` and, if it likes, the candidate
/// (`BestCandidate`'s members) in `/opt/ml/output/best_candidate.json`.
struct AutoMLJob {
    let environment: JobEnvironment
    let data: JobData

    func prepare(
        _ directory: JobDirectory, _ request: JSONValue, log: @escaping @Sendable ([UInt8]) -> Void
    ) async throws(JobFailure)
        -> JobScript
    {
        let runtime = environment.images.runtime("automl")
        guard !runtime.command.isEmpty else {
            throw JobFailure("ClientError", "ClientError: no local command stands for AutoML: map the image \"automl\" under \"images\" in sfn-run.json.")
        }
        for folder in ["model", "output", "input/config"] { try directory.makeFolder("ml/\(folder)") }
        try directory.write(request.text(.pretty), "ml/input/config/automl.json")
        for channel in request["InputDataConfig"]?.array ?? request["AutoMLJobInputDataConfig"]?.array ?? [] {
            guard let uri = channel["DataSource"]?["S3DataSource"]?["S3Uri"]?.string else { continue }
            let type = channel["ChannelType"]?.string == "validation" ? "validation" : "training"
            _ = try data.download(uri, to: directory.file("ml/input/data/\(type)"), what: "channel \(type)")
        }
        guard let target = Self.model(directory, request) else {
            throw JobFailure("ClientError", "ClientError: OutputDataConfig needs an S3OutputPath")
        }
        let variables = try await environment.base(runtime, log: log)
        let candidate: JSONValue = [
            "CandidateName": .string("\(directory.name)-best"), "CandidateStatus": "Completed", "ObjectiveStatus": "Succeeded",
            "InferenceContainers": [["Image": "automl", "ModelDataUrl": .string(target), "Environment": [:]]],
        ]
        let whole = JSONValue.object(JSONObject([("BestCandidate", candidate)])).text()
        // The command's own candidate replaces ours, members it does not give are lost: it knows best.
        let result = """
            if [ -f "$ML/output/best_candidate.json" ]; then
              { printf '{"BestCandidate":'; cat "$ML/output/best_candidate.json"; printf '}'; } > result.json
            else
              printf '%s' \(JobScript.quoted(whole)) > result.json
            fi
            """
        return JobScript(
            arguments: runtime.command, environment: variables, workingDirectory: "/opt/ml",
            finishing: try data.pack("\"$ML\"/model", to: target) + [result])
    }

    private static func model(_ directory: JobDirectory, _ request: JSONValue) -> String? {
        guard var path = request["OutputDataConfig"]?["S3OutputPath"]?.string else { return nil }
        while path.hasSuffix("/") { path.removeLast() }
        return "\(path)/\(directory.name)/output/model.tar.gz"
    }
}
