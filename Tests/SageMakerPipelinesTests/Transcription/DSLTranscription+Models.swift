import JSON
import SageMakerPipelines

extension DSLTranscription {
    func createModel(_ name: String, _ arguments: JSONValue, _ options: StepOptions) throws -> CreateModelStep {
        var members = Members(arguments, of: name)
        var model = try model(members.take("PrimaryContainer"), name)
        model.role = members.take("ExecutionRoleArn")?.string
        model.enableNetworkIsolation = members.take("EnableNetworkIsolation")?.bool
        try members.end()
        return CreateModelStep(name: name, model: model, options: options)
    }

    private func model(_ json: JSONValue?, _ name: String) throws -> Model {
        var members = Members(json, of: name)
        var model = Model(
            imageURI: try value(members.take("Image") ?? .null), modelData: try optional(members.take("ModelDataUrl")),
            environment: try members.take("Environment").map { try pairs($0) })
        model.framework = members.take("Framework")?.string
        model.frameworkVersion = members.take("FrameworkVersion")?.string
        model.nearestModelName = members.take("NearestModelName")?.string
        try members.end()
        return model
    }

    func registerModel(_ name: String, _ arguments: JSONValue, _ options: StepOptions) throws -> RegisterModelStep {
        var members = Members(arguments, of: name)
        let inference = members.take("InferenceSpecification")
        let models = try (inference?["Containers"]?.array ?? []).map { try model($0, name) }
        guard let first = models.first else { throw Unsayable(description: "\(name) has no container") }
        var step = RegisterModelStep(
            name: name, model: first, groupName: try optional(members.take("ModelPackageGroupName")),
            approvalStatus: try value(members.take("ModelApprovalStatus") ?? .null), contentTypes: try values(inference?["SupportedContentTypes"]),
            responseTypes: try values(inference?["SupportedResponseMIMETypes"]),
            inferenceInstances: try values(inference?["SupportedRealtimeInferenceInstanceTypes"]),
            transformInstances: try values(inference?["SupportedTransformInstanceTypes"]), modelMetrics: try metrics(members.take("ModelMetrics"), name),
            samplePayloadURL: try optional(members.take("SamplePayloadUrl")), options: options)
        step.skipModelValidation = try value(members.take("SkipModelValidation") ?? .null)
        step.followingModels = Array(models.dropFirst())
        step.packageDescription = try optional(members.take("ModelPackageDescription"))
        step.domain = members.take("Domain")?.string
        step.task = members.take("Task")?.string
        step.customerMetadata = try pairs(members.take("CustomerMetadataProperties"))
        step.driftCheckBaselines = members.take("DriftCheckBaselines")?.object
        step.modelLifeCycle = members.take("ModelLifeCycle")?.object
        try members.end()
        return step
    }

    private func metrics(_ json: JSONValue?, _ name: String) throws -> ModelMetrics? {
        guard let json else { return nil }
        // Those that were written by hand leave empty groups out.
        guard json["Bias"] != nil, json["Explainability"] != nil else { throw Unsayable(description: "\(name)'s metrics lack a group") }
        func source(_ group: String, _ member: String) throws -> MetricsSource? {
            guard let own = json[group]?[member] else { return nil }
            return MetricsSource(s3URI: try value(own["S3Uri"] ?? .null), contentType: own["ContentType"]?.string ?? "")
        }
        var metrics = ModelMetrics(
            modelStatistics: try source("ModelQuality", "Statistics"), modelConstraints: try source("ModelQuality", "Constraints"),
            bias: try source("Bias", "Report"), explainability: try source("Explainability", "Report"))
        metrics.modelDataStatistics = try source("ModelDataQuality", "Statistics")
        metrics.modelDataConstraints = try source("ModelDataQuality", "Constraints")
        metrics.biasPreTraining = try source("Bias", "PreTrainingReport")
        metrics.biasPostTraining = try source("Bias", "PostTrainingReport")
        return metrics
    }
}
