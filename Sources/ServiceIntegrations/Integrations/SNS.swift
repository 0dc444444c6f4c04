/// `arn:aws:states:::sns:publish`; a `Message` that is no text is sent as JSON.
extension OptimizedService {
    package static let sns = OptimizedService(
        "sns", service: "sns", ErrorNaming(prefix: "SNS", base: "AmazonSNSException", label: "AmazonSNS"),
        ["publish": OptimizedAction("publish")])
}
