import JSON
import JSONPath

/// Compiles a value with holes.
struct TemplateReader {
    let session: ReadSession
    let language: QueryLanguage
    let visibility: QueryVisibility
    /// Where the whole template stands: AWS reports a bad hole there, however deep it is.
    let rootPlace: Place

    /// What a template nests around an input that may be 900 deep must still be readable.
    private static let depthLimit = 400

    func template(_ value: JSONValue, field: String) -> Template {
        if value.isNested(deeperThan: Self.depthLimit) {
            session.error(.depth, "The value is nested more than \(Self.depthLimit) deep", rootPlace)
            return Template(field: field, root: .literal(.null))
        }
        let node = language == .jsonPath ? payload(value, field, rootPlace) : query(value, field, rootPlace)
        return Template(field: field, root: node)
    }

    // Both recursions are bounded by the depth of the definition, checked before.

    private func payload(_ value: JSONValue, _ field: String, _ place: Place) -> Template.Node {
        switch value {
        case .array(let array):
            let nodes = array.enumerated().map { payload($1, field + "[\($0)]", place.index($0)) }
            return Self.isLiteral(nodes) ? .literal(value) : .array(nodes)
        case .object(let object):
            var keys: [String] = []
            var nodes: [Template.Node] = []
            for (key, member) in object {
                let isHole = key.hasSuffix(".$") && key.utf8.count > 2
                let name = isHole ? String(key.dropLast(2)) : key
                if isHole, object.index(of: name) != nil {
                    session.schema("The field '\(name)' is given twice: as '\(name)' and as '\(key)'", rootPlace)
                }
                keys.append(name)
                nodes.append(isHole ? hole(member, key, field, place) : payload(member, field + "/" + key, place.field(key)))
            }
            if Self.isLiteral(nodes), keys == object.keys { return .literal(value) }
            return .object(JSONShape(keys), nodes)
        default: return .literal(value)
        }
    }

    private func hole(_ value: JSONValue, _ key: String, _ field: String, _ place: Place) -> Template.Node {
        if let text = value.string {
            if text.hasPrefix("$"), let path = try? PathExpression(text) { return .path(path, key: key) }
            if text.hasPrefix("States."), let intrinsic = try? Intrinsic(text) {
                return .intrinsic(intrinsic, salt: salt(of: field + "/" + key))
            }
        }
        session.diagnostics.append(
            Diagnostic(
                .error, DiagnosticCode.schema.rawValue,
                "The value for the field '\(key)' must be a valid JSONPath or a valid intrinsic function call",
                location: rootPlace.location,
                pointer: place.field(key).pointer))
        return .literal(.null)
    }

    private func query(_ value: JSONValue, _ field: String, _ place: Place) -> Template.Node {
        switch value {
        case .string(let text):
            guard let expression = QueryReader(session: session, visibility: visibility).expression(text, field: field, place: place) else {
                return .literal(value)
            }
            return .query(expression)
        case .array(let array):
            let nodes = array.enumerated().map { query($1, field + "[\($0)]", place.index($0)) }
            return Self.isLiteral(nodes) ? .literal(value) : .array(nodes)
        case .object(let object):
            let nodes = object.map { query($0.value, field + "/" + $0.key, place.field($0.key)) }
            return Self.isLiteral(nodes) ? .literal(value) : .object(JSONShape(object.keys), nodes)
        default: return .literal(value)
        }
    }

    private static func isLiteral(_ nodes: [Template.Node]) -> Bool {
        nodes.allSatisfy { if case .literal = $0 { true } else { false } }
    }
}
