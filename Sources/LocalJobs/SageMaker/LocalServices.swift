import JSON

/// Which services code that runs here finds on this machine, and how it learns of them (`LocalAWSProgram`).
package struct LocalServices: Sendable {
    private static let offered = ["s3", "ssm", "sqs", "sagemaker", "sts"]
    private let configuration: Configuration

    package init(_ configuration: Configuration) { self.configuration = configuration }

    /// Those that the configuration sends nowhere else.
    package var names: [String] {
        let services = configuration.services
        return Self.offered.filter { services.mode(of: $0) == .local && services.endpoints[$0] == nil && services.endpoints["*"] == nil }
    }

    /// Variables for a child process; `program` is the folder where `sitecustomize.py` lies once `install` was called.
    package var environment: [String: String] {
        [
            "SFN_LOCAL_SERVICES": names.joined(separator: ","), "SFN_LOCAL_DATA": configuration.dataDirectory,
            "SFN_LOCAL_ACCOUNT": configuration.services.account,
            "SFN_LOCAL_BUCKETS": JSONValue.object(JSONObject(configuration.buckets.sorted { $0.key < $1.key }.map { ($0.key, .string($0.value)) })).text(),
        ]
    }

    /// All that a shell needs besides, sorted by name: where Python finds the program, and the region.
    package var shellEnvironment: [(name: String, value: String)] {
        let current = Executable.environment
        var result = environment
        result["PYTHONPATH"] = current["PYTHONPATH"].map { $0.isEmpty ? folder : "\(folder):\($0)" } ?? folder
        for name in ["AWS_REGION", "AWS_DEFAULT_REGION"] { result[name] = current[name] ?? configuration.services.region }
        return result.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }

    package var folder: String { "\(configuration.dataDirectory)/programs/python" }

    /// Writes the program; does nothing where it lies already.
    package func install() {
        let path = "\(folder)/sitecustomize.py"
        if let bytes = try? Files.read(path), bytes == Array(LocalAWSProgram.source.utf8) { return }
        try? Files.write(LocalAWSProgram.source, to: path)
    }
}
