import JSON

/// The kinds of SageMaker jobs that run on this machine, and what their API calls them.
package enum JobKind: String, Sendable, CaseIterable {
    case processing = "processing-job"
    case training = "training-job"
    case transform = "transform-job"
    case tuning = "hyper-parameter-tuning-job"
    case autoML = "automl-job"

    /// `ProcessingJob` in `ProcessingJobName`, `ProcessingJobArn`, `ProcessingJobStatus`, `createProcessingJob`.
    package var noun: String {
        switch self {
        case .processing: "ProcessingJob"
        case .training: "TrainingJob"
        case .transform: "TransformJob"
        case .tuning: "HyperParameterTuningJob"
        case .autoML: "AutoMLJob"
        }
    }

    package var longestName: Int {
        switch self {
        case .tuning, .autoML: 32
        default: 63
        }
    }

    package init?(noun: String) {
        guard let kind = Self.allCases.first(where: { $0.noun.lowercased() == noun.lowercased() }) else { return nil }
        self = kind
    }

    package func arn(_ name: String, region: String, account: String) -> String {
        "arn:aws:sagemaker:\(region):\(account):\(rawValue)/\(name.lowercased())"
    }
}

/// How a job stands.
package enum JobStatus: String, Sendable {
    case inProgress = "InProgress"
    case completed = "Completed"
    case failed = "Failed"
    case stopping = "Stopping"
    case stopped = "Stopped"
}
