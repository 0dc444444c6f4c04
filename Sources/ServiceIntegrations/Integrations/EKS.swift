import JSON
import StatesLanguage

/// `arn:aws:states:::eks:createCluster[.sync]`, `deleteCluster[.sync]`, `createNodegroup[.sync]`, `deleteNodegroup[.sync]`,
/// `createFargateProfile[.sync]`, `deleteFargateProfile[.sync]`. `Kubernetes` calls a cluster's own API
/// (`eks:call`, `eks:runJob`).
extension OptimizedService {
    package static let eks = OptimizedService(
        "eks", service: "eks", ErrorNaming(prefix: "EKS", base: "AmazonEKSException", label: "AmazonEKS"),
        [
            "createCluster": creating("Cluster", ["Name"]), "deleteCluster": deleting("Cluster", ["Name"]),
            "createNodegroup": creating("Nodegroup", ["ClusterName", "NodegroupName"]),
            "deleteNodegroup": deleting("Nodegroup", ["ClusterName", "NodegroupName"]),
            "createFargateProfile": creating("FargateProfile", ["ClusterName", "FargateProfileName"]),
            "deleteFargateProfile": deleting("FargateProfile", ["ClusterName", "FargateProfileName"]),
        ])

    @Sendable private static func described(_ noun: String, _ names: [String], _ input: JSONValue) -> JobPattern.Query? {
        var parameters = JSONObject()
        for name in names {
            guard let value = input[name] else { return nil }
            parameters[name] = value
        }
        return .init("describe" + noun, .object(parameters))
    }

    private static func creating(_ noun: String, _ names: [String]) -> OptimizedAction {
        OptimizedAction(
            "create" + noun,
            job: JobPattern(
                describe: { input, _ in described(noun, names, input) },
                state: { description in
                    switch description[noun]?["Status"]?.string {
                    case "ACTIVE": .succeeded(description)
                    case "FAILED", "CREATE_FAILED", "DELETING", "DELETE_FAILED": .failed(description)
                    default: .running
                    }
                },
                recovery: .byName()))
    }

    /// A deleted thing is gone when asking for it fails; that is the one way in which its deletion succeeds.
    private static func deleting(_ noun: String, _ names: [String]) -> OptimizedAction {
        OptimizedAction(
            "delete" + noun,
            job: JobPattern(
                describe: { input, _ in described(noun, names, input) },
                state: { description in
                    description[noun]?["Status"]?.string == "DELETE_FAILED" ? .failed(description) : .running
                },
                recovery: .byState { $0[noun]?["Status"]?.string == "DELETING" }
            ).ending(onError: "EKS.ResourceNotFoundException"))
    }
}
