import JSON

/// A file of metrics: `MetricsSource(s3URI: …)`.
public struct MetricsSource: Sendable {
    public var contentType: String
    public var s3URI: any PipelineInput
    public init(s3URI: any PipelineInput, contentType: String = "application/json") {
        self.s3URI = s3URI
        self.contentType = contentType
    }
    var json: JSONValue { ["ContentType": .string(contentType), "S3Uri": s3URI.pipelineJSON] }
}

/// What a model package says of its model's quality, bias and explainability.
public struct ModelMetrics: Sendable {
    public var modelStatistics: MetricsSource?
    public var modelConstraints: MetricsSource?
    public var modelDataStatistics: MetricsSource?
    public var modelDataConstraints: MetricsSource?
    public var bias: MetricsSource?
    public var biasPreTraining: MetricsSource?
    public var biasPostTraining: MetricsSource?
    public var explainability: MetricsSource?

    public init(
        modelStatistics: MetricsSource? = nil, modelConstraints: MetricsSource? = nil, bias: MetricsSource? = nil, explainability: MetricsSource? = nil
    ) {
        self.modelStatistics = modelStatistics
        self.modelConstraints = modelConstraints
        self.bias = bias
        self.explainability = explainability
    }

    var json: JSONValue {
        func group(_ members: [(String, MetricsSource?)]) -> JSONObject {
            JSONObject(members.compactMap { name, source in source.map { (name, $0.json) } })
        }
        var metrics = JSONObject()
        let quality = group([("Statistics", modelStatistics), ("Constraints", modelConstraints)])
        let data = group([("Statistics", modelDataStatistics), ("Constraints", modelDataConstraints)])
        if quality.count > 0 { metrics["ModelQuality"] = .object(quality) }
        if data.count > 0 { metrics["ModelDataQuality"] = .object(data) }
        metrics["Bias"] = .object(group([("Report", bias), ("PreTrainingReport", biasPreTraining), ("PostTrainingReport", biasPostTraining)]))
        metrics["Explainability"] = .object(group([("Report", explainability)]))
        return .object(metrics)
    }
}
