/// The step types of the definition language.
public enum StepType: String, Sendable, CaseIterable {
    case processing = "Processing"
    case training = "Training"
    case tuning = "Tuning"
    case autoML = "AutoML"
    case transform = "Transform"
    case model = "Model"
    case registerModel = "RegisterModel"
    case condition = "Condition"
    case fail = "Fail"
    case lambda = "Lambda"
    case callback = "Callback"
    case qualityCheck = "QualityCheck"
    case clarifyCheck = "ClarifyCheck"
    case emr = "EMR"
    case emrServerless = "EMRServerless"
    case endpointConfig = "EndpointConfig"
    case endpoint = "Endpoint"
    case inferenceComponent = "InferenceComponent"
    case lineage = "Lineage"
    case forEach = "ForEach"
    case cleanup = "Cleanup"
}

extension StepType {
    /// Known from AWS's step metadata only: their JSON is unpublished, so they are refused by name.
    static let unpublished: Set<String> = [
        "Job", "BedrockCustomModel", "BedrockCustomModelDeployment", "BedrockProvisionedModelThroughput",
        "BedrockModelImport", "Athena", "HubContent",
    ]

    /// The keys that a step of this type may have. SageMaker refuses any other:
    /// `Cannot parse object, unknown property 'X'`.
    var keys: Set<String> {
        var keys: Set<String> = ["Name", "Type", "Arguments", "DisplayName", "Description"]
        if self != .fail { keys.insert("DependsOn") }
        if retries { keys.insert("RetryPolicies") }
        if caches { keys.insert("CacheConfig") }
        switch self {
        case .processing: keys.insert("PropertyFiles")
        case .lambda: keys.formUnion(["FunctionArn", "OutputParameters"])
        case .callback: keys.formUnion(["SqsQueueUrl", "OutputParameters"])
        case .qualityCheck, .clarifyCheck:
            keys.formUnion([
                "CheckType", "ModelPackageGroupName", "SkipCheck", "FailOnViolation", "RegisterNewBaseline",
                "SuppliedBaselineConstraints",
            ])
            keys.insert(self == .qualityCheck ? "SuppliedBaselineStatistics" : "ModelName")
        default: break
        }
        return keys
    }

    /// Whether the type takes `RetryPolicies` (spec 2.4): those that start a job or make a resource.
    var retries: Bool {
        switch self {
        case .processing, .training, .tuning, .autoML, .transform, .model, .registerModel, .emr, .emrServerless,
            .endpointConfig, .endpoint, .inferenceComponent:
            true
        case .condition, .fail, .lambda, .callback, .qualityCheck, .clarifyCheck, .lineage, .forEach, .cleanup: false
        }
    }

    /// Whether the type takes `CacheConfig`.
    var caches: Bool {
        switch self {
        case .processing, .training, .tuning, .autoML, .transform, .lambda, .callback, .qualityCheck, .clarifyCheck, .emr,
            .emrServerless:
            true
        case .model, .registerModel, .condition, .fail, .endpointConfig, .endpoint, .inferenceComponent, .lineage, .forEach,
            .cleanup:
            false
        }
    }
}
