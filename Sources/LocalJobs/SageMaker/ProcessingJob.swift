import JSON

/// CreateProcessingJob: inputs are laid at their LocalPath, the entry point runs, outputs are copied to their S3Uri.
struct ProcessingJob {
    let environment: JobEnvironment
    let data: JobData

    func prepare(
        _ directory: JobDirectory, _ request: JSONValue, log: @escaping @Sendable ([UInt8]) -> Void
    ) async throws(JobFailure)
        -> JobScript
    {
        let arn = JobKind.processing.arn(directory.name, region: environment.region, account: environment.account)
        let application = request["AppSpecification"] ?? .null
        let image = application["ImageUri"]?.string ?? ""
        let runtime = environment.images.runtime(image)
        let words = ScriptMode.strings(application["ContainerEntrypoint"])
        let arguments = ScriptMode.strings(application["ContainerArguments"])
        let command = runtime.command.isEmpty ? words + arguments : runtime.command + words + arguments
        guard !command.isEmpty else {
            throw JobFailure(
                "ClientError",
                "ClientError: no local command stands for the image \(image): map it under \"images\" in sfn-run.json, or give AppSpecification.ContainerEntrypoint."
            )
        }
        for input in request["ProcessingInputs"]?.array ?? [] { try await lay(input, directory) }
        var finishing: [String] = []
        for output in request["ProcessingOutputConfig"]?["Outputs"]?.array ?? [] {
            guard let target = output["S3Output"]?["S3Uri"]?.string, let local = output["S3Output"]?["LocalPath"]?.string else { continue }
            let relative = try relativePath(local, "ProcessingOutputConfig")
            try directory.makeFolder("ml/\(relative)")
            finishing += try data.upload("\"$ML\"/\(JobScript.quoted(relative))", to: target)
        }
        try directory.makeFolder("ml/output")
        try directory.makeFolder("ml/config")
        let type = request["ProcessingResources"]?["ClusterConfig"]?["InstanceType"]?.string ?? "local"
        try directory.write(JobEnvironment.resourceConfig(instanceType: type).text(.pretty), "ml/config/resourceconfig.json")
        var config = request.object ?? JSONObject()
        config["ProcessingJobArn"] = .string(arn)
        config["ProcessingJobName"] = .string(directory.name)
        try directory.write(JSONValue.object(config).text(.pretty), "ml/config/processingjobconfig.json")

        var variables = try await environment.base(runtime, log: log)
        variables["PROCESSING_JOB_ARN"] = arn
        for (key, value) in request["Environment"]?.object ?? JSONObject() { variables[key] = value.string ?? value.text() }
        return JobScript(
            arguments: command, environment: variables, workingDirectory: "/opt/ml",
            timeoutSeconds: request["StoppingCondition"]?["MaxRuntimeInSeconds"]?.wholeNumber.map { Int(clamping: $0) },
            finishing: finishing)
    }

    private func lay(_ input: JSONValue, _ directory: JobDirectory) async throws(JobFailure) {
        let name = input["InputName"]?.string ?? "input"
        guard let source = input["S3Input"] else {
            throw JobFailure("ClientError", "ClientError: ProcessingInputs \(name): only S3Input can be read on this machine")
        }
        guard let uri = source["S3Uri"]?.string, let local = source["LocalPath"]?.string else { return }
        let folder = directory.file("ml/\(try relativePath(local, "ProcessingInputs \(name)"))")
        if source["S3DataType"]?.string == "ManifestFile" {
            try ManifestFile.download(uri, to: folder, data, what: "ProcessingInputs \(name)")
        } else {
            _ = try data.download(uri, to: folder, what: "ProcessingInputs \(name)")
        }
        if source["S3CompressionType"]?.string == "Gzip" {
            for file in Files.tree(folder) where file.hasSuffix(".gz") {
                _ = await CommandRun.run(
                    ["gzip", "-d", "-f", "\(folder)/\(file)"], environment: Executable.environment, directory: "/", log: { _ in })
            }
        }
    }

    /// What follows `/opt/ml/`.
    private func relativePath(_ path: String, _ what: String) throws(JobFailure) -> String {
        let whole = Files.resolve(path, in: "/")
        guard whole.hasPrefix("/opt/ml/") else {
            throw JobFailure("ClientError", "ClientError: \(what): found LocalPath \(path), expected a path below /opt/ml")
        }
        return String(whole.dropFirst("/opt/ml/".count))
    }
}

/// A data source that is a list: `[{"prefix": "s3://b/p/"}, "a.csv", "c/d.csv"]`.
enum ManifestFile {
    static func download(_ uri: String, to folder: String, _ data: JobData, what: String) throws(JobFailure) {
        guard let path = data.place(uri), let bytes = try? Files.read(path), let list = (try? JSONValue(parsing: bytes))?.array else {
            throw JobFailure("ClientError", "ClientError: \(what): the manifest \(uri) cannot be read")
        }
        let prefix = list.first?["prefix"]?.string ?? ""
        for name in list.dropFirst().compactMap(\.string) {
            guard let from = data.place(prefix + name) else { continue }
            do { try Files.copy(from, to: "\(folder)/\(Files.resolve(name, in: "/").dropFirst())") } catch {
                throw JobFailure("ClientError", "ClientError: Data download failed: \(prefix)\(name) (\(what)): \(error)")
            }
        }
    }
}
