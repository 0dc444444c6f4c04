import Curl

/// Why a call gave no result.
package enum AWSFailure: Error, Sendable, Equatable {
    case unknownService(String)
    case unknownOperation(service: String, operation: String)
    case parameters(ParameterProblems)
    case noCredentials(String)
    case endpoint(String)
    case service(ServiceError)
    case transport(HTTPFailure)

    package var isCancelled: Bool {
        if case .transport(let failure) = self { return failure.kind == .cancelled }
        return false
    }
}
