/// What a node of the syntax tree is; the words are jsonata-js's.
enum SyntaxKind {
    case name, variable, string, number, value, regex, operatorToken, end
    case binary, unary, path, block, condition, bind, apply, function, partial, lambda, transform, sort
    case wildcard, descendant, parent
}

/// The value that a token carries.
enum TokenValue {
    case none
    case text(String)
    case number(Double)
    case bool(Bool)
    case null
    case regex(RegexProgram)

    /// The text of a name, variable, operator or string.
    var text: String? {
        guard case .text(let text) = self else { return nil }
        return text
    }
}

/// A filter or an index binding that follows a step.
struct Stage {
    enum Kind {
        case filter(Syntax)
        case index(String)
    }
    let kind: Kind
    let position: Int
}

/// Where a parent operator looks for the ancestor it names.
final class AncestorSlot {
    var label: String
    var level = 1
    let index: Int

    init(label: String, index: Int) {
        self.label = label
        self.index = index
    }
}

/// A node of the syntax tree, first as the Pratt parser makes it, then as the post-processing rewrites it.
final class Syntax {
    var kind: SyntaxKind
    /// The symbol: `(name)`, `(literal)`, `(regex)`, `(end)` or the operator.
    var symbol: String
    var value: TokenValue
    /// UTF-16 units from the start to the end of the token, as jsonata-js counts.
    var position: Int

    var lhs: Syntax?
    var rhs: Syntax?
    var expression: Syntax?
    var expressions: [Syntax] = []
    var arguments: [Syntax] = []
    var procedure: Syntax?
    var body: Syntax?
    var condition: Syntax?
    var then: Syntax?
    var otherwise: Syntax?
    var pattern: Syntax?
    var update: Syntax?
    var deletion: Syntax?
    var pairs: [(key: Syntax, value: Syntax)] = []
    var terms: [(descending: Bool, expression: Syntax)] = []
    var steps: [Syntax] = []
    var stages: [Stage]?
    var predicates: [Stage]?
    var group: Syntax?
    var signature: Signature?

    var keepArray = false
    var keepSingletonArray = false
    var isConstructedArray = false
    var isTuple = false
    var isTailCall = false
    var focus: String?
    var index: String?
    var ancestor: AncestorSlot?
    var slot: AncestorSlot?
    var seekingParent: [AncestorSlot]?

    init(kind: SyntaxKind, symbol: String = "", value: TokenValue = .none, position: Int) {
        self.kind = kind
        self.symbol = symbol
        self.value = value
        self.position = position
    }

    /// Lets go of the children, so that a deep tree is not freed by recursion.
    func dismantle() {
        lhs = nil
        rhs = nil
        expression = nil
        expressions = []
        arguments = []
        procedure = nil
        body = nil
        condition = nil
        then = nil
        otherwise = nil
        pattern = nil
        update = nil
        deletion = nil
        pairs = []
        terms = []
        steps = []
        stages = nil
        predicates = nil
        group = nil
    }
}
