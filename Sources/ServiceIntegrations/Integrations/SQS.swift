/// `arn:aws:states:::sqs:sendMessage`; a `MessageBody` that is no text is sent as JSON.
extension OptimizedService {
    package static let sqs = OptimizedService(
        "sqs", service: "sqs", ErrorNaming(prefix: "SQS", base: "AmazonSQSException", label: "AmazonSQS"),
        ["sendMessage": OptimizedAction("sendMessage")])
}
