import JSON

extension StateMachine {
    /// Reads a definition and finds everything that is wrong with it. `machine` is nil when a diagnostic is an error.
    public static func read(
        _ definition: JSONValue, options: ReadOptions = ReadOptions()
    ) -> (machine: StateMachine?, diagnostics: [Diagnostic]) {
        let session = ReadSession(options)
        let machine = MachineReader(definition: definition, session: session).machine()
        return (session.hasErrors ? nil : machine, session.diagnostics)
    }

    /// Reads a definition from its text.
    public static func read(text: String, options: ReadOptions = ReadOptions()) -> (machine: StateMachine?, diagnostics: [Diagnostic]) {
        if text.utf8.allSatisfy({ $0 == 0x20 || ($0 >= 9 && $0 <= 13) }) { return (nil, [MachineReader.notAnObject]) }
        do {
            return read(try JSONValue(parsing: text), options: options)
        } catch {
            // Jackson's words for the place.
            let source = error.source(of: text)
            return (
                nil, [Diagnostic(.error, DiagnosticCode.json.rawValue, "\(error.message)\n at \(source)", location: source, pointer: "")]
            )
        }
    }
}

/// Reads the top of a definition.
struct MachineReader {
    let definition: JSONValue
    let session: ReadSession
    private static let jsonDepthLimit = 1000

    static let notAnObject = Diagnostic(
        .error, DiagnosticCode.schema.rawValue, "Definition must be a valid JSON object", location: nil, pointer: "")

    func machine() -> StateMachine? {
        guard let object = definition.object else {
            session.diagnostics.append(Self.notAnObject)
            return nil
        }
        guard !Self.isDeeper(definition, than: Self.jsonDepthLimit) else {
            session.error(.depth, "The definition is nested more than \(Self.jsonDepthLimit) deep", .root)
            return nil
        }
        let reader = FieldReader(object: object, place: .root, language: .jsonPath, session: session)
        reader.refuseUnknown(["StartAt", "States", "Comment", "Version", "TimeoutSeconds", "QueryLanguage"])
        session.language = language(reader)
        if let version = reader.string("Version"), version != "1.0" {
            reader.schema("Value should be one of the following: [1.0]", at: "Version")
        }
        let comment = reader.string("Comment")
        let timeout = reader.integer("TimeoutSeconds", 0...99_999_999)
        let root = WorkflowReader(reader: reader, outerVariables: []).workflow()
        var next = 0
        while next < session.pending.count {
            session.pending[next]()
            next += 1
        }
        // They hold the session.
        session.pending = []
        guard let root, !session.hasErrors else { return nil }
        let states = session.states.compactMap { $0 }
        guard states.count == session.states.count else { return nil }
        return StateMachine(
            definition: definition, comment: comment, queryLanguage: session.language, timeoutSeconds: timeout.map(Int.init(clamping:)),
            root: root,
            states: states, activities: Set(states.compactMap(\.activity)).sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) })
    }

    /// Anything but exactly `JSONPath` reads as JSONata (asl-brief section 1).
    private func language(_ reader: FieldReader) -> QueryLanguage {
        guard reader.has("QueryLanguage") else { return .jsonPath }
        return reader.choice("QueryLanguage", of: ["JSONPath", "JSONata"]).flatMap(QueryLanguage.init(rawValue:)) ?? .jsonata
    }

    /// Without recursion, since it is what bounds the recursion elsewhere.
    private static func isDeeper(_ value: JSONValue, than limit: Int) -> Bool {
        var open: [(JSONValue, Int)] = [(value, 0)]
        while let (value, depth) = open.popLast() {
            if depth > limit { return true }
            switch value {
            case .array(let array): for element in array { open.append((element, depth + 1)) }
            case .object(let object): for element in object.values { open.append((element, depth + 1)) }
            default: break
            }
        }
        return false
    }
}

extension State {
    /// The ARN of the activity that a Task's workers serve.
    fileprivate var activity: String? {
        guard case .task(let task) = kind, task.resource.kind == .activity else { return nil }
        return task.resource.arn
    }
}
