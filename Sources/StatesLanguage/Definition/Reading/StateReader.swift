import JSON
import JSONPath

/// Reads one state.
struct StateReader {
    let name: String
    let id: StateID
    let type: FieldTable.StateType
    let reader: FieldReader
    let scope: StateScope
    var session: ReadSession { reader.session }

    static func read(_ name: String, _ value: JSONValue, _ place: Place, _ scope: StateScope, _ session: ReadSession) {
        guard let id = scope.ids[name] else { return }
        guard let object = value.object else {
            session.schema("Expected value of type [OBJECT]", place)
            return
        }
        let (language, isDowngrade) = language(object, place, session)
        // A downgrade silences what else is wrong with the state's fields (asl-brief section 11).
        if isDowngrade {
            session.schema("'QueryLanguage' can not be 'JSONPath' if set to 'JSONata' for whole state machine", place)
            return
        }
        let reader = FieldReader(object: object, place: place, language: language, session: session)
        guard let type = type(reader) else { return }
        StateReader(name: name, id: id, type: type, reader: reader, scope: scope).read()
    }

    private static func language(_ object: JSONObject, _ place: Place, _ session: ReadSession) -> (QueryLanguage, isDowngrade: Bool) {
        guard let value = object["QueryLanguage"] else { return (session.language, false) }
        guard let text = value.string else {
            session.schema("Expected value of type [STRING]", place.field("QueryLanguage"))
            return (.jsonata, false)
        }
        guard let language = QueryLanguage(rawValue: text) else {
            session.schema("Value should be one of the following: [JSONPath, JSONata]", place.field("QueryLanguage"))
            return (.jsonata, false)
        }
        return (language, language == .jsonPath && session.language == .jsonata)
    }

    private static func type(_ reader: FieldReader) -> FieldTable.StateType? {
        if let text = reader["Type"]?.string, let type = FieldTable.StateType(rawValue: text) { return type }
        guard reader.has("Type") else {
            reader.session.schema("The field 'Type' is required", reader.place)
            return nil
        }
        reader.schema("The field 'Type' should have one of these values: [\(FieldTable.typeNames)]", at: "Type")
        return nil
    }

    private func read() {
        checkFields()
        let transition = transition()
        guard let kind = kind() else { return }
        let visibility: QueryVisibility = type == .task || type == .parallel || type == .map ? .result : .none
        session.states[id.index] = State(
            id: id, name: name, pointer: reader.place.pointer, language: reader.language, kind: kind, transition: transition,
            inputPath: reader.pathField("InputPath"), outputPath: reader.pathField("OutputPath"),
            assign: type == .fail || type == .succeed ? nil : reader.assignment(visibility: visibility),
            output: reader.language == .jsonata && type != .fail ? reader.template("Output", visibility: visibility) : nil)
    }

    private func checkFields() {
        let fields = FieldTable.fields(of: type)
        let extensions = session.options.allowsExtensions ? FieldTable.extensions(of: type) : []
        for field in reader.object.keys {
            switch fields[field] {
            case nil: if !extensions.contains(field) { session.schema("Field '\(field)' is not supported", reader.place) }
            case .both?: break
            case .jsonPath?: if reader.language == .jsonata { reader.refuseLanguage(field, .jsonPath) }
            case .jsonata?: if reader.language == .jsonPath { reader.refuseLanguage(field, .jsonata) }
            }
        }
        if reader.has("Comment") { _ = reader.string("Comment") }
    }

    private func transition() -> State.Transition {
        switch type {
        case .choice, .fail: return .none
        case .succeed: return .end
        case .pass, .task, .wait, .parallel, .map: break
        }
        let end = reader.bool("End")
        if reader.has("Next") {
            if end == true { reader.tooMany(["Next", "End"]) }
            return target("Next", in: reader).map(State.Transition.next) ?? .end
        }
        if end != true { reader.none(of: ["Next", "End"]) }
        return .end
    }

    /// The state that a field names.
    func target(_ field: String, in reader: FieldReader) -> StateID? {
        guard let name = reader.requiredString(field) else { return nil }
        guard let id = scope.ids[name] else {
            session.error(.transition, "Missing 'Next' target: \(name)", reader.place.field(field))
            return nil
        }
        return id
    }

    private func kind() -> State.Kind? {
        switch type {
        case .pass: .pass(PassState(result: reader["Result"], parameters: jsonPathTemplate("Parameters"), resultPath: reader.resultPath()))
        case .task: task().map(State.Kind.task)
        case .choice: choice().map(State.Kind.choice)
        case .wait: wait().map(State.Kind.wait)
        case .succeed: .succeed
        case .fail: .fail(FailState(error: reader.stringField("Error"), cause: reader.stringField("Cause")))
        case .parallel: parallel().map(State.Kind.parallel)
        case .map: map().map(State.Kind.map)
        }
    }

    func jsonPathTemplate(_ name: String) -> Template? {
        reader.language == .jsonPath ? reader.template(name) : nil
    }

    /// JSONPath's `Parameters` or JSONata's `Arguments`.
    func arguments(in reader: FieldReader? = nil) -> Template? {
        let reader = reader ?? self.reader
        return reader.template(reader.language == .jsonPath ? "Parameters" : "Arguments")
    }

    private func wait() -> WaitState? {
        let all = ["SecondsPath", "Seconds", "TimestampPath", "Timestamp"]
        let names = all.filter(reader.has)
        guard names.count == 1 else {
            if names.isEmpty { reader.none(of: all) } else { reader.tooMany(all) }
            return nil
        }
        switch names[0] {
        case "Seconds", "SecondsPath":
            return reader.numberField("Seconds", 0...99_999_999).map { WaitState(until: .seconds($0)) }
        case "TimestampPath":
            return reader.path("TimestampPath").map { WaitState(until: .timestamp(StringField(name: "TimestampPath", source: .path($0)))) }
        default:
            guard let field = reader.stringField("Timestamp") else { return nil }
            if case .literal(let text) = field.source, Timestamp(iso8601: text) == nil {
                reader.schema("String does not match RFC3339 timestamp", at: "Timestamp")
                return nil
            }
            return WaitState(until: .timestamp(field))
        }
    }
}
