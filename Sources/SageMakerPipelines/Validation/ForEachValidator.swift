import JSON

/// Checks the `Arguments` of a ForEach step (spec 1.3).
enum ForEachValidator {
    static func diagnostics(_ step: PipelineStep, at pointer: String, body: [PlacedStep]) -> [PipelineDiagnostic] {
        let arguments = step.arguments
        var result: [PipelineDiagnostic] = []
        func problem(_ place: String, _ message: String) {
            result.append(.error("\(pointer)/Arguments\(place)", message, step: step.name))
        }
        for key in arguments.keys where !["IterableItems", "MaxConcurrency", "ForEachBody", "Selector"].contains(key) {
            problem("/\(JSONPointer.escape(key))", "Unable to parse pipeline definition. Cannot parse object, unknown property '\(key)'")
        }
        switch arguments["IterableItems"] {
        case .array(let items)?:
            if items.isEmpty || items.count > 100 { problem("/IterableItems", "found \(items.count) items, expected 1 to 100") }
        case .object(let object)? where (try? PipelineExpression(.object(object))) != nil: break
        case let other: problem("/IterableItems", "found \(other?.typeName ?? "nothing"), expected a list or a reference to a text that holds one")
        }
        if let concurrency = arguments["MaxConcurrency"]?.wholeNumber, (1...50).contains(concurrency) {
        } else {
            problem("/MaxConcurrency", "found \(arguments["MaxConcurrency"]?.text() ?? "nothing"), expected an integer from 1 to 50")
        }
        if body.isEmpty { problem("/ForEachBody", "found no steps, expected at least one") }
        for inner in body {
            guard let type = inner.step.type, [.condition, .fail, .forEach].contains(type) else { continue }
            result.append(.error(inner.pointer, "found a \(type.rawValue) step, a ForEach body may hold no Condition, Fail or ForEach", step: inner.step.name))
        }
        if let selector = arguments["Selector"], !selector.isNull { checkSelector(selector, body: body, problem: problem) }
        return result
    }

    private static func checkSelector(_ selector: JSONValue, body: [PlacedStep], problem: (String, String) -> Void) {
        guard let pick = selector["Pick"]?.string, pick == "MaxBy" || pick == "MinBy" else {
            problem("/Selector/Pick", "found \(selector["Pick"]?.text() ?? "nothing"), expected MaxBy or MinBy")
            return
        }
        guard let field = SelectorField(selector["Field"]) else {
            problem("/Selector/Field", "found \(selector["Field"]?.text() ?? "nothing"), expected IterationOutput.<step>.<property>")
            return
        }
        if !body.contains(where: { $0.step.name == field.step }) {
            problem("/Selector/Field", "unknown reference '\(field.step)', expected a step of the body")
        }
    }
}

/// `IterationOutput.<step>.<member>`, as a text or inside a `Get`.
struct SelectorField {
    let step: String
    let path: PropertyPath

    init?(_ value: JSONValue?) {
        let text = value?.string ?? value?["Get"]?.string
        guard let text, text.hasPrefix("IterationOutput.") else { return nil }
        let rest = text.dropFirst("IterationOutput.".count)
        let end = rest.firstIndex { $0 == "." || $0 == "[" } ?? rest.endIndex
        var tail = rest[end...]
        if tail.first == "." { tail = tail.dropFirst() }
        guard end != rest.startIndex, let path = PropertyPath(String(tail)) else { return nil }
        step = String(rest[..<end])
        self.path = path
    }
}
