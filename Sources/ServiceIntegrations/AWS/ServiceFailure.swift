import AWSClient
import Curl
import JSON
import StatesLanguage

/// How an integration names a service in its errors.
package struct ErrorNaming: Sendable, Equatable {
    /// `DynamoDB`, `DynamoDb`
    package var prefix: String
    /// The exception of errors that the API does not describe: `AmazonDynamoDBException`.
    package var base: String
    /// In the cause: `AmazonDynamoDBv2`.
    package var label: String
    /// SDK integrations: names and causes as the Java SDK 2 forms them, else 1.
    package var isSDK: Bool

    package init(prefix: String, base: String, label: String, isSDK: Bool = false) {
        self.prefix = prefix
        self.base = base
        self.label = label
        self.isSDK = isSDK
    }

    /// Of an `aws-sdk:` integration.
    package init(sdk model: ServiceModel) {
        let name = Naming.pascalCase(model.id)
        self.init(prefix: name, base: name + "Exception", label: name, isSDK: true)
    }
}

extension Failure {
    /// What a failed call means to Retry and Catch.
    static func service(_ failure: AWSFailure, _ naming: ErrorNaming, _ model: ServiceModel?, _ request: TaskRequest) -> Failure {
        switch failure {
        case .service(let error): return service(error, naming, model)
        case .transport(let failure):
            return Failure("\(naming.prefix).SdkClientException", "Unable to execute HTTP request: \(failure.message)")
        case .noCredentials(let message): return Failure("\(naming.prefix).SdkClientException", message)
        case .endpoint(let message): return Failure("\(naming.prefix).SdkClientException", message)
        case .parameters(let problems): return unusable(request.input, problems.complaints)
        case .unknownService(let name), .unknownOperation(let name, _):
            return .runtime("The resource \(request.resource.arn) names no operation of \(name).")
        }
    }

    private static func service(_ error: ServiceError, _ naming: ErrorNaming, _ model: ServiceModel?) -> Failure {
        let shape = model?.errorShape(error.code) ?? error.queryCode.flatMap { model?.errorShape($0) }
        let name =
            shape.map { naming.isSDK ? Naming.exception($0) : $0.hasSuffix("Exception") ? $0 : $0 + "Exception" } ?? naming.base
        var cause = error.message.isEmpty ? "null" : error.message
        if naming.isSDK {
            cause += " (Service: \(naming.label), Status Code: \(error.status), Request ID: \(error.requestID)"
            if let extended = error.extendedRequestID, naming.label == "S3" { cause += ", Extended Request ID: \(extended)" }
            cause += ")"
        } else {
            cause += " (Service: \(naming.label); Status Code: \(error.status); Error Code: \(error.queryCode ?? error.code); "
            cause += "Request ID: \(error.requestID)"
            if let extended = error.extendedRequestID, naming.prefix == "S3" { cause += "; S3 Extended Request ID: \(extended)" }
            cause += "; Proxy: null)"
        }
        return Failure("\(naming.prefix).\(name)", cause)
    }

    /// Parameters that a Task cannot be started with.
    static func unusable(_ input: JSONValue, _ complaints: [String]) -> Failure {
        .runtime(
            "The Parameters '\(input.text())' could not be used to start the Task: [\(complaints.joined(separator: ", "))]")
    }

    static func missing(_ field: String, _ input: JSONValue) -> Failure {
        unusable(input, ["The field '\(field)' is required but was missing"])
    }
}
