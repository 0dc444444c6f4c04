import Glibc
import JSON

/// What SageMaker keeps besides jobs, as JSON files: models, model package groups and their versions, endpoints.
package struct SageMakerRecords: Sendable {
    let root: String
    let region: String
    let account: String

    /// Performs an action by its API name (`createModel`, `CreateModelPackage`, `describeModelPackage`, `listModelPackages`, …).
    /// nil: no action of these records. Creating again for the same `taskID` gives the first answer again.
    package func perform(_ action: String, _ request: JSONValue, taskID: String? = nil) throws(JobFailure) -> JSONValue? {
        let name = action.prefix(1).lowercased() + action.dropFirst()
        switch name {
        case "createModel": return try create("model", "ModelName", request, taskID, ["ModelArn"])
        case "describeModel": return try describe("model", request["ModelName"]?.string, "Could not find model")
        case "deleteModel": return try delete("model", request["ModelName"]?.string, "Could not find model")
        case "listModels": return list("model", as: "Models", members: ["ModelName", "ModelArn", "CreationTime"])
        case "createEndpointConfig": return try create("endpoint-config", "EndpointConfigName", request, taskID, ["EndpointConfigArn"])
        case "describeEndpointConfig":
            return try describe("endpoint-config", request["EndpointConfigName"]?.string, "Could not find endpoint configuration")
        case "deleteEndpointConfig":
            return try delete("endpoint-config", request["EndpointConfigName"]?.string, "Could not find endpoint configuration")
        case "createEndpoint":
            try mustExist("endpoint-config", request["EndpointConfigName"]?.string, "Could not find endpoint configuration")
            return try create("endpoint", "EndpointName", request, taskID, ["EndpointArn"], extra: JSONObject([("EndpointStatus", "InService")]))
        case "updateEndpoint": return try updateEndpoint(request)
        case "describeEndpoint": return try describe("endpoint", request["EndpointName"]?.string, "Could not find endpoint")
        case "deleteEndpoint": return try delete("endpoint", request["EndpointName"]?.string, "Could not find endpoint")
        case "createModelPackageGroup":
            return try create(
                "model-package-group", "ModelPackageGroupName", request, taskID, ["ModelPackageGroupArn"],
                extra: JSONObject([("ModelPackageGroupStatus", "Completed")]))
        case "describeModelPackageGroup":
            return try describe("model-package-group", request["ModelPackageGroupName"]?.string, "ModelPackageGroup does not exist:")
        case "listModelPackageGroups":
            return list(
                "model-package-group", as: "ModelPackageGroupSummaryList",
                members: ["ModelPackageGroupName", "ModelPackageGroupArn", "ModelPackageGroupDescription", "CreationTime", "ModelPackageGroupStatus"])
        case "createModelPackage": return try createPackage(request, taskID)
        case "describeModelPackage": return try package(request["ModelPackageName"]?.string).record
        case "updateModelPackage": return try updatePackage(request)
        case "deleteModelPackage":
            Files.remove(try package(request["ModelPackageName"]?.string).path)
            return .object(JSONObject())
        case "listModelPackages": return listPackages(request)
        case "addTags": return ["Tags": request["Tags"] ?? []]
        default: return nil
        }
    }

    /// The record of a model, for a transform job.
    package func model(_ name: String) -> JSONValue? { read(path("model", name)) }

    // MARK: records by name

    private func path(_ type: String, _ name: String) -> String { "\(root)/records/\(type)s/\(name).json" }

    private func arn(_ type: String, _ name: String) -> String { "arn:aws:sagemaker:\(region):\(account):\(type)/\(name.lowercased())" }

    private func read(_ path: String) -> JSONValue? { (try? Files.read(path)).flatMap { try? JSONValue(parsing: $0) } }

    private func create(
        _ type: String, _ member: String, _ request: JSONValue, _ taskID: String?, _ answer: [String], extra: JSONObject = JSONObject()
    ) throws(JobFailure) -> JSONValue {
        var record = request.object ?? JSONObject()
        let name = try validName(record[member]?.string ?? "\(type)-\((taskID ?? Identifiers.uuid()).suffix(36))", member)
        let arn = arn(type, name)
        record[member] = .string(name)
        if let key = answer.first { record[key] = .string(arn) }
        let now = Timestamps.milliseconds()
        record["CreationTime"] = .integer(now)
        record["LastModifiedTime"] = .integer(now)
        for (key, value) in extra { record[key] = value }
        if let taskID { record["TaskID"] = .string(taskID) }
        let path = path(type, name)
        if !(try writeNew(.object(record), path)) {
            let old = read(path)
            guard let taskID, old?["TaskID"]?.string == taskID else {
                throw JobFailure.validation("Cannot create already existing \(type) \"\(arn)\".")
            }
        }
        return .object(JSONObject(answer.map { ($0, .string(arn)) }))
    }

    private func describe(_ type: String, _ name: String?, _ text: String) throws(JobFailure) -> JSONValue {
        guard let name, !name.contains("/"), let record = read(path(type, name)) else {
            throw JobFailure.validation("\(text) \"\(arn(type, name ?? ""))\".")
        }
        return Self.shown(record)
    }

    private func mustExist(_ type: String, _ name: String?, _ text: String) throws(JobFailure) { _ = try describe(type, name, text) }

    private func delete(_ type: String, _ name: String?, _ text: String) throws(JobFailure) -> JSONValue {
        try mustExist(type, name, text)
        if let name { Files.remove(path(type, name)) }
        return .object(JSONObject())
    }

    private func list(_ type: String, as member: String, members: [String]) -> JSONValue {
        let records = Files.names("\(root)/records/\(type)s").compactMap { read("\(root)/records/\(type)s/\($0)") }
        let newest = records.sorted { ($0["CreationTime"]?.wholeNumber ?? 0) > ($1["CreationTime"]?.wholeNumber ?? 0) }
        return .object(JSONObject([(member, .array(newest.map { Self.summary($0, members) }))]))
    }

    private func updateEndpoint(_ request: JSONValue) throws(JobFailure) -> JSONValue {
        let name = request["EndpointName"]?.string
        let old = try describe("endpoint", name, "Could not find endpoint")
        try mustExist("endpoint-config", request["EndpointConfigName"]?.string, "Could not find endpoint configuration")
        var record = old.object ?? JSONObject()
        record["EndpointConfigName"] = request["EndpointConfigName"]
        record["LastModifiedTime"] = .integer(Timestamps.milliseconds())
        try write(.object(record), path("endpoint", name ?? ""))
        return ["EndpointArn": old["EndpointArn"] ?? .null]
    }

    // MARK: model packages

    private func createPackage(_ request: JSONValue, _ taskID: String?) throws(JobFailure) -> JSONValue {
        guard let groupText = request["ModelPackageGroupName"]?.string else {
            return try create(
                "model-package", "ModelPackageName", request, taskID, ["ModelPackageArn"], extra: JSONObject([("ModelPackageStatus", "Completed")]))
        }
        let group = groupText.split(separator: "/").last.map(String.init) ?? groupText
        // Pipelines make the group of a RegisterModel step.
        if read(path("model-package-group", group)) == nil {
            _ = try? create(
                "model-package-group", "ModelPackageGroupName", ["ModelPackageGroupName": .string(group)], nil, ["ModelPackageGroupArn"],
                extra: JSONObject([("ModelPackageGroupStatus", "Completed")]))
        }
        if let taskID, let old = versions(group).first(where: { read(packagePath(group, $0))?["TaskID"]?.string == taskID }) {
            return ["ModelPackageArn": .string(packageARN(group, old))]
        }
        var record = request.object ?? JSONObject()
        record["ModelPackageName"] = .string(group)
        record["ModelPackageGroupName"] = .string(group)
        record["ModelPackageStatus"] = "Completed"
        record["ModelPackageStatusDetails"] = ["ValidationStatuses": [], "ImageScanStatuses": []]
        if record["ModelApprovalStatus"] == nil { record["ModelApprovalStatus"] = "PendingManualApproval" }
        record["CreationTime"] = .integer(Timestamps.milliseconds())
        if let taskID { record["TaskID"] = .string(taskID) }
        // Two engines may register at once: whoever makes the file has the number.
        var version = (versions(group).last ?? 0) + 1
        while true {
            record["ModelPackageVersion"] = .integer(Int64(version))
            record["ModelPackageArn"] = .string(packageARN(group, version))
            if try writeNew(.object(record), packagePath(group, version)) { break }
            version += 1
        }
        return ["ModelPackageArn": .string(packageARN(group, version))]
    }

    private func packageARN(_ group: String, _ version: Int) -> String { "\(arn("model-package", group))/\(version)" }

    private func packageFolder(_ group: String) -> String { "\(root)/records/model-packages-of/\(group)" }

    private func packagePath(_ group: String, _ version: Int) -> String { "\(packageFolder(group))/\(version).json" }

    private func versions(_ group: String) -> [Int] {
        Files.names(packageFolder(group)).compactMap { $0.hasSuffix(".json") ? Int($0.dropLast(5)) : nil }.sorted()
    }

    /// By ARN (`…:model-package/group/3`) or by the name of an unversioned package.
    private func package(_ name: String?) throws(JobFailure) -> (path: String, record: JSONValue) {
        let parts = (name ?? "").split(separator: "/").map(String.init)
        let candidates: [String]
        if parts.count >= 3, let version = Int(parts[parts.count - 1]) {
            candidates = groups(matching: parts[parts.count - 2]).map { packagePath($0, version) }
        } else {
            candidates = parts.last.map { [path("model-package", $0)] } ?? []
        }
        for path in candidates {
            if let record = read(path) { return (path, Self.shown(record)) }
        }
        throw JobFailure.validation("ModelPackage \(name ?? "") does not exist.")
    }

    /// ARNs are in lower case, names need not be.
    private func groups(matching name: String) -> [String] {
        Files.names("\(root)/records/model-packages-of").filter { $0 == name || $0.lowercased() == name.lowercased() }
    }

    private func updatePackage(_ request: JSONValue) throws(JobFailure) -> JSONValue {
        let (path, _) = try package(request["ModelPackageArn"]?.string)
        var record = read(path)?.object ?? JSONObject()
        for key in ["ModelApprovalStatus", "ApprovalDescription", "CustomerMetadataProperties", "ModelLifeCycle"] {
            if let value = request[key] { record[key] = value }
        }
        record["LastModifiedTime"] = .integer(Timestamps.milliseconds())
        try write(.object(record), path)
        return ["ModelPackageArn": record["ModelPackageArn"] ?? .null]
    }

    private func listPackages(_ request: JSONValue) -> JSONValue {
        let groupText = request["ModelPackageGroupName"]?.string ?? ""
        let group = groups(matching: groupText.split(separator: "/").last.map(String.init) ?? groupText).first ?? groupText
        let status = request["ModelApprovalStatus"]?.string
        let records = versions(group).reversed().compactMap { read(packagePath(group, $0)) }
            .filter { status == nil || $0["ModelApprovalStatus"]?.string == status }
        let ordered = request["SortOrder"]?.string == "Ascending" ? records.reversed() : records
        let limit = Int(clamping: request["MaxResults"]?.wholeNumber ?? 100)
        let members = [
            "ModelPackageGroupName", "ModelPackageVersion", "ModelPackageArn", "ModelPackageDescription", "CreationTime", "ModelPackageStatus",
            "ModelApprovalStatus",
        ]
        return ["ModelPackageSummaryList": .array(ordered.prefix(max(0, limit)).map { Self.summary($0, members) })]
    }

    // MARK: files

    private static func shown(_ record: JSONValue) -> JSONValue {
        var shown = record.object ?? JSONObject()
        shown["TaskID"] = nil
        return .object(shown)
    }

    private static func summary(_ record: JSONValue, _ members: [String]) -> JSONValue {
        .object(JSONObject(members.compactMap { name in record[name].map { (name, $0) } }))
    }

    private func validName(_ name: String, _ member: String) throws(JobFailure) -> String {
        let isValid =
            !name.isEmpty && name.utf8.count <= 63 && name != "." && name != ".."
            && name.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
                    UInt8(ascii: "-"), UInt8(ascii: "."):
                    true
                default: false
                }
            }
        if isValid { return name }
        throw JobFailure.validation(
            "Value '\(name)' at '\(member.prefix(1).lowercased())\(member.dropFirst())' failed to satisfy constraint: Member must satisfy regular expression pattern: [a-zA-Z0-9]([\\-a-zA-Z0-9]*[a-zA-Z0-9])?"
        )
    }

    /// False: the file was there. It appears with all of its content or not at all.
    private func writeNew(_ record: JSONValue, _ path: String) throws(JobFailure) -> Bool {
        let temporary = "\(path).\(getpid())-\(UInt32.random(in: 0 ... .max)).part"
        try write(record, temporary)
        defer { unlink(temporary) }
        if link(temporary, path) == 0 { return true }
        if errno == EEXIST { return false }
        throw .internalError("\(path): \(errorText(errno))")
    }

    private func write(_ record: JSONValue, _ path: String) throws(JobFailure) {
        do { try Files.write(record.bytes(.pretty), to: path) } catch { throw .internalError(error.description) }
    }
}
