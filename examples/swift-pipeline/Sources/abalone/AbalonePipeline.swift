import SageMakerPipelines

/// The pipeline of ../abalone in Swift: its definition is the one that the Python SDK writes for pipeline.py there.
func abalonePipeline() -> Pipeline {
    let session = PipelineSession(region: "us-east-1", account: "123456789012")
    let cache = CacheConfig(expireAfter: "P30D")

    let inputData = ParameterString("InputData", defaultValue: "s3://abalone-data/")
    let instanceCount = ParameterInteger("ProcessingInstanceCount", defaultValue: 1)
    let instanceType = ParameterString("TrainingInstanceType", defaultValue: "ml.m5.xlarge")
    let approval = ParameterString("ModelApprovalStatus", defaultValue: "PendingManualApproval")
    let maxDepth = ParameterInteger("MaxDepth", defaultValue: 5)
    let rounds = ParameterInteger("NumRound", defaultValue: 50)
    let threshold = ParameterFloat("MseThreshold", defaultValue: 150)

    let process = ProcessingStep(
        name: "AbaloneProcess",
        processor: SKLearnProcessor(frameworkVersion: "1.2-1", code: "s3://abalone-code/preprocess.py", instanceCount: instanceCount, session: session),
        inputs: [ProcessingInput(source: inputData, destination: "/opt/ml/processing/input")],
        outputs: ["train", "validation", "test"].map { ProcessingOutput(outputName: $0, source: "/opt/ml/processing/\($0)") },
        options: StepOptions(cache: cache))
    let outputs = process.properties.ProcessingOutputConfig.Outputs

    let image = ImageURIs.xgboost("1.7-1", region: session.region)
    let train = TrainingStep(
        name: "AbaloneTrain",
        estimator: Estimator(
            imageURI: image, instanceType: instanceType, outputPath: "s3://\(session.bucket)/AbaloneTrain",
            hyperparameters: [
                ("objective", "reg:squarederror"), ("num_round", rounds), ("max_depth", maxDepth), ("eta", 0.2), ("gamma", 4),
                ("min_child_weight", 6), ("subsample", 0.7),
            ]),
        inputs: ["train", "validation"].map { ($0, TrainingInput(s3Data: outputs[$0].S3Output.S3Uri, contentType: "text/csv")) },
        options: StepOptions(cache: cache))
    let modelData = train.properties.ModelArtifacts.S3ModelArtifacts

    let report = PropertyFile(name: "EvaluationReport", outputName: "evaluation", path: "evaluation.json")
    let evaluate = ProcessingStep(
        name: "AbaloneEvaluate", processor: ScriptProcessor(imageURI: image, code: "s3://abalone-code/evaluate.py"),
        inputs: [
            ProcessingInput(source: modelData, destination: "/opt/ml/processing/model"),
            ProcessingInput(source: outputs["test"].S3Output.S3Uri, destination: "/opt/ml/processing/test"),
        ],
        outputs: [ProcessingOutput(outputName: "evaluation", source: "/opt/ml/processing/evaluation")], propertyFiles: [report],
        options: StepOptions(cache: cache))

    let model = Model(imageURI: image, modelData: modelData)
    let statistics = Join(on: "/", values: [evaluate.properties.ProcessingOutputConfig.Outputs["evaluation"].S3Output.S3Uri, "evaluation.json"])
    let register = ModelStep(
        name: "AbaloneRegister",
        stepArgs: model.register(
            groupName: "Abalone", approvalStatus: approval, contentTypes: ["text/csv"], responseTypes: ["text/csv"],
            modelMetrics: ModelMetrics(modelStatistics: MetricsSource(s3URI: statistics))))
    let create = ModelStep(name: "AbaloneCreate", stepArgs: model.create())
    let record = LambdaStep(
        name: "RecordModelName", functionARN: "arn:aws:lambda:us-east-1:123456789012:function:record-model-name",
        inputs: [("model_name", create.properties.ModelName)])
    let fail = FailStep(name: "TooFarOff", errorMessage: Join(on: " ", values: ["The model's mean squared error is above", threshold]))
    let goodEnough = ConditionStep(
        name: "GoodEnough",
        conditions: [.lessThanOrEqualTo(JsonGet(step: evaluate, propertyFile: report, jsonPath: "regression_metrics.mse.value"), threshold)],
        ifSteps: [register, create, record], elseSteps: [fail])

    return Pipeline(
        name: "AbalonePipeline", parameters: [inputData, instanceCount, instanceType, approval, maxDepth, rounds, threshold],
        steps: [process, train, evaluate, goodEnough], session: session)
}
