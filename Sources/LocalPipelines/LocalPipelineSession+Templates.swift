import JSON
import LocalJobs
import SageMakerPipelines

extension LocalPipelineSession {
    /// Makes a template's pipeline from a configuration, records which definition its version stands for (the same version with
    /// another definition is refused), puts the execution document on it, and starts it.
    ///
    /// `parameters` come before those of the document.
    public func start<Wrapped: PipelineTemplate>(
        _ type: Wrapped.Type, configuration: PipelineConfiguration, document: ExecutionDocument? = nil, parameters: [String: JSONValue] = [:]
    ) async throws -> PipelineExecution {
        try await start(Template(type), configuration: configuration, document: document, parameters: parameters)
    }

    /// The same for a template that is wrapped around a function.
    public func start(
        _ template: Template, configuration: PipelineConfiguration, document: ExecutionDocument? = nil, parameters: [String: JSONValue] = [:]
    ) async throws -> PipelineExecution {
        var registry = try templates()
        let run = try TemplateRun(template, configuration: configuration, session: session, document: document, registry: &registry)
        try Files.write(registry.json.bytes(.pretty), to: registryPath)
        if let payload = try SamplePayload(configuration: configuration, session: session) { try await upload(payload.files, asArchive: payload.address) }
        _ = try await upsert(
            name: run.pipeline.name, definition: run.definition, roleARN: session.role,
            description: "\(template.description) (\(template.author), \(template.version))",
            parallelism: run.pipeline.parallelism?.maxParallelExecutionSteps)
        let given = (document?.parameters ?? [:]).merging(parameters) { $1 }
        return PipelineExecution(arn: try await start(pipelineName: run.pipeline.name, parameters: given, parallelism: nil), service: self)
    }

    /// Which definition each version of each template stands for.
    public func templates() throws -> TemplateRegistry {
        guard Files.exists(registryPath) else { return TemplateRegistry() }
        return TemplateRegistry(json: try JSONValue(parsing: try Files.read(registryPath)))
    }

    private var registryPath: String { "\(configuration.dataDirectory)/sagemaker/records/templates.json" }

    /// Puts files, packed as a tar.gz, where an `s3://` address says.
    public func upload(_ files: [(name: String, text: String)], asArchive address: String) async throws {
        guard let location = S3Location(address) else { throw PipelineServiceError("found \(address), expected an address that begins with s3://") }
        let folder = "\(configuration.dataDirectory)/uploads/\(PipelineRecords.newExecutionID())"
        try Files.makeFolder(folder)
        defer { Files.remove(folder) }
        for file in files { try Files.write(file.text, to: "\(folder)/\(file.name)") }
        let output = await CommandRun.run(
            ["tar", "--sort=name", "--mtime=@0", "--owner=0", "--group=0", "-czf", "\(folder).tar.gz", "-C", folder, "."],
            environment: Executable.environment, directory: folder, log: { _ in })
        defer { Files.remove("\(folder).tar.gz") }
        guard output.exit == .exited(0) else { throw PipelineServiceError("\(address): the archive could not be made") }
        _ = try LocalBuckets(configuration).put(try Files.read("\(folder).tar.gz"), to: location)
    }
}

/// A generated request of the model's inputs, for a registration.
private struct SamplePayload {
    let files: [(name: String, text: String)]
    let address: String

    init?(configuration: PipelineConfiguration, session: PipelineSession) throws {
        guard configuration.has("Registration") else { return nil }
        let builder = RegistrationStepBuilder(BuilderContext(configuration: configuration, session: session))
        guard let address = try builder.samplePayloadURL() else { return nil }
        self.address = address
        files = [("payload", try builder.samplePayload())]
    }
}
