import JSON

/// CreateTransformJob: the model's inference script answers every record of the input.
struct TransformJob {
    let environment: JobEnvironment
    let data: JobData
    let models: SageMakerRecords

    func prepare(
        _ directory: JobDirectory, _ request: JSONValue, log: @escaping @Sendable ([UInt8]) -> Void
    ) async throws(JobFailure)
        -> JobScript
    {
        let name = request["ModelName"]?.string ?? ""
        guard let model = models.model(name) else { throw JobFailure("ClientError", "ClientError: Could not find model \"\(name)\".") }
        let containers = model["Containers"]?.array ?? model["PrimaryContainer"].map { [$0] } ?? []
        guard containers.count == 1 else {
            throw JobFailure("ClientError", "ClientError: the model \(name) has \(containers.count) containers; one can run on this machine")
        }
        let container = containers[0]
        let runtime = environment.images.runtime(container["Image"]?.string ?? "")
        for folder in ["model", "code", "output", "transform/output"] { try directory.makeFolder("ml/\(folder)") }
        if let uri = container["ModelDataUrl"]?.string ?? container["ModelDataSource"]?["S3DataSource"]?["S3Uri"]?.string {
            try await lay(uri, directory.file("ml/model"), what: "the model's data")
        }
        var variables = try await environment.base(runtime, log: log)
        for source in [container["Environment"], request["Environment"]] {
            for (key, value) in source?.object ?? JSONObject() { variables[key] = value.string ?? value.text() }
        }
        if let submit = variables["SAGEMAKER_SUBMIT_DIRECTORY"], !submit.hasPrefix("/opt/ml/") {
            try await lay(submit, directory.file("ml/code"), what: "SAGEMAKER_SUBMIT_DIRECTORY")
            variables["SAGEMAKER_SUBMIT_DIRECTORY"] = "/opt/ml/code"
        }
        let source = request["TransformInput"]?["DataSource"]?["S3DataSource"] ?? .null
        guard let uri = source["S3Uri"]?.string, let target = request["TransformOutput"]?["S3OutputPath"]?.string else {
            throw JobFailure("ClientError", "ClientError: TransformInput and TransformOutput need an S3 URI")
        }
        let input = directory.file("ml/transform/input")
        if source["S3DataType"]?.string == "ManifestFile" {
            try ManifestFile.download(uri, to: input, data, what: "TransformInput")
        } else {
            _ = try data.download(uri, to: input, what: "TransformInput")
        }
        try directory.write(request.text(.pretty), "ml/transform/request.json")
        variables["SM_FRAMEWORK"] = runtime.framework.rawValue
        variables["SM_MODEL_DIR"] = "/opt/ml/model"
        variables["SFN_ML"] = "/opt/ml"
        let program = try environment.program("transform.py", TransformProgram.source)
        let command = runtime.command.isEmpty ? ["python3", program] : runtime.command + ["transform"]
        return JobScript(
            arguments: command, environment: variables, workingDirectory: "/opt/ml",
            finishing: try data.upload("\"$ML\"/transform/output", to: target))
    }

    /// A tar.gz is unpacked, anything else copied.
    private func lay(_ uri: String, _ folder: String, what: String) async throws(JobFailure) {
        guard let path = data.place(uri), Files.exists(path) else {
            throw JobFailure("ClientError", "ClientError: \(what): \(uri) is not there. Locally it would lie in \(data.place(uri) ?? "no bucket").")
        }
        if Files.isFile(path), path.hasSuffix(".gz") || path.hasSuffix(".tgz") {
            try await data.unpack(path, to: folder)
        } else {
            _ = try data.download(uri, to: folder, what: what)
        }
    }
}
