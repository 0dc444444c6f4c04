import JSON

/// Where a pipeline's steps put things, and who they are.
public struct PipelineSession: Sendable {
    public var region: String
    public var account: String
    public var bucket: String
    public var role: String
    public var isLocal: Bool
    /// What local code is seen from, where its path is relative.
    public var folder: String?

    public init(
        region: String = "us-west-2", account: String = "123456789012", bucket: String? = nil, role: String? = nil, isLocal: Bool = false,
        folder: String? = nil
    ) {
        self.region = region
        self.account = account
        self.bucket = bucket ?? "sagemaker-\(region)-\(account)"
        self.role = role ?? "arn:aws:iam::\(account):role/SageMakerRole"
        self.isLocal = isLocal
        self.folder = folder
    }

    /// A session for this machine: code stays where it is, since jobs read local paths.
    public static func local(bucket: String = "local") -> PipelineSession { PipelineSession(bucket: bucket, isLocal: true) }

    /// Where a job finds code: an `s3://` address as it is, a local path under the pipeline's code prefix.
    func codeURI(_ code: String, pipeline: String) -> String {
        if code.hasPrefix("s3://") { return code }
        if isLocal {
            if code.hasPrefix("/") { return "file://\(code)" }
            return folder.map { "file://\($0)/\(code)" } ?? code
        }
        let file = code.split(separator: "/").last.map(String.init) ?? code
        return "s3://\(bucket)/\(pipeline)/code/\(Self.fingerprint(code))/\(file)"
    }

    /// FNV-1a: names a place by its path, guards nothing.
    static func fingerprint(_ text: String) -> String {
        let hash = text.utf8.reduce(UInt64(0xCBF2_9CE4_8422_2325)) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
        return String(hash, radix: 16)
    }
}

/// The addresses of AWS's own images.
public enum ImageURIs {
    private static let classic = [
        "us-east-1": "683313688378", "us-east-2": "257758044811", "us-west-1": "746614075791", "us-west-2": "246618743249",
        "eu-west-1": "141502667606", "eu-west-2": "764974769150", "eu-central-1": "492215442770", "ap-northeast-1": "354813040037",
        "ap-southeast-1": "121021644041", "ap-southeast-2": "783357654285",
    ]

    public static func sklearn(_ version: String, region: String) -> String {
        "\(classic[region] ?? "246618743249").dkr.ecr.\(region).amazonaws.com/sagemaker-scikit-learn:\(version)-cpu-py3"
    }

    public static func xgboost(_ version: String, region: String) -> String {
        // From 1.2 on one image is for all processors.
        let numbers = version.split(separator: "-").first?.split(separator: ".").map { Int($0) ?? 0 } ?? []
        let isOld = numbers.count > 1 && (numbers[0] < 1 || numbers[0] == 1 && numbers[1] < 2)
        return "\(classic[region] ?? "246618743249").dkr.ecr.\(region).amazonaws.com/sagemaker-xgboost:\(version)\(isOld ? "-cpu-py3" : "")"
    }

    public static func pytorch(_ version: String, python: String, isGPU: Bool, region: String) -> String {
        "763104351884.dkr.ecr.\(region).amazonaws.com/pytorch-training:\(version)-\(isGPU ? "gpu" : "cpu")-\(python)"
    }
}
