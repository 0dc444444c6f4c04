import JSON
import StatesLanguage

/// `arn:aws:states:::elasticmapreduce:createCluster[.sync]`, `addStep[.sync]`, `terminateCluster[.sync]`, `cancelStep`,
/// `setClusterTerminationProtection`, `modifyInstanceFleetByName`, `modifyInstanceGroupByName`
///
/// A cluster is tagged with its task, a step has it among its properties.
extension OptimizedService {
    private static let tag = "sfn-run:task"

    package static let emr = OptimizedService(
        "elasticmapreduce", service: "emr",
        ErrorNaming(prefix: "ElasticMapReduce", base: "AmazonElasticMapReduceException", label: "AmazonElasticMapReduce"),
        [
            "createCluster": createCluster, "addStep": addStep, "terminateCluster": terminateCluster,
            "cancelStep": OptimizedAction("cancelSteps").with {
                $0.prepare = { (input, _) throws(Failure) in
                    guard let cluster = input["ClusterId"], let step = input["StepId"] else {
                        throw .missing(input["ClusterId"] == nil ? "ClusterId" : "StepId", input)
                    }
                    return ["ClusterId": cluster, "StepIds": .array([step])]
                }
                $0.finish = { (output) throws(Failure) in ["CancelStepsInfo": output["CancelStepsInfoList"]?[0] ?? .null] }
            },
            "setClusterTerminationProtection": OptimizedAction("setTerminationProtection").with {
                $0.prepare = { (input, _) throws(Failure) in
                    guard let cluster = input["ClusterId"] else { throw .missing("ClusterId", input) }
                    return ["JobFlowIds": .array([cluster]), "TerminationProtected": input["TerminationProtected"] ?? false]
                }
            },
            "modifyInstanceFleetByName": modifyFleet, "modifyInstanceGroupByName": modifyGroup,
        ])

    private static let living: JSONValue = ["STARTING", "BOOTSTRAPPING", "RUNNING", "WAITING"]

    private static let createCluster = OptimizedAction(
        "runJobFlow",
        job: JobPattern(
            // The history has the answer as the state saw it, with a ClusterId.
            describe: { _, started in (started["JobFlowId"] ?? started["ClusterId"]).map { .init("describeCluster", ["ClusterId": $0]) } },
            state: { description in
                switch description["Cluster"]?["Status"]?["State"]?.string {
                case "WAITING":
                    .succeeded(["Cluster": description["Cluster"] ?? .null, "ClusterId": description["Cluster"]?["Id"] ?? .null])
                case "TERMINATED", "TERMINATED_WITH_ERRORS": .failed(description)
                default: .running
                }
            },
            stop: { _, started in (started["JobFlowId"] ?? started["ClusterId"]).map { .init("terminateJobFlows", ["JobFlowIds": .array([$0])]) } },
            recovery: .search(
                first: { _, _ in
                    .init("listClusters", ["ClusterStates": living])
                },
                find: { page, taskID in
                    // The list comes first; then one cluster after the other tells its tags.
                    if let cluster = page["Cluster"] {
                        let isOwn = (cluster["Tags"]?.array ?? []).contains { $0["Key"]?.string == tag && $0["Value"]?.string == taskID }
                        return isOwn ? .job(["JobFlowId": cluster["Id"] ?? .null, "ClusterId": cluster["Id"] ?? .null]) : .none
                    }
                    var next = (page["Clusters"]?.array ?? []).compactMap { $0["Id"] }.map {
                        JobPattern.Query("describeCluster", ["ClusterId": $0])
                    }
                    if let marker = page["Marker"]?.string {
                        next.append(.init("listClusters", ["ClusterStates": living, "Marker": .string(marker)]))
                    }
                    return next.isEmpty ? .none : .more(next)
                }))
    ).with {
        $0.prepare = { (input, request) throws(Failure) in
            guard request.resource.pattern == .sync, var object = input.object else { return input }
            let own = object["Tags"]?.array ?? []
            object["Tags"] = .array(own + [["Key": .string(tag), "Value": .string(request.taskID)]])
            return .object(object)
        }
        $0.finish = { (output) throws(Failure) in
            guard let id = output["JobFlowId"], var object = output.object else { return output }
            object["JobFlowId"] = nil
            object["ClusterId"] = id
            return .object(object)
        }
    }

    private static let addStep = OptimizedAction(
        "addJobFlowSteps",
        job: JobPattern(
            describe: { input, started in
                guard let cluster = input["JobFlowId"], let step = started["StepIds"]?[0] ?? started["StepId"] else { return nil }
                return .init("describeStep", ["ClusterId": cluster, "StepId": step])
            },
            state: { description in
                switch description["Step"]?["Status"]?["State"]?.string {
                case "COMPLETED": .succeeded(description)
                case "FAILED", "CANCELLED", "INTERRUPTED": .failed(description)
                default: .running
                }
            },
            stop: { input, started in
                guard let cluster = input["JobFlowId"], let step = started["StepIds"]?[0] ?? started["StepId"] else { return nil }
                return .init("cancelSteps", ["ClusterId": cluster, "StepIds": .array([step])])
            },
            recovery: .search(
                first: { input, _ in .init("listSteps", ["ClusterId": input["JobFlowId"] ?? .null]) },
                find: { page, taskID in
                    let steps = page["Steps"]?.array ?? []
                    let own = steps.first { ($0["Config"]?["Properties"]?[tag]?.string ?? "") == taskID }
                    guard let id = own?["Id"] else { return .none }
                    return .job(["StepIds": .array([id])])
                }))
    ).with {
        $0.prepare = { (input, request) throws(Failure) in
            guard let cluster = input["ClusterId"] else { throw .missing("ClusterId", input) }
            guard var step = input["Step"]?.object else { throw .missing("Step", input) }
            if request.resource.pattern == .sync, var jar = step["HadoopJarStep"]?.object {
                let own = jar["Properties"]?.array ?? []
                jar["Properties"] = .array(own + [["Key": .string(tag), "Value": .string(request.taskID)]])
                step["HadoopJarStep"] = .object(jar)
            }
            var result = JSONObject([("JobFlowId", cluster), ("Steps", .array([.object(step)]))])
            if let role = input["ExecutionRoleArn"] { result["ExecutionRoleArn"] = role }
            return .object(result)
        }
        $0.finish = { (output) throws(Failure) in output["StepIds"]?[0].map { ["StepId": $0] } ?? output }
    }

    private static let terminateCluster = OptimizedAction(
        "terminateJobFlows",
        job: JobPattern(
            describe: { input, _ in input["JobFlowIds"]?[0].map { .init("describeCluster", ["ClusterId": $0]) } },
            state: { description in
                switch description["Cluster"]?["Status"]?["State"]?.string {
                case "TERMINATED", "TERMINATED_WITH_ERRORS":
                    .succeeded(["Cluster": description["Cluster"] ?? .null, "ClusterId": description["Cluster"]?["Id"] ?? .null])
                default: .running
                }
            },
            recovery: .startAgain)
    ).with {
        $0.prepare = { (input, _) throws(Failure) in
            guard let cluster = input["ClusterId"] else { throw .missing("ClusterId", input) }
            return ["JobFlowIds": .array([cluster])]
        }
    }

    private static let modifyFleet = byName(
        "modifyInstanceFleet", list: "listInstanceFleets", member: "InstanceFleets", name: "InstanceFleetName", part: "InstanceFleet",
        id: "InstanceFleetId"
    ) { cluster, fleet in ["ClusterId": cluster, "InstanceFleet": fleet] }

    private static let modifyGroup = byName(
        "modifyInstanceGroups", list: "listInstanceGroups", member: "InstanceGroups", name: "InstanceGroupName", part: "InstanceGroup",
        id: "InstanceGroupId"
    ) { cluster, group in ["ClusterId": cluster, "InstanceGroups": .array([group])] }

    /// EMR changes fleets and groups by id; these actions take a name, which is looked for among the cluster's.
    private static func byName(
        _ operation: String, list: String, member: String, name: String, part: String, id: String,
        _ parameters: @escaping @Sendable (_ cluster: JSONValue, _ part: JSONValue) -> JSONValue
    ) -> OptimizedAction {
        OptimizedAction(operation).with {
            $0.lookup = OptimizedAction.Lookup(
                first: { (input) throws(Failure) in
                    for field in ["ClusterId", name, part] where input[field] == nil { throw .missing(field, input) }
                    guard input[part]?[id] == nil else { throw .unusable(input, ["The field '\(id)' is not supported by Step Functions"]) }
                    return .init(list, ["ClusterId": input["ClusterId"] ?? .null])
                },
                found: { (input, page) throws(Failure) in
                    let all = page[member]?.array ?? []
                    if let own = all.first(where: { $0["Name"] == input[name] }), var changed = input[part]?.object {
                        changed[id] = own["Id"]
                        return .parameters(parameters(input["ClusterId"] ?? .null, .object(changed)))
                    }
                    if let marker = page["Marker"]?.string {
                        return .more(.init(list, ["ClusterId": input["ClusterId"] ?? .null, "Marker": .string(marker)]))
                    }
                    throw Failure(
                        "ElasticMapReduce.AmazonElasticMapReduceException",
                        "The cluster \(input["ClusterId"]?.string ?? "") has no \(part) named \(input[name]?.string ?? "").")
                })
        }
    }
}
