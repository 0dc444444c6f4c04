import JSON

/// How SageMaker's training toolkit calls a user's script: hyperparameters become arguments, `SM_…` variables tell the rest.
struct ScriptMode {
    /// Decoded: what the SDK wrote as JSON texts (`"\"train.py\""`, `"50"`).
    let hyperparameters: JSONObject

    init(_ request: JSONValue) {
        var result = JSONObject()
        for (key, value) in request["HyperParameters"]?.object ?? JSONObject() {
            let text = value.string ?? value.text()
            result[key] = (try? JSONValue(parsing: text)) ?? .string(text)
        }
        hyperparameters = result
    }

    /// `sagemaker_program`: the entry point, if this is script mode.
    var program: String? { hyperparameters["sagemaker_program"]?.string }
    /// `sagemaker_submit_directory`: the sourcedir.tar.gz.
    var submitDirectory: String? { hyperparameters["sagemaker_submit_directory"]?.string }

    /// Those that are the user's own.
    var users: JSONObject { JSONObject(hyperparameters.filter { !$0.key.hasPrefix("sagemaker_") }.map { ($0.key, $0.value) }) }

    /// `--batch-size 32 -k v`, sorted by name.
    var arguments: [String] {
        users.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }.flatMap { key, value in
            [key.unicodeScalars.count == 1 ? "-\(key)" : "--\(key)", Self.pythonText(value)]
        }
    }

    /// As Python's `str()`.
    static func pythonText(_ value: JSONValue) -> String {
        switch value {
        case .string(let text): text
        case .bool(let flag): flag ? "True" : "False"
        case .null: ""
        default: value.text()
        }
    }

    static func strings(_ value: JSONValue?) -> [String] { (value?.array ?? []).map { $0.string ?? $0.text() } }

    /// The `SM_…` variables.
    func environment(_ directory: JobDirectory, _ request: JSONValue, framework: ImageRuntime.Framework, arn: String) -> [String: String] {
        let channels = (request["InputDataConfig"]?.array ?? []).compactMap { $0["ChannelName"]?.string }
        let type = request["ResourceConfig"]?["InstanceType"]?.string ?? "local"
        var result = [
            "TRAINING_JOB_NAME": directory.name, "TRAINING_JOB_ARN": arn,
            "SM_MODEL_DIR": "/opt/ml/model", "SM_OUTPUT_DIR": "/opt/ml/output", "SM_OUTPUT_DATA_DIR": "/opt/ml/output/data",
            "SM_OUTPUT_INTERMEDIATE_DIR": "/opt/ml/output/intermediate", "SM_INPUT_DIR": "/opt/ml/input",
            "SM_INPUT_CONFIG_DIR": "/opt/ml/input/config", "SM_CHANNELS": JSONValue.array(channels.map { .string($0) }).text(),
            "SM_HPS": JSONValue.object(users).text(), "SM_USER_ARGS": JSONValue.array(arguments.map { .string($0) }).text(),
            "SM_HOSTS": "[\"algo-1\"]", "SM_CURRENT_HOST": "algo-1", "SM_NUM_GPUS": "0", "SM_NUM_NEURONS": "0",
            "SM_NUM_CPUS": String(JobEnvironment.cpuCount), "SM_NETWORK_INTERFACE_NAME": "lo", "SM_CURRENT_INSTANCE_TYPE": type,
            "SM_CURRENT_INSTANCE_GROUP": "homogeneousCluster", "SM_INSTANCE_GROUPS": "[\"homogeneousCluster\"]",
            "SM_RESOURCE_CONFIG": JobEnvironment.resourceConfig(instanceType: type).text(),
            "SM_INPUT_DATA_CONFIG": Self.inputDataConfig(request).text(),
            "SM_LOG_LEVEL": hyperparameters["sagemaker_container_log_level"].map(Self.pythonText) ?? "20",
            "SM_FRAMEWORK_MODULE": "sagemaker_\(framework.rawValue)_container.training:main", "SM_FRAMEWORK_PARAMS": "{}",
        ]
        for channel in channels { result["SM_CHANNEL_\(channel.uppercased())"] = "/opt/ml/input/data/\(channel)" }
        for (key, value) in users {
            let name = key.uppercased().split(separator: "-", omittingEmptySubsequences: false).joined(separator: "_")
            result["SM_HP_\(name)"] = Self.pythonText(value)
        }
        if let program {
            let module = program.hasSuffix(".py") ? String(program.dropLast(3)) : program
            result["SM_USER_ENTRY_POINT"] = program
            result["SM_MODULE_NAME"] = module
            result["SM_MODULE_DIR"] = submitDirectory ?? "/opt/ml/code"
        }
        let summary: JSONValue = [
            "channel_input_dirs": .object(JSONObject(channels.map { ($0, .string("/opt/ml/input/data/\($0)")) })),
            "current_host": "algo-1", "hosts": ["algo-1"], "hyperparameters": .object(users), "input_dir": "/opt/ml/input",
            "input_data_config": Self.inputDataConfig(request), "is_master": true, "job_name": .string(directory.name),
            "log_level": 20, "master_hostname": "algo-1", "model_dir": "/opt/ml/model", "num_cpus": .integer(Int64(JobEnvironment.cpuCount)),
            "num_gpus": 0, "output_data_dir": "/opt/ml/output/data", "output_dir": "/opt/ml/output",
            "user_entry_point": program.map { .string($0) } ?? .null,
        ]
        result["SM_TRAINING_ENV"] = summary.text()
        return result
    }

    /// `/opt/ml/input/config/inputdataconfig.json`
    static func inputDataConfig(_ request: JSONValue) -> JSONValue {
        var result = JSONObject()
        for channel in request["InputDataConfig"]?.array ?? [] {
            guard let name = channel["ChannelName"]?.string else { continue }
            var entry = JSONObject()
            entry["TrainingInputMode"] = channel["InputMode"] ?? request["AlgorithmSpecification"]?["TrainingInputMode"] ?? "File"
            entry["S3DistributionType"] = channel["DataSource"]?["S3DataSource"]?["S3DataDistributionType"] ?? "FullyReplicated"
            entry["RecordWrapperType"] = channel["RecordWrapperType"] ?? "None"
            if let type = channel["ContentType"] { entry["ContentType"] = type }
            result[name] = .object(entry)
        }
        return .object(result)
    }
}
