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
    public var bias: MetricsSource?
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
        var quality = JSONObject()
        quality["Statistics"] = modelStatistics?.json
        quality["Constraints"] = modelConstraints?.json
        func report(_ source: MetricsSource?) -> JSONValue { source.map { ["Report": $0.json] } ?? .object(JSONObject()) }
        return ["ModelQuality": .object(quality), "Bias": report(bias), "Explainability": report(explainability)]
    }
}
