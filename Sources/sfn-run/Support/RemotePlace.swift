import AWSClient
import ArgumentParser
import Deploy
import JSON
import LocalJobs
import ServiceIntegrations

/// The options that say which Step Functions a verb talks to: AWS's own, or any server with its API.
struct RemotePlace: ParsableArguments {
    @Option(help: "The API's URL (else AWS_ENDPOINT_URL_SFN, AWS_ENDPOINT_URL, sfn-run.json, else AWS itself).")
    var endpointUrl: String?

    @Option(help: "The region (else AWS_REGION, the profile's, us-east-1).")
    var region: String?

    @Option(help: "The profile of ~/.aws (else AWS_PROFILE, default).")
    var profile: String?

    func open(_ configuration: String?) throws -> RemoteStepFunctions {
        let path = configuration ?? Configuration.find(from: ".")
        var services = try ConfigurationFile.read(path, folder: ".").services
        if let endpointUrl { services.endpoints["sfn"] = endpointUrl }
        if let region { services.region = region }
        if let profile { services.profile = profile }
        return RemoteStepFunctions(AWSClient(AWSIntegrations.configuration(services)))
    }

    /// Turns what AWS refuses into a sentence.
    static func reporting(_ body: () async throws -> Void) async throws {
        try await Refusal.reporting {
            do {
                try await body()
            } catch let failure as AWSFailure {
                throw Refusal(sentence(failure), .executionFailed)
            }
        }
    }

    static func sentence(_ failure: AWSFailure) -> String {
        switch failure {
        case .service(let error): "\(error.code): \(error.message)"
        case .transport(let failure): "no answer: \(failure.message)"
        case .noCredentials(let message), .endpoint(let message): message
        case .parameters(let problems): problems.complaints.joined(separator: "; ")
        case .unknownService(let name): "there is no service \(name)"
        case .unknownOperation(let service, let operation): "\(service) has no operation \(operation)"
        }
    }
}
