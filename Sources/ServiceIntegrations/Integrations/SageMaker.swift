import JSON
import StatesLanguage

/// `arn:aws:states:::sagemaker:createTrainingJob[.sync]` and its relatives, endpoints and models.
extension OptimizedService {
    package static let sageMaker = OptimizedService(
        "sagemaker", service: "sagemaker",
        ErrorNaming(prefix: "SageMaker", base: "AmazonSageMakerException", label: "AmazonSageMaker"),
        [
            "createTrainingJob": job("TrainingJob", stop: "stopTrainingJob"),
            "createProcessingJob": job("ProcessingJob", stop: "stopProcessingJob"),
            "createTransformJob": job("TransformJob", stop: "stopTransformJob"),
            "createHyperParameterTuningJob": job("HyperParameterTuningJob", stop: "stopHyperParameterTuningJob"),
            "createLabelingJob": job("LabelingJob", stop: "stopLabelingJob"),
            "createAutoMLJob": job("AutoMLJob", stop: "stopAutoMLJob"),
            "createCompilationJob": job("CompilationJob", stop: "stopCompilationJob"),
            "createEndpoint": job("Endpoint", stop: nil), "updateEndpoint": job("Endpoint", start: "updateEndpoint", stop: nil),
            "createEndpointConfig": OptimizedAction("createEndpointConfig"), "createModel": OptimizedAction("createModel"),
        ])

    /// A job is named by its parameters, and its description is the result: `TrainingJobName`, `TrainingJobStatus`.
    private static func job(_ noun: String, start: String? = nil, stop: String?) -> OptimizedAction {
        let name = noun + "Name"
        @Sendable func named(_ operation: String, _ input: JSONValue) -> JobPattern.Query? {
            input[name].map { .init(operation, .object(JSONObject([(name, $0)]))) }
        }
        return OptimizedAction(
            start ?? "create" + noun,
            job: JobPattern(
                describe: { input, _ in named("describe" + noun, input) },
                state: { description in
                    // Compilation jobs shout: COMPLETED.
                    switch description[noun + "Status"]?.string?.lowercased() {
                    case "completed", "inservice": .succeeded(description)
                    case "failed", "stopped", "outofservice", "updaterollbackfailed": .failed(description)
                    default: .running
                    }
                },
                stop: { input, _ in stop.flatMap { named($0, input) } },
                recovery: start == nil ? .byName() : .byState { $0[noun + "Status"]?.string == "Updating" }))
    }
}
