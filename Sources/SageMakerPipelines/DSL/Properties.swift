import JSON

/// A property of a step's result, to be used as a value of another step.
public struct Property: PipelineVariable {
    let path: String
    public var pipelineJSON: JSONValue { getExpression(path) }

    func member(_ name: String) -> Property { Property(path: "\(path).\(name)") }
    func key(_ name: String) -> Property { Property(path: "\(path)['\(name)']") }
    func index(_ number: Int) -> Property { Property(path: "\(path)[\(number)]") }
}

/// A map or a named list of properties: `Environment["KEY"]`, `Outputs["train"]`, `Outputs[0]`.
public struct PropertyMap<Element: Sendable>: Sendable {
    let property: Property
    let wrap: @Sendable (Property) -> Element
    public subscript(name: String) -> Element { wrap(property.key(name)) }
    public subscript(index: Int) -> Element { wrap(property.index(index)) }
}

// SageMaker's own names, so that what its documentation says is what completes here.

public struct S3OutputProperty: Sendable {
    let own: Property
    public var S3Uri: Property { own.member("S3Uri") }
    public var LocalPath: Property { own.member("LocalPath") }
}

public struct ProcessingOutputProperty: Sendable {
    let own: Property
    public var S3Output: S3OutputProperty { S3OutputProperty(own: own.member("S3Output")) }
}

public struct ProcessingOutputConfigProperty: Sendable {
    let own: Property
    public var Outputs: PropertyMap<ProcessingOutputProperty> {
        PropertyMap(property: own.member("Outputs")) { ProcessingOutputProperty(own: $0) }
    }
}

public struct ProcessingProperties: Sendable {
    let own: Property
    public var ProcessingJobName: Property { own.member("ProcessingJobName") }
    public var ProcessingJobArn: Property { own.member("ProcessingJobArn") }
    public var ProcessingJobStatus: Property { own.member("ProcessingJobStatus") }
    public var ExitMessage: Property { own.member("ExitMessage") }
    public var Environment: PropertyMap<Property> { PropertyMap(property: own.member("Environment")) { $0 } }
    public var ProcessingOutputConfig: ProcessingOutputConfigProperty { ProcessingOutputConfigProperty(own: own.member("ProcessingOutputConfig")) }
}

public struct ModelArtifactsProperty: Sendable {
    let own: Property
    public var S3ModelArtifacts: Property { own.member("S3ModelArtifacts") }
}

public struct MetricProperty: Sendable {
    let own: Property
    public var Value: Property { own.member("Value") }
    public var MetricName: Property { own.member("MetricName") }
}

public struct OutputDataConfigProperty: Sendable {
    let own: Property
    public var S3OutputPath: Property { own.member("S3OutputPath") }
}

public struct ChannelProperty: Sendable {
    let own: Property
    public var S3Uri: Property { own.member("DataSource").member("S3DataSource").member("S3Uri") }
    public var ContentType: Property { own.member("ContentType") }
}

public struct AlgorithmProperty: Sendable {
    let own: Property
    public var TrainingImage: Property { own.member("TrainingImage") }
}

public struct TrainingProperties: Sendable {
    let own: Property
    public var TrainingJobName: Property { own.member("TrainingJobName") }
    public var TrainingJobArn: Property { own.member("TrainingJobArn") }
    public var TrainingJobStatus: Property { own.member("TrainingJobStatus") }
    public var ModelArtifacts: ModelArtifactsProperty { ModelArtifactsProperty(own: own.member("ModelArtifacts")) }
    public var OutputDataConfig: OutputDataConfigProperty { OutputDataConfigProperty(own: own.member("OutputDataConfig")) }
    public var AlgorithmSpecification: AlgorithmProperty { AlgorithmProperty(own: own.member("AlgorithmSpecification")) }
    public var InputDataConfig: PropertyMap<ChannelProperty> { PropertyMap(property: own.member("InputDataConfig")) { ChannelProperty(own: $0) } }
    public var HyperParameters: PropertyMap<Property> { PropertyMap(property: own.member("HyperParameters")) { $0 } }
    public var Environment: PropertyMap<Property> { PropertyMap(property: own.member("Environment")) { $0 } }
    public var FinalMetricDataList: PropertyMap<MetricProperty> { PropertyMap(property: own.member("FinalMetricDataList")) { MetricProperty(own: $0) } }
}

public struct TrainingSummaryProperty: Sendable {
    let own: Property
    public var TrainingJobName: Property { own.member("TrainingJobName") }
    public var TrainingJobArn: Property { own.member("TrainingJobArn") }
}

public struct TuningProperties: Sendable {
    let own: Property
    public var HyperParameterTuningJobName: Property { own.member("HyperParameterTuningJobName") }
    public var BestTrainingJob: TrainingSummaryProperty { TrainingSummaryProperty(own: own.member("BestTrainingJob")) }
    public var TrainingJobSummaries: PropertyMap<TrainingSummaryProperty> {
        PropertyMap(property: own.member("TrainingJobSummaries")) { TrainingSummaryProperty(own: $0) }
    }
}

public struct TransformProperties: Sendable {
    public struct Output: Sendable {
        let own: Property
        public var S3OutputPath: Property { own.member("S3OutputPath") }
    }
    let own: Property
    public var TransformJobName: Property { own.member("TransformJobName") }
    public var TransformOutput: Output { Output(own: own.member("TransformOutput")) }
}

public struct ModelProperties: Sendable {
    public struct Container: Sendable {
        let own: Property
        public var Image: Property { own.member("Image") }
        public var ModelDataUrl: Property { own.member("ModelDataUrl") }
    }
    let own: Property
    public var ModelName: Property { own.member("ModelName") }
    public var ModelArn: Property { own.member("ModelArn") }
    public var PrimaryContainer: Container { Container(own: own.member("PrimaryContainer")) }
}

public struct ModelPackageProperties: Sendable {
    let own: Property
    public var ModelPackageArn: Property { own.member("ModelPackageArn") }
    public var ModelPackageName: Property { own.member("ModelPackageName") }
    public var ModelApprovalStatus: Property { own.member("ModelApprovalStatus") }
}

public struct CheckProperties: Sendable {
    let own: Property
    public var CalculatedBaselineStatistics: Property { own.member("CalculatedBaselineStatistics") }
    public var CalculatedBaselineConstraints: Property { own.member("CalculatedBaselineConstraints") }
    public var BaselineUsedForDriftCheckStatistics: Property { own.member("BaselineUsedForDriftCheckStatistics") }
    public var BaselineUsedForDriftCheckConstraints: Property { own.member("BaselineUsedForDriftCheckConstraints") }
}

public struct AutoMLProperties: Sendable {
    public struct Container: Sendable {
        let own: Property
        public var Image: Property { own.member("Image") }
        public var ModelDataUrl: Property { own.member("ModelDataUrl") }
        public var Environment: PropertyMap<Property> { PropertyMap(property: own.member("Environment")) { $0 } }
    }
    public struct Candidate: Sendable {
        let own: Property
        public var CandidateName: Property { own.member("CandidateName") }
        public var InferenceContainers: PropertyMap<Container> { PropertyMap(property: own.member("InferenceContainers")) { Container(own: $0) } }
    }
    public struct CandidateProperties: Sendable {
        let own: Property
        public var ModelInsightsJsonReportPath: Property { own.member("ModelInsightsJsonReportPath") }
        public var ExplainabilityJsonReportPath: Property { own.member("ExplainabilityJsonReportPath") }
    }
    let own: Property
    public var AutoMLJobName: Property { own.member("AutoMLJobName") }
    public var BestCandidate: Candidate { Candidate(own: own.member("BestCandidate")) }
    public var BestCandidateProperties: CandidateProperties { CandidateProperties(own: own.member("BestCandidateProperties")) }
}

public struct EndpointConfigProperties: Sendable {
    let own: Property
    public var EndpointConfigName: Property { own.member("EndpointConfigName") }
    public var EndpointConfigArn: Property { own.member("EndpointConfigArn") }
}

public struct EndpointProperties: Sendable {
    let own: Property
    public var EndpointName: Property { own.member("EndpointName") }
    public var EndpointArn: Property { own.member("EndpointArn") }
}

public struct OutputsProperties: Sendable {
    let own: Property
    public var Outputs: PropertyMap<Property> { PropertyMap(property: own.member("OutputParameters")) { $0 } }
}

public struct ConditionProperties: Sendable {
    let own: Property
    public var Outcome: Property { own.member("Outcome") }
}
