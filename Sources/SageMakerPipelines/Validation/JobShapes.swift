/// The top-level members of the `Create…` requests and `Describe…` responses of the jobs, from the service model
/// `sagemaker/2017-07-24` (botocore 1.43.11): what a property reference may begin with, and what `Arguments` may hold.
enum JobShapes {
    /// nil: properties of this type are not described by an API shape.
    static func properties(of type: StepType) -> Set<String>? {
        switch type {
        case .processing:
            [
                "ProcessingInputs", "ProcessingOutputConfig", "ProcessingJobName", "ProcessingResources", "StoppingCondition",
                "AppSpecification", "Environment", "NetworkConfig", "RoleArn", "ExperimentConfig", "ProcessingJobArn",
                "ProcessingJobStatus", "ExitMessage", "FailureReason", "ProcessingEndTime", "ProcessingStartTime",
                "LastModifiedTime", "CreationTime", "MonitoringScheduleArn", "AutoMLJobArn", "TrainingJobArn",
            ]
        case .training:
            [
                "TrainingJobName", "TrainingJobArn", "TuningJobArn", "LabelingJobArn", "AutoMLJobArn", "ModelArtifacts",
                "TrainingJobStatus", "SecondaryStatus", "FailureReason", "HyperParameters", "AlgorithmSpecification",
                "RoleArn", "InputDataConfig", "OutputDataConfig", "ResourceConfig", "WarmPoolStatus", "VpcConfig",
                "StoppingCondition", "CreationTime", "TrainingStartTime", "TrainingEndTime", "LastModifiedTime",
                "SecondaryStatusTransitions", "FinalMetricDataList", "EnableNetworkIsolation",
                "EnableInterContainerTrafficEncryption", "EnableManagedSpotTraining", "CheckpointConfig",
                "TrainingTimeInSeconds", "BillableTimeInSeconds", "BillableTokenCount", "DebugHookConfig", "ExperimentConfig",
                "DebugRuleConfigurations", "TensorBoardOutputConfig", "DebugRuleEvaluationStatuses", "ProfilerConfig",
                "ProfilerRuleConfigurations", "ProfilerRuleEvaluationStatuses", "ProfilingStatus", "Environment",
                "RetryStrategy", "RemoteDebugConfig", "InfraCheckConfig", "ServerlessJobConfig", "MlflowConfig",
                "ModelPackageConfig", "MlflowDetails", "ProgressInfo", "OutputModelPackageArn",
            ]
        case .tuning:
            [
                "HyperParameterTuningJobName", "HyperParameterTuningJobArn", "HyperParameterTuningJobConfig",
                "TrainingJobDefinition", "TrainingJobDefinitions", "HyperParameterTuningJobStatus", "CreationTime",
                "HyperParameterTuningEndTime", "LastModifiedTime", "TrainingJobStatusCounters", "ObjectiveStatusCounters",
                "BestTrainingJob", "OverallBestTrainingJob", "WarmStartConfig", "Autotune", "FailureReason",
                "TuningJobCompletionDetails", "ConsumedResources", "TrainingJobSummaries",
            ]
        case .autoML:
            [
                "AutoMLJobName", "AutoMLJobArn", "InputDataConfig", "OutputDataConfig", "RoleArn", "AutoMLJobObjective",
                "ProblemType", "AutoMLJobConfig", "CreationTime", "EndTime", "LastModifiedTime", "FailureReason",
                "PartialFailureReasons", "BestCandidate", "AutoMLJobStatus", "AutoMLJobSecondaryStatus",
                "GenerateCandidateDefinitionsOnly", "AutoMLJobArtifacts", "ResolvedAttributes", "ModelDeployConfig",
                "ModelDeployResult", "BestCandidateProperties",
            ]
        case .transform:
            [
                "TransformJobName", "TransformJobArn", "TransformJobStatus", "FailureReason", "ModelName",
                "MaxConcurrentTransforms", "ModelClientConfig", "MaxPayloadInMB", "BatchStrategy", "Environment",
                "TransformInput", "TransformOutput", "DataCaptureConfig", "TransformResources", "CreationTime",
                "TransformStartTime", "TransformEndTime", "LabelingJobArn", "AutoMLJobArn", "DataProcessing",
                "ExperimentConfig",
            ]
        case .model:
            [
                "ModelName", "PrimaryContainer", "Containers", "InferenceExecutionConfig", "ExecutionRoleArn", "VpcConfig",
                "CreationTime", "ModelArn", "EnableNetworkIsolation", "DeploymentRecommendation",
            ]
        case .registerModel:
            [
                "ModelPackageName", "ModelPackageGroupName", "ModelPackageVersion", "ModelPackageRegistrationType",
                "ModelPackageArn", "ModelPackageDescription", "CreationTime", "InferenceSpecification",
                "SourceAlgorithmSpecification", "ValidationSpecification", "ModelPackageStatus", "ModelPackageStatusDetails",
                "CertifyForMarketplace", "ModelApprovalStatus", "CreatedBy", "MetadataProperties", "ModelMetrics",
                "LastModifiedTime", "LastModifiedBy", "ApprovalDescription", "Domain", "Task", "SamplePayloadUrl",
                "CustomerMetadataProperties", "DriftCheckBaselines", "AdditionalInferenceSpecifications",
                "SkipModelValidation", "SourceUri", "SecurityConfig", "ModelCard", "ModelLifeCycle", "ManagedStorageType",
            ]
        case .endpointConfig:
            [
                "EndpointConfigName", "EndpointConfigArn", "ProductionVariants", "DataCaptureConfig", "KmsKeyId",
                "CreationTime", "AsyncInferenceConfig", "ExplainerConfig", "ShadowProductionVariants", "ExecutionRoleArn",
                "VpcConfig", "EnableNetworkIsolation", "MetricsConfig",
            ]
        case .endpoint:
            [
                "EndpointName", "EndpointArn", "EndpointConfigName", "ProductionVariants", "DataCaptureConfig",
                "EndpointStatus", "FailureReason", "CreationTime", "LastModifiedTime", "LastDeploymentConfig",
                "AsyncInferenceConfig", "PendingDeploymentSummary", "ExplainerConfig", "ShadowProductionVariants",
                "MetricsConfig",
            ]
        case .inferenceComponent:
            [
                "InferenceComponentName", "InferenceComponentArn", "EndpointName", "EndpointArn", "VariantName",
                "FailureReason", "Specification", "Specifications", "RuntimeConfig", "CreationTime", "LastModifiedTime",
                "InferenceComponentStatus", "LastDeploymentConfig",
            ]
        default: nil
        }
    }

    /// nil: the arguments are no API request.
    static func arguments(of type: StepType) -> Set<String>? {
        switch type {
        case .processing, .qualityCheck, .clarifyCheck:
            [
                "ProcessingInputs", "ProcessingOutputConfig", "ProcessingJobName", "ProcessingResources", "StoppingCondition",
                "AppSpecification", "Environment", "NetworkConfig", "RoleArn", "Tags", "ExperimentConfig",
            ]
        case .training:
            [
                "TrainingJobName", "HyperParameters", "AlgorithmSpecification", "RoleArn", "InputDataConfig",
                "OutputDataConfig", "ResourceConfig", "VpcConfig", "StoppingCondition", "Tags", "EnableNetworkIsolation",
                "EnableInterContainerTrafficEncryption", "EnableManagedSpotTraining", "CheckpointConfig", "DebugHookConfig",
                "DebugRuleConfigurations", "TensorBoardOutputConfig", "ExperimentConfig", "ProfilerConfig",
                "ProfilerRuleConfigurations", "Environment", "RetryStrategy", "RemoteDebugConfig", "InfraCheckConfig",
                "SessionChainingConfig", "ServerlessJobConfig", "MlflowConfig", "ModelPackageConfig",
            ]
        case .tuning:
            [
                "HyperParameterTuningJobName", "HyperParameterTuningJobConfig", "TrainingJobDefinition",
                "TrainingJobDefinitions", "WarmStartConfig", "Tags", "Autotune",
            ]
        case .autoML:
            [
                "AutoMLJobName", "InputDataConfig", "OutputDataConfig", "ProblemType", "AutoMLJobObjective", "AutoMLJobConfig",
                "RoleArn", "GenerateCandidateDefinitionsOnly", "Tags", "ModelDeployConfig",
            ]
        case .transform:
            [
                "TransformJobName", "ModelName", "MaxConcurrentTransforms", "ModelClientConfig", "MaxPayloadInMB",
                "BatchStrategy", "Environment", "TransformInput", "TransformOutput", "DataCaptureConfig", "TransformResources",
                "DataProcessing", "Tags", "ExperimentConfig",
            ]
        case .model:
            [
                "ModelName", "PrimaryContainer", "Containers", "InferenceExecutionConfig", "ExecutionRoleArn", "Tags",
                "VpcConfig", "EnableNetworkIsolation",
            ]
        case .registerModel:
            [
                "ModelPackageName", "ModelPackageGroupName", "ModelPackageDescription", "ModelPackageRegistrationType",
                "InferenceSpecification", "ValidationSpecification", "SourceAlgorithmSpecification", "CertifyForMarketplace",
                "Tags", "ModelApprovalStatus", "MetadataProperties", "ModelMetrics", "ClientToken", "Domain", "Task",
                "SamplePayloadUrl", "CustomerMetadataProperties", "DriftCheckBaselines", "AdditionalInferenceSpecifications",
                "SkipModelValidation", "SourceUri", "SecurityConfig", "ModelCard", "ModelLifeCycle", "ManagedStorageType",
            ]
        case .endpointConfig:
            [
                "EndpointConfigName", "ProductionVariants", "DataCaptureConfig", "Tags", "KmsKeyId", "AsyncInferenceConfig",
                "ExplainerConfig", "ShadowProductionVariants", "ExecutionRoleArn", "VpcConfig", "EnableNetworkIsolation",
                "MetricsConfig",
            ]
        case .endpoint:
            [
                "EndpointName", "EndpointConfigName", "DeploymentConfig", "Tags",
            ]
        case .inferenceComponent:
            [
                "InferenceComponentName", "EndpointName", "VariantName", "Specification", "Specifications", "RuntimeConfig",
                "Tags",
            ]
        default: nil
        }
    }
}
