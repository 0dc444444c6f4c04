import JSON
import SageMakerPipelines

/// A reference to a step's property, written with the typed properties of the DSL.
struct TypedProperty {
    let step: String
    let type: String
    /// `.ModelArtifacts.S3ModelArtifacts`
    let path: String

    func property() throws -> any PipelineInput {
        // What stands in brackets, and the path without it.
        var keys: [String] = []
        var plain = ""
        var rest = path[...]
        while let open = rest.firstIndex(of: "[") {
            plain += rest[..<open]
            guard let close = rest[open...].firstIndex(of: "]") else { break }
            keys.append(String(rest[rest.index(after: open)..<close]))
            plain += "[]"
            rest = rest[rest.index(after: close)...]
        }
        plain += rest
        guard let found = typed(plain, keys) else { throw DSLTranscription.Unsayable(description: "\(type) has no property \(path)") }
        return found
    }

    private func at<Element>(_ map: PropertyMap<Element>, _ key: String) -> Element {
        Int(key).map { map[$0] } ?? map[String(key.dropFirst().dropLast())]
    }

    private func typed(_ path: String, _ keys: [String]) -> (any PipelineInput)? {
        let key = keys.first ?? ""
        switch type {
        case "Processing":
            let own = ProcessingStep(name: step, processor: Processor(imageURI: "")).properties
            switch path {
            case ".ProcessingOutputConfig.Outputs[].S3Output.S3Uri": return at(own.ProcessingOutputConfig.Outputs, key).S3Output.S3Uri
            case ".ProcessingJobStatus": return own.ProcessingJobStatus
            case ".ProcessingJobName": return own.ProcessingJobName
            default: return nil
            }
        case "Training":
            let own = TrainingStep(name: step, estimator: Estimator(imageURI: "")).properties
            switch path {
            case ".ModelArtifacts.S3ModelArtifacts": return own.ModelArtifacts.S3ModelArtifacts
            case ".OutputDataConfig.S3OutputPath": return own.OutputDataConfig.S3OutputPath
            case ".TrainingJobName": return own.TrainingJobName
            case ".TrainingJobStatus": return own.TrainingJobStatus
            case ".AlgorithmSpecification.TrainingImage": return own.AlgorithmSpecification.TrainingImage
            case ".Environment[]": return at(own.Environment, key)
            case ".HyperParameters[]": return at(own.HyperParameters, key)
            case ".FinalMetricDataList[].Value": return at(own.FinalMetricDataList, key).Value
            case ".InputDataConfig[].DataSource.S3DataSource.S3Uri": return at(own.InputDataConfig, key).S3Uri
            default: return nil
            }
        case "Tuning":
            let own = TuningStep(name: step, estimator: Estimator(imageURI: ""), inputs: [], configuration: JSONObject()).properties
            switch path {
            case ".TrainingJobSummaries[].TrainingJobName": return at(own.TrainingJobSummaries, key).TrainingJobName
            case ".BestTrainingJob.TrainingJobName": return own.BestTrainingJob.TrainingJobName
            default: return nil
            }
        case "AutoML":
            let own = RequestStep<AutoMLProperties>(name: step, autoML: JSONObject()).properties
            switch path {
            case ".BestCandidate.InferenceContainers[].Image": return at(own.BestCandidate.InferenceContainers, key).Image
            case ".BestCandidate.InferenceContainers[].ModelDataUrl": return at(own.BestCandidate.InferenceContainers, key).ModelDataUrl
            case ".BestCandidate.InferenceContainers[].Environment[]":
                return at(at(own.BestCandidate.InferenceContainers, key).Environment, keys.last ?? "")
            case ".BestCandidateProperties.ModelInsightsJsonReportPath": return own.BestCandidateProperties.ModelInsightsJsonReportPath
            case ".BestCandidateProperties.ExplainabilityJsonReportPath": return own.BestCandidateProperties.ExplainabilityJsonReportPath
            default: return nil
            }
        case "Model":
            let own = CreateModelStep(name: step, model: Model(imageURI: "", modelData: "")).properties
            switch path {
            case ".ModelName": return own.ModelName
            case ".PrimaryContainer.ModelDataUrl": return own.PrimaryContainer.ModelDataUrl
            default: return nil
            }
        case "RegisterModel":
            let own = RegisterModelStep(name: step, model: Model(imageURI: "", modelData: ""), groupName: "", contentTypes: [], responseTypes: []).properties
            switch path {
            case ".ModelPackageName": return own.ModelPackageName
            case ".ModelPackageArn": return own.ModelPackageArn
            case ".ModelApprovalStatus": return own.ModelApprovalStatus
            default: return nil
            }
        case "Lambda": return path == ".OutputParameters[]" ? at(LambdaStep(name: step, functionARN: "").properties.Outputs, key) : nil
        case "Callback": return path == ".OutputParameters[]" ? at(CallbackStep(name: step, queueURL: "").properties.Outputs, key) : nil
        case "Condition": return path == ".Outcome" ? ConditionStep(name: step, conditions: []).properties.Outcome : nil
        case "QualityCheck", "ClarifyCheck":
            let own = RequestStep<CheckProperties>(name: step, type: .qualityCheck, checkType: "", job: JSONObject()).properties
            switch path {
            case ".CalculatedBaselineStatistics": return own.CalculatedBaselineStatistics
            case ".CalculatedBaselineConstraints": return own.CalculatedBaselineConstraints
            case ".BaselineUsedForDriftCheckStatistics": return own.BaselineUsedForDriftCheckStatistics
            case ".BaselineUsedForDriftCheckConstraints": return own.BaselineUsedForDriftCheckConstraints
            default: return nil
            }
        case "Transform":
            let own = TransformStep(name: step, modelName: "", data: "", outputPath: "").properties
            return path == ".TransformOutput.S3OutputPath" ? own.TransformOutput.S3OutputPath : nil
        case "EndpointConfig":
            return path == ".EndpointConfigName"
                ? RequestStep<EndpointConfigProperties>(name: step, endpointConfig: JSONObject()).properties.EndpointConfigName : nil
        case "Endpoint": return path == ".EndpointName" ? RequestStep<EndpointProperties>(name: step, endpoint: JSONObject()).properties.EndpointName : nil
        case "ForEach":
            let own = ForEachStep(name: step, items: "", body: []).properties
            switch path {
            case ".Status": return own.Status
            case ".SucceededStepCount": return own.SucceededStepCount
            case ".InputItemCount": return own.InputItemCount
            case ".Selected.OutputParameters[]": return at(own.Selected.Outputs, key)
            default:
                let words = path.split(separator: ".")
                guard keys.count == 2, words.count == 3, words[0] == "IterationOutputs[]", let index = Int(keys[0]) else { return nil }
                return at(own.iterationOutputs(index, of: LambdaStep(name: String(words[1]), functionARN: "")).Outputs, keys[1])
            }
        default: return nil
        }
    }
}
