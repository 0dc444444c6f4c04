import JSON

/// A transform job and the check of its data: before the transform for data quality, after it for the model's.
public struct MonitorBatchTransformStep: StepCollection {
    public let name: String
    public let steps: [any Step]
    /// `<name>-transform`
    public let transform: TransformStep
    /// `<name>-monitoring`
    public let monitoring: RequestStep<CheckProperties>

    /// `check`: the monitor's job, a CreateProcessingJob request without a name.
    public init(
        name: String, transform: TransformStep, type: StepType = .qualityCheck, checkType: String, check: JSONObject,
        monitorBeforeTransform: Bool = false, failOnViolation: any PipelineInput = true, modelPackageGroupName: (any PipelineInput)? = nil,
        suppliedBaselineStatistics: (any PipelineInput)? = nil, suppliedBaselineConstraints: (any PipelineInput)? = nil, options: StepOptions = StepOptions()
    ) {
        self.name = name
        let first = monitorBeforeTransform ? "monitoring" : "transform"
        func own(_ suffix: String) -> StepOptions {
            var own = options
            own.dependsOn = suffix == first ? options.dependsOn : [StepDependency(step: "\(name)-\(first)")]
            return own
        }
        self.transform = transform.named("\(name)-transform", own("transform"))
        monitoring = RequestStep(
            name: "\(name)-monitoring", type: type, checkType: checkType, job: check, modelPackageGroupName: modelPackageGroupName,
            failOnViolation: failOnViolation, suppliedBaselineStatistics: suppliedBaselineStatistics,
            suppliedBaselineConstraints: suppliedBaselineConstraints, options: own("monitoring"))
        steps = [self.transform, monitoring]
    }
}
