/// The text of a statement. A `static let` of it is prepared once for each connection and kept.
package final class SQL: Sendable {
    package let text: String
    /// False for text that is made for one use: it is prepared and finalized then.
    let isKept: Bool

    package init(_ text: String, isKept: Bool = true) {
        self.text = text
        self.isKept = isKept
    }
}
