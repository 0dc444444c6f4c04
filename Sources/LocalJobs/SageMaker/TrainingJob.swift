import JSON

/// CreateTrainingJob: script mode, an entry point of its own (as `@step` functions have), a mapped command, or XGBoost itself.
struct TrainingJob {
    let environment: JobEnvironment
    let data: JobData

    func prepare(
        _ directory: JobDirectory, _ request: JSONValue, log: @escaping @Sendable ([UInt8]) -> Void
    ) async throws(JobFailure)
        -> JobScript
    {
        let arn = JobKind.training.arn(directory.name, region: environment.region, account: environment.account)
        let algorithm = request["AlgorithmSpecification"] ?? .null
        let image = algorithm["TrainingImage"]?.string ?? algorithm["AlgorithmName"]?.string ?? ""
        let script = ScriptMode(request)
        var runtime = environment.images.runtime(image)
        let entry = ScriptMode.strings(algorithm["ContainerEntrypoint"]) + ScriptMode.strings(algorithm["ContainerArguments"])
        if entry.contains(where: { $0.contains("sagemaker_remote_function_bootstrap") }), runtime.isUnknown {
            // A `@step` function: the SDK's own entry point needs the SDK.
            runtime.packages = ["sagemaker<3", "numpy", "pandas", "scikit-learn", "scipy", "joblib"]
        }
        let isNotebook = entry.contains { $0.contains(NotebookProgram.entryPoint) }
        if isNotebook, runtime.isUnknown { runtime.packages = NotebookProgram.packages }
        try await layFolders(directory, request, script)

        var variables = try await environment.base(runtime, log: log)
        variables.merge(script.environment(directory, request, framework: runtime.framework, arn: arn)) { $1 }
        for (key, value) in request["Environment"]?.object ?? JSONObject() { variables[key] = value.string ?? value.text() }
        var workingDirectory = "/opt/ml"
        let command: [String]
        if !runtime.command.isEmpty {
            command = runtime.command + (entry.isEmpty ? ["train"] : entry)
        } else if isNotebook {
            // The scheduler that the entry point installs runs inside SageMaker alone.
            command = ["python3", try environment.program("notebook.py", NotebookProgram.source)]
            variables["SFN_ML"] = "/opt/ml"
        } else if !entry.isEmpty {
            command = entry
        } else if let program = script.program {
            command = try await userScript(program, script, directory, log: log)
            workingDirectory = "/opt/ml/code"
            variables["PYTHONPATH"] = "/opt/ml/code:\(variables["PYTHONPATH"] ?? "")"
        } else if runtime.framework == .xgboost {
            command = ["python3", try environment.program("xgboost_train.py", XGBoostProgram.source)]
            // The images before 1.3 pickle the booster, and scripts for them unpickle it.
            if Self.isOldXGBoost(image) { variables["SFN_XGBOOST_PICKLE"] = "1" }
        } else {
            throw JobFailure(
                "ClientError",
                "ClientError: no local command stands for the image \(image): map it under \"images\" in sfn-run.json, or use script mode.")
        }
        let stop = request["StoppingCondition"]?["MaxRuntimeInSeconds"]?.wholeNumber.map { Int(clamping: $0) }
        return JobScript(
            arguments: command, environment: variables, workingDirectory: workingDirectory, timeoutSeconds: stop,
            finishing: try finishing(directory, request), always: try always(directory, request))
    }

    /// `…/sagemaker-xgboost:1.0-1-cpu-py3`, `…/xgboost:1`
    static func isOldXGBoost(_ image: String) -> Bool {
        guard let tag = image.split(separator: ":").last, image.contains(":") else { return false }
        let numbers = tag.split(separator: "-").first?.split(separator: ".").map { Int($0) } ?? []
        guard let major = numbers.first ?? nil else { return false }
        guard numbers.count > 1, let minor = numbers[1] else { return major <= 1 }
        return major < 1 || (major == 1 && minor < 3)
    }

    /// `s3://…/<job>/output/model.tar.gz`
    static func modelArtifacts(_ directory: JobDirectory, _ request: JSONValue) -> String? {
        outputFolder(directory, request).map { "\($0)/model.tar.gz" }
    }

    private static func outputFolder(_ directory: JobDirectory, _ request: JSONValue) -> String? {
        guard var path = request["OutputDataConfig"]?["S3OutputPath"]?.string else { return nil }
        while path.hasSuffix("/") { path.removeLast() }
        return "\(path)/\(directory.name)/output"
    }

    private func finishing(_ directory: JobDirectory, _ request: JSONValue) throws(JobFailure) -> [String] {
        guard let target = Self.modelArtifacts(directory, request) else { return [] }
        return try data.pack("\"$ML\"/model", to: target)
    }

    private func always(_ directory: JobDirectory, _ request: JSONValue) throws(JobFailure) -> [String] {
        var lines: [String] = []
        if let folder = Self.outputFolder(directory, request) {
            lines += try data.pack("\"$ML\"/output/data", to: "\(folder)/output.tar.gz", onlyIfAny: true)
        }
        if let uri = request["CheckpointConfig"]?["S3Uri"]?.string { lines += try data.upload("\"$ML\"/checkpoints", to: uri) }
        return lines
    }

    private func layFolders(_ directory: JobDirectory, _ request: JSONValue, _ script: ScriptMode) async throws(JobFailure) {
        for folder in ["model", "output/data", "output/intermediate", "input/config", "input/data", "code", "checkpoints"] {
            try directory.makeFolder("ml/\(folder)")
        }
        let type = request["ResourceConfig"]?["InstanceType"]?.string ?? "local"
        try directory.write((request["HyperParameters"] ?? [:]).text(.pretty), "ml/input/config/hyperparameters.json")
        try directory.write(ScriptMode.inputDataConfig(request).text(.pretty), "ml/input/config/inputdataconfig.json")
        try directory.write(JobEnvironment.resourceConfig(instanceType: type).text(.pretty), "ml/input/config/resourceconfig.json")
        for channel in request["InputDataConfig"]?.array ?? [] {
            guard let name = channel["ChannelName"]?.string, !name.contains("/"), name != ".." else { continue }
            let source = channel["DataSource"]?["S3DataSource"] ?? channel["DataSource"]?["FileSystemDataSource"] ?? .null
            guard let uri = source["S3Uri"]?.string ?? source["DirectoryPath"]?.string else {
                throw JobFailure("ClientError", "ClientError: InputDataConfig \(name): only S3DataSource can be read on this machine")
            }
            let folder = directory.file("ml/input/data/\(name)")
            if source["S3DataType"]?.string == "ManifestFile" {
                try ManifestFile.download(uri, to: folder, data, what: "channel \(name)")
            } else {
                _ = try data.download(uri, to: folder, what: "channel \(name)")
            }
        }
        if let checkpoints = request["CheckpointConfig"], let uri = checkpoints["S3Uri"]?.string, let path = data.place(uri), Files.isFolder(path) {
            // What an earlier attempt left.
            _ = try? data.download(uri, to: directory.file("ml/checkpoints"), what: "checkpoints")
        }
    }

    /// Unpacks the source folder, installs its requirements, and gives the command that runs the script.
    private func userScript(
        _ program: String, _ script: ScriptMode, _ directory: JobDirectory, log: @escaping @Sendable ([UInt8]) -> Void
    ) async throws(JobFailure) -> [String] {
        let code = directory.file("ml/code")
        if let uri = script.submitDirectory, !uri.hasPrefix("/opt/ml/") {
            guard let path = data.place(uri), Files.exists(path) else {
                throw JobFailure(
                    "ClientError",
                    "ClientError: Data download failed: the source folder \(uri) is not there. Locally it would lie in \(data.place(uri) ?? "no bucket").")
            }
            if Files.isFolder(path) || !(path.hasSuffix(".gz") || path.hasSuffix(".tgz")) {
                // A folder, or a script alone.
                _ = try data.download(path, to: code, what: "sagemaker_submit_directory")
            } else {
                try await data.unpack(path, to: code)
            }
        }
        if program == RepackProgram.name, !Files.exists("\(code)/\(program)") { try directory.write(RepackProgram.source, "ml/code/\(program)") }
        let run: [String]
        if program.hasSuffix(".sh") {
            run = ["/bin/sh", "-c", "exec /bin/bash ./\(program) \"$@\"", program] + script.arguments
        } else if program.hasSuffix(".py") {
            run = ["python3", program] + script.arguments
        } else {
            run = ["python3", "-m", program] + script.arguments
        }
        guard Files.isFile("\(code)/requirements.txt") else { return run }
        return ["/bin/sh", "-c", "python3 -m pip install --disable-pip-version-check -q -r requirements.txt && exec \"$@\"", "sh"] + run
    }
}
