import JSON

extension StateMachine {
    /// Reads a definition and finds everything that is wrong with it. `machine` is nil when a diagnostic is an error.
    public static func read(_ definition: JSONValue, options: ReadOptions = ReadOptions()) -> (machine: StateMachine?, diagnostics: [Diagnostic]) {
        (nil, [Diagnostic(.error, "UNDER_CONSTRUCTION", "The reader of definitions is not built in yet", location: nil)])
    }

    public static func read(text: String, options: ReadOptions = ReadOptions()) -> (machine: StateMachine?, diagnostics: [Diagnostic]) {
        do {
            return read(try JSONValue(parsing: text), options: options)
        } catch {
            return (nil, [Diagnostic(.error, "INVALID_JSON_DESCRIPTION", error.message, location: nil)])
        }
    }
}
