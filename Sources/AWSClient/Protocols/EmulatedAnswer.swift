import Curl
import Digest
import JSON
import Synchronization

/// What AWS would have answered where a stand-in (moto, LocalStack, …) answers otherwise in its HTTP headers.
///
/// Optimised integrations show the headers to the state machine, so data would depend on which server stands in:
/// those of the server itself go, those of AWS come. The body counts as AWS would have spelled it.
enum EmulatedAnswer {
    static func completed(_ response: HTTPResponse, _ model: ServiceModel, _ operation: ServiceModel.Operation, _ input: JSONValue) -> HTTPResponse {
        var result = response
        let given = Self.requestID(response, model)
        // A UUID, as at AWS; moto's are longer.
        let requestID = given.flatMap { $0.utf8.count <= 36 ? $0 : nil } ?? AWSClient.randomToken()
        guard model.wireProtocol != .restXML else {
            if given == nil { result.headers.append(HTTPHeader("x-amz-request-id", requestID)) }
            // Since January 2023 S3 encrypts each object and says so.
            if model.id == "S3", encrypted.contains(operation.name), response.header("x-amz-server-side-encryption") == nil {
                result.headers.append(HTTPHeader("x-amz-server-side-encryption", "AES256"))
            }
            if response.header("x-amz-checksum-crc32") != nil, operation.name == "PutObject", response.header("x-amz-checksum-type") == nil {
                result.headers.append(HTTPHeader("x-amz-checksum-type", "FULL_OBJECT"))
            }
            return result
        }
        result.body = body(response.body, model, input)
        var headers = headers(
            model, body: spelled(result.body, model, requestID), requestID: requestID, date: response.header("Date"),
            contentType: response.header("Content-Type"))
        let known = Set(headers.map { $0.name.lowercased() } + ["x-amz-crc32", "x-amz-request-id"])
        let own = response.headers.filter { header in
            let name = header.name.lowercased()
            return name.hasPrefix("x-amz") && !known.contains(name)
        }
        headers.insert(contentsOf: own, at: 2)
        result.headers = headers
        return result
    }

    /// Those of AWS's own answer, in its spelling (recorded for DynamoDB, SQS, SNS and Step Functions).
    static func headers(_ model: ServiceModel, body: [UInt8], requestID: String, date: String?, contentType: String?) -> [HTTPHeader] {
        var headers: [HTTPHeader] = []
        if model.id == "DynamoDB" {
            headers.append(HTTPHeader("Server", "Server"))
            headers.append(HTTPHeader("Connection", "keep-alive"))
            headers.append(HTTPHeader("x-amzn-RequestId", requestID))
            headers.append(HTTPHeader("x-amz-crc32", String(CRC32.of(body))))
        } else {
            headers.append(HTTPHeader("x-amzn-RequestId", requestID))
            headers.append(HTTPHeader("connection", "keep-alive"))
        }
        headers.append(HTTPHeader("Content-Length", String(body.count)))
        if let date { headers.append(HTTPHeader("Date", date)) }
        headers.append(HTTPHeader("Content-Type", Self.contentType(contentType, model)))
        return headers
    }

    /// The id that an error of a server without ids is given.
    static func completed(_ error: ServiceError) -> ServiceError {
        guard error.requestID.isEmpty else { return error }
        var result = error
        result.requestID = AWSClient.randomToken()
        return result
    }

    private static func isForFIFOTopic(_ input: JSONValue) -> Bool { input["TopicArn"]?.string?.hasSuffix(".fifo") ?? false }

    /// Twenty digits that grow, as those of SNS.
    private static func nextSequenceNumber() -> UInt64 { sequence.wrappingAdd(1, ordering: .relaxed).newValue }
    private static let sequence = Atomic<UInt64>(10_000_000_000_000_000_000 + UInt64.random(in: 0..<1 << 32) << 20)

    /// What AWS says of a request that lacks a member it must have, where stand-ins break or say it otherwise.
    static func refusal(_ model: ServiceModel, _ operation: ServiceModel.Operation, _ input: JSONValue) -> ServiceError? {
        if model.id == "SNS", operation.name == "Publish", isForFIFOTopic(input), input["MessageGroupId"] == nil {
            return ServiceError(
                code: "InvalidParameter", message: "Invalid parameter: The MessageGroupId parameter is required for FIFO topics", status: 400,
                requestID: AWSClient.randomToken())
        }
        guard let required = required[model.id]?[operation.name] else { return nil }
        let given = Set((input.object ?? JSONObject()).filter { !$0.1.isNull }.map { $0.0.lowercased() })
        let missing = required.filter { !given.contains($0.lowercased()) }
        guard let first = missing.first else { return nil }
        if model.id == "SQS" {
            return ServiceError(
                code: "MissingParameter", message: "The request must contain the parameter \(first).", status: 400, requestID: AWSClient.randomToken())
        }
        let problems = missing.map { "Value null at '\($0.prefix(1).lowercased() + $0.dropFirst())' failed to satisfy constraint: Member must not be null" }
        let count = missing.count == 1 ? "1 validation error" : "\(missing.count) validation errors"
        return ServiceError(
            code: "ValidationException", message: "\(count) detected: \(problems.joined(separator: "; "))", status: 400,
            requestID: AWSClient.randomToken())
    }

    private static let required: [String: [String: [String]]] = [
        "DynamoDB": [
            "PutItem": ["TableName", "Item"], "GetItem": ["TableName", "Key"], "UpdateItem": ["TableName", "Key"],
            "DeleteItem": ["TableName", "Key"], "Query": ["TableName"], "Scan": ["TableName"],
        ],
        "SQS": ["SendMessage": ["QueueUrl", "MessageBody"]],
    ]

    private static let encrypted: Set<String> = ["GetObject", "PutObject", "HeadObject", "CopyObject", "CreateMultipartUpload"]

    private static func requestID(_ response: HTTPResponse, _ model: ServiceModel) -> String? {
        if let id = response.header("x-amzn-RequestId") ?? response.header("x-amz-request-id"), !id.isEmpty { return id }
        guard model.wireProtocol == .query || model.wireProtocol == .ec2, let root = XMLReader.read(response.body) else { return nil }
        let id = (root.child("ResponseMetadata")?.child("RequestId") ?? root.child("requestId"))?.text ?? ""
        return id.isEmpty ? nil : id
    }

    private static func contentType(_ given: String?, _ model: ServiceModel) -> String {
        switch model.wireProtocol {
        case .json: "application/x-amz-json-" + model.jsonVersion
        case .query, .ec2: "text/xml"
        case .restJSON, .restXML: given ?? "application/json"
        }
    }

    /// Without what was not asked for, with what a FIFO topic tells of each message.
    private static func body(_ body: [UInt8], _ model: ServiceModel, _ input: JSONValue) -> [UInt8] {
        if model.id == "SNS", isForFIFOTopic(input), body.firstRange(of: Array("<SequenceNumber>".utf8)) == nil,
            let end = body.firstRange(of: Array("</PublishResult>".utf8))
        {
            return body[..<end.lowerBound] + Array("<SequenceNumber>\(nextSequenceNumber())</SequenceNumber>".utf8) + body[end.lowerBound...]
        }
        guard model.id == "DynamoDB", input["ReturnConsumedCapacity"] == nil,
            var object = (try? JSONValue(parsing: body))?.object, object["ConsumedCapacity"] != nil
        else { return body }
        object["ConsumedCapacity"] = nil
        return JSONValue.object(object).bytes()
    }

    /// As AWS writes it: JSON without blanks, XML indented by two.
    private static func spelled(_ body: [UInt8], _ model: ServiceModel, _ requestID: String) -> [UInt8] {
        switch model.wireProtocol {
        case .json, .restJSON: return (try? JSONValue(parsing: body))?.bytes() ?? body
        case .query, .ec2:
            guard let root = XMLReader.read(body) else { return body }
            (root.child("ResponseMetadata")?.child("RequestId") ?? root.child("requestId"))?.text = requestID
            var text = ""
            write(root, depth: 0, &text)
            return Array(text.utf8)
        case .restXML: return body
        }
    }

    /// The reader bounds the depth.
    private static func write(_ node: XMLNode, depth: Int, _ text: inout String) {
        let indent = String(repeating: " ", count: depth * 2)
        text += "\(indent)<\(node.name)"
        for (name, value) in node.attributes { text += " \(name)=\"\(value)\"" }
        guard !node.children.isEmpty else {
            text += node.text.isEmpty ? "/>\n" : ">\(node.text)</\(node.name)>\n"
            return
        }
        text += ">\n"
        for child in node.children { write(child, depth: depth + 1, &text) }
        text += "\(indent)</\(node.name)>\n"
    }
}

extension AWSClient {
    /// What an operation's answer would be over HTTP: for answers that nobody sent (mocks).
    package static func madeUpResult(_ service: String, _ operation: String, _ output: JSONValue, date: String) -> AWSResult? {
        guard let model = AWSTable.shared.service(service), let found = model.operation(operation) else { return nil }
        let id = randomToken()
        var body = spelledByService(output, model).bytes()
        if model.wireProtocol == .query || model.wireProtocol == .ec2 {
            let members = (output.object ?? JSONObject()).map { "    <\($0.0)>\($0.1.string ?? $0.1.text())</\($0.0)>\n" }.joined()
            let namespace = model.xmlNamespace.map { " xmlns=\"\($0)\"" } ?? ""
            let text =
                "<\(found.name)Response\(namespace)>\n  <\(found.name)Result>\n\(members)  </\(found.name)Result>\n"
                + "  <ResponseMetadata>\n    <RequestId>\(id)</RequestId>\n  </ResponseMetadata>\n</\(found.name)Response>\n"
            body = Array(text.utf8)
        }
        let headers = EmulatedAnswer.headers(model, body: body, requestID: id, date: date, contentType: nil)
        return AWSResult(output: output, response: HTTPResponse(status: 200, headers: headers, body: body), requestID: id, attempts: 1)
    }

    /// As long as the service's own answer would be: an MD5 of SQS has 32 digits, whatever a mock has in its place.
    private static func spelledByService(_ output: JSONValue, _ model: ServiceModel) -> JSONValue {
        guard model.id == "SQS", case .object(var members) = output else { return output }
        for name in members.keys where name.hasPrefix("MD5Of") { members[name] = .string(String(repeating: "0", count: 32)) }
        return .object(members)
    }
}

extension Endpoint {
    /// A server that stands in for AWS: configured, and not one of AWS's own names (a VPC endpoint is).
    var isStandIn: Bool {
        guard isOverridden else { return false }
        let name = host.split(separator: ":").first.map { $0.lowercased() } ?? ""
        return ![".amazonaws.com", ".amazonaws.com.cn", ".api.aws"].contains { name.hasSuffix($0) }
    }
}
