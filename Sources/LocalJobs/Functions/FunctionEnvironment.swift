import Glibc

/// The variables that Lambda sets for a function.
enum FunctionEnvironment {
    static func values(_ function: FunctionConfiguration, region: String) -> [String: String] {
        let date = Timestamps.iso(Timestamps.milliseconds()).prefix(10).split(separator: "-").joined(separator: "/")
        return [
            "AWS_LAMBDA_FUNCTION_NAME": function.name,
            "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": String(function.memoryMiB ?? 128),
            "AWS_LAMBDA_LOG_GROUP_NAME": "/aws/lambda/\(function.name)",
            "AWS_LAMBDA_LOG_STREAM_NAME": "\(date)/[$LATEST]\(Identifiers.uuid().filter { $0 != "-" })",
            "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
            "AWS_REGION": region,
            "AWS_DEFAULT_REGION": region,
            "LAMBDA_RUNTIME_DIR": "/var/runtime",
            "TZ": ":UTC",
        ]
    }
}
