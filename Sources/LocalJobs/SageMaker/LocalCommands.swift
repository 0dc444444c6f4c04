import JSON

/// Whether this machine has a command for what a job asks; asked before anything of a pipeline begins.
package struct LocalCommands: Sendable {
    private let images: ImageCatalog

    package init(_ configuration: Configuration) { images = ImageCatalog(images: configuration.images) }

    /// A CreateTrainingJob's (or a tuning's) missing command; nil: it has one, or its image is not known yet.
    package func missing(forTraining request: JSONValue) -> String? {
        let algorithm = request["AlgorithmSpecification"]
        guard let image = algorithm?["TrainingImage"]?.string ?? algorithm?["AlgorithmName"]?.string else { return nil }
        let runtime = images.runtime(image)
        if !runtime.command.isEmpty || runtime.framework == .xgboost || hasWords(algorithm, "ContainerEntrypoint", "ContainerArguments") { return nil }
        let parameters = request["HyperParameters"] ?? request["StaticHyperParameters"]
        return parameters?["sagemaker_program"] == nil ? Self.text("the image \(image)", image, ", or use script mode") : nil
    }

    package func missing(forProcessing request: JSONValue) -> String? {
        let application = request["AppSpecification"]
        guard let image = application?["ImageUri"]?.string, images.runtime(image).command.isEmpty else { return nil }
        if hasWords(application, "ContainerEntrypoint", "ContainerArguments") { return nil }
        return Self.text("the image \(image)", image, ", or give AppSpecification.ContainerEntrypoint")
    }

    /// A QualityCheck's or ClarifyCheck's job: the monitor's own images have stand-ins here.
    package func missing(forCheck request: JSONValue) -> String? {
        let image = request["AppSpecification"]?["ImageUri"]?.string ?? ""
        return image.contains("model-monitor-analyzer") || image.contains("sagemaker-clarify") ? nil : missing(forProcessing: request)
    }

    /// What has no image of its own: `automl`, `emr`, `emr-serverless`.
    package func missing(for image: String) -> String? {
        // A pattern for all images is not meant for clusters.
        let isThere = images.images.contains { ($0.pattern != "*" || image == "automl") && $0.matches(image) && !$0.command.isEmpty }
        return isThere ? nil : Self.text(image == "automl" ? "AutoML" : image, image, "")
    }

    private func hasWords(_ value: JSONValue?, _ members: String...) -> Bool {
        members.contains { value?[$0]?.array?.isEmpty == false || value?[$0]?.object != nil }
    }

    private static func text(_ what: String, _ image: String, _ otherwise: String) -> String {
        "no local command stands for \(what): map the image \"\(image)\" under \"images\" in sfn-run.json\(otherwise)"
    }
}
