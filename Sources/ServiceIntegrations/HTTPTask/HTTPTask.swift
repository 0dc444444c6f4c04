import Curl
import JSON
import StatesLanguage

/// What an `http:invoke` Task asks for: its effective parameters, checked.
package struct HTTPTask: Sendable, Equatable {
    package var endpoint: String
    package var method: String
    package var connectionARN: String?
    package var headers: [HTTPHeader]
    package var query: [(name: String, value: String)] = []
    package var body: JSONValue?
    /// nil: the body is sent as JSON.
    package var formArrays: FormArrayFormat?

    package static func == (left: HTTPTask, right: HTTPTask) -> Bool {
        left.endpoint == right.endpoint && left.method == right.method && left.connectionARN == right.connectionARN
            && left.headers == right.headers && left.query.elementsEqual(right.query, by: ==) && left.body == right.body
            && left.formArrays == right.formArrays
    }

    private static let fields: Set<String> = [
        "ApiEndpoint", "Method", "Authentication", "InvocationConfig", "Headers", "QueryParameters", "RequestBody",
        "Transform",
    ]
    private static let methods: Set<String> = ["GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "HEAD"]
    /// Headers that a definition may not set. Authorization comes from a connection.
    private static let forbiddenHeaders: Set<String> = [
        "a-im", "accept-charset", "accept-datetime", "accept-encoding", "authorization", "cache-control", "connection",
        "content-encoding", "content-md5", "date", "expect", "forwarded", "from", "host", "http2-settings", "if-match",
        "if-modified-since", "if-none-match", "if-range", "if-unmodified-since", "max-forwards", "origin", "pragma",
        "proxy-authorization", "referer", "server", "te", "trailer", "transfer-encoding", "upgrade", "via", "warning",
    ]

    /// Reads the parameters; what is wrong with them is one `States.Runtime` with all complaints, as AWS words it.
    package init(_ input: JSONValue) throws(Failure) {
        var problems: [String] = []
        func invalid(_ field: String) { problems.append("The value of the field '\(field)' has an invalid format") }
        for (key, _) in input.object ?? JSONObject() where !Self.fields.contains(key) {
            problems.append("The field '\(key)' is not supported by Step Functions")
        }
        func required(_ field: String) -> String {
            switch input[key: field] {
            case nil: problems.append("The field '\(field)' is required but was missing")
            case .string(let text)? where !text.isEmpty: return text
            default: invalid(field)
            }
            return ""
        }
        endpoint = required("ApiEndpoint")
        if !endpoint.isEmpty, URLParts(endpoint) == nil { invalid("ApiEndpoint") }
        method = required("Method")
        if !method.isEmpty, !Self.methods.contains(method) { invalid("Method") }
        connectionARN = nil
        for field in ["InvocationConfig", "Authentication"] {
            guard let value = input[key: field] else { continue }
            guard let arn = value["ConnectionArn"]?.string else {
                invalid(field)
                continue
            }
            connectionARN = connectionARN ?? arn
        }
        headers = []
        if let value = input[key: "Headers"] {
            if let read = Self.headers(value) { headers = read } else { invalid("Headers") }
        }
        if let value = input[key: "QueryParameters"] {
            if value.object != nil { query = FormEncoding.pairs(value, arrays: .repeat) } else { invalid("QueryParameters") }
        }
        body = input[key: "RequestBody"]
        formArrays = nil
        if let value = input[key: "Transform"] {
            switch Self.transform(value) {
            case .some(let arrays): formArrays = arrays
            case nil: invalid("Transform")
            }
        }
        guard problems.isEmpty else {
            let list = problems.joined(separator: ", ")
            throw .runtime("The Parameters '\(input.text())' could not be used to start the Task: [\(list)]")
        }
    }

    private static func headers(_ value: JSONValue) -> [HTTPHeader]? {
        guard let object = value.object else { return nil }
        var headers: [HTTPHeader] = []
        for (name, value) in object {
            let lower = name.lowercased()
            guard !forbiddenHeaders.contains(lower), !lower.hasPrefix("x-forwarded"), !lower.hasPrefix("x-amz"),
                isToken(name)
            else { return nil }
            let values = value.array ?? [value]
            guard values.allSatisfy({ $0.object == nil && $0.array == nil }) else { return nil }
            let text = values.map(FormEncoding.scalar).joined(separator: ",")
            guard text.utf8.allSatisfy({ $0 != 0 && $0 != 0x0A && $0 != 0x0D }) else { return nil }
            headers.append(HTTPHeader(name, text))
        }
        return headers
    }

    private static func isToken(_ name: String) -> Bool {
        !name.isEmpty
            && name.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && !"()<>@,;:\\\"/[]?={}".utf8.contains($0) }
    }

    /// nil: invalid; `.some(nil)`: JSON.
    private static func transform(_ value: JSONValue) -> FormArrayFormat?? {
        guard value.object != nil else { return nil }
        let options = value["RequestEncodingOptions"]
        var arrays = FormArrayFormat.indices
        if let format = options?["ArrayFormat"] {
            guard let known = format.string.flatMap(FormArrayFormat.init(rawValue:)) else { return nil }
            arrays = known
        }
        switch value["RequestBodyEncoding"] {
        case nil, .string("NONE")?: return .some(nil)
        case .string("URL_ENCODED")?: return .some(arrays)
        default: return nil
        }
    }
}

extension JSONValue {
    /// The member, where a null counts as missing.
    fileprivate subscript(key field: String) -> JSONValue? {
        guard let value = self[field], !value.isNull else { return nil }
        return value
    }
}
