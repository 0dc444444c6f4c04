import JSON

/// `+ - * / %`
final class ArithmeticNode: Node {
    enum Operation: String {
        case add = "+"
        case subtract = "-"
        case multiply = "*"
        case divide = "/"
        case remainder = "%"
    }

    private unowned(unsafe) let lhs: Node
    private unowned(unsafe) let rhs: Node
    private let operation: Operation
    private let position: Int

    init(_ operation: Operation, _ lhs: Node, _ rhs: Node, position: Int) {
        self.operation = operation
        self.lhs = lhs
        self.rhs = rhs
        self.position = position
    }

    override func evaluate(_ input: Value, _ frame: Frame, _ run: Run) throws(Failure) -> Value {
        try run.enter()
        let left = try lhs.evaluate(input, frame, run)
        let right = try rhs.evaluate(input, frame, run)
        run.leave()
        if case .json(.integer(let a)) = left, case .json(.integer(let b)) = right,
            let exact = Self.exact(operation, a, b)
        {
            return exact
        }
        return try calculate(left, right)
    }

    /// The result in integers, where a double would say the same.
    @inline(__always)
    private static func exact(_ operation: Operation, _ a: Int64, _ b: Int64) -> Value? {
        let limit: Int64 = 9_007_199_254_740_992
        guard a >= -limit, a <= limit, b >= -limit, b <= limit else { return nil }
        let result: Int64
        switch operation {
        case .add: result = a + b
        case .subtract: result = a - b
        case .multiply:
            let (product, overflow) = a.multipliedReportingOverflow(by: b)
            guard !overflow else { return nil }
            result = product
        case .divide:
            guard b != 0, a % b == 0 else { return nil }
            result = a / b
        case .remainder:
            guard b != 0 else { return nil }
            result = a % b
        }
        guard result >= -limit, result <= limit else { return nil }
        return .json(.integer(result))
    }

    private func calculate(_ left: Value, _ right: Value) throws(Failure) -> Value {
        let a = try operand(left, "T2001")
        let b = try operand(right, "T2002")
        guard let a, let b else { return .undefined }
        switch operation {
        case .add: return .number(a + b)
        case .subtract: return .number(a - b)
        case .multiply: return .number(a * b)
        case .divide: return .number(a / b)
        case .remainder: return .number(a.truncatingRemainder(dividingBy: b))
        }
    }

    private func operand(_ value: Value, _ code: String) throws(Failure) -> Double? {
        if case .undefined = value { return nil }
        guard let number = value.number, !number.isNaN else {
            throw Failure(code, position: position, token: .text(operation.rawValue), value: value)
        }
        guard number.isFinite else {
            throw Failure("D1001", position: position, token: .text(operation.rawValue), value: value)
        }
        return number
    }
}

/// `-x`
final class NegateNode: Node {
    private unowned(unsafe) let operand: Node
    private let position: Int

    init(_ operand: Node, position: Int) {
        self.operand = operand
        self.position = position
    }

    override func evaluate(_ input: Value, _ frame: Frame, _ run: Run) throws(Failure) -> Value {
        try run.enter()
        let value = try operand.evaluate(input, frame, run)
        run.leave()
        if case .undefined = value { return value }
        guard let number = value.number, !number.isNaN else {
            throw Failure("D1002", position: position, token: .text("-"), value: value)
        }
        guard number.isFinite else { throw Failure("D1001", value: value) }
        return .number(-number)
    }
}

/// `=` and `!=`
final class EqualityNode: Node {
    private unowned(unsafe) let lhs: Node
    private unowned(unsafe) let rhs: Node
    private let isNegated: Bool

    init(_ lhs: Node, _ rhs: Node, isNegated: Bool) {
        self.lhs = lhs
        self.rhs = rhs
        self.isNegated = isNegated
    }

    override var isBoolean: Bool { true }

    override func test(_ input: Value, _ frame: Frame, _ run: Run) throws(Failure) -> Bool {
        try run.enter()
        let left = try lhs.evaluate(input, frame, run)
        let right = try rhs.evaluate(input, frame, run)
        run.leave()
        if left.isUndefined || right.isUndefined { return false }
        return Equality.isEqual(left, right) != isNegated
    }

    override func evaluate(_ input: Value, _ frame: Frame, _ run: Run) throws(Failure) -> Value {
        .bool(try test(input, frame, run))
    }
}

/// `< <= > >=`
final class ComparisonNode: Node {
    enum Operation: String {
        case less = "<"
        case lessOrEqual = "<="
        case greater = ">"
        case greaterOrEqual = ">="
    }

    private unowned(unsafe) let lhs: Node
    private unowned(unsafe) let rhs: Node
    private let operation: Operation
    private let position: Int

    init(_ operation: Operation, _ lhs: Node, _ rhs: Node, position: Int) {
        self.operation = operation
        self.lhs = lhs
        self.rhs = rhs
        self.position = position
    }

    override var isBoolean: Bool { true }

    override func test(_ input: Value, _ frame: Frame, _ run: Run) throws(Failure) -> Bool {
        try compare(input, frame, run) ?? false
    }

    override func evaluate(_ input: Value, _ frame: Frame, _ run: Run) throws(Failure) -> Value {
        guard let result = try compare(input, frame, run) else { return .undefined }
        return .bool(result)
    }

    @inline(__always)
    private func compare(_ input: Value, _ frame: Frame, _ run: Run) throws(Failure) -> Bool? {
        try run.enter()
        let left = try lhs.evaluate(input, frame, run)
        let right = try rhs.evaluate(input, frame, run)
        run.leave()
        switch (left, right) {
        case (.json(.integer(let a)), .json(.integer(let b))): return holds(a, b)
        case (.json(.string(let a)), .json(.string(let b))):
            let order = TextOrder.compare(a, b)
            return holds(order, 0)
        default: return try compareOthers(left, right)
        }
    }

    @inline(__always)
    private func holds<T: Comparable>(_ a: T, _ b: T) -> Bool {
        switch operation {
        case .less: a < b
        case .lessOrEqual: a <= b
        case .greater: a > b
        case .greaterOrEqual: a >= b
        }
    }

    private func compareOthers(_ left: Value, _ right: Value) throws(Failure) -> Bool? {
        func isComparable(_ value: Value) -> Bool { value.isUndefined || value.string != nil || value.number != nil }
        guard isComparable(left), isComparable(right) else {
            let isLeft = left.string == nil && left.number == nil
            throw Failure(
                "T2010", position: position, token: .text(operation.rawValue), value: isLeft ? left : right)
        }
        if left.isUndefined || right.isUndefined { return nil }
        if let a = left.number, let b = right.number { return holds(a, b) }
        throw Failure(
            "T2009", position: position, token: .text(operation.rawValue), value: left, value2: right)
    }
}

/// `and`, `or`
final class BooleanNode: Node {
    private unowned(unsafe) let lhs: Node
    private unowned(unsafe) let rhs: Node
    private let isAnd: Bool
    private let position: Int

    init(_ lhs: Node, _ rhs: Node, isAnd: Bool, position: Int) {
        self.lhs = lhs
        self.rhs = rhs
        self.isAnd = isAnd
        self.position = position
    }

    override var isBoolean: Bool { true }

    override func test(_ input: Value, _ frame: Frame, _ run: Run) throws(Failure) -> Bool {
        try run.enter()
        let left = try lhs.test(input, frame, run)
        var result = left
        if left == isAnd {
            do throws(Failure) {
                result = try rhs.test(input, frame, run)
            } catch {
                // jsonata-js evaluates the right side inside the operator, which then signs its errors.
                error.detail.position = position
                error.detail.token = .text(isAnd ? "and" : "or")
                throw error
            }
        }
        run.leave()
        return result
    }

    override func evaluate(_ input: Value, _ frame: Frame, _ run: Run) throws(Failure) -> Value {
        .bool(try test(input, frame, run))
    }
}

/// `in`
final class MembershipNode: Node {
    private unowned(unsafe) let lhs: Node
    private unowned(unsafe) let rhs: Node

    init(_ lhs: Node, _ rhs: Node) {
        self.lhs = lhs
        self.rhs = rhs
    }

    override var isBoolean: Bool { true }

    override func test(_ input: Value, _ frame: Frame, _ run: Run) throws(Failure) -> Bool {
        try run.enter()
        let left = try lhs.evaluate(input, frame, run)
        let right = try rhs.evaluate(input, frame, run)
        run.leave()
        if left.isUndefined || right.isUndefined { return false }
        let items = right.itemsOrSelf
        for index in 0..<items.count where Equality.isIdentical(items[index], left) { return true }
        return false
    }

    override func evaluate(_ input: Value, _ frame: Frame, _ run: Run) throws(Failure) -> Value {
        .bool(try test(input, frame, run))
    }
}

/// `&`
final class ConcatenationNode: Node {
    private unowned(unsafe) let lhs: Node
    private unowned(unsafe) let rhs: Node
    private let position: Int

    init(_ lhs: Node, _ rhs: Node, position: Int) {
        self.lhs = lhs
        self.rhs = rhs
        self.position = position
    }

    override func evaluate(_ input: Value, _ frame: Frame, _ run: Run) throws(Failure) -> Value {
        try run.enter()
        let left = try lhs.evaluate(input, frame, run)
        let right = try rhs.evaluate(input, frame, run)
        run.leave()
        var text = try part(left, run)
        let second = try part(right, run)
        text += second
        try run.allocate(text.utf8.count)
        return .text(text)
    }

    private func part(_ value: Value, _ run: Run) throws(Failure) -> String {
        do throws(Failure) {
            return try StringFunctions.string(value, run.numberStyle) ?? ""
        } catch {
            error.detail.position = position
            error.detail.token = .text("&")
            throw error
        }
    }
}

/// `[a..b]`
final class RangeNode: Node {
    private unowned(unsafe) let lhs: Node
    private unowned(unsafe) let rhs: Node
    private let position: Int

    init(_ lhs: Node, _ rhs: Node, position: Int) {
        self.lhs = lhs
        self.rhs = rhs
        self.position = position
    }

    override func evaluate(_ input: Value, _ frame: Frame, _ run: Run) throws(Failure) -> Value {
        try run.enter()
        let left = try lhs.evaluate(input, frame, run)
        let right = try rhs.evaluate(input, frame, run)
        run.leave()
        let first = try bound(left, "T2003")
        let last = try bound(right, "T2004")
        guard let first, let last, first <= last else { return .undefined }
        let size = last - first + 1
        if size > 1e7 {
            throw Failure("D2014", position: position, token: .text(".."), value: .number(size))
        }
        // Within 10^7 of each other, but perhaps far from zero.
        let count = Int(size)
        try run.allocate(count * 8)
        var items: [Value] = []
        items.reserveCapacity(count)
        if let start = Int64(exactly: first), abs(first) < 9e15 {
            for offset in 0..<Int64(count) { items.append(.json(.integer(start + offset))) }
        } else {
            for offset in 0..<count { items.append(.number(first + Double(offset))) }
        }
        return finished(.list(List(flat: items, .sequence)))
    }

    private func bound(_ value: Value, _ code: String) throws(Failure) -> Double? {
        if value.isUndefined { return nil }
        guard let number = value.number, number.isFinite, number.rounded() == number else {
            throw Failure(code, position: position, token: .text(".."), value: value)
        }
        return number
    }
}
