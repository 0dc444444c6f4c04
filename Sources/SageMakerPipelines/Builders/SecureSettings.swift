import JSON

/// Every processing and training job of a template runs in the subnet and security group, and encrypts with the key, that
/// the execution supplies (`PredefinedParameters`). What a job says itself stays.
enum SecureSettings {
    static func applied(to definition: PipelineDefinition) -> PipelineDefinition {
        var document = definition.document
        document["Steps"] = document["Steps"].map(secured)
        return PipelineDefinition(document: document)
    }

    // As deep as Conditions nest in what the builders wrote.
    private static func secured(_ steps: JSONValue) -> JSONValue {
        .array(
            (steps.array ?? []).map { step in
                guard var object = step.object, var arguments = object["Arguments"]?.object else { return step }
                for key in StepWalk.branches { arguments[key] = arguments[key].map(secured) }
                switch object["Type"]?.string {
                case "Processing": add(["NetworkConfig": ["VpcConfig": network], "ProcessingOutputConfig": ["KmsKeyId": key]], to: &arguments)
                case "Training": add(["VpcConfig": network, "OutputDataConfig": ["KmsKeyId": key]], to: &arguments)
                default: break
                }
                object["Arguments"] = .object(arguments)
                return .object(object)
            })
    }

    private static let key = PredefinedParameters.kmsKey.pipelineJSON
    private static let network: JSONValue = [
        "SecurityGroupIds": [PredefinedParameters.securityGroup.pipelineJSON], "Subnets": [PredefinedParameters.subnet.pipelineJSON],
    ]

    private static func add(_ settings: JSONValue, to arguments: inout JSONObject) {
        for (key, value) in settings.object ?? JSONObject() {
            guard var own = arguments[key]?.object else {
                // A job without outputs has nothing to encrypt.
                if arguments[key] == nil, !key.contains("Output") { arguments[key] = value }
                continue
            }
            for (name, inner) in value.object ?? JSONObject() where own[name] == nil { own[name] = inner }
            arguments[key] = .object(own)
        }
    }
}
