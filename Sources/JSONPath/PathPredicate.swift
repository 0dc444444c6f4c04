import JSON

/// The condition of a filter, with Jayway's operators.
indirect enum PathPredicate: Sendable {
    case and([PathPredicate])
    case or([PathPredicate])
    case not(PathPredicate)
    /// `@.a`: there is such a place, whatever it holds.
    case exists(Operand)
    case compare(Operand, Comparison, Operand)
    case matches(Operand, PathPattern)

    enum Operand: Sendable {
        case path(isRoot: Bool, [PathStep])
        case literal(JSONValue)
    }

    enum Comparison: String, Sendable, CaseIterable {
        case same = "==="
        case notSame = "!=="
        case equal = "=="
        case notEqual = "!="
        case atMost = "<="
        case atLeast = ">="
        case matches = "=~"
        case less = "<"
        case greater = ">"
        case subsetOf = "subsetof"
        case contains = "contains"
        case noneOf = "noneof"
        case anyOf = "anyof"
        case empty = "empty"
        case size = "size"
        case all = "all"
        case nin = "nin"
        case `in` = "in"

        static let longestFirst = allCases
    }

    func holds(for current: JSONValue, root: JSONValue) -> Bool {
        switch self {
        case .and(let parts): return parts.allSatisfy { $0.holds(for: current, root: root) }
        case .or(let parts): return parts.contains { $0.holds(for: current, root: root) }
        case .not(let part): return !part.holds(for: current, root: root)
        case .exists(let operand):
            if case .literal(let value) = operand { return value.bool ?? true }
            return operand.value(current, root) != nil
        case .matches(let operand, let pattern):
            guard let text = operand.value(current, root)?.string else { return false }
            return pattern.matchesWhole(text)
        case .compare(let left, let comparison, let right):
            return comparison.holds(left.value(current, root), right.value(current, root))
        }
    }
}

extension PathPredicate.Operand {
    /// nil: Jayway's "undefined".
    func value(_ current: JSONValue, _ root: JSONValue) -> JSONValue? {
        switch self {
        case .literal(let value): return value
        case .path(let isRoot, let steps):
            let start = isRoot ? root : current
            if let function = steps.last, case .function(let function) = function {
                let rest = steps.dropLast()
                let found = PathSearch(root: root).all(rest, from: start)
                return PathStep.areDefinite(Array(rest)) ? found.first.flatMap(function.apply) : function.apply(.array(found))
            }
            let found = PathSearch(root: root).all(steps[...], from: start)
            return PathStep.areDefinite(steps) ? found.first : .array(found)
        }
    }
}

extension PathPredicate.Comparison {
    func holds(_ left: JSONValue?, _ right: JSONValue?) -> Bool {
        switch self {
        case .equal: return Self.areEqual(left, right)
        case .notEqual: return !Self.areEqual(left, right)
        case .same: return left?.typeName == right?.typeName && left == right
        case .notSame: return !(left?.typeName == right?.typeName && left == right)
        case .less: return Self.order(left, right).map { $0 < 0 } ?? false
        case .atMost: return Self.order(left, right).map { $0 <= 0 } ?? false
        case .greater: return Self.order(left, right).map { $0 > 0 } ?? false
        case .atLeast: return Self.order(left, right).map { $0 >= 0 } ?? false
        case .matches: return false
        case .in: return right?.array?.contains { Self.areEqual(left, $0) } ?? false
        case .nin: return !(right?.array?.contains { Self.areEqual(left, $0) } ?? false)
        case .subsetOf: return Self.lists(left, right) { left, right in left.allSatisfy(right.contains) }
        case .anyOf: return Self.lists(left, right) { left, right in left.contains(where: right.contains) }
        case .noneOf: return Self.lists(left, right) { left, right in !left.contains(where: right.contains) }
        case .all: return Self.lists(left, right) { left, right in right.allSatisfy(left.contains) }
        case .contains:
            if case .string(let text)? = left, case .string(let part)? = right { return Self.contains(Array(text.utf8), Array(part.utf8)) }
            return left?.array?.contains { Self.areEqual($0, right) } ?? false
        case .size:
            guard let size = right?.wholeNumber else { return false }
            switch left {
            case .array(let array)?: return array.count == size
            case .string(let text)?: return text.utf16.count == size
            default: return false
            }
        case .empty:
            guard let wanted = right?.bool else { return false }
            switch left {
            case .array(let array)?: return array.isEmpty == wanted
            case .string(let text)?: return text.isEmpty == wanted
            case .object(let object)?: return object.isEmpty == wanted
            default: return false
            }
        }
    }

    /// Jayway compares a number with a text as the left side's type.
    private static func areEqual(_ left: JSONValue?, _ right: JSONValue?) -> Bool {
        switch (left, right) {
        case (nil, nil): return true
        case (nil, _), (_, nil): return false
        case (.string(let text)?, let number?) where number.isNumber: return text == number.text()
        case (let number?, .string(let text)?) where number.isNumber: return Double(text) == number.number
        default: return left == right
        }
    }

    private static func order(_ left: JSONValue?, _ right: JSONValue?) -> Int? {
        if let a = left?.number, let b = right?.number { return a < b ? -1 : (a > b ? 1 : 0) }
        if let a = left?.string, let b = right?.string {
            if a.utf16.lexicographicallyPrecedes(b.utf16) { return -1 }
            return a.isSameText(as: b) ? 0 : 1
        }
        return nil
    }

    private static func lists(_ left: JSONValue?, _ right: JSONValue?, _ test: ([JSONValue], [JSONValue]) -> Bool) -> Bool {
        guard let a = left?.array, let b = right?.array else { return false }
        return test(a, b)
    }

    private static func contains(_ text: [UInt8], _ part: [UInt8]) -> Bool {
        guard part.count <= text.count else { return false }
        for start in 0...(text.count - part.count) where text[start..<start + part.count].elementsEqual(part) { return true }
        return false
    }
}
