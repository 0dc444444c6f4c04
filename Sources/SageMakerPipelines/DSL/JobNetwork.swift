import JSON

/// Where a job's containers stand: `NetworkConfig` in the SDK.
public struct JobNetwork: Sendable {
    public var subnets: [any PipelineInput]
    public var securityGroupIDs: [any PipelineInput]
    public var enableNetworkIsolation: Bool?
    public var encryptInterContainerTraffic: Bool?

    public init(
        subnets: [any PipelineInput] = [], securityGroupIDs: [any PipelineInput] = [], enableNetworkIsolation: Bool? = nil,
        encryptInterContainerTraffic: Bool? = nil
    ) {
        self.subnets = subnets
        self.securityGroupIDs = securityGroupIDs
        self.enableNetworkIsolation = enableNetworkIsolation
        self.encryptInterContainerTraffic = encryptInterContainerTraffic
    }

    /// nil: no subnets and no groups.
    var vpc: JSONValue? {
        if subnets.isEmpty && securityGroupIDs.isEmpty { return nil }
        return ["SecurityGroupIds": .array(securityGroupIDs.map(\.pipelineJSON)), "Subnets": .array(subnets.map(\.pipelineJSON))]
    }

    /// As a processing job has it.
    var json: JSONValue {
        var object = JSONObject()
        object["EnableNetworkIsolation"] = enableNetworkIsolation.map { .bool($0) }
        object["EnableInterContainerTrafficEncryption"] = encryptInterContainerTraffic.map { .bool($0) }
        object["VpcConfig"] = vpc
        return .object(object)
    }
}
