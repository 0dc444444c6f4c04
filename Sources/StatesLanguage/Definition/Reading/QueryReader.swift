import JSON

/// Reads `{% … %}` and checks what it names.
struct QueryReader {
    let session: ReadSession
    let visibility: QueryVisibility

    /// nil: a literal, or an expression with a mistake (which is reported).
    func expression(_ text: String, field: String, place: Place) -> QueryExpression? {
        guard let source = QueryExpression.source(of: text) else {
            // AWS's guide: "improperly opening or closing the expression will result in a validation error".
            if text.hasPrefix("{%") || text.hasSuffix("%}") {
                session.schema("A JSONata expression must start with '{%' and end with '%}'", place)
            }
            return nil
        }
        return QueryExpression(source: source, field: field)
    }
}
