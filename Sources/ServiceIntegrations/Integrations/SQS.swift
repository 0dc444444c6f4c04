import JSON
import StatesLanguage

/// `arn:aws:states:::sqs:sendMessage`; a `MessageBody` that is no text is sent as JSON.
extension OptimizedService {
    package static let sqs = OptimizedService(
        "sqs", service: "sqs", ErrorNaming(prefix: "SQS", base: "AmazonSQSException", label: "AmazonSQS"),
        [
            "sendMessage": OptimizedAction("sendMessage").with {
                $0.prepare = { (input, _) throws(Failure) in
                    if let url = input["QueueUrl"]?.string, let host = unknownHost(url) {
                        throw Failure("SQS.SdkClientException", "Unable to execute HTTP request: \(host): Name or service not known")
                    }
                    return input
                }
            }
        ])

    /// AWS's SDK sends to the host that the queue's URL names: one word alone is the name of no host, but this machine's.
    private static func unknownHost(_ url: String) -> Substring? {
        guard let scheme = url.firstRange(of: "://") else { return nil }
        let host = url[scheme.upperBound...].prefix { $0 != "/" }
        let name = host.prefix { $0 != ":" }
        guard !name.isEmpty, !host.contains(":"), !name.contains("."), name != "localhost" else { return nil }
        return name
    }
}
