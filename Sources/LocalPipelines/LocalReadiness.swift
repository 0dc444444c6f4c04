import JSON
import LocalJobs
import SageMakerPipelines

/// What a pipeline needs and this machine has not: said before anything runs, not in the middle.
package struct LocalReadiness: Sendable {
    private let configuration: Configuration

    package init(_ configuration: Configuration) { self.configuration = configuration }

    /// One error for each step that could not run here.
    package func problems(of definition: PipelineDefinition) -> [PipelineDiagnostic] {
        let commands = LocalCommands(configuration)
        let functions = LocalFunctions(configuration)
        return definition.allSteps.compactMap { placed in
            missing(placed.step, commands, functions).map { .error(placed.pointer, $0, step: placed.step.name) }
        }
    }

    private func missing(_ step: PipelineStep, _ commands: LocalCommands, _ functions: LocalFunctions) -> String? {
        let arguments = JSONValue.object(step.arguments)
        if step.type == .lambda {
            // One that an expression names is known later.
            guard isLocal("lambda"), let name = step.document["FunctionArn"]?.string, !functions.contains(name) else { return nil }
            return "there is no function \(name) here: name it under \"functions\" in sfn-run.json"
        }
        guard isLocal("sagemaker") else { return nil }
        switch step.type {
        case .processing: return commands.missing(forProcessing: arguments)
        case .training: return commands.missing(forTraining: arguments)
        case .tuning:
            let definitions = arguments["TrainingJobDefinitions"]?.array ?? arguments["TrainingJobDefinition"].map { [$0] } ?? []
            return definitions.lazy.compactMap { commands.missing(forTraining: $0) }.first
        case .qualityCheck, .clarifyCheck: return commands.missing(forCheck: arguments)
        case .autoML: return commands.missing(for: "automl")
        case .emr: return commands.missing(for: "emr")
        case .emrServerless: return commands.missing(for: "emr-serverless")
        default: return nil
        }
    }

    private func isLocal(_ service: String) -> Bool {
        let services = configuration.services
        return services.mode(of: service) == .local && services.endpoints[service] == nil && services.endpoints["*"] == nil
    }
}
