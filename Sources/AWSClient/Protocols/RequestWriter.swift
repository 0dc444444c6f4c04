import Curl
import Glibc
import JSON

/// Turns parameters, spelled as Step Functions spells them, into a request of the service's protocol.
struct RequestWriter {
    let model: ServiceModel
    let operation: ServiceModel.Operation
    /// Fills members that make a request idempotent when they are missing. Stable for one task.
    let idempotencyToken: String
    let style: ResultStyle
    private var complaints: [String] = []
    private static let maximumDepth = 100

    private init(model: ServiceModel, operation: ServiceModel.Operation, idempotencyToken: String, style: ResultStyle) {
        self.style = style
        self.model = model
        self.operation = operation
        self.idempotencyToken = idempotencyToken
    }

    static func write(
        _ input: JSONValue, _ model: ServiceModel, _ operation: ServiceModel.Operation, idempotencyToken: String,
        style: ResultStyle = .api
    ) throws(ParameterProblems) -> WireRequest {
        var writer = RequestWriter(model: model, operation: operation, idempotencyToken: idempotencyToken, style: style)
        let request = writer.request(input)
        guard writer.complaints.isEmpty else { throw ParameterProblems(complaints: writer.complaints) }
        return request
    }

    private mutating func request(_ input: JSONValue) -> WireRequest {
        var request = WireRequest()
        request.method = operation.method
        var structure = TypeModel.Structure(payload: nil, members: [])
        if let number = operation.input, case .structure(let found) = model.type(number) { structure = found }
        let members = self.members(input, structure)
        switch model.wireProtocol {
        case .json:
            request.headers = [
                HTTPHeader("Content-Type", "application/x-amz-json-" + model.jsonVersion),
                HTTPHeader("X-Amz-Target", model.targetPrefix + "." + operation.name),
            ]
            request.body = json(members, depth: 0).bytes()
        case .query, .ec2:
            var form: [(String, String)] = [("Action", operation.name), ("Version", model.apiVersion)]
            for (member, value) in members { query(value, member.type, formName(member, ""), &form, member.traits, depth: 0) }
            request.headers = [HTTPHeader("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")]
            request.body = Array(
                form.map { URLEncoding.encode($0.0) + "=" + URLEncoding.encode($0.1) }.joined(separator: "&").utf8)
        case .restJSON, .restXML: rest(&request, structure, members)
        }
        if let prefix = operation.hostPrefix { request.hostPrefix = filled(prefix, members) }
        return request
    }

    private typealias Given = [(member: TypeModel.Member, value: JSONValue)]

    /// The given members in the model's order, with the idempotency token where none is given.
    private mutating func members(_ input: JSONValue, _ structure: TypeModel.Structure) -> Given {
        var given: [String: JSONValue] = [:]
        switch input {
        case .object(let object):
            for (key, value) in object where !value.isNull {
                if let member = structure.member(key) {
                    given[member.name] = value
                } else {
                    complaints.append("The field \"\(key)\" is not supported by Step Functions")
                }
            }
        case .null: break
        default: complaints.append("The value must be an object")
        }
        return structure.members.compactMap { member in
            if let value = given[member.name] { return (member, value) }
            return member.traits.isIdempotencyToken ? (member, .string(idempotencyToken)) : nil
        }
    }

    private mutating func complain(_ name: String, _ type: String) {
        complaints.append("The value for the field '\(name)' must be a \(type)")
    }

    // MARK: JSON bodies

    private mutating func json(_ members: Given, depth: Int) -> JSONValue {
        var object = JSONObject()
        for (member, value) in members {
            let name = model.wireProtocol == .json ? member.name : member.traits.name ?? member.name
            object[name] = json(value, member.type, member.name, member.traits, depth: depth + 1)
        }
        return .object(object)
    }

    private mutating func json(
        _ value: JSONValue, _ type: Int, _ name: String, _ traits: MemberTraits, depth: Int
    ) -> JSONValue {
        guard depth < Self.maximumDepth, !value.isNull else { return .null }
        switch model.type(type) {
        case .structure(let structure):
            if value.object == nil { complain(name, "STRUCTURE") }
            return json(members(value.object == nil ? .null : value, structure), depth: depth)
        case .list(let element, _, _):
            guard let array = value.array else {
                complain(name, "LIST")
                return .null
            }
            return .array(array.map { json($0, element, name, MemberTraits(), depth: depth + 1) })
        case .map(_, let element, _, _, _):
            guard let object = value.object else {
                complain(name, "MAP")
                return .null
            }
            var result = JSONObject()
            for (key, member) in object { result[key] = json(member, element, name, MemberTraits(), depth: depth + 1) }
            return .object(result)
        case .scalar(let scalar, let own):
            return jsonScalar(value, scalar, name, traits.timestampFormat ?? own.timestampFormat)
        }
    }

    private mutating func jsonScalar(_ value: JSONValue, _ type: ScalarType, _ name: String, _ format: String?) -> JSONValue {
        switch type {
        case .document: return value
        case .string: return .string(ScalarText.string(value))
        case .blob: return .string(Base64.encode(ScalarText.blob(value)))
        case .timestamp:
            guard let time = ScalarText.timestamp(value) else { break }
            guard let format, format != "unixTimestamp" else { return ScalarText.number(time) }
            return .string(ScalarText.text(time, format))
        case .boolean:
            if let text = ScalarText.text(value, type, timestampFormat: "") { return .bool(text == "true") }
        case .integer:
            if let whole = value.wholeNumber { return .integer(whole) }
            if let whole = value.string.flatMap(Int64.init) { return .integer(whole) }
            if value.isNumber { return value }
        case .float:
            if value.isNumber { return value }
            if let text = value.string { return Double(text).map(JSONValue.double) ?? value }
        }
        complain(name, typeName(type))
        return .null
    }

    private func typeName(_ type: ScalarType) -> String {
        switch type {
        case .string, .document: "STRING"
        case .boolean: "BOOLEAN"
        case .integer: "INTEGER"
        case .float: "NUMBER"
        case .blob: "BLOB"
        case .timestamp: "TIMESTAMP"
        }
    }

    // MARK: forms

    private func formName(_ member: TypeModel.Member, _ prefix: String) -> String {
        var name = member.traits.name ?? member.name
        if model.wireProtocol == .ec2 { name = member.traits.queryName ?? Naming.capitalized(name) }
        return prefix.isEmpty ? name : prefix + "." + name
    }

    private mutating func query(
        _ value: JSONValue, _ type: Int, _ name: String, _ form: inout [(String, String)], _ traits: MemberTraits, depth: Int
    ) {
        guard depth < Self.maximumDepth, !value.isNull else { return }
        switch model.type(type) {
        case .structure(let structure):
            guard value.object != nil else { return complain(name, "STRUCTURE") }
            for (member, inner) in members(value, structure) {
                query(inner, member.type, formName(member, name), &form, member.traits, depth: depth + 1)
            }
        case .list(let element, let elementName, let isFlat):
            guard let array = value.array else { return complain(name, "LIST") }
            var prefix = name
            if model.wireProtocol == .query {
                if array.isEmpty { form.append((name, "")) }
                if isFlat {
                    // A flat list is called like its elements where those have a name.
                    if let elementName {
                        let parent = name.split(separator: ".", omittingEmptySubsequences: false).dropLast()
                        prefix = (parent.map(String.init) + [elementName]).joined(separator: ".")
                    }
                } else {
                    prefix = name + "." + (elementName ?? "member")
                }
            }
            for (index, inner) in array.enumerated() {
                query(inner, element, "\(prefix).\(index + 1)", &form, MemberTraits(), depth: depth + 1)
            }
        case .map(let keyType, let valueType, let keyName, let valueName, let isFlat):
            guard let object = value.object else { return complain(name, "MAP") }
            let prefix = isFlat ? name : name + ".entry"
            for (index, (key, inner)) in object.enumerated() {
                let entry = "\(prefix).\(index + 1)."
                query(.string(key), keyType, entry + (keyName ?? "key"), &form, MemberTraits(), depth: depth + 1)
                query(inner, valueType, entry + (valueName ?? "value"), &form, MemberTraits(), depth: depth + 1)
            }
        case .scalar(let scalar, let own):
            let format = traits.timestampFormat ?? own.timestampFormat ?? "iso8601"
            guard let text = ScalarText.text(value, scalar, timestampFormat: format) else {
                return complain(name, typeName(scalar))
            }
            form.append((name, text))
        }
    }

    // MARK: REST

    private mutating func rest(_ request: inout WireRequest, _ structure: TypeModel.Structure, _ members: Given) {
        var body: Given = []
        for (member, value) in members {
            let name = member.traits.name ?? member.name
            switch member.traits.location {
            case .path: if name == "Bucket" { request.bucket = value.string }
            case .query: restQuery(&request, member, name, value)
            case .header:
                if let text = headerText(member, value) { request.headers.append(HTTPHeader(name, text)) }
            case .headerPrefix:
                for (key, inner) in value.object ?? JSONObject() {
                    request.headers.append(HTTPHeader(name + key, ScalarText.string(inner)))
                }
            case .status: break
            case nil: body.append((member, value))
            }
        }
        restPath(&request, members)
        if let payload = structure.payload {
            if let (member, value) = members.first(where: { $0.member.name == payload }) {
                restPayload(&request, member, value)
            }
        } else if structure.members.contains(where: { $0.traits.location == nil }) {
            if model.wireProtocol == .restJSON {
                request.body = json(body, depth: 0).bytes()
                addContentType(&request, "application/json")
            } else if !body.isEmpty {
                let root = operation.rootName ?? operation.name + "Request"
                var xml = XMLWriter()
                xml.open(root, namespace: (operation.rootNamespace ?? model.xmlNamespace).map { ("", $0) })
                for (member, value) in body { xmlMember(&xml, member, value, depth: 0) }
                xml.close(root)
                request.body = xml.bytes
                addContentType(&request, "application/xml")
            }
        }
    }

    private func addContentType(_ request: inout WireRequest, _ type: String) {
        if request.headers.first("Content-Type") == nil { request.headers.append(HTTPHeader("Content-Type", type)) }
    }

    private mutating func restPayload(_ request: inout WireRequest, _ member: TypeModel.Member, _ value: JSONValue) {
        switch model.type(member.type) {
        case .structure(let structure):
            if model.wireProtocol == .restJSON {
                request.body = json(value, member.type, member.name, member.traits, depth: 0).bytes()
                addContentType(&request, "application/json")
            } else {
                let root = member.traits.name ?? member.name
                var xml = XMLWriter()
                xml.open(root, namespace: member.traits.namespace ?? model.xmlNamespace.map { ("", $0) })
                for (inner, innerValue) in members(value, structure) { xmlMember(&xml, inner, innerValue, depth: 0) }
                xml.close(root)
                request.body = xml.bytes
                addContentType(&request, "application/xml")
            }
        case .scalar(.blob, _) where member.traits.isStreamed && style == .sdk:
            // aws-sdk:s3:putObject writes JSON, a text with its quotes (recorded in November 2025).
            request.body = value.bytes()
            addContentType(&request, "text/plain; charset=UTF-8")
        case .scalar(.blob, _):
            request.body = ScalarText.blob(value)
            addContentType(&request, "application/octet-stream")
        case .scalar(.string, _):
            request.body = Array(ScalarText.string(value).utf8)
            addContentType(&request, "text/plain")
        default:
            request.body = json(value, member.type, member.name, member.traits, depth: 0).bytes()
            addContentType(&request, "application/json")
        }
    }

    private mutating func restPath(_ request: inout WireRequest, _ members: Given) {
        let parts = operation.path.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        request.path = filled(String(parts[0]), members)
        guard parts.count > 1 else { return }
        let fixed = parts[1].split(separator: "&").map { pair -> (name: String, value: String?) in
            let sides = pair.split(separator: "=", maxSplits: 1).map(String.init)
            return (sides[0], sides.count > 1 ? sides[1] : nil)
        }
        request.query = fixed + request.query
    }

    /// `{Name}` by the member's value, encoded; `{Name+}` keeps its slashes.
    private mutating func filled(_ template: String, _ members: Given) -> String {
        var result = ""
        var rest = Substring(template)
        while let open = rest.firstIndex(of: "{"), let close = rest[open...].firstIndex(of: "}") {
            result += rest[..<open]
            var name = String(rest[rest.index(after: open)..<close])
            let isGreedy = name.hasSuffix("+")
            if isGreedy { name.removeLast() }
            let found = members.first { ($0.member.traits.name ?? $0.member.name) == name || $0.member.name == name }
            let text = found.map { scalarText($0.member, $0.value, format: "iso8601") ?? "" } ?? ""
            if text.isEmpty { complaints.append("The field '\(Naming.member(name))' is required but was missing") }
            result += URLEncoding.encode(text, keeping: isGreedy ? "/" : "")
            rest = rest[rest.index(after: close)...]
        }
        return result + rest
    }

    private mutating func restQuery(
        _ request: inout WireRequest, _ member: TypeModel.Member, _ name: String, _ value: JSONValue
    ) {
        switch model.type(member.type) {
        case .list(let element, _, _):
            for inner in value.array ?? [value] {
                let part = TypeModel.Member(name: member.name, type: element, traits: MemberTraits())
                if let text = scalarText(part, inner, format: "iso8601") { request.query.append((name, text)) }
            }
        case .map:
            for (key, inner) in value.object ?? JSONObject() {
                for one in inner.array ?? [inner] { request.query.append((key, ScalarText.string(one))) }
            }
        default:
            if let text = scalarText(member, value, format: "iso8601") { request.query.append((name, text)) }
        }
    }

    private mutating func headerText(_ member: TypeModel.Member, _ value: JSONValue) -> String? {
        if case .list(let element, _, _) = model.type(member.type) {
            let part = TypeModel.Member(name: member.name, type: element, traits: MemberTraits())
            var texts: [String] = []
            for inner in value.array ?? [value] { if let text = scalarText(part, inner, format: "rfc822") { texts.append(text) } }
            return texts.joined(separator: ",")
        }
        guard let text = scalarText(member, value, format: "rfc822") else { return nil }
        return member.traits.isJSONText ? Base64.encode(Array(text.utf8)) : text
    }

    private mutating func scalarText(_ member: TypeModel.Member, _ value: JSONValue, format: String) -> String? {
        guard case .scalar(let scalar, let own) = model.type(member.type) else {
            complain(member.name, "STRING")
            return nil
        }
        let text = ScalarText.text(
            value, scalar, timestampFormat: member.traits.timestampFormat ?? own.timestampFormat ?? format)
        if text == nil { complain(member.name, typeName(scalar)) }
        return text
    }

    private mutating func xmlMember(_ xml: inout XMLWriter, _ member: TypeModel.Member, _ value: JSONValue, depth: Int) {
        xmlValue(&xml, member.type, member.traits.name ?? member.name, value, member.traits, depth: depth)
    }

    private mutating func xmlValue(
        _ xml: inout XMLWriter, _ type: Int, _ name: String, _ value: JSONValue, _ traits: MemberTraits, depth: Int
    ) {
        guard depth < Self.maximumDepth, !value.isNull else { return }
        switch model.type(type) {
        case .structure(let structure):
            guard value.object != nil else { return complain(name, "STRUCTURE") }
            let given = members(value, structure)
            var attributes: [(String, String)] = []
            for (member, inner) in given where member.traits.isAttribute {
                attributes.append((member.traits.name ?? member.name, ScalarText.string(inner)))
            }
            xml.open(name, namespace: traits.namespace, attributes: attributes)
            for (member, inner) in given where !member.traits.isAttribute {
                xmlMember(&xml, member, inner, depth: depth + 1)
            }
            xml.close(name)
        case .list(let element, let elementName, let isFlat):
            guard let array = value.array else { return complain(name, "LIST") }
            if !isFlat { xml.open(name, namespace: traits.namespace) }
            for inner in array {
                xmlValue(&xml, element, isFlat ? name : elementName ?? "member", inner, MemberTraits(), depth: depth + 1)
            }
            if !isFlat { xml.close(name) }
        case .map(let keyType, let valueType, let keyName, let valueName, let isFlat):
            guard let object = value.object else { return complain(name, "MAP") }
            if !isFlat { xml.open(name, namespace: traits.namespace) }
            for (key, inner) in object {
                let entry = isFlat ? name : "entry"
                xml.open(entry)
                xmlValue(&xml, keyType, keyName ?? "key", .string(key), MemberTraits(), depth: depth + 1)
                xmlValue(&xml, valueType, valueName ?? "value", inner, MemberTraits(), depth: depth + 1)
                xml.close(entry)
            }
            if !isFlat { xml.close(name) }
        case .scalar(let scalar, let own):
            let format = traits.timestampFormat ?? own.timestampFormat ?? "iso8601"
            guard let text = ScalarText.text(value, scalar, timestampFormat: format) else {
                return complain(name, typeName(scalar))
            }
            xml.open(name, namespace: traits.namespace)
            xml.text(text)
            xml.close(name)
        }
    }
}

/// Writes elements one after the other.
struct XMLWriter {
    private(set) var bytes: [UInt8] = []

    mutating func open(_ name: String, namespace: (prefix: String, uri: String)? = nil, attributes: [(String, String)] = []) {
        var tag = "<" + name
        if let namespace {
            tag += namespace.prefix.isEmpty ? " xmlns=\"" : " xmlns:\(namespace.prefix)=\""
            tag += Self.escaped(namespace.uri) + "\""
        }
        for (key, value) in attributes { tag += " \(key)=\"\(Self.escaped(value))\"" }
        bytes.append(contentsOf: (tag + ">").utf8)
    }

    mutating func close(_ name: String) { bytes.append(contentsOf: "</\(name)>".utf8) }
    mutating func text(_ text: String) { bytes.append(contentsOf: Self.escaped(text).utf8) }

    private static func escaped(_ text: String) -> String {
        var out = ""
        for character in text.unicodeScalars {
            switch character {
            case "&": out += "&amp;"
            case "<": out += "&lt;"
            case ">": out += "&gt;"
            case "\"": out += "&quot;"
            case "\r": out += "&#xD;"
            default: out.unicodeScalars.append(character)
            }
        }
        return out
    }
}
