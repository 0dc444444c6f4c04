import JSON
import SageMakerPipelines
import Testing

@Suite struct DSLTests {
    private let session = PipelineSession()

    private func abalone() -> Pipeline {
        let processingCount = ParameterInteger("ProcessingInstanceCount", defaultValue: 1)
        let trainingCount = ParameterInteger("TrainingInstanceCount", defaultValue: 1)
        let approval = ParameterString("ModelApprovalStatus", defaultValue: "PendingManualApproval")
        let data = ParameterString("InputData", defaultValue: "s3://sagemaker-us-west-2-123456789012/abalone/abalone-dataset.csv")
        let batch = ParameterString("BatchData", defaultValue: "s3://sagemaker-us-west-2-123456789012/abalone/abalone-dataset-batch")
        let code = "s3://sagemaker-us-west-2-123456789012/code/preprocess.py"
        let process = ProcessingStep(
            name: "AbaloneProcess", processor: SKLearnProcessor(frameworkVersion: "0.23-1", code: code, instanceCount: processingCount, session: session),
            inputs: [ProcessingInput(source: data, destination: "/opt/ml/processing/input")],
            outputs: ["train", "validation", "test"].map { ProcessingOutput(outputName: $0, source: "/opt/ml/processing/\($0)") })
        let outputs = process.properties.ProcessingOutputConfig.Outputs
        let estimator = XGBoost(
            frameworkVersion: "1.0-1", instanceCount: trainingCount, outputPath: "s3://sagemaker-us-west-2-123456789012/train",
            hyperparameters: [
                ("objective", "reg:linear"), ("num_round", 50), ("max_depth", 5), ("eta", 0.2), ("gamma", 4), ("min_child_weight", 6),
                ("subsample", 0.7), ("silent", 0),
            ], session: session)
        let train = TrainingStep(
            name: "AbaloneTrain", estimator: estimator,
            inputs: [
                ("train", TrainingInput(s3Data: outputs["train"].S3Output.S3Uri, contentType: "text/csv")),
                ("validation", TrainingInput(s3Data: outputs["validation"].S3Output.S3Uri, contentType: "text/csv")),
            ])
        let model = CreateModelStep(
            name: "AbaloneCreateModel", model: Model(imageURI: estimator.imageURI, modelData: train.properties.ModelArtifacts.S3ModelArtifacts))
        let record = LambdaStep(
            name: "LambdaRecordModelNameToParameterStore", functionARN: "arn:aws:lambda:us-west-2:123456789012:function:RecordModelName",
            inputs: [("model_name", model.properties.ModelName)])
        return Pipeline(
            name: "AbalonePipelineTestPrintName", parameters: [processingCount, trainingCount, approval, data, batch],
            steps: [process, train, model, record], session: session)
    }

    @Test func abaloneInSwiftIsTheDefinitionThatTheSDKWrote() throws {
        guard let entry = Corpus.entries.first(where: { $0.file.hasSuffix("abalonepipelinetestprintname.json") }) else { return }
        // The SDK uploads the script to a folder named after the time, so its address is compared as if it were ours.
        func plain(_ value: JSONValue) -> JSONValue {
            switch value {
            case .string(let text) where text.hasSuffix("/preprocess.py") && text.hasPrefix("s3://"): "code"
            case .array(let elements): .array(elements.map(plain))
            case .object(let object): .object(object.mapValues(plain))
            default: value
            }
        }
        #expect(plain(abalone().definition().json) == plain(try entry.read()))
    }

    /// AWS's notebook: process, train, evaluate, then register, create and transform, or fail.
    private func notebookAbalone() -> Pipeline {
        let bucket = "s3://sagemaker-us-west-2-123456789012"
        let processingCount = ParameterInteger("ProcessingInstanceCount", defaultValue: 1)
        let trainingType = ParameterString("TrainingInstanceType", defaultValue: "ml.m5.xlarge")
        let approval = ParameterString("ModelApprovalStatus", defaultValue: "PendingManualApproval")
        let input = ParameterString("InputData", defaultValue: "\(bucket)/abalone")
        let batch = ParameterString("BatchData", defaultValue: "\(bucket)/abalone")
        let threshold = ParameterFloat("MseThreshold", defaultValue: 6)
        let process = ProcessingStep(
            name: "AbaloneProcess",
            processor: SKLearnProcessor(frameworkVersion: "0.23-1", code: "\(bucket)/code/preprocessing.py", instanceCount: processingCount, session: session),
            inputs: [ProcessingInput(source: input, destination: "/opt/ml/processing/input")],
            outputs: ["train", "validation", "test"].map { ProcessingOutput(outputName: $0, source: "/opt/ml/processing/\($0)") })
        let outputs = process.properties.ProcessingOutputConfig.Outputs
        let image = ImageURIs.xgboost("1.0-1", region: session.region)
        var estimator = Estimator(
            imageURI: image, instanceType: trainingType, outputPath: "\(bucket)/AbaloneTrain",
            hyperparameters: [
                ("objective", "reg:linear"), ("num_round", 50), ("max_depth", 5), ("eta", 0.2), ("gamma", 4), ("min_child_weight", 6), ("subsample", 0.7),
            ])
        estimator.disableProfiler = false
        let train = TrainingStep(
            name: "AbaloneTrain", estimator: estimator,
            inputs: ["train", "validation"].map { ($0, TrainingInput(s3Data: outputs[$0].S3Output.S3Uri, contentType: "text/csv")) })
        let report = PropertyFile(name: "EvaluationReport", outputName: "evaluation", path: "evaluation.json")
        let evaluate = ProcessingStep(
            name: "AbaloneEval", processor: ScriptProcessor(imageURI: image, code: "\(bucket)/code/evaluation.py"),
            inputs: [
                ProcessingInput(source: train.properties.ModelArtifacts.S3ModelArtifacts, destination: "/opt/ml/processing/model"),
                ProcessingInput(source: outputs["test"].S3Output.S3Uri, destination: "/opt/ml/processing/test"),
            ],
            outputs: [ProcessingOutput(outputName: "evaluation", source: "/opt/ml/processing/evaluation", destination: "\(bucket)/evaluation")],
            propertyFiles: [report])
        let model = Model(imageURI: image, modelData: train.properties.ModelArtifacts.S3ModelArtifacts)
        let register = ModelStep(
            name: "AbaloneRegisterModel",
            stepArgs: model.register(
                groupName: "AbaloneModelPackageGroupName", approvalStatus: approval, contentTypes: ["text/csv"], responseTypes: ["text/csv"],
                inferenceInstances: ["ml.t2.medium", "ml.m5.xlarge"], transformInstances: ["ml.m5.xlarge"],
                modelMetrics: ModelMetrics(modelStatistics: MetricsSource(s3URI: "\(bucket)/evaluation/evaluation.json"))))
        let create = ModelStep(name: "AbaloneCreateModel", stepArgs: model.create())
        let transform = TransformStep(
            name: "AbaloneTransform", modelName: create.properties.ModelName, data: batch, outputPath: "\(bucket)/AbaloneTransform")
        let fail = FailStep(name: "AbaloneMSEFail", errorMessage: Join(on: " ", values: ["Execution failed due to MSE >", threshold]))
        let condition = ConditionStep(
            name: "AbaloneMSECond",
            conditions: [.lessThanOrEqualTo(JsonGet(step: evaluate, propertyFile: report, jsonPath: "regression_metrics.mse.value"), threshold)],
            ifSteps: [register, create, transform], elseSteps: [fail])
        return Pipeline(
            name: "AbalonePipeline", parameters: [processingCount, trainingType, approval, input, batch, threshold],
            steps: [process, train, evaluate, condition], session: session)
    }

    @Test func theNotebooksAbaloneInSwiftIsTheDefinitionThatTheSDKWrote() throws {
        guard let entry = Corpus.entries.first(where: { $0.file.hasSuffix("sm-pipelines-preprocess-train-evaluate-batch-transform--abalonepipeline.json") })
        else { return }
        // The SDK names the places of code by its hash, and that of the evaluation by the time.
        func plain(_ value: JSONValue) -> JSONValue {
            switch value {
            case .string(let text) where text.hasPrefix("s3://") && text.contains("/code/"): "code"
            case .string(let text) where text.hasPrefix("s3://") && text.hasSuffix("/evaluation"): "evaluation"
            case .string(let text) where text.hasPrefix("s3://") && text.hasSuffix("/evaluation.json"): "evaluation.json"
            case .array(let elements): .array(elements.map(plain))
            case .object(let object): .object(object.mapValues(plain))
            default: value
            }
        }
        #expect(plain(notebookAbalone().definition().json) == plain(try entry.read()))
    }

    @Test func dependenciesFollowFromReferences() {
        let info = abalone().stepsInfo()
        #expect(info.map(\.name) == ["AbaloneProcess", "AbaloneTrain", "AbaloneCreateModel", "LambdaRecordModelNameToParameterStore"])
        #expect(info.map(\.dependsOn) == [[], ["AbaloneProcess"], ["AbaloneTrain"], ["AbaloneCreateModel"]])
    }

    @Test func aLaterStepReadsTheNameThatWasMadeForAModel() {
        let machine = abalone().compile().machine
        let assigned = machine["States"]?["AbaloneCreateModel"]?["Assign"]?["AbaloneCreateModel"]?.string ?? ""
        #expect(assigned.contains("-AbaloneCreateModel'"))
        #expect(!assigned.contains("null"))
    }

    @Test func aMistakeIsToldWithTheStepsName() {
        let report = PropertyFile(name: "Report", outputName: "evaluation", path: "evaluation.json")
        let forgotten = TrainingStep(name: "Forgotten", estimator: Estimator(imageURI: "image"))
        let evaluate = ProcessingStep(
            name: "Evaluate", processor: Processor(imageURI: "image"),
            inputs: [ProcessingInput(source: forgotten.properties.ModelArtifacts.S3ModelArtifacts, destination: "/opt/ml/processing/model")])
        let check = ConditionStep(
            name: "Check", conditions: [.lessThan(JsonGet(step: evaluate, propertyFile: report, jsonPath: "mse"), ParameterFloat("Limit"))])
        let errors = Pipeline(name: "P", steps: [evaluate, check]).definition().validate().filter { $0.severity == .error }.map(\.description)
        #expect(errors.contains { $0.contains("step 'Evaluate'") && $0.contains("unknown reference 'Steps.Forgotten'") }, "\(errors)")
        #expect(errors.contains { $0.contains("step 'Check'") && $0.contains("unknown reference 'Parameters.Limit'") }, "\(errors)")
        let twice = Pipeline(name: "P", steps: [forgotten, forgotten]).definition().validate().map(\.description)
        #expect(twice.contains { $0.contains("Forgotten") }, "\(twice)")
    }

    @Test func whatTheLanguageWritesIsValid() {
        let threshold = ParameterFloat("Threshold", defaultValue: 6)
        let report = PropertyFile(name: "Report", outputName: "evaluation", path: "evaluation.json")
        let evaluate = ProcessingStep(
            name: "Evaluate", processor: ScriptProcessor(imageURI: "image", code: "code/evaluate.py"),
            outputs: [ProcessingOutput(outputName: "evaluation", source: "/opt/ml/processing/evaluation")], propertyFiles: [report],
            options: StepOptions(
                cache: CacheConfig(enableCaching: true, expireAfter: "30d"),
                retryPolicies: [
                    StepRetryPolicy(exceptionTypes: [.serviceFault, .throttling], limit: .expireAfter(minutes: 5)),
                    SageMakerJobStepRetryPolicy(failureReasonTypes: [.capacityError], intervalSeconds: 30, limit: .attempts(3)),
                ]))
        let mse = JsonGet(step: evaluate, propertyFile: report, jsonPath: "regression_metrics.mse.value")
        let register = RegisterModelStep(
            name: "Register", model: Model(imageURI: "image", modelData: "s3://b/model.tar.gz"), groupName: "group", contentTypes: ["text/csv"],
            responseTypes: ["text/csv"])
        let fail = FailStep(name: "TooBad", errorMessage: Join(on: " ", values: ["error above", threshold]))
        let check = ConditionStep(
            name: "Check", conditions: [.lessThanOrEqualTo(mse, threshold), .and([.not(.equals(mse, 0)), .in("a", ["a", "b"])])], ifSteps: [register],
            elseSteps: [fail])
        let tell = LambdaStep(
            name: "Tell", functionARN: "arn:aws:lambda:us-east-1:123456789012:function:tell", inputs: [("outcome", check.properties.Outcome)],
            outputs: [StepOutput("n", .integer)], options: StepOptions(dependsOn: [check]))
        let pipeline = Pipeline(
            name: "P", parameters: [threshold], steps: [evaluate, check, tell], parallelism: ParallelismConfiguration(maxParallelExecutionSteps: 2))
        #expect(pipeline.definition().validate() == [])
        #expect(MachineRun(pipeline.compile().machine) != nil)
        #expect(Set(pipeline.compile().placements.map(\.step)) == ["Evaluate", "Check", "Register", "TooBad", "Tell"])
    }
}
