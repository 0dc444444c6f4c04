import JSON
import SageMakerPipelines
import Testing

@Suite struct CollectionTests {
    private let session = PipelineSession(region: "us-west-2")

    /// Steps by name.
    private func steps(_ pipeline: Pipeline) -> [String: JSONValue] {
        Dictionary(uniqueKeysWithValues: pipeline.definition().steps.map { ($0.name, JSONValue.object($0.document)) })
    }

    private func corpus(_ file: String) throws -> [String: JSONValue] {
        guard let entry = Corpus.entries.first(where: { $0.file.hasSuffix(file) }) else { return [:] }
        let definition = PipelineDefinition(document: try entry.read().object ?? JSONObject())
        return Dictionary(uniqueKeysWithValues: definition.steps.map { ($0.name, JSONValue.object($0.document)) })
    }

    @Test func aModelWithItsOwnCodeIsRepackedFirst() {
        let data = ParameterString("ModelData", defaultValue: "s3://b/model.tar.gz")
        let model = Model(imageURI: "fakeimage", modelData: data, role: "DummyRole", name: "MyModel", entryPoint: "inference.py", sourceDirectory: "code")
        let create = ModelStep(name: "MyModelStep", stepArgs: model.create())
        let pipeline = Pipeline(name: "P", parameters: [data], steps: [create], session: session)
        #expect(pipeline.definition().validate().areHarmless)
        let info = pipeline.stepsInfo()
        #expect(info.map(\.name) == ["MyModelStep-RepackModel-MyModel", "MyModelStep-CreateModel"])
        #expect(info[1].dependsOn == ["MyModelStep-RepackModel-MyModel"])
        #expect(create.properties.ModelName.pipelineJSON == ["Get": "Steps.MyModelStep-CreateModel.ModelName"])
    }

    @Test func repackingIsWhatThePythonSDKWrites() throws {
        let known = try corpus("sdk-unit/test-step-collection-is-depended-on.json")
        guard let repack = known["MyModelStep-RepackModel-MyModel"], let created = known["MyModelStep-CreateModel"] else { return }
        let data = ParameterString("ModelData", defaultValue: "s3://b/model.tar.gz")
        let model = Model(
            imageURI: "fakeimage", modelData: data, role: "DummyRole", name: "MyModel", entryPoint: "inference.py", sourceDirectory: "/opt/example/tmp")
        let written = steps(
            Pipeline(
                name: "P", parameters: [data], steps: [ModelStep(name: "MyModelStep", stepArgs: model.create())],
                session: PipelineSession(region: "us-west-2", bucket: "my-bucket")))
        #expect(written["MyModelStep-CreateModel"] == created)
        // Where things are put differs: the SDK's places have the time in them.
        func plain(_ step: JSONValue?) -> JSONValue? {
            guard var object = step?.object, var arguments = object["Arguments"]?.object, var parameters = arguments["HyperParameters"]?.object else {
                return nil
            }
            parameters["sagemaker_submit_directory"] = nil
            arguments["HyperParameters"] = .object(parameters)
            arguments["OutputDataConfig"] = nil
            arguments["DebugHookConfig"] = nil
            object["Arguments"] = .object(arguments)
            return .object(object)
        }
        #expect(plain(written["MyModelStep-RepackModel-MyModel"]) == plain(repack))
    }

    @Test(arguments: [
        ("sdk-integ/test-batch-transform-data-quality-step-pipeline-before-transformation.json", true),
        ("sdk-integ/test-batch-transform-model-quality-step-pipeline-failure-no-violation-case.json", false),
    ])
    func monitoringATransformIsWhatThePythonSDKWrites(_ file: String, _ before: Bool) throws {
        let known = try corpus(file)
        guard let transform = known["MonitorBatchTransformStep-transform"], let monitoring = known["MonitorBatchTransformStep-monitoring"] else { return }
        let statistics = ParameterString("SuppliedBaselineStatisticsUri", defaultValue: "s3://b/s")
        let constraints = ParameterString("SuppliedBaselineConstraintsUri", defaultValue: "s3://b/c")
        let model = CreateModelStep(name: "MyModel-CreateModel", model: Model(imageURI: "i", modelData: "s3://b/m"))
        let arguments = try #require(transform["Arguments"])
        let step = MonitorBatchTransformStep(
            name: "MonitorBatchTransformStep",
            transform: TransformStep(
                name: "any", modelName: model.properties.ModelName,
                data: try #require(arguments["TransformInput"]?["DataSource"]?["S3DataSource"]?["S3Uri"]),
                outputPath: try #require(arguments["TransformOutput"]?["S3OutputPath"]), contentType: "text/libsvm", strategy: "SingleRecord"),
            checkType: try #require(monitoring["CheckType"]?.string), check: try #require(monitoring["Arguments"]?.object), monitorBeforeTransform: before,
            failOnViolation: before, suppliedBaselineStatistics: statistics, suppliedBaselineConstraints: constraints)
        let written = steps(Pipeline(name: "P", parameters: [statistics, constraints], steps: [model, step], session: session))
        #expect(written["MonitorBatchTransformStep-transform"] == transform)
        #expect(written["MonitorBatchTransformStep-monitoring"] == monitoring)
    }

    @Test func whatDependsOnACollectionWaitsForAllOfIt() {
        let model = Model(imageURI: "i", modelData: "s3://b/m", entryPoint: "inference.py")
        let create = ModelStep(name: "M", stepArgs: model.create())
        let after = FailStep(name: "Never")
        let tell = LambdaStep(name: "Tell", functionARN: "f", options: StepOptions(dependsOn: [create]))
        let info = Pipeline(name: "P", steps: [create, ConditionStep(name: "C", conditions: [.equals(1, 2)], ifSteps: [after]), tell]).stepsInfo()
        #expect(info.first { $0.name == "Tell" }?.dependsOn == ["M-RepackModel-0", "M-CreateModel"])
    }
}
