import JSON

/// One service's API.
package final class ServiceModel: Sendable {
    package enum WireProtocol: String, Sendable {
        case json, query, ec2
        case restJSON = "rest-json"
        case restXML = "rest-xml"
    }

    package struct Operation: Sendable {
        package let name: String
        let input: Int?
        let output: Int?
        let method: String
        let path: String
        let hostPrefix: String?
        let isUnsigned: Bool
        let needsChecksum: Bool
        /// Of the body's root element (rest-xml).
        let rootName: String?
        let rootNamespace: String?
        /// Around the result (query).
        let resultWrapper: String?
    }

    /// "DynamoDB", "Cognito Identity Provider"
    package let id: String
    package let endpointPrefix: String
    package let signingName: String
    package let wireProtocol: WireProtocol
    let jsonVersion: String
    let targetPrefix: String
    let apiVersion: String
    let xmlNamespace: String?
    /// By partition: the one host name (empty: built as for a region) and the region to sign for.
    let fixedEndpoints: [String: (host: String, region: String)]
    /// By the operation's name in lower case.
    private let operations: [String: Operation]
    /// By error code: the name of the error's shape.
    private let errors: [String: String]
    let types: [TypeModel]

    init?(_ json: JSONValue) {
        guard let id = json["id"]?.string, let prefix = json["e"]?.string,
            let wireProtocol = json["p"]?.string.flatMap(WireProtocol.init(rawValue:))
        else { return nil }
        self.id = id
        endpointPrefix = prefix
        signingName = json["s"]?.string ?? prefix
        self.wireProtocol = wireProtocol
        jsonVersion = json["j"]?.string ?? "1.0"
        targetPrefix = json["a"]?.string ?? ""
        apiVersion = json["v"]?.string ?? ""
        xmlNamespace = json["x"]?.string
        var fixed: [String: (host: String, region: String)] = [:]
        for (partition, place) in json["g"]?.object ?? JSONObject() {
            fixed[partition] = (place[0]?.string ?? "", place[1]?.string ?? "")
        }
        fixedEndpoints = fixed
        var operations: [String: Operation] = [:]
        for (name, row) in json["o"]?.object ?? JSONObject() { operations[name.lowercased()] = Operation(name, row) }
        self.operations = operations
        var errors: [String: String] = [:]
        for (shape, code) in json["f"]?.object ?? JSONObject() { errors[code.string ?? shape] = shape }
        self.errors = errors
        types = (json["t"]?.array ?? []).map(TypeModel.init)
    }

    /// `putItem`, `PutItem`; case does not count. nil: no such operation.
    package func operation(_ name: String) -> Operation? { operations[name.lowercased()] }

    package var operationNames: [String] { operations.values.map(\.name).sorted() }

    /// The shape of a modelled error, or nil.
    package func errorShape(_ code: String) -> String? { errors[code] }

    func type(_ number: Int) -> TypeModel {
        if let scalar = ScalarType(rawValue: number) { return .scalar(scalar, MemberTraits()) }
        let place = number - 16
        return types.indices.contains(place) ? types[place] : .scalar(.document, MemberTraits())
    }
}

extension ServiceModel.Operation {
    fileprivate init(_ name: String, _ row: JSONValue) {
        self.name = name
        input = row[0]?.wholeNumber.map(Int.init)
        output = row[1]?.wholeNumber.map(Int.init)
        method = row[2]?.string ?? "POST"
        path = row[3]?.string ?? "/"
        let traits = row[4]
        hostPrefix = traits?["h"]?.string
        isUnsigned = traits?["u"] != nil
        needsChecksum = traits?["c"] != nil
        rootName = traits?["n"]?.string
        rootNamespace = traits?["x"]?.string
        resultWrapper = traits?["r"]?.string
    }
}
