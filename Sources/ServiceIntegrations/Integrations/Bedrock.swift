import JSON
import StatesLanguage

/// `arn:aws:states:::bedrock:invokeModel`, `createModelCustomizationJob[.sync]`
///
/// `Body` may be any JSON, and the answer's is JSON where it can be. S3 input and output (`Input.S3Uri`,
/// `Output.S3Uri`) are refused.
extension OptimizedService {
    package static let bedrockRuntime = OptimizedService(
        "bedrock", service: "bedrockruntime",
        ErrorNaming(prefix: "Bedrock", base: "AmazonBedrockRuntimeException", label: "AmazonBedrockRuntime"),
        [
            "invokeModel": OptimizedAction("invokeModel").with {
                $0.stallSeconds = 900
                $0.prepare = { (input, _) throws(Failure) in
                    guard var object = input.object else { return input }
                    guard object["Input"] == nil, object["Output"] == nil else {
                        throw .unusable(input, ["The fields 'Input' and 'Output' are not supported here; give 'Body'"])
                    }
                    if object["ContentType"] == nil { object["ContentType"] = "application/json" }
                    if object["Accept"] == nil { object["Accept"] = "application/json" }
                    return .object(object)
                }
                $0.finish = { (output) throws(Failure) in
                    guard var object = output.object, let text = object["Body"]?.string, let body = try? JSONValue(parsing: text)
                    else { return output }
                    object["Body"] = body
                    return .object(object)
                }
            }
        ])

    package static let bedrock = OptimizedService(
        "bedrock", service: "bedrock",
        ErrorNaming(prefix: "Bedrock", base: "AmazonBedrockException", label: "AmazonBedrock"),
        [
            "createModelCustomizationJob": OptimizedAction(
                "createModelCustomizationJob",
                job: JobPattern(
                    describe: { _, started in job("getModelCustomizationJob", started) },
                    state: { description in
                        switch description["Status"]?.string {
                        case "Completed": .succeeded(description)
                        case "Failed", "Stopped": .failed(description)
                        default: .running
                        }
                    },
                    stop: { _, started in job("stopModelCustomizationJob", started) }, recovery: .startAgain))
        ])

    private static func job(_ operation: String, _ started: JSONValue) -> JobPattern.Query? {
        started["JobArn"].map { .init(operation, ["JobIdentifier": $0]) }
    }
}
