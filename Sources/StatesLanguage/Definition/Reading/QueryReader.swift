import JSON
import JSONata

/// Reads `{% … %}` and checks what it names.
struct QueryReader {
    let session: ReadSession
    let visibility: QueryVisibility

    /// nil: a literal, or an expression with a mistake (which is reported).
    func expression(_ text: String, field: String, place: Place) -> QueryExpression? {
        guard let source = QueryExpression.source(of: text) else {
            if text.hasPrefix("{%") || text.hasSuffix("%}") {
                session.schema("JSONata string must start with {% and end with %}", place)
            }
            return nil
        }
        let expression: JSONataExpression
        do {
            expression = try JSONataExpression(source)
        } catch {
            session.error(.invalidQuery, error.message, place)
            return nil
        }
        check(expression.references, place)
        return QueryExpression(source: source, field: field, expression: expression)
    }

    private func check(_ references: JSONataReferences, _ place: Place) {
        for name in references.topLevelNames {
            session.error(.unsupportedQuery, "Reference to '\(name)' at the top level is not supported.", place)
        }
        if references.usesTopLevelContext { session.error(.unsupportedQuery, "Reference to '$' at the top level is not supported.", place) }
        if references.usesRoot { session.error(.unsupportedQuery, "Reference to '$$' is not supported.", place) }
        for field in references.statesFields where !isVisible(field) {
            session.error(.unsupportedQuery, "Field '$states.\(field)' does not exist.", place)
        }
    }

    private func isVisible(_ field: String) -> Bool {
        switch field {
        case "input", "context": true
        case "result": visibility == .result
        case "errorOutput": visibility == .errorOutput
        default: false
        }
    }
}
