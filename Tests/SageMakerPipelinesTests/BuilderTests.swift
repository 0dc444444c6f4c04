import JSON
import SageMakerPipelines
import Testing

@Suite struct BuilderTests {
    private let session = PipelineSession()
    private let configuration = """
        {"Base": {"pipeline_name": "bsm-rnr", "pipeline_s3_loc": "s3://b/MODS", "region": "NA"},
         "Training": {"training_entry_point": "train.py", "source_dir": "s3://b/source.tar.gz", "training_instance_type": "ml.g5.12xlarge",
                      "input_path": "s3://b/input", "output_path": "s3://b/out/", "hyperparameters": {"lr": 0.001, "epochs": 3, "fp16": true}},
         "Package": {"packaging_entry_point": "mims_package.py", "source_dir": "scripts", "processing_instance_count": 1, "processing_volume_size": 100,
                     "processing_framework_version": "1.2-1", "processing_instance_type_small": "ml.m5.large", "processing_instance_type_large": "ml.m5.4xlarge"},
         "Payload": {"source_model_inference_input_variable_list": {"a": "NUMERIC", "b": "TEXT"}},
         "Registration": {"model_package_group": "group", "inference_image": "image", "content_types": ["text/csv"], "response_types": ["application/json"]}}
        """

    private func read(_ change: (inout JSONObject) -> Void = { _ in }) throws -> PipelineConfiguration {
        var document = try #require(JSONValue(parsing: configuration).object)
        change(&document)
        return try PipelineConfiguration(.object(document))
    }

    @Test func aConfigurationBecomesAPipelineThatCompiles() throws {
        var registry = TemplateRegistry()
        let run = try TemplateRun(ModelDeliveryTemplate.self, configuration: read(), session: session, registry: &registry)
        #expect(run.definition.validate().filter { $0.severity == .error } == [])
        #expect(run.definition.steps.map(\.typeName) == ["Training", "Processing", "RegisterModel"])
        #expect(run.definition.parameters.map(\.name) == ["PIPELINE_EXECUTION_TEMP_DIR", "KMS_ENCRYPTION_KEY_PARAM", "SECURITY_GROUP_ID", "VPC_SUBNET"])
        #expect(run.definition.steps[1].cacheConfig?.expireAfter == "30d")
        #expect(run.definition.steps[2].arguments["InferenceSpecification"]?.text().contains("Outputs[0].S3Output.S3Uri") == true)
        #expect(MachineRun(run.definition.compile().machine) != nil)
    }

    @Test func theFirstMissingAttributeIsNamed() throws {
        let missing = try read { document in
            var package = document["Package"]?.object ?? JSONObject()
            package["processing_volume_size"] = nil
            package["processing_framework_version"] = nil
            document["Package"] = .object(package)
        }
        var registry = TemplateRegistry()
        #expect(throws: ConfigurationError(description: "Package: the required attribute 'processing_volume_size' is missing")) {
            _ = try TemplateRun(ModelDeliveryTemplate.self, configuration: missing, session: session, registry: &registry)
        }
        #expect(throws: ConfigurationError.self) { try PipelineConfiguration(["Trainings": [:] as JSONValue]) }
    }

    @Test func aVersionStandsForOneDefinition() throws {
        var registry = TemplateRegistry()
        _ = try TemplateRun(ModelDeliveryTemplate.self, configuration: read(), session: session, registry: &registry)
        _ = try TemplateRun(ModelDeliveryTemplate.self, configuration: read(), session: session, registry: &registry)
        let other = try read {
            $0["Payload"] = nil
            $0["Registration"] = nil
        }
        #expect(throws: ConfigurationError.self) {
            _ = try TemplateRun(ModelDeliveryTemplate.self, configuration: other, session: session, registry: &registry)
        }
        #expect(TemplateRegistry(json: registry.json) == registry)
    }

    @Test func aTemplateMayBeWrappedAroundAFunction() throws {
        func template(_ version: String, message: String) -> Template {
            Template(author: "me", version: version, description: "fails") { _, _ in Pipeline(name: "P", steps: [FailStep(name: "No", errorMessage: message)]) }
        }
        var registry = TemplateRegistry()
        func run(_ template: Template) throws -> TemplateRun { try TemplateRun(template, configuration: read(), session: session, registry: &registry) }
        #expect(try run(template("1", message: "no")).definition.parameters.map(\.name) == PredefinedParameters.all.map(\.name))
        #expect(try run(template("2", message: "never")).definition.steps.map(\.name) == ["No"])
        #expect { try run(template("1", message: "never")) } throws: { "\($0)".contains("version 1 already stands for another definition") }
    }

    @Test func anExecutionDocumentIsMergedIntoTheJobsItNames() throws {
        var registry = TemplateRegistry()
        let document = try ExecutionDocument(["Training": ["ResourceConfig": ["InstanceCount": 4]]])
        let run = try TemplateRun(ModelDeliveryTemplate.self, configuration: read(), session: session, document: document, registry: &registry)
        #expect(run.definition.steps[0].arguments["ResourceConfig"]?["InstanceCount"] == 4)
        #expect(run.definition.steps[0].arguments["ResourceConfig"]?["InstanceType"] == "ml.g5.12xlarge")
        let unknown = try ExecutionDocument(["Nobody": ["a": 1]])
        #expect(throws: ConfigurationError.self) { try unknown.applied(to: run.definition) }
    }

    @Test func everyJobUsesWhatTheExecutionSupplies() throws {
        var registry = TemplateRegistry()
        let run = try TemplateRun(ModelDeliveryTemplate.self, configuration: read(), session: session, registry: &registry)
        let (training, package) = (run.definition.steps[0].arguments, run.definition.steps[1].arguments)
        #expect(training["OutputDataConfig"]?["KmsKeyId"] == ["Get": "Parameters.KMS_ENCRYPTION_KEY_PARAM"])
        #expect(training["VpcConfig"]?["Subnets"] == [["Get": "Parameters.VPC_SUBNET"]])
        #expect(package["NetworkConfig"]?["VpcConfig"]?["SecurityGroupIds"] == [["Get": "Parameters.SECURITY_GROUP_ID"]])
        #expect(package["ProcessingOutputConfig"]?["Outputs"] != nil)
    }

    @Test func registrationIsAStepForEachRegion() throws {
        let several = try read { document in
            var registration = document["Registration"]?.object ?? JSONObject()
            registration["regions"] = ["NA", "EU"]
            document["Registration"] = .object(registration)
        }
        var registry = TemplateRegistry()
        let run = try TemplateRun(ModelDeliveryTemplate.self, configuration: several, session: session, registry: &registry)
        #expect(run.definition.steps.map(\.name).suffix(2) == ["Registration-NA", "Registration-EU"])
        #expect(run.definition.steps[2].arguments["SamplePayloadUrl"] == "s3://b/MODS/payload/payload.tar.gz")
    }

    @Test func modelsAreTrainedInTheHomeRegionAlone() throws {
        let abroad = try read { document in
            var training = document["Training"]?.object ?? JSONObject()
            training["region"] = "EU"
            document["Training"] = .object(training)
        }
        var registry = TemplateRegistry()
        #expect(throws: ConfigurationError.self) {
            _ = try TemplateRun(ModelDeliveryTemplate.self, configuration: abroad, session: session, registry: &registry)
        }
    }

    @Test func aSamplePayloadHasOneValueForEachVariable() throws {
        let builder = RegistrationStepBuilder(BuilderContext(configuration: try read(), session: session))
        #expect(try builder.samplePayload() == #"{"a":0,"b":"sample"}"#)
    }

    @Test func instanceTypesAndRolesDoNotCountForTheCache() throws {
        func key(_ text: String) throws -> JSONObject? { CacheKey.fields(of: .training, arguments: try JSONValue(parsing: text).object ?? JSONObject()) }
        let first = try key(#"{"HyperParameters":{"a":"1"},"RoleArn":"x","ResourceConfig":{"InstanceCount":1},"TrainingJobName":"n1"}"#)
        #expect(first == (try key(#"{"HyperParameters":{"a":"1"},"RoleArn":"y","ResourceConfig":{"InstanceCount":2},"TrainingJobName":"n2"}"#)))
        let other = try key(#"{"HyperParameters":{"a":"2"}}"#)
        let differences = CacheKey.differences(.object(try #require(first)), .object(try #require(other)))
        #expect(differences.map(\.pointer) == ["/HyperParameters/a"])
        #expect(CacheKey.fields(ofResource: "arn:aws:states:::sagemaker:createTrainingJob.sync", arguments: JSONObject()) != nil)
        #expect(CacheKey.fields(of: .model, arguments: JSONObject()) == nil)
    }

    @Test func aSelectionNeedsWhatItWaitsForOrAReference() throws {
        let json = try JSONValue(
            parsing:
                #"{"Version":"2020-12-01","Steps":[{"Name":"A","Type":"Training","Arguments":{}},{"Name":"B","Type":"Training","Arguments":{},"DependsOn":["A"]},{"Name":"C","Type":"Training","Arguments":{},"DependsOn":["B"]},{"Name":"D","Type":"Training","Arguments":{}}]}"#
        )
        let definition = try #require(PipelineDefinition.parse(json).definition)
        #expect(throws: SelectionError(description: "Invalid SourcePipelineExecutionArn: null. The selected steps [B] have dependencies on [A]")) {
            try SelectiveExecution(definition, selecting: ["B"], hasReference: false)
        }
        #expect(throws: SelectionError.self) { try SelectiveExecution(definition, selecting: ["A", "D"], hasReference: true) }
        let selection = try SelectiveExecution(definition, selecting: ["C", "B"], hasReference: true)
        #expect(selection.selected == ["B", "C"] && selection.reused == ["A"])
        #expect(SelectiveExecution.steps(from: "B", in: definition) == ["B", "C"])
    }
}
