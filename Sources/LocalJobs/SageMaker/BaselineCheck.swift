import JSON

/// QualityCheck and ClarifyCheck steps of a pipeline: a processing job that measures, a comparison with a baseline, and
/// where the baselines lie (shared/spec/sagemaker-pipelines.md section 2.5).
package struct BaselineCheck: Sendable {
    private let jobs: SageMakerJobs

    package init(_ jobs: SageMakerJobs) { self.jobs = jobs }

    package enum Outcome: Sendable {
        /// `{"CalculatedBaselineStatistics", "CalculatedBaselineConstraints", "BaselineUsedForDriftCheckStatistics",
        /// "BaselineUsedForDriftCheckConstraints", "ViolationReport"?, "CheckJobArn", "CheckType"}`
        case passed(JSONValue)
        /// The job failed or was cancelled, or the data violates the baseline.
        case ended(SageMakerJobs.Ending)
    }

    package func run(_ request: JSONValue, _ caller: SageMakerJobs.Caller) async throws(JobFailure) -> Outcome {
        guard var job = request["ProcessingJob"]?.object else { throw JobFailure.validation("A check needs its processing job.") }
        let type = request["CheckType"]?.string ?? "DATA_QUALITY"
        let isClarify = type.hasSuffix("BIAS") || type.hasSuffix("EXPLAINABILITY")
        guard let output = job["ProcessingOutputConfig"]?["Outputs"]?[0]?["S3Output"]?["S3Uri"]?.string else {
            throw JobFailure.validation("A check's processing job needs an output.")
        }
        var folder = output
        while folder.hasSuffix("/") { folder.removeLast() }
        let calculatedStatistics = isClarify ? nil : "\(folder)/statistics.json"
        let calculatedConstraints = isClarify ? "\(folder)/analysis.json" : "\(folder)/constraints.json"
        let skips = flag(request["SkipCheck"])
        let registers = flag(request["RegisterNewBaseline"])
        let known = registered(request["ModelPackageGroupName"]?.string, type)
        var constraints = request["SuppliedBaselineConstraints"]?.string ?? known.constraints
        var statistics = request["SuppliedBaselineStatistics"]?.string ?? known.statistics
        if !skips, constraints == nil, statistics == nil {
            throw JobFailure(
                "SageMaker.ClientError",
                "ClientError: the check has no baseline: none is supplied, and no approved model package of the group \(request["ModelPackageGroupName"]?.string ?? "(none)") has one. Set SkipCheck for the first run."
            )
        }
        if !skips { addBaseline(&job, constraints: constraints, statistics: statistics) }
        var environment = job["Environment"]?.object ?? JSONObject()
        environment["SFN_CHECK_TYPE"] = .string(type)
        job["Environment"] = .object(environment)
        if isClarify { try useClarify(&job, model: request["ModelName"]?.string) } else { useAnalyzer(&job) }

        let ending = try await jobs.run(.processing, .object(job), caller)
        guard case .ended(.completed, let description) = ending else { return .ended(ending) }
        if skips, registers || constraints == nil { (constraints, statistics) = (calculatedConstraints, calculatedStatistics) }
        var result = JSONObject([("CheckType", .string(type))])
        if let calculatedStatistics { result["CalculatedBaselineStatistics"] = .string(calculatedStatistics) }
        result["CalculatedBaselineConstraints"] = .string(calculatedConstraints)
        if let statistics, !isClarify { result["BaselineUsedForDriftCheckStatistics"] = .string(statistics) }
        if let constraints { result["BaselineUsedForDriftCheckConstraints"] = .string(constraints) }
        result["CheckJobArn"] = description["ProcessingJobArn"]
        let report = "\(folder)/constraint_violations.json"
        let violations = jobs.data.place(report).flatMap { try? Files.read($0) }.flatMap { try? JSONValue(parsing: $0) }?["violations"]?.array ?? []
        if !skips { result["ViolationReport"] = .string(report) }
        // On unless it is switched off.
        if !skips, !violations.isEmpty, request["FailOnViolation"].map(flag) ?? true {
            var failed = description.object ?? JSONObject()
            let first = violations[0]["description"]?.string ?? violations[0].text()
            failed["FailureReason"] = .string(
                "ClientError: \(violations.count) constraint violation\(violations.count == 1 ? "" : "s") detected, see \(report): \(first)")
            failed["ProcessingJobStatus"] = "Failed"
            return .ended(.ended(.failed, .object(failed)))
        }
        return .passed(.object(result))
    }

    private func flag(_ value: JSONValue?) -> Bool { value?.bool ?? (value?.string?.lowercased() == "true") }

    /// The newest approved version's DriftCheckBaselines.
    private func registered(_ group: String?, _ type: String) -> (statistics: String?, constraints: String?) {
        guard let group, !group.isEmpty else { return (nil, nil) }
        let list = try? jobs.records.perform("listModelPackages", ["ModelPackageGroupName": .string(group), "ModelApprovalStatus": "Approved"])
        guard let arn = list?["ModelPackageSummaryList"]?[0]?["ModelPackageArn"],
            let package = try? jobs.records.perform("describeModelPackage", ["ModelPackageName": arn])
        else { return (nil, nil) }
        let (section, prefix): (String, String) =
            switch type {
            case "MODEL_QUALITY": ("ModelQuality", "")
            case "DATA_BIAS": ("Bias", "PreTraining")
            case "MODEL_BIAS": ("Bias", "PostTraining")
            case "MODEL_EXPLAINABILITY": ("Explainability", "")
            default: ("ModelDataQuality", "")
            }
        let baselines = package["DriftCheckBaselines"]?[section]
        return (baselines?["Statistics"]?["S3Uri"]?.string, baselines?["\(prefix)Constraints"]?["S3Uri"]?.string)
    }

    private func addBaseline(_ job: inout JSONObject, constraints: String?, statistics: String?) {
        var inputs = job["ProcessingInputs"]?.array ?? []
        var environment = job["Environment"]?.object ?? JSONObject()
        for (name, uri, variable) in [("constraints", constraints, "baseline_constraints"), ("statistics", statistics, "baseline_statistics")] {
            guard let uri else { continue }
            let folder = "/opt/ml/processing/baseline/\(name)"
            inputs.append([
                "InputName": .string("baseline-\(name)"), "S3Input": ["S3Uri": .string(uri), "LocalPath": .string(folder), "S3DataType": "S3Prefix"],
            ])
            environment[variable] = .string("\(folder)/\(uri.split(separator: "/").last.map(String.init) ?? name)")
        }
        job["ProcessingInputs"] = .array(inputs)
        job["Environment"] = .object(environment)
    }

    /// The model monitor's analyzer has a stand-in here, unless the configuration maps its image.
    private func useAnalyzer(_ job: inout JSONObject) {
        guard var application = job["AppSpecification"]?.object, let image = application["ImageUri"]?.string,
            image.contains("model-monitor-analyzer"), !isMapped(image),
            let program = try? jobs.environment.program("analyzer.py", AnalyzerProgram.source)
        else { return }
        application["ContainerEntrypoint"] = ["python3", .string(program)]
        // It needs pandas, which the scikit-learn environment has.
        application["ImageUri"] = "sagemaker-scikit-learn"
        job["AppSpecification"] = .object(application)
    }

    /// Clarify has one too; where the step names a model, its predictions are asked of the model itself, in its own environment.
    private func useClarify(_ job: inout JSONObject, model name: String?) throws(JobFailure) {
        guard var application = job["AppSpecification"]?.object, let image = application["ImageUri"]?.string,
            image.contains("sagemaker-clarify"), !isMapped(image)
        else { return }
        application["ContainerEntrypoint"] = ["python3", .string(try jobs.environment.program("clarify.py", ClarifyProgram.source))]
        application["ImageUri"] = "sagemaker-scikit-learn"
        var environment = job["Environment"]?.object ?? JSONObject()
        environment["SFN_ML"] = "/opt/ml"
        if let name, !name.isEmpty {
            guard let record = jobs.records.model(name) else { throw JobFailure("SageMaker.ClientError", "ClientError: Could not find model \"\(name)\".") }
            let container = record["Containers"]?[0] ?? record["PrimaryContainer"] ?? .null
            let ofModel = jobs.environment.images.runtime(container["Image"]?.string ?? "")
            if ofModel.venv != nil || !ofModel.packages.isEmpty, let image = container["Image"] { application["ImageUri"] = image }
            for (key, value) in container["Environment"]?.object ?? JSONObject() where environment[key] == nil { environment[key] = value }
            environment["SM_FRAMEWORK"] = .string(ofModel.framework.rawValue)
            environment["SFN_TRANSFORM"] = .string(try jobs.environment.program("transform.py", TransformProgram.source))
            var inputs = job["ProcessingInputs"]?.array ?? []
            func lay(_ uri: String, _ part: String) {
                let folder = "/opt/ml/processing/predictor-\(part)"
                inputs.append([
                    "InputName": .string("predictor-\(part)"), "S3Input": ["S3Uri": .string(uri), "LocalPath": .string(folder), "S3DataType": "S3Prefix"],
                ])
                environment["SFN_MODEL_\(part.uppercased())"] = .string(folder)
            }
            if let uri = container["ModelDataUrl"]?.string ?? container["ModelDataSource"]?["S3DataSource"]?["S3Uri"]?.string { lay(uri, "data") }
            if let uri = environment["SAGEMAKER_SUBMIT_DIRECTORY"]?.string, !uri.hasPrefix("/") {
                lay(uri, "code")
                environment["SAGEMAKER_SUBMIT_DIRECTORY"] = nil
            }
            job["ProcessingInputs"] = .array(inputs)
        }
        job["Environment"] = .object(environment)
        job["AppSpecification"] = .object(application)
    }

    /// A pattern for all images is not meant for these.
    private func isMapped(_ image: String) -> Bool {
        jobs.environment.images.images.contains { $0.pattern != "*" && $0.matches(image) }
    }
}
