import JSON
import StatesLanguage

/// One step of an execution, as `ListPipelineExecutionSteps` tells of it.
public struct PipelineExecutionStep: Sendable {
    /// AWS's step statuses.
    public enum Status: String, Sendable, CaseIterable {
        case starting = "Starting"
        case executing = "Executing"
        case stopping = "Stopping"
        case stopped = "Stopped"
        case failed = "Failed"
        case succeeded = "Succeeded"

        public var isOver: Bool { self == .stopped || self == .failed || self == .succeeded }
    }

    /// Iterations of a ForEach that ran.
    public struct Items: Sendable, Equatable {
        public var total = 0
        public var succeeded = 0
        public var failed = 0
        public var stopped = 0
    }

    /// A step of a ForEach body is listed as `<step>-<index>`.
    public internal(set) var name: String
    public let step: PipelineStep
    public internal(set) var status = Status.starting
    public internal(set) var start: Timestamp
    public internal(set) var end: Timestamp?
    public internal(set) var attempts = 0
    public internal(set) var failureReason: String?
    /// Why the step ran or was reused: `{Outcome, Reason?, SourcePipelineExecutionArn?, Differences?, Fields, Contents, Key}`; nil where
    /// nobody asked the cache.
    public internal(set) var cacheDecision: JSONValue?
    /// The execution whose result stands for this step, which was not selected.
    public internal(set) var selectiveSource: String?
    /// The evaluated request.
    public internal(set) var request: JSONValue?
    /// The service's answer to the request, and at the end what it says of the job.
    public internal(set) var result: JSONValue?
    /// Of a Condition.
    public internal(set) var outcome: Bool?
    /// Of a ForEach.
    public internal(set) var items: Items?
    /// Of a step of a ForEach body.
    public internal(set) var iteration: (parent: String, index: Int, item: JSONValue)?

    /// Not selected: what it gives is taken from an earlier execution.
    var isReused = false

    init(name: String, step: PipelineStep, start: Timestamp) {
        self.name = name
        self.step = step
        self.start = start
    }

    /// The execution whose success stands for this step (`CacheHitResult`).
    public var cacheSource: String? {
        cacheDecision?["Outcome"]?.string == "Hit" ? cacheDecision?["SourcePipelineExecutionArn"]?.string : nil
    }

    /// What the job measured: the last value of each metric, or a tuning's objective.
    public var metrics: [(name: String, value: Double)] {
        var found: [(name: String, value: Double)] = []
        for metric in result?["FinalMetricDataList"]?.array ?? [] {
            if let name = metric["MetricName"]?.string, let value = metric["Value"]?.number { found.append((name, value)) }
        }
        let best = result?["BestTrainingJob"]?["FinalHyperParameterTuningJobObjectiveMetric"] ?? result?["BestCandidate"]?["FinalAutoMLJobObjectiveMetric"]
        if let name = best?["MetricName"]?.string, let value = best?["Value"]?.number { found.append(("best \(name)", value)) }
        return found
    }

    /// The member of `Metadata` for the step's type.
    public var metadata: JSONObject {
        func arn(_ key: String, _ members: String...) -> JSONObject {
            for member in members {
                if let value = result?[member] { return JSONObject([(key, .object(JSONObject([("Arn", value)])))]) }
            }
            return JSONObject()
        }
        switch step.type {
        case .processing: return arn("ProcessingJob", "ProcessingJobArn")
        case .training: return arn("TrainingJob", "TrainingJobArn")
        case .tuning: return arn("TuningJob", "HyperParameterTuningJobArn")
        case .autoML: return arn("AutoMLJob", "AutoMLJobArn")
        case .transform: return arn("TransformJob", "TransformJobArn")
        case .model: return arn("Model", "ModelArn")
        case .registerModel: return arn("RegisterModel", "ModelPackageArn")
        case .endpoint: return arn("Endpoint", "EndpointArn")
        case .endpointConfig: return arn("EndpointConfig", "EndpointConfigArn")
        case .inferenceComponent: return arn("InferenceComponent", "InferenceComponentArn")
        case .condition: return outcome.map { JSONObject([("Condition", .object(JSONObject([("Outcome", $0 ? "True" : "False")])))]) } ?? JSONObject()
        case .fail: return JSONObject([("Fail", .object(JSONObject([("ErrorMessage", .string(failureReason ?? ""))])))])
        case .lambda:
            return JSONObject([
                ("Lambda", .object(JSONObject([("Arn", request?["FunctionName"] ?? .null), ("OutputParameters", outputs(of: result?["Payload"]))])))
            ])
        case .callback:
            return JSONObject([("Callback", .object(JSONObject([("SqsQueueUrl", request?["QueueUrl"] ?? .null), ("OutputParameters", outputs(of: result))])))])
        case .qualityCheck, .clarifyCheck:
            var check = result?.object ?? JSONObject()
            check["CheckType"] = request?["CheckType"]
            return JSONObject([(step.typeName, .object(check))])
        case .emr:
            return JSONObject([("EMR", .object(JSONObject([("ClusterId", result?["ClusterId"] ?? .null), ("StepId", result?["Step"]?["Id"] ?? .null)])))])
        case .forEach:
            guard let items else { return JSONObject() }
            return JSONObject([
                (
                    "ForEach",
                    .object(
                        JSONObject([
                            ("Status", .string(status.rawValue)), ("InputItemCount", .integer(Int64(items.total))),
                            ("SucceededStepCount", .integer(Int64(items.succeeded))), ("FailedStepCount", .integer(Int64(items.failed))),
                            ("StoppedStepCount", .integer(Int64(items.stopped))),
                        ]))
                )
            ])
        case .emrServerless, .lineage, .cleanup, nil: return JSONObject()
        }
    }

    private func outputs(of value: JSONValue?) -> JSONValue {
        .array(
            step.outputParameters.compactMap { output in
                guard let given = value?[output.name] else { return nil }
                return ["Name": .string(output.name), "Value": .string(given.string ?? given.text())]
            })
    }

    /// As `ListPipelineExecutionSteps` gives it; times in seconds since 1970.
    public var json: JSONValue {
        var object = JSONObject([("StepName", .string(name)), ("StepType", .string(step.typeName))])
        object["StepDisplayName"] = step.displayName.map { .string($0) }
        object["StepDescription"] = step.description.map { .string($0) }
        object["StartTime"] = .double(Double(start.milliseconds) / 1000)
        object["EndTime"] = end.map { .double(Double($0.milliseconds) / 1000) }
        object["StepStatus"] = .string(status.rawValue)
        object["CacheHitResult"] = cacheSource.map { ["SourcePipelineExecutionArn": .string($0)] }
        object["FailureReason"] = failureReason.map { .string(Self.cut($0, 1024)) }
        object["Metadata"] = .object(metadata)
        object["AttemptCount"] = .integer(Int64(attempts))
        object["SelectiveExecutionResult"] = selectiveSource.map { ["SourcePipelineExecutionArn": .string($0)] }
        if let iteration {
            object["IterationContext"] = ["ParentStepName": .string(iteration.parent), "Index": .integer(Int64(iteration.index)), "Item": iteration.item]
        }
        if !metrics.isEmpty { object["Metrics"] = .object(JSONObject(metrics.map { ($0.name, .double($0.value)) })) }
        return .object(object)
    }

    private static func cut(_ text: String, _ limit: Int) -> String { text.utf8.count <= limit ? text : String(text.prefix(limit)) }
}
