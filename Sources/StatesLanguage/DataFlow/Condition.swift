import JSON
import JSONPath

/// When a Choice rule holds: a tree of comparisons, a JSONata `Condition`, or a literal.
public struct Condition: Sendable {
    let root: Node

    indirect enum Node: Sendable {
        case literal(Bool)
        case query(QueryExpression)
        case and([Node])
        case or([Node])
        case not(Node)
        case compare(Comparison)
    }

    public func evaluate(_ scope: EvaluationScope) throws(Failure) -> Bool { try Self.holds(root, scope) }

    // The recursion is bounded by the depth of the definition, which its reader limits.
    private static func holds(_ node: Node, _ scope: EvaluationScope) throws(Failure) -> Bool {
        switch node {
        case .literal(let flag): return flag
        case .query(let query): return try query.value(scope, expected: "boolean").bool ?? false
        case .and(let nodes):
            for node in nodes where !(try holds(node, scope)) { return false }
            return true
        case .or(let nodes):
            for node in nodes where try holds(node, scope) { return true }
            return false
        case .not(let node): return !(try holds(node, scope))
        case .compare(let comparison): return try comparison.holds(scope)
        }
    }
}

/// One of the 39 operators with its operands. A type that does not fit is "false", never an error.
struct Comparison: Sendable {
    let variable: PathExpression
    let test: Test

    enum Test: Sendable {
        case boolean(Operand)
        case numeric(Order, Operand)
        case string(Order, Operand)
        case timestamp(Order, Operand)
        case matches(Wildcard)
        case isNull(Bool)
        case isPresent(Bool)
        case isNumeric(Bool)
        case isString(Bool)
        case isBoolean(Bool)
        case isTimestamp(Bool)
    }
    enum Operand: Sendable {
        case literal(JSONValue)
        case path(PathExpression)
    }
    enum Order: String, Sendable, CaseIterable {
        case equals = "Equals"
        case lessThan = "LessThan"
        case greaterThan = "GreaterThan"
        case lessThanEquals = "LessThanEquals"
        case greaterThanEquals = "GreaterThanEquals"
    }

    func holds(_ scope: EvaluationScope) throws(Failure) -> Bool {
        let found = variable.value(scope)
        if case .isPresent(let wanted) = test { return (found != nil) == wanted }
        guard let value = found else { throw Self.invalid(variable) }
        switch test {
        case .isPresent: return false
        case .isNull(let wanted): return value.isNull == wanted
        case .isNumeric(let wanted): return value.isNumber == wanted
        case .isString(let wanted): return (value.string != nil) == wanted
        case .isBoolean(let wanted): return (value.bool != nil) == wanted
        case .isTimestamp(let wanted): return (value.string.flatMap { Instant($0) } != nil) == wanted
        case .matches(let wildcard): return value.string.map(wildcard.matches) ?? false
        case .boolean(let operand):
            let other = try Self.value(operand, scope)
            guard case .bool(let a) = value, case .bool(let b) = other else { return false }
            return a == b
        case .numeric(let order, let operand):
            let other = try Self.value(operand, scope)
            if case .integer(let a) = value, case .integer(let b) = other { return order.holds(a, b) }
            guard let a = value.number, let b = other.number else { return false }
            return order.holds(a, b)
        case .string(let order, let operand):
            let other = try Self.value(operand, scope)
            guard case .string(let a) = value, case .string(let b) = other else { return false }
            if order == .equals { return a.isSameText(as: b) }
            return order.holds(JavaText(a), JavaText(b))
        case .timestamp(let order, let operand):
            let other = try Self.value(operand, scope)
            guard let a = value.string.flatMap({ Instant($0) }), let b = other.string.flatMap({ Instant($0) }) else { return false }
            return order.holds(a, b)
        }
    }

    private static func value(_ operand: Operand, _ scope: EvaluationScope) throws(Failure) -> JSONValue {
        switch operand {
        case .literal(let value): return value
        case .path(let path):
            guard let value = path.value(scope) else { throw invalid(path) }
            return value
        }
    }

    private static func invalid(_ path: PathExpression) -> Failure {
        .runtime("Invalid path '\(path.text)': The choice state's condition path references an invalid value.")
    }
}

extension Comparison.Order {
    func holds<T: Comparable>(_ left: T, _ right: T) -> Bool {
        switch self {
        case .equals: left == right
        case .lessThan: left < right
        case .greaterThan: left > right
        case .lessThanEquals: left <= right
        case .greaterThanEquals: left >= right
        }
    }
}

/// A text in the order of Java's strings: by UTF-16 code units.
private struct JavaText: Comparable {
    let text: String
    init(_ text: String) { self.text = text }
    static func == (left: JavaText, right: JavaText) -> Bool { left.text.isSameText(as: right.text) }
    static func < (left: JavaText, right: JavaText) -> Bool { left.text.utf16.lexicographicallyPrecedes(right.text.utf16) }
}

/// The pattern of StringMatches: `*` is any run of characters, `\*` a star, `\\` a backslash.
struct Wildcard: Sendable {
    /// The texts between the stars.
    private let pieces: [[UInt8]]

    init(_ pattern: String) {
        var pieces: [[UInt8]] = [[]]
        var isEscaped = false
        for byte in pattern.utf8 {
            if isEscaped {
                if byte != UInt8(ascii: "*"), byte != UInt8(ascii: "\\") { pieces[pieces.count - 1].append(UInt8(ascii: "\\")) }
                pieces[pieces.count - 1].append(byte)
                isEscaped = false
            } else if byte == UInt8(ascii: "\\") {
                isEscaped = true
            } else if byte == UInt8(ascii: "*") {
                pieces.append([])
            } else {
                pieces[pieces.count - 1].append(byte)
            }
        }
        if isEscaped { pieces[pieces.count - 1].append(UInt8(ascii: "\\")) }
        self.pieces = pieces
    }

    func matches(_ text: String) -> Bool {
        let bytes = Array(text.utf8)
        guard pieces.count > 1 else { return bytes == pieces[0] }
        let first = pieces[0]
        let last = pieces[pieces.count - 1]
        guard bytes.count >= first.count + last.count, bytes.starts(with: first), bytes.suffix(last.count).elementsEqual(last) else {
            return false
        }
        var position = first.count
        let end = bytes.count - last.count
        for piece in pieces[1..<pieces.count - 1] where !piece.isEmpty {
            var found = false
            while position + piece.count <= end {
                if bytes[position..<position + piece.count].elementsEqual(piece) {
                    found = true
                    break
                }
                position += 1
            }
            guard found else { return false }
            position += piece.count
        }
        return true
    }
}
