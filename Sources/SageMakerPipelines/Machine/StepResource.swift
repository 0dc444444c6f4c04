import JSON

/// What each step type calls: the one table of resources.
///
/// Optimized integrations of Step Functions where there is one, else the AWS SDK integration, else, where only
/// something that waits for the end will do, ours (`sfn-run`), which the local jobs serve and `export` lowers:
///
/// | resource | arguments | result |
/// | --- | --- | --- |
/// | `sfn-run:createAutoMLJob.sync` | CreateAutoMLJob | DescribeAutoMLJob, with `BestCandidateProperties` |
/// | `sfn-run:createEndpoint.sync` | CreateEndpoint | DescribeEndpoint, in service |
/// | `sfn-run:createInferenceComponent.sync` | CreateInferenceComponent | DescribeInferenceComponent, in service |
/// | `sfn-run:qualityCheck.sync`, `clarifyCheck.sync` | `{CheckType, ModelPackageGroupName, SkipCheck, FailOnViolation, RegisterNewBaseline, SuppliedBaseline…, ProcessingJob: CreateProcessingJob}` | the four baseline URIs |
/// | `sfn-run:emrStep.sync` | `{ClusterId or ClusterConfig, StepConfig, ExecutionRoleArn?}` | the EMR step and `ClusterId` |
/// | `sfn-run:emrServerlessJob.sync` | `{ApplicationId or ApplicationConfig, JobConfig, ExecutionRoleArn}` | GetJobRun |
/// | `sfn-run:recordLineage` | `{Actions, Artifacts, Contexts, Associations}` | `{ActionArns, ArtifactArns, ContextArns}` by name |
/// | `sfn-run:cleanup` | `{Resources}` | `{}` |
struct StepResource {
    let arn: String
    /// The member of the request that names the job or resource, which is generated.
    let nameMember: String?
    /// The longest name the service takes.
    var nameLimit = 63

    static func of(_ type: StepType) -> StepResource? {
        switch type {
        case .processing: optimized("createProcessingJob.sync", "ProcessingJobName")
        case .training: optimized("createTrainingJob.sync", "TrainingJobName")
        case .transform: optimized("createTransformJob.sync", "TransformJobName")
        case .tuning:
            StepResource(arn: "arn:aws:states:::sagemaker:createHyperParameterTuningJob.sync", nameMember: "HyperParameterTuningJobName", nameLimit: 32)
        case .model: optimized("createModel", "ModelName")
        case .endpointConfig: optimized("createEndpointConfig", "EndpointConfigName")
        case .registerModel: StepResource(arn: "arn:aws:states:::aws-sdk:sagemaker:createModelPackage", nameMember: nil)
        case .autoML: StepResource(arn: own("createAutoMLJob.sync"), nameMember: "AutoMLJobName", nameLimit: 32)
        case .endpoint: StepResource(arn: own("createEndpoint.sync"), nameMember: "EndpointName")
        case .inferenceComponent: StepResource(arn: own("createInferenceComponent.sync"), nameMember: "InferenceComponentName")
        case .qualityCheck: StepResource(arn: own("qualityCheck.sync"), nameMember: "ProcessingJobName")
        case .clarifyCheck: StepResource(arn: own("clarifyCheck.sync"), nameMember: "ProcessingJobName")
        case .emr: StepResource(arn: own("emrStep.sync"), nameMember: nil)
        case .emrServerless: StepResource(arn: own("emrServerlessJob.sync"), nameMember: nil)
        case .lineage: StepResource(arn: own("recordLineage"), nameMember: nil)
        case .cleanup: StepResource(arn: own("cleanup"), nameMember: nil)
        case .lambda: StepResource(arn: "arn:aws:states:::lambda:invoke", nameMember: nil)
        case .callback: StepResource(arn: "arn:aws:states:::sqs:sendMessage.waitForTaskToken", nameMember: nil)
        case .condition, .fail, .forEach: nil
        }
    }

    private static func optimized(_ action: String, _ name: String) -> StepResource {
        StepResource(arn: "arn:aws:states:::sagemaker:\(action)", nameMember: name)
    }

    private static func own(_ action: String) -> String { "arn:aws:states:::sfn-run:\(action)" }
}
