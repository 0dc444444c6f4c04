import JSON

extension StateReader {
    func task() -> TaskState? {
        let timeout = reader.numberField("TimeoutSeconds", 1...99_999_999)
        let heartbeat = reader.numberField("HeartbeatSeconds", 1...99_999_999)
        if reader.has("TimeoutSeconds") || reader.has("TimeoutSecondsPath"), reader.has("HeartbeatSeconds"),
            !reader.has("HeartbeatSecondsPath"),
            let limit = timeout?.literal, let beat = heartbeat?.literal, beat >= limit
        {
            reader.schema("HeartbeatSeconds must be smaller than TimeoutSeconds", at: "HeartbeatSeconds")
        }
        let credentials = credentials()
        let retry = retriers()
        let catchers = catchers()
        let cache = cache()
        let arguments = arguments()
        let selector = jsonPathTemplate("ResultSelector")
        let resultPath = reader.resultPath()
        guard let resource = resource() else { return nil }
        return TaskState(
            resource: resource, arguments: arguments, resultSelector: selector, resultPath: resultPath, timeoutSeconds: timeout,
            heartbeatSeconds: heartbeat, credentials: credentials, retry: retry, catchers: catchers, cache: cache)
    }

    private func resource() -> TaskResource? {
        if let value = reader["Resource"], let object = value.object, object.count == 1, let key = object.keys.first,
            key == "Ref" || key.hasPrefix("Fn::")
        {
            session.warning(.resource, "'\(key)' is CloudFormation's; it is not resolved here", reader.place.field("Resource"))
            return TaskResource(unrecognized: value.text())
        }
        guard let text = reader.requiredString("Resource") else { return nil }
        if let resource = TaskResource(text) {
            checkExpress(resource)
            if case .lambdaFunction = resource.kind, !Self.isFunctionARN(text) {
                refuse(text)
            }
            if case .service(let service, let action) = resource.kind, let known = OptimizedIntegrations.actions[service],
                !known.contains(action),
                !text.contains("${")
            {
                refuse(text)
            } else if !OptimizedIntegrations.offers(resource), !text.contains("${") {
                refuse(text)
            }
            if resource.kind == .activity, reader.has("Credentials") {
                reader.schema("The field 'Credentials' is not supported for activities", at: "Credentials")
            }
            return resource
        }
        let isSubstitution = text.hasPrefix("${") && text.hasSuffix("}")
        if text.hasPrefix("${") ? !isSubstitution : (!text.contains(":") || text.hasPrefix("arn:aws:lambda:")) {
            if text.hasPrefix("arn:") { refuse(text) } else { reader.schema("Value is not a valid resource ARN", at: "Resource") }
            return nil
        }
        session.warning(.resource, "'\(text)' is no resource that Step Functions knows", reader.place.field("Resource"))
        return TaskResource(unrecognized: text)
    }

    private func refuse(_ resource: String) {
        reader.schema(
            "The resource provided \(resource) is not recognized. The value is not a valid resource ARN, or the resource is not available in this region.",
            at: "Resource")
    }

    /// `…:function:NAME[:VERSION or ALIAS]`; a substitution `${…}` may stand for any part.
    private static func isFunctionARN(_ text: String) -> Bool {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count >= 7 else { return false }
        if text.contains("${") { return true }
        guard parts.count <= 8, !parts[6].isEmpty else { return false }
        guard parts.count == 8 else { return true }
        let qualifier = parts[7]
        return qualifier == "$LATEST"
            || (!qualifier.isEmpty
                && qualifier.utf8.allSatisfy { byte in
                    byte == UInt8(ascii: "-") || byte == UInt8(ascii: "_") || (byte >= 48 && byte <= 57)
                        || (byte | 32 >= 97 && byte | 32 <= 122)
                })
    }

    private func checkExpress(_ resource: TaskResource) {
        guard session.options.isExpress else { return }
        let place = reader.place.field("Resource")
        if resource.kind == .activity { session.schema("Express state machine does not support Activity ARN", place) }
        switch resource.pattern {
        case .sync, .sync2: session.schema("Express state machine does not support '.sync' service integration", place)
        // The space at the end is AWS's.
        case .waitForTaskToken: session.schema("Express state machine does not support '.waitForTaskToken' service integration ", place)
        case .requestResponse: break
        }
    }

    private func credentials() -> Template? {
        guard let inner = reader.nested("Credentials") else { return nil }
        let dynamic = reader.language == .jsonPath ? "RoleArn.$" : "RoleArn"
        if !inner.has("RoleArn"), !inner.has(dynamic) {
            reader.schema("The field 'RoleArn' is required but was missing", at: "Credentials")
            return nil
        }
        return reader.template("Credentials")
    }

    /// `{"Enabled": true, "ExpireAfter": "P7D"}`, our extension.
    private func cache() -> JSONValue? {
        guard let inner = reader.nested("Cache"), session.options.allowsExtensions else { return nil }
        inner.refuseUnknown(["Enabled", "ExpireAfter"])
        _ = inner.bool("Enabled")
        if let text = inner.string("ExpireAfter"), !text.hasPrefix("P") || text.utf8.count < 3 {
            inner.schema("'\(text)' is not an ISO-8601 duration", at: "ExpireAfter")
        }
        return reader["Cache"]
    }
}

extension TaskResource {
    /// A resource of a form that is not known: a substitution, a private scheme. Calling it fails.
    init(unrecognized text: String) {
        arn = text
        kind = .service(service: "unrecognized", action: text)
        pattern = .requestResponse
    }
}

extension OptimizedIntegrations {
    /// Whether the service can be waited for in this way (AWS's table of optimized integrations).
    static func offers(_ resource: TaskResource) -> Bool {
        guard case .service(let service, _) = resource.kind else { return true }
        switch resource.pattern {
        case .requestResponse: return true
        case .sync: return !service.hasPrefix("aws-sdk:") && !withoutSync.contains(service)
        case .sync2: return service == "states"
        case .waitForTaskToken: return !withoutToken.contains(service)
        }
    }

    private static let withoutSync: Set<String> = ["lambda", "sns", "sqs", "dynamodb", "events", "apigateway", "bedrock-agentcore"]
    private static let withoutToken: Set<String> = [
        "athena", "batch", "codebuild", "elasticmapreduce", "emr-containers", "emr-serverless", "glue", "databrew", "mediaconvert",
        "sagemaker", "dynamodb", "bedrock-agentcore",
    ]
}

/// The services with integrations of their own, and what each offers. SageMaker is left out: its pipelines
/// call more of it here than AWS integrates.
enum OptimizedIntegrations {
    static let actions: [String: Set<String>] = [
        "lambda": ["invoke"],
        "batch": ["submitJob"],
        "dynamodb": ["getItem", "putItem", "deleteItem", "updateItem"],
        "ecs": ["runTask"],
        "sns": ["publish"],
        "sqs": ["sendMessage"],
        "glue": ["startJobRun"],
        "databrew": ["startJobRun"],
        "states": ["startExecution"],
        "events": ["putEvents"],
        "apigateway": ["invoke"],
        "http": ["invoke"],
        "athena": ["startQueryExecution", "stopQueryExecution", "getQueryExecution", "getQueryResults"],
        "mediaconvert": ["createJob"],
        "bedrock": ["invokeModel", "createModelCustomizationJob"],
    ]
}
