/// The Pratt parser of jsonata-js 2.0.6: tokens to a tree that `PathBuilder` then turns into paths.
struct Parser {
    /// How deep an expression may nest; jsonata-js dies of its own stack at a few thousand.
    static let maximumDepth = 1000

    private var tokenizer: Tokenizer
    private var node: Syntax
    private var depth = 0
    /// Every node ever made, to take the tree apart without recursion.
    private(set) var nodes: [Syntax] = []

    private init(_ source: String) {
        tokenizer = Tokenizer(source)
        node = Syntax(kind: .end, symbol: "(end)", position: 0)
    }

    /// The tree, before post-processing. `nodes` receives all nodes, for `dismantle`.
    static func parse(_ source: String, nodes: inout [Syntax]) throws(Failure) -> Syntax {
        var parser = Parser(source)
        defer { nodes = parser.nodes }
        try parser.advance()
        let tree = try parser.expression(0)
        if parser.node.symbol != "(end)" {
            throw Failure("S0201", position: parser.node.position, token: parser.tokenOfNode())
        }
        return tree
    }

    // MARK: Symbols

    private static func bindingPower(_ symbol: String) -> Int {
        switch symbol {
        case "(", "[", "@", "#": 80
        case ".": 75
        case "{": 70
        case "*", "/", "%": 60
        case "+", "-", "&": 50
        case "=", "<", ">", "^", "!=", "<=", ">=", "~>", "in": 40
        case "and": 30
        case "or": 25
        case "?": 20
        case ":=": 10
        default: 0
        }
    }

    private mutating func make(_ kind: SyntaxKind, symbol: String = "", value: TokenValue = .none, position: Int) -> Syntax {
        let node = Syntax(kind: kind, symbol: symbol, value: value, position: position)
        nodes.append(node)
        return node
    }

    private func tokenOfNode() -> Value? {
        switch node.value {
        case .none: node.symbol == "(end)" ? .json(.string("(end)")) : .json(.string(node.symbol))
        case .text(let text): .json(.string(text))
        case .number(let number): .number(number)
        case .bool(let flag): .json(.bool(flag))
        case .null: .json(.null)
        case .regex: .object(ObjectRef())
        }
    }

    private mutating func advance(_ expected: String? = nil, infix: Bool = false) throws(Failure) {
        if let expected, node.symbol != expected {
            throw Failure(
                node.symbol == "(end)" ? "S0203" : "S0202", position: node.position, token: tokenOfNode(),
                value: .json(.string(expected)))
        }
        guard let token = try tokenizer.next(infix: infix) else {
            node = make(.end, symbol: "(end)", position: tokenizer.length)
            return
        }
        switch token.kind {
        case .name: node = make(.name, symbol: "(name)", value: token.value, position: token.position)
        case .variable: node = make(.variable, symbol: "(name)", value: token.value, position: token.position)
        case .string: node = make(.string, symbol: "(literal)", value: token.value, position: token.position)
        case .number: node = make(.number, symbol: "(literal)", value: token.value, position: token.position)
        case .value: node = make(.value, symbol: "(literal)", value: token.value, position: token.position)
        case .regex: node = make(.regex, symbol: "(regex)", value: token.value, position: token.position)
        case .operatorToken:
            let text = token.value.text ?? ""
            if text == "!" || text == "~" {
                throw .token("S0204", position: token.position, token: text)
            }
            node = make(.operatorToken, symbol: text, value: token.value, position: token.position)
        }
    }

    private mutating func expression(_ rightPower: Int) throws(Failure) -> Syntax {
        depth += 1
        defer { depth -= 1 }
        if depth > Self.maximumDepth { throw Failure(limit: "The expression is nested too deeply", code: nil) }
        var token = node
        try advance(infix: true)
        var left = try prefix(token)
        while rightPower < Self.bindingPower(node.symbol) {
            token = node
            try advance()
            left = try infix(token, left)
        }
        return left
    }

    // MARK: Prefix

    private mutating func prefix(_ token: Syntax) throws(Failure) -> Syntax {
        switch token.symbol {
        case "(end)", "(name)", "(literal)", "(regex)", "and", "or", "in": return token
        case "-":
            token.expression = try expression(70)
            token.kind = .unary
        case "*": token.kind = .wildcard
        case "**": token.kind = .descendant
        case "%": token.kind = .parent
        case "(": try block(token)
        case "[": try arrayConstructor(token)
        case "{":
            try pairs(token)
            token.kind = .unary
        case "|": try transform(token)
        default: throw Failure("S0211", position: token.position, token: .json(.string(token.symbol)))
        }
        return token
    }

    private mutating func block(_ token: Syntax) throws(Failure) {
        while node.symbol != ")" {
            token.expressions.append(try expression(0))
            if node.symbol != ";" { break }
            try advance(";")
        }
        try advance(")", infix: true)
        token.kind = .block
    }

    private mutating func arrayConstructor(_ token: Syntax) throws(Failure) {
        if node.symbol != "]" {
            while true {
                var item = try expression(0)
                if node.symbol == ".." {
                    let range = make(.binary, symbol: "..", value: .text(".."), position: node.position)
                    range.lhs = item
                    try advance("..")
                    range.rhs = try expression(0)
                    item = range
                }
                token.expressions.append(item)
                if node.symbol != "," { break }
                try advance(",")
            }
        }
        try advance("]", infix: true)
        token.kind = .unary
    }

    private mutating func pairs(_ token: Syntax) throws(Failure) {
        if node.symbol != "}" {
            while true {
                let key = try expression(0)
                try advance(":")
                token.pairs.append((key, try expression(0)))
                if node.symbol != "," { break }
                try advance(",")
            }
        }
        try advance("}", infix: true)
    }

    private mutating func transform(_ token: Syntax) throws(Failure) {
        token.kind = .transform
        token.pattern = try expression(0)
        try advance("|")
        token.update = try expression(0)
        if node.symbol == "," {
            try advance(",")
            token.deletion = try expression(0)
        }
        try advance("|")
    }

    // MARK: Infix

    private mutating func infix(_ token: Syntax, _ left: Syntax) throws(Failure) -> Syntax {
        switch token.symbol {
        case "(": try call(token, left)
        case "[": return try predicate(token, left)
        case "^": try orderBy(token, left)
        case "{":
            try pairs(token)
            token.lhs = left
            token.kind = .binary
        case ":=":
            guard left.kind == .variable else {
                throw Failure("S0212", position: left.position, token: Self.tokenValue(left))
            }
            token.lhs = left
            token.rhs = try expression(9)
            token.kind = .binary
        case "@", "#":
            token.lhs = left
            let right = try expression(80)
            token.rhs = right
            guard right.kind == .variable else { throw .token("S0214", position: right.position, token: token.symbol) }
            token.kind = .binary
        case "?":
            token.kind = .condition
            token.condition = left
            token.then = try expression(0)
            if node.symbol == ":" {
                try advance(":")
                token.otherwise = try expression(0)
            }
        default:
            token.lhs = left
            token.rhs = try expression(Self.bindingPower(token.symbol))
            token.kind = .binary
        }
        return token
    }

    static func tokenValue(_ syntax: Syntax) -> Value? {
        switch syntax.value {
        case .none: nil
        case .text(let text): .json(.string(text))
        case .number(let number): .number(number)
        case .bool(let flag): .json(.bool(flag))
        case .null: .json(.null)
        case .regex: .object(ObjectRef())
        }
    }

    private mutating func call(_ token: Syntax, _ left: Syntax) throws(Failure) {
        token.procedure = left
        token.kind = .function
        if node.symbol != ")" {
            while true {
                if node.kind == .operatorToken, node.symbol == "?" {
                    token.kind = .partial
                    token.arguments.append(node)
                    try advance("?")
                } else {
                    token.arguments.append(try expression(0))
                }
                if node.symbol != "," { break }
                try advance(",")
            }
        }
        try advance(")", infix: true)
        if left.kind == .name, let name = left.value.text, name == "function" || name == "λ" {
            try lambda(token)
        }
    }

    private mutating func lambda(_ token: Syntax) throws(Failure) {
        for (index, argument) in token.arguments.enumerated() where argument.kind != .variable {
            throw Failure(
                "S0208", position: argument.position, token: Self.tokenValue(argument),
                value: .number(Double(index + 1)))
        }
        token.kind = .lambda
        if node.symbol == "<" {
            let start = node.position
            var open = 1
            var text = "<"
            while open > 0, node.symbol != "{", node.symbol != "(end)" {
                try advance()
                if node.symbol == ">" {
                    open -= 1
                } else if node.symbol == "<" {
                    open += 1
                }
                text += node.symbol == "(end)" ? "(end)" : Self.signatureText(node)
            }
            try advance(">")
            do throws(SignatureError) {
                token.signature = try Signature(text)
            } catch {
                throw Failure(error.code, position: start + error.offset, value: .json(.string(error.value)))
            }
        }
        try advance("{")
        token.body = try expression(0)
        try advance("}")
    }

    private static func signatureText(_ node: Syntax) -> String {
        switch node.value {
        case .text(let text): text
        case .number(let number): NumberText.javaScript(number)
        case .bool(let flag): flag ? "true" : "false"
        case .null: "null"
        case .regex, .none: ""
        }
    }

    private mutating func predicate(_ token: Syntax, _ left: Syntax) throws(Failure) -> Syntax {
        if node.symbol == "]" {
            // An empty predicate keeps a single value in an array.
            var step = left
            while step.kind == .binary, step.symbol == "[", let inner = step.lhs { step = inner }
            step.keepArray = true
            try advance("]")
            return left
        }
        token.lhs = left
        token.rhs = try expression(0)
        token.kind = .binary
        try advance("]", infix: true)
        return token
    }

    private mutating func orderBy(_ token: Syntax, _ left: Syntax) throws(Failure) {
        try advance("(")
        while true {
            var descending = false
            if node.symbol == "<" {
                try advance("<")
            } else if node.symbol == ">" {
                descending = true
                try advance(">")
            }
            token.terms.append((descending, try expression(0)))
            if node.symbol != "," { break }
            try advance(",")
        }
        try advance(")")
        token.lhs = left
        token.kind = .binary
    }
}
