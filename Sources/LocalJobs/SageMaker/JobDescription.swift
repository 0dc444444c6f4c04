import JSON

/// A job as `Describe…` tells it: the request, and what became of it. Times are milliseconds since 1970, as in Step Functions.
struct JobDescription {
    let region: String
    let account: String

    func describe(_ directory: JobDirectory) -> JSONValue {
        let request = directory.request
        let kind = directory.kind
        let status = directory.status
        var result = JSONObject()
        result["\(kind.noun)Name"] = .string(directory.name)
        result["\(kind.noun)Arn"] = .string(kind.arn(directory.name, region: region, account: account))
        result["\(kind.noun)Status"] = .string(status.rawValue)
        for (key, value) in request.object ?? JSONObject() where result[key] == nil && key != "Tags" { result[key] = value }
        let created = directory.creationTime
        let started = directory.text("started").flatMap { Int64($0) }
        let ended = directory.text("ended").flatMap { Int64($0) } ?? directory.json("failed")?["Time"]?.wholeNumber
        result["CreationTime"] = .integer(created)
        result["LastModifiedTime"] = .integer(ended ?? started ?? created)
        switch kind {
        case .training: addTraining(&result, directory, request, status, started, ended)
        case .processing:
            if let started { result["ProcessingStartTime"] = .integer(started) }
            if let ended { result["ProcessingEndTime"] = .integer(ended) }
            if let message = directory.text("ml/output/message") { result["ExitMessage"] = .string(Self.cut(message, 1024)) }
        case .transform:
            if let started { result["TransformStartTime"] = .integer(started) }
            if let ended { result["TransformEndTime"] = .integer(ended) }
        case .tuning, .autoML:
            if let ended { result["\(kind == .tuning ? "HyperParameterTuning" : "")EndTime"] = .integer(ended) }
            for (key, value) in directory.json("result.json")?.object ?? JSONObject() { result[key] = value }
        }
        if status == .failed || (status == .stopped && kind != .training) {
            if let reason = failureReason(directory, request) { result["FailureReason"] = .string(Self.cut(reason, 1024)) }
        }
        return .object(result)
    }

    private func addTraining(
        _ result: inout JSONObject, _ directory: JobDirectory, _ request: JSONValue, _ status: JobStatus, _ started: Int64?, _ ended: Int64?
    ) {
        let secondary =
            switch status {
            case .inProgress: started == nil ? "Starting" : "Training"
            case .stopped: directory.text("reason") == "MaxRuntimeExceeded" ? "MaxRuntimeExceeded" : "Stopped"
            default: status.rawValue
            }
        result["SecondaryStatus"] = .string(secondary)
        if let target = TrainingJob.modelArtifacts(directory, request) {
            result["ModelArtifacts"] = ["S3ModelArtifacts": .string(target)]
        }
        if let started { result["TrainingStartTime"] = .integer(started) }
        if let ended {
            result["TrainingEndTime"] = .integer(ended)
            let seconds = max(0, (ended - (started ?? ended)) / 1000)
            result["TrainingTimeInSeconds"] = .integer(seconds)
            result["BillableTimeInSeconds"] = .integer(seconds)
        }
        let metrics = metrics(directory, request)
        if !metrics.isEmpty { result["FinalMetricDataList"] = JobMetrics.final(metrics, at: ended ?? started ?? directory.creationTime) }
    }

    /// Every value of every metric of a training job.
    func metrics(_ directory: JobDirectory, _ request: JSONValue) -> [JobMetrics.Point] {
        guard let bytes = try? Files.read(directory.file("log")) else { return [] }
        return JobMetrics.points(String(decoding: bytes, as: UTF8.self), request: request)
    }

    // MARK: failures

    private func failureReason(_ directory: JobDirectory, _ request: JSONValue) -> String? {
        if let failed = directory.json("failed")?["Reason"]?.string { return failed }
        switch directory.text("reason") {
        case "MaxRuntimeExceeded":
            let seconds = request["StoppingCondition"]?["MaxRuntimeInSeconds"]?.text() ?? "?"
            return "ClientError: The job ran longer than its MaxRuntimeInSeconds of \(seconds)"
        case "Stopped": return nil
        default: break
        }
        guard let exit = directory.text("exit") else {
            return "InternalServerError: the job's supervisor ended without a word: the machine went down, or someone killed it"
        }
        if exit == "0" { return "InternalServerError: the job's results could not be stored: \(lastWords(directory))" }
        let said = directory.text("ml/output/failure").map { $0.isEmpty ? nil : $0 } ?? nil
        if let said {
            // A program that knows the class of its error says it.
            for known in ["AlgorithmError", "ClientError", "InternalServerError", "CapacityError"] where said.hasPrefix(known) { return said }
            return "AlgorithmError: \(said), exit code: \(exit)"
        }
        let script = ScriptMode(request)
        if directory.kind == .training, let program = script.program {
            let command = ([program.hasSuffix(".sh") ? "/bin/sh -c ./\(program)" : "python3 \(program)"] + script.arguments).joined(separator: " ")
            return
                "AlgorithmError: ExecuteUserScriptError:\nExitCode \(exit)\nErrorMessage \"\(lastWords(directory))\"\nCommand \"\(command)\", exit code: \(exit)"
        }
        return "AlgorithmError: \(lastWords(directory)), exit code: \(exit)"
    }

    /// The last line that the job printed.
    private func lastWords(_ directory: JobDirectory) -> String {
        guard let bytes = try? Files.read(directory.file("log")) else { return "" }
        let line = bytes.suffix(8192).split(separator: UInt8(ascii: "\n")).last { $0.contains { $0 != 0x20 } }
        return Self.cut(line.map { String(decoding: $0, as: UTF8.self) } ?? "", 500)
    }

    static func cut(_ text: String, _ length: Int) -> String {
        text.unicodeScalars.count <= length ? text : String(String.UnicodeScalarView(text.unicodeScalars.prefix(length - 1))) + "…"
    }
}
