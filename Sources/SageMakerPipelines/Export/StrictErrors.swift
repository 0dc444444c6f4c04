/// The error names of Step Functions for the classes of retry policies (spec 6.2).
enum StrictErrors {
    static func names(_ classes: [String], of type: StepType?) -> [String] {
        var result: [String] = []
        func add(_ names: [String]) {
            for name in names where !result.contains(name) { result.append(name) }
        }
        for text in classes {
            switch RetryClass(rawValue: text) {
            case .resourceLimit: add(["SageMaker.ResourceLimitExceededException"])
            case .emrResourceLimit: add(["ElasticMapReduce.AmazonElasticMapReduceException"])
            // A finished job's reason has no name of its own: every failed job is this.
            case .jobInternalError, .capacityError: add(["States.TaskFailed"])
            case .serviceFault, .throttling: add(serviceFaults(of: type))
            case nil: break
            }
        }
        return result
    }

    private static func serviceFaults(of type: StepType?) -> [String] {
        switch type {
        case .lambda: ["Lambda.ServiceException", "Lambda.AWSLambdaException", "Lambda.SdkClientException", "Lambda.TooManyRequestsException"]
        case .callback: ["SQS.AmazonSQSException"]
        case .emr: ["ElasticMapReduce.AmazonElasticMapReduceException"]
        case .emrServerless: ["EmrServerless.AWSEMRServerlessException"]
        case nil: ["S3.S3Exception", "S3.SdkClientException"]
        default: ["SageMaker.AmazonSageMakerException", "SageMaker.SageMakerException"]
        }
    }

    /// How the loop of a policy knows its errors, as a condition on `$error`, an error output.
    static func condition(_ classes: [String], of type: StepType?, error: String) -> String {
        var tests: [String] = []
        for text in classes {
            switch RetryClass(rawValue: text) {
            case .capacityError: tests.append("$contains(\(error).Cause, /CapacityError|[Ii]nsufficient ?[Cc]apacity/)")
            case .jobInternalError: tests.append("$contains(\(error).Cause, 'InternalServerError')")
            case .resourceLimit, .emrResourceLimit, .serviceFault, .throttling:
                for name in names([text], of: type) { tests.append("\(error).Error = \(ExpressionText.literal(name))") }
            case nil: break
            }
        }
        var unique: [String] = []
        for test in tests where !unique.contains(test) { unique.append(test) }
        return unique.isEmpty ? "false" : unique.joined(separator: " or ")
    }
}

/// What a strict machine does not say, and what its role must be allowed.
struct StrictLosses {
    private(set) var notes: [String] = []
    private(set) var actions: Set<String> = []

    mutating func note(_ text: String) {
        if !notes.contains(text) { notes.append(text) }
    }

    mutating func allow(_ names: [String]) { actions.formUnion(names) }

    mutating func merge(_ other: StrictLosses) {
        other.notes.forEach { note($0) }
        actions.formUnion(other.actions)
    }
}
