import JSON

/// The parameter store on this machine: `<data>/parameters/a/b.json` is `/a/b`.
package struct LocalParameters: Sendable {
    private let buckets: LocalBuckets
    private let region: String
    private let account: String

    package init(_ configuration: Configuration) {
        // Names of parameters and keys of objects need the same care to become file names.
        buckets = LocalBuckets(root: configuration.dataDirectory, mapped: ["parameters": "\(configuration.dataDirectory)/parameters"])
        region = configuration.services.region
        account = configuration.services.account
    }

    /// `putParameter`, `getParameter`, `getParameters`, `getParametersByPath`, `deleteParameter`, in their SDK shapes.
    package func perform(_ action: String, _ input: JSONValue) throws(JobFailure) -> JSONValue {
        let name = input["Name"]?.string ?? ""
        switch action {
        case "putParameter":
            let old = read(name)
            if old != nil, input["Overwrite"]?.bool != true {
                throw JobFailure(
                    "Ssm.ParameterAlreadyExistsException",
                    "The parameter already exists. To overwrite this value, set the overwrite option in the request to true. (Service: Ssm, Status Code: 400, Request ID: \(Identifiers.uuid()))"
                )
            }
            let version = (old?["Version"]?.wholeNumber ?? 0) + 1
            let record: JSONValue = [
                "ARN": .string("arn:aws:ssm:\(region):\(account):parameter\(name.hasPrefix("/") ? "" : "/")\(name)"), "DataType": "text",
                "LastModifiedDate": .string(Timestamps.iso(Timestamps.milliseconds())), "Name": .string(name),
                "Type": input["Type"] ?? old?["Type"] ?? "String", "Value": .string(input["Value"].map { $0.string ?? $0.text() } ?? ""),
                "Version": .integer(version),
            ]
            guard !name.isEmpty else { throw JobFailure("Ssm.ValidationException", "A parameter needs a name.") }
            try buckets.put(record.bytes(.pretty), to: place(name))
            return ["Tier": "Standard", "Version": .integer(version)]
        case "getParameter":
            guard let record = read(name) else { throw notFound() }
            return ["Parameter": record]
        case "getParameters":
            let names = (input["Names"]?.array ?? []).compactMap(\.string)
            return [
                "InvalidParameters": .array(names.filter { read($0) == nil }.map { .string($0) }), "Parameters": .array(names.compactMap(read)),
            ]
        case "getParametersByPath":
            let path = input["Path"]?.string ?? "/"
            var objects = buckets.objects(in: "parameters", prefix: path == "/" ? "" : String(path.drop { $0 == "/" }) + (path.hasSuffix("/") ? "" : "/"))
            var found: [JSONValue] = []
            while let object = objects.next() {
                if let value = read(String(object.key.dropLast(5))) { found.append(value) }
            }
            return ["Parameters": .array(found)]
        case "deleteParameter":
            guard read(name) != nil else { throw notFound() }
            buckets.delete(place(name))
            return .object(JSONObject())
        default: throw JobFailure("Ssm.SsmException", "\(action) is not available on this machine")
        }
    }

    private func place(_ name: String) -> S3Location { S3Location(bucket: "parameters", key: String(name.drop { $0 == "/" }) + ".json") }

    private func read(_ name: String) -> JSONValue? {
        name.isEmpty ? nil : (try? buckets.get(place(name))).flatMap { try? JSONValue(parsing: $0) }
    }

    private func notFound() -> JobFailure {
        JobFailure("Ssm.ParameterNotFoundException", "Parameter not found. (Service: Ssm, Status Code: 400, Request ID: \(Identifiers.uuid()))")
    }
}
