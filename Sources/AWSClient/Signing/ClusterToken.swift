import Curl

extension AWSClient {
    /// The bearer token that a Kubernetes API server of EKS takes: a signed question to STS who the caller is.
    /// https://github.com/kubernetes-sigs/aws-iam-authenticator#api-authorization-from-outside-a-cluster
    package func clusterToken(_ cluster: String, roleARN: String?, isLocal: Bool) async throws(AWSFailure) -> String {
        let found = try await credentials.credentials(roleARN: roleARN, isLocal: isLocal)
        let region = configuration.region
        let host = "sts.\(region).\(AWSTable.shared.partition(ofRegion: region).dnsSuffix)"
        let url = SigV4(credentials: found, region: region, service: "sts").presigned(
            "https://\(host)/?Action=GetCallerIdentity&Version=2011-06-15", headers: [HTTPHeader("x-k8s-aws-id", cluster)],
            expiresSeconds: 60, at: configuration.surroundings.now())
        let text = Base64.encode(Array(url.utf8)).map { $0 == "+" ? "-" : $0 == "/" ? "_" : $0 }
        return "k8s-aws-v1." + String(text).split(separator: "=").joined()
    }
}
