import JSON
import JSONPath

/// Reads the fields of one object of a definition and says what is wrong with each.
struct FieldReader {
    let object: JSONObject
    let place: Place
    let language: QueryLanguage
    let session: ReadSession
    /// Before a field's name in messages of the execution: `Catch[0]/`, `ItemReader/`.
    var prefix = ""

    subscript(name: String) -> JSONValue? { object[name] }
    func has(_ name: String) -> Bool { object.index(of: name) != nil }

    func schema(_ message: String, at name: String) { session.schema(message, place.field(name)) }

    /// AWS reports what is missing at the object that should have it.
    func required(_ names: String...) {
        session.schema("These fields are required: [\(names.joined(separator: ", "))]", place)
    }

    // MARK: plain values

    func string(_ name: String) -> String? {
        guard let value = object[name] else { return nil }
        guard let text = value.string else {
            schema("Expected value of type [STRING]", at: name)
            return nil
        }
        return text
    }

    func requiredString(_ name: String) -> String? {
        guard has(name) else {
            required(name)
            return nil
        }
        guard let text = string(name) else { return nil }
        if text.isEmpty {
            schema("Value cannot be empty", at: name)
            return nil
        }
        return text
    }

    func bool(_ name: String) -> Bool? {
        guard let value = object[name] else { return nil }
        guard let flag = value.bool else {
            schema("Expected value of type [BOOLEAN]", at: name)
            return nil
        }
        return flag
    }

    /// One of `values`, spelled exactly so.
    func choice(_ name: String, of values: [String]) -> String? {
        guard let text = string(name) else { return nil }
        guard values.contains(where: { $0.isSameText(as: text) }) else {
            schema("Value should be one of the following: [\(values.joined(separator: ", "))]", at: name)
            return nil
        }
        return text
    }

    func nested(_ name: String) -> FieldReader? {
        guard let value = object[name] else { return nil }
        guard let inner = value.object else {
            schema("Expected value of type [OBJECT]", at: name)
            return nil
        }
        return FieldReader(object: inner, place: place.field(name), language: language, session: session, prefix: prefix + name + "/")
    }

    /// The elements of an array of objects.
    func elements(_ name: String) -> [FieldReader] {
        guard let value = object[name] else { return [] }
        guard let array = value.array else {
            schema("Expected value of type [ARRAY]", at: name)
            return []
        }
        return array.enumerated().compactMap { index, element in
            guard let inner = element.object else {
                session.schema("Expected value of type [OBJECT]", place.field(name).index(index))
                return nil
            }
            return FieldReader(
                object: inner, place: place.field(name).index(index), language: language, session: session,
                prefix: prefix + "\(name)[\(index)]/")
        }
    }

    /// Whole number in a range.
    func integer(_ name: String, _ range: ClosedRange<Int64>) -> Int64? {
        guard let value = object[name] else { return nil }
        guard let number = value.wholeNumber, value.isNumber else {
            schema("Expected value of type Integer", at: name)
            return nil
        }
        guard range.contains(number) else {
            schema(number < range.lowerBound ? "Minimum value is \(range.lowerBound)" : "Maximum value is \(range.upperBound)", at: name)
            return nil
        }
        return number
    }

    func number(_ name: String, _ range: ClosedRange<Double>) -> Double? {
        guard let value = object[name] else { return nil }
        guard let number = value.number, number.isFinite else {
            schema("Expected value of type [NUMBER]", at: name)
            return nil
        }
        guard range.contains(number) else {
            // A limit with a fraction is written as Java writes a double: `1.0` (floci#3733).
            let isBelow = number < range.lowerBound
            schema("\(isBelow ? "Minimum" : "Maximum") value is \(isBelow ? range.lowerBound : range.upperBound)", at: name)
            return nil
        }
        return number
    }

    // MARK: what the fields of an object may be

    /// Reports every field that is not among `known`.
    func refuseUnknown(_ known: Set<String>) {
        for name in object.keys where !known.contains(name) { session.schema("Field '\(name)' is not supported", place) }
    }

    /// At most one of these.
    func exclusive(_ names: String...) {
        if names.filter(has).count > 1 { tooMany(names) }
    }

    /// AWS lists all that may stand there, in either case (tiny-asl-machine's recordings).
    func tooMany(_ names: [String]) {
        session.schema("There should only be one of the following fields: [\(names.joined(separator: ", "))]", place)
    }
    func none(of names: [String]) {
        session.schema("This object should have only one of the following fields: [\(names.joined(separator: ", "))]", place)
    }

    func onlyFor(_ wanted: QueryLanguage, _ names: String...) {
        guard language != wanted else { return }
        for name in names where has(name) { refuseLanguage(name, wanted) }
    }

    func refuseLanguage(_ name: String, _ wanted: QueryLanguage) {
        session.schema(
            "The QueryLanguage is set to '\(language.rawValue)', but field '\(name)' is only supported for the '\(wanted.rawValue)' QueryLanguage",
            place)
    }

    // MARK: compiled fields

    func pathField(_ name: String) -> PathField {
        guard let value = object[name], language == .jsonPath else { return .whole }
        if value.isNull { return .null }
        guard let path = path(name) else { return .whole }
        return path.text == "$" ? .whole : .path(path)
    }

    func path(_ name: String) -> PathExpression? {
        guard let value = object[name] else { return nil }
        guard let text = value.string else {
            schema("Expected value of type [STRING]", at: name)
            return nil
        }
        do {
            return try PathExpression(text)
        } catch {
            if Self.takesAnyPath(name) {
                schema("Value must be a valid JSONPath.", at: name)
            } else {
                schema("Value is not a Reference Path: \(Self.reason(text, error))", at: name)
            }
            return nil
        }
    }

    private static func takesAnyPath(_ name: String) -> Bool { name == "InputPath" || name == "OutputPath" }

    private static func reason(_ text: String, _ error: PathSyntaxError) -> String {
        text.hasPrefix("$") ? error.message : "Reference path didn't start with '$'"
    }

    func resultPath() -> ResultPath {
        guard let value = object["ResultPath"], language == .jsonPath else { return .whole }
        if value.isNull { return .discard }
        guard let text = value.string else {
            schema("Expected value of type [STRING]", at: "ResultPath")
            return .whole
        }
        if text == "$" { return .whole }
        do {
            return .reference(try ReferencePath(text))
        } catch {
            schema("Value is not a Reference Path: \(Self.reason(text, error))", at: "ResultPath")
            return .whole
        }
    }

    /// `NAME` or `NAMEPath`.
    func numberField(_ name: String, _ range: ClosedRange<Int64>, isFraction: Bool = false) -> NumberField? {
        exclusive(name, name + "Path")
        if language == .jsonPath, has(name + "Path") {
            guard let path = path(name + "Path") else { return nil }
            // A Reference Path, in a Map's numbers at least (measured on AWS, floci#3733).
            if Self.ofMaps.contains(name), path.root == .context || !path.isDefinite {
                schema("Value is not a Reference Path", at: name + "Path")
                return nil
            }
            return NumberField(name: name, source: .path(path))
        }
        guard let value = object[name] else { return nil }
        if let text = value.string, language == .jsonata, QueryExpression.source(of: text) != nil {
            return query(text, name, .none).map { NumberField(name: name, source: .query($0)) }
        }
        let isRight =
            isFraction
            ? number(name, Double(range.lowerBound)...Double(range.upperBound)) != nil : integer(name, range) != nil
        return isRight ? NumberField(name: name, source: .literal(value)) : nil
    }

    private static let ofMaps: Set<String> = [
        "MaxConcurrency", "ToleratedFailureCount", "ToleratedFailurePercentage", "MaxItems", "MaxItemsPerBatch", "MaxInputBytesPerBatch",
    ]

    /// `NAME` or `NAMEPath`, whose path may be an intrinsic function too.
    func stringField(_ name: String) -> StringField? {
        exclusive(name, name + "Path")
        let pathName = name + "Path"
        if language == .jsonPath, let text = string(pathName) {
            if text.hasPrefix("States."), let intrinsic = try? Intrinsic(text) {
                return StringField(name: pathName, source: .intrinsic(intrinsic))
            }
            if let path = try? PathExpression(text) { return StringField(name: pathName, source: .path(path)) }
            schema("The value for the field '\(pathName)' must be a valid JSONPath or a valid intrinsic function call", at: pathName)
            return nil
        }
        guard let text = string(name) else { return nil }
        if language == .jsonata, QueryExpression.source(of: text) != nil {
            return query(text, name, .none).map { StringField(name: name, source: .query($0)) }
        }
        return StringField(name: name, source: .literal(text))
    }

    /// The expression of `{% … %}`; nil: a literal.
    func query(_ text: String, _ name: String, _ visibility: QueryVisibility) -> QueryExpression? {
        QueryReader(session: session, visibility: visibility).expression(text, field: prefix + name, place: place.field(name))
    }

    /// A payload template or a JSONata value.
    func template(_ name: String, visibility: QueryVisibility = .none) -> Template? {
        guard let value = object[name] else { return nil }
        return TemplateReader(session: session, language: language, visibility: visibility, rootPlace: place.field(name))
            .template(value, field: prefix + name)
    }

    /// `Assign`
    func assignment(visibility: QueryVisibility) -> Template? {
        guard let value = object["Assign"] else { return nil }
        guard let members = value.object else {
            schema("Expected value of type [OBJECT]", at: "Assign")
            return nil
        }
        for key in members.keys {
            let name = language == .jsonPath && key.hasSuffix(".$") ? String(key.dropLast(2)) : key
            if name == "states" {
                session.error(.reservedVariable, "Cannot assign to reserved variable '$states'.", place.field("Assign"))
            } else if name.unicodeScalars.count > 80 {
                session.error(
                    .variableName, "Invalid variable name '\(name)': the variable name is longer than 80 characters.", place.field("Assign"))
            } else if name.isEmpty || name.utf8.contains(where: { ".[]$ ".utf8.contains($0) }) {
                session.error(
                    .variableName, "Invalid variable name '\(name)': the variable name contains invalid characters.", place.field("Assign"))
            } else if !VariableName.isValid(name) {
                session.warning(.lint, "'\(name)' is no Unicode identifier: no path and no expression can name it", place.field("Assign"))
            }
        }
        return template("Assign", visibility: visibility)
    }
}

/// What `$states` offers at a place, beyond `input` and `context`.
enum QueryVisibility {
    case none
    /// The state's own Output and Assign of Task, Parallel, Map.
    case result
    /// A catcher's Output and Assign.
    case errorOutput
}
