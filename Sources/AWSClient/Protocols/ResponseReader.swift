import Curl
import JSON

/// How answers are spelled for a Task state.
package enum ResultStyle: Sendable {
    /// `aws-sdk:…`: the Java SDK's member names, times as ISO texts.
    case sdk
    /// Optimised integrations: the API's member names with a capital, times in milliseconds.
    case optimized
    /// As the API itself spells it, times in seconds.
    case api
}

/// Turns an answer of the service's protocol into JSON. Only what the model knows is taken over.
struct ResponseReader {
    let model: ServiceModel
    let style: ResultStyle
    private static let maximumDepth = 100

    func read(_ response: HTTPResponse, _ operation: ServiceModel.Operation) -> JSONValue {
        guard let number = operation.output, case .structure(let structure) = model.type(number) else {
            return .object(JSONObject())
        }
        var members: [(TypeModel.Member, JSONValue)] = []
        let bodyMembers = structure.members.filter { $0.traits.location == nil }
        switch model.wireProtocol {
        case .json: members = jsonMembers(parsed(response.body), structure.members, depth: 0)
        case .query, .ec2:
            if let root = XMLReader.read(response.body) {
                members = xmlMembers(resultNode(root, operation), structure.members, depth: 0)
            }
        case .restJSON, .restXML:
            if let payload = structure.payload {
                if let member = bodyMembers.first(where: { $0.name == payload }), let value = payloadValue(response, member) {
                    members.append((member, value))
                }
            } else if model.wireProtocol == .restJSON {
                members = jsonMembers(parsed(response.body), bodyMembers, depth: 0)
            } else if let root = XMLReader.read(response.body) {
                members = xmlMembers(root, bodyMembers, depth: 0)
            }
            for member in structure.members where member.traits.location != nil {
                if let value = located(response, member) { members.append((member, value)) }
            }
        }
        return object(members)
    }

    private func parsed(_ body: [UInt8]) -> JSONValue { (try? JSONValue(parsing: body)) ?? .null }

    /// Members in the order of their names, a streamed body last, as Step Functions shows them.
    private func object(_ members: [(TypeModel.Member, JSONValue)]) -> JSONValue {
        let named = members.map { (name($0.0), $0.1, $0.0.traits.isStreamed) }
        let sorted = named.sorted { left, right in
            left.2 == right.2 ? left.0.utf8.lexicographicallyPrecedes(right.0.utf8) : !left.2
        }
        return .object(JSONObject(sorted.map { ($0.0, $0.1) }))
    }

    private func name(_ member: TypeModel.Member) -> String {
        switch style {
        case .sdk: Naming.member(member.name)
        case .optimized: Naming.capitalized(member.name)
        case .api: member.name
        }
    }

    private func time(_ time: AWSTimestamp) -> JSONValue {
        switch style {
        case .sdk: .string(time.iso8601)
        case .optimized: .integer(time.milliseconds)
        case .api: ScalarText.number(time)
        }
    }

    // MARK: JSON

    private func jsonMembers(
        _ json: JSONValue, _ members: [TypeModel.Member], depth: Int
    ) -> [(TypeModel.Member, JSONValue)] {
        members.compactMap { member in
            guard let value = json[member.traits.name ?? member.name] ?? json[member.name], !value.isNull else { return nil }
            return (member, json_(value, member.type, depth: depth + 1))
        }
    }

    private func json_(_ value: JSONValue, _ type: Int, depth: Int) -> JSONValue {
        guard depth < Self.maximumDepth, !value.isNull else { return .null }
        switch model.type(type) {
        case .structure(let structure): return object(jsonMembers(value, structure.members, depth: depth))
        case .list(let element, _, _):
            return .array((value.array ?? []).map { json_($0, element, depth: depth + 1) })
        case .map(_, let element, _, _, _):
            return .object((value.object ?? JSONObject()).mapValues { json_($0, element, depth: depth + 1) })
        case .scalar(.blob, _):
            guard let text = value.string, let bytes = Base64.decode(text) else { return value }
            return ScalarText.value(ofBlob: bytes)
        case .scalar(.timestamp, _): return ScalarText.timestamp(value).map(time) ?? value
        case .scalar: return value
        }
    }

    // MARK: XML

    private func resultNode(_ root: XMLNode, _ operation: ServiceModel.Operation) -> XMLNode {
        guard let wrapper = operation.resultWrapper else { return root }
        return root.child(wrapper) ?? root
    }

    private func xmlMembers(
        _ node: XMLNode, _ members: [TypeModel.Member], depth: Int
    ) -> [(TypeModel.Member, JSONValue)] {
        members.compactMap { member in
            xmlMember(node, member, depth: depth).map { (member, $0) }
        }
    }

    private func xmlMember(_ node: XMLNode, _ member: TypeModel.Member, depth: Int) -> JSONValue? {
        let name = member.traits.name ?? member.name
        if member.traits.isAttribute {
            let local = name.split(separator: ":").last.map(String.init) ?? name
            guard let text = node.attributes.first(where: { $0.name == local })?.value else { return nil }
            return scalar(text, member.type, member.traits)
        }
        switch model.type(member.type) {
        case .list(let element, let elementName, let isFlat):
            if isFlat {
                let nodes = node.children(elementName.flatMap { node.child($0) == nil ? nil : $0 } ?? name)
                return nodes.isEmpty ? nil : .array(nodes.map { xml($0, element, MemberTraits(), depth: depth + 1) })
            }
        case .map(_, _, _, _, let isFlat):
            if isFlat {
                let nodes = node.children(name)
                return nodes.isEmpty ? nil : map(nodes, member.type, depth: depth + 1)
            }
        default: break
        }
        guard let child = node.child(name) else { return nil }
        return xml(child, member.type, member.traits, depth: depth + 1)
    }

    private func xml(_ node: XMLNode, _ type: Int, _ traits: MemberTraits, depth: Int) -> JSONValue {
        guard depth < Self.maximumDepth else { return .null }
        switch model.type(type) {
        case .structure(let structure): return object(xmlMembers(node, structure.members, depth: depth))
        case .list(let element, _, _):
            return .array(node.children.map { xml($0, element, MemberTraits(), depth: depth + 1) })
        case .map: return map(node.children, type, depth: depth)
        case .scalar: return scalar(node.text, type, traits)
        }
    }

    private func map(_ entries: [XMLNode], _ type: Int, depth: Int) -> JSONValue {
        guard case .map(_, let valueType, let keyName, let valueName, _) = model.type(type) else { return .null }
        var result = JSONObject()
        for entry in entries {
            guard let key = entry.child(keyName ?? "key")?.text, let value = entry.child(valueName ?? "value") else { continue }
            result[key] = xml(value, valueType, MemberTraits(), depth: depth + 1)
        }
        return .object(result)
    }

    private func scalar(_ text: String, _ type: Int, _ traits: MemberTraits) -> JSONValue {
        guard case .scalar(let scalar, _) = model.type(type) else { return .string(text) }
        switch scalar {
        case .string, .document: return .string(text)
        case .boolean: return .bool(text == "true" || text == "1")
        case .integer: return Int64(text).map(JSONValue.integer) ?? .string(text)
        case .float: return Double(text).map(JSONValue.double) ?? .string(text)
        case .blob: return Base64.decode(text).map(ScalarText.value(ofBlob:)) ?? .string(text)
        case .timestamp: return AWSTimestamp(text).map(time) ?? .string(text)
        }
    }

    // MARK: REST

    private func payloadValue(_ response: HTTPResponse, _ member: TypeModel.Member) -> JSONValue? {
        switch model.type(member.type) {
        case .scalar(.blob, _): return ScalarText.value(ofBlob: response.body)
        case .scalar(.string, _): return .string(String(decoding: response.body, as: UTF8.self))
        default:
            guard !response.body.isEmpty else { return nil }
            if model.wireProtocol == .restJSON { return json_(parsed(response.body), member.type, depth: 0) }
            return XMLReader.read(response.body).map { xml($0, member.type, member.traits, depth: 0) }
        }
    }

    private func located(_ response: HTTPResponse, _ member: TypeModel.Member) -> JSONValue? {
        let name = member.traits.name ?? member.name
        switch member.traits.location {
        case .status: return .integer(Int64(response.status))
        case .header:
            guard let text = response.header(name) else { return nil }
            if member.traits.isJSONText {
                return Base64.decode(text).flatMap { try? JSONValue(parsing: $0) }.map { .string($0.text()) } ?? .string(text)
            }
            if case .list = model.type(member.type) {
                return .array(text.split(separator: ",").map { .string($0.drop { $0 == " " }.description) })
            }
            return scalar(text, member.type, member.traits)
        case .headerPrefix:
            var result = JSONObject()
            let prefix = name.lowercased()
            for header in response.headers where header.name.lowercased().hasPrefix(prefix) {
                result[String(header.name.lowercased().dropFirst(prefix.count))] = .string(header.value)
            }
            return .object(result)
        case .path, .query, nil: return nil
        }
    }
}
