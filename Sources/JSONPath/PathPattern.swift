/// The pattern of `=~ /…/`: the part of regular expressions that paths use, matched by a set of states at once, so
/// that no pattern takes more than text × pattern steps. Understood: literals, `.`, classes with ranges and `^`,
/// `\d \w \s` and their opposites, groups, `|`, `* + ?`, `{n}`, `{n,}`, `{n,m}`, and `^ $` at the ends.
struct PathPattern: Sendable {
    private enum Instruction: Sendable {
        case set(CharacterSet)
        case split(Int, Int)
        case jump(Int)
        case match
    }

    struct CharacterSet: Sendable {
        var ranges: [ClosedRange<UInt32>] = []
        var isNegated = false

        func contains(_ scalar: UInt32) -> Bool { ranges.contains { $0.contains(scalar) } != isNegated }
    }

    private indirect enum Node {
        case empty
        case set(CharacterSet)
        case sequence([Node])
        case choice([Node])
        case repeated(Node, least: Int, most: Int?)
    }

    private var program: [Instruction] = []
    private let ignoresCase: Bool
    private static let sizeLimit = 5_000

    /// nil: no pattern, or one beyond what is understood.
    init?(_ source: String, ignoresCase: Bool) {
        self.ignoresCase = ignoresCase
        var scalars = Array(source.unicodeScalars)
        if scalars.first == "^" { scalars.removeFirst() }
        if scalars.last == "$", scalars.dropLast().last != "\\" { scalars.removeLast() }
        var parser = Parser(scalars: scalars)
        guard let node = parser.choice(), parser.position == scalars.count else { return nil }
        guard emit(node) else { return nil }
        program.append(.match)
    }

    /// Jayway asks whether the whole text matches.
    func matchesWhole(_ text: String) -> Bool {
        var current = [Int]()
        var isIn = [Bool](repeating: false, count: program.count)
        add(0, &current, &isIn)
        for scalar in text.unicodeScalars {
            var next = [Int]()
            var isInNext = [Bool](repeating: false, count: program.count)
            for state in current {
                guard case .set(let set) = program[state], accepts(set, scalar) else { continue }
                add(state + 1, &next, &isInNext)
            }
            if next.isEmpty { return false }
            current = next
        }
        return current.contains { if case .match = program[$0] { true } else { false } }
    }

    private func accepts(_ set: CharacterSet, _ scalar: Unicode.Scalar) -> Bool {
        if set.contains(scalar.value) { return true }
        guard ignoresCase else { return false }
        let other = scalar.properties.isUppercase ? scalar.properties.lowercaseMapping : scalar.properties.uppercaseMapping
        return other.unicodeScalars.count == 1 && set.contains(other.unicodeScalars.first?.value ?? 0)
    }

    private func add(_ start: Int, _ list: inout [Int], _ isIn: inout [Bool]) {
        var open = [start]
        while let state = open.popLast() {
            if isIn[state] { continue }
            isIn[state] = true
            switch program[state] {
            case .jump(let to): open.append(to)
            case .split(let first, let second):
                open.append(second)
                open.append(first)
            case .set, .match: list.append(state)
            }
        }
    }

    private mutating func emit(_ node: Node) -> Bool {
        guard program.count < Self.sizeLimit else { return false }
        switch node {
        case .empty: return true
        case .set(let set): program.append(.set(set))
        case .sequence(let parts):
            for part in parts where !emit(part) { return false }
        case .choice(let parts):
            var ends: [Int] = []
            for (index, part) in parts.enumerated() {
                let split = program.count
                if index < parts.count - 1 { program.append(.split(split + 1, 0)) }
                guard emit(part) else { return false }
                if index < parts.count - 1 {
                    ends.append(program.count)
                    program.append(.jump(0))
                    program[split] = .split(split + 1, program.count)
                }
            }
            for end in ends { program[end] = .jump(program.count) }
        case .repeated(let part, let least, let most):
            for _ in 0..<least where !emit(part) { return false }
            if let most {
                var splits: [Int] = []
                for _ in 0..<max(0, most - least) {
                    splits.append(program.count)
                    program.append(.split(0, 0))
                    guard emit(part) else { return false }
                }
                for split in splits { program[split] = .split(split + 1, program.count) }
            } else {
                let split = program.count
                program.append(.split(0, 0))
                guard emit(part) else { return false }
                program.append(.jump(split))
                program[split] = .split(split + 1, program.count)
            }
        }
        return true
    }

    private struct Parser {
        let scalars: [Unicode.Scalar]
        var position = 0
        var depth = 0

        init(scalars: [Unicode.Scalar]) { self.scalars = scalars }

        var peek: Unicode.Scalar? { position < scalars.count ? scalars[position] : nil }

        mutating func choice() -> Node? {
            depth += 1
            defer { depth -= 1 }
            guard depth < 50 else { return nil }
            var parts: [Node] = []
            repeat {
                guard let part = sequence() else { return nil }
                parts.append(part)
            } while take("|")
            return parts.count == 1 ? parts[0] : .choice(parts)
        }

        mutating func sequence() -> Node? {
            var parts: [Node] = []
            while let scalar = peek, scalar != "|", scalar != ")" {
                guard let atom = atom(), let node = repetition(atom) else { return nil }
                parts.append(node)
            }
            return parts.isEmpty ? .empty : .sequence(parts)
        }

        mutating func repetition(_ atom: Node) -> Node? {
            var node = atom
            while let scalar = peek {
                switch scalar {
                case "*": node = .repeated(node, least: 0, most: nil)
                case "+": node = .repeated(node, least: 1, most: nil)
                case "?": node = .repeated(node, least: 0, most: 1)
                case "{":
                    guard let bounds = bounds() else { return nil }
                    node = .repeated(node, least: bounds.0, most: bounds.1)
                    continue
                default: return node
                }
                position += 1
                // A lazy or possessive mark changes nothing where the whole text must match.
                if peek == "?" || peek == "+" { position += 1 }
            }
            return node
        }

        mutating func bounds() -> (Int, Int?)? {
            position += 1
            guard let least = number() else { return nil }
            var most: Int? = least
            if take(",") { most = number() }
            guard take("}"), most ?? least >= least else { return nil }
            return (least, most)
        }

        mutating func number() -> Int? {
            var digits = ""
            while let scalar = peek, ("0"..."9").contains(scalar), digits.count < 4 {
                digits.unicodeScalars.append(scalar)
                position += 1
            }
            return Int(digits)
        }

        mutating func atom() -> Node? {
            guard let scalar = peek else { return nil }
            position += 1
            switch scalar {
            case ".": return .set(CharacterSet(ranges: [10...10, 13...13], isNegated: true))
            case "(":
                if peek == "?" {
                    position += 1
                    guard take(":") else { return nil }
                }
                guard let inner = choice(), take(")") else { return nil }
                return inner
            case "[": return characterClass().map(Node.set)
            case "\\": return escape().map(Node.set)
            case "*", "+", "?", "{": return nil
            case "^", "$": return .empty
            default: return .set(CharacterSet(ranges: [scalar.value...scalar.value]))
            }
        }

        mutating func escape() -> CharacterSet? {
            guard let scalar = peek else { return nil }
            position += 1
            let digits: [ClosedRange<UInt32>] = [48...57]
            let words: [ClosedRange<UInt32>] = [48...57, 65...90, 95...95, 97...122]
            let spaces: [ClosedRange<UInt32>] = [9...13, 32...32]
            switch scalar {
            case "d": return CharacterSet(ranges: digits)
            case "D": return CharacterSet(ranges: digits, isNegated: true)
            case "w": return CharacterSet(ranges: words)
            case "W": return CharacterSet(ranges: words, isNegated: true)
            case "s": return CharacterSet(ranges: spaces)
            case "S": return CharacterSet(ranges: spaces, isNegated: true)
            case "n": return CharacterSet(ranges: [10...10])
            case "t": return CharacterSet(ranges: [9...9])
            case "r": return CharacterSet(ranges: [13...13])
            case "a"..."z", "A"..."Z", "0"..."9": return nil
            default: return CharacterSet(ranges: [scalar.value...scalar.value])
            }
        }

        mutating func characterClass() -> CharacterSet? {
            var set = CharacterSet()
            set.isNegated = take("^")
            var isFirst = true
            while let scalar = peek {
                position += 1
                if scalar == "]", !isFirst { return set }
                isFirst = false
                var low = scalar.value
                if scalar == "\\" {
                    guard let escaped = escape(), !escaped.isNegated else { return nil }
                    guard escaped.ranges.count == 1, escaped.ranges[0].count == 1 else {
                        set.ranges += escaped.ranges
                        continue
                    }
                    low = escaped.ranges[0].lowerBound
                }
                guard peek == "-", position + 1 < scalars.count, scalars[position + 1] != "]" else {
                    set.ranges.append(low...low)
                    continue
                }
                position += 1
                guard var high = peek?.value else { return nil }
                position += 1
                if high == 0x5C {
                    guard let escaped = escape(), escaped.ranges.count == 1 else { return nil }
                    high = escaped.ranges[0].upperBound
                }
                guard low <= high else { return nil }
                set.ranges.append(low...high)
            }
            return nil
        }

        mutating func take(_ scalar: Unicode.Scalar) -> Bool {
            guard peek == scalar else { return false }
            position += 1
            return true
        }
    }
}
