/// Reads JavaScript's pattern syntax, with the leniency browsers and Node have (Annex B).
struct RegexParser {
    private let units: [UInt16]
    private var position = 0
    private var depth = 0
    /// Capturing groups met so far.
    private(set) var groupCount = 0
    private(set) var names: [String: Int] = [:]
    private let totalGroups: Int
    private static let maximumDepth = 200
    private static let maximumRepetition = 10_000

    init(_ units: [UInt16]) {
        self.units = units
        totalGroups = Self.countGroups(units)
    }

    /// A back reference beyond the last group is an octal escape, so their number has to be known first.
    private static func countGroups(_ units: [UInt16]) -> Int {
        var count = 0
        var inClass = false
        var index = 0
        while index < units.count {
            switch units[index] {
            case 0x5C: index += 1
            case 0x5B: inClass = true
            case 0x5D: inClass = false
            case 0x28 where !inClass:
                let isSpecial = index + 1 < units.count && units[index + 1] == 0x3F
                let isNamed =
                    isSpecial && index + 3 < units.count && units[index + 2] == 0x3C
                    && units[index + 3] != 0x3D && units[index + 3] != 0x21
                if !isSpecial || isNamed { count += 1 }
            default: break
            }
            index += 1
        }
        return count
    }

    mutating func parse() throws(RegexError) -> RegexTree {
        let tree = try alternatives()
        if position < units.count { throw RegexError(message: "Unmatched ')'") }
        return tree
    }

    private var unit: UInt16? { position < units.count ? units[position] : nil }

    private func unit(_ offset: Int) -> UInt16? {
        position + offset < units.count ? units[position + offset] : nil
    }

    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard unit == UInt16(character.value) else { return false }
        position += 1
        return true
    }

    private mutating func alternatives() throws(RegexError) -> RegexTree {
        depth += 1
        defer { depth -= 1 }
        if depth > Self.maximumDepth { throw RegexError(message: "Regular expression too large") }
        var choices: [RegexTree] = []
        repeat {
            var parts: [RegexTree] = []
            while let next = unit, next != 0x7C, next != 0x29 { parts.append(try term()) }
            choices.append(parts.count == 1 ? parts[0] : .sequence(parts))
        } while take("|")
        return choices.count == 1 ? choices[0] : .alternatives(choices)
    }

    private mutating func term() throws(RegexError) -> RegexTree {
        let firstGroup = groupCount + 1
        let atom: RegexTree
        var isRepeatable = true
        guard let next = unit else { return .empty }
        position += 1
        switch next {
        case 0x5E:
            atom = .start
            isRepeatable = false
        case 0x24:
            atom = .end
            isRepeatable = false
        case 0x2E: atom = .any
        case 0x28: (atom, isRepeatable) = try group()
        case 0x5B: atom = .set(try characterClass())
        case 0x5C:
            atom = try escape()
            if case .wordBoundary = atom { isRepeatable = false }
        case 0x2A, 0x2B, 0x3F: throw RegexError(message: "Nothing to repeat")
        case 0x7B:
            position -= 1
            if try quantifier() != nil { throw RegexError(message: "Nothing to repeat") }
            position += 1
            atom = .character(next)
        default: atom = .character(next)
        }
        guard let (least, most) = try quantifier() else { return atom }
        if !isRepeatable { throw RegexError(message: "Nothing to repeat") }
        let isGreedy = !take("?")
        return .loop(atom, least: least, most: most, isGreedy: isGreedy, groups: firstGroup..<groupCount + 1)
    }

    private mutating func quantifier() throws(RegexError) -> (least: Int, most: Int?)? {
        if take("*") { return (0, nil) }
        if take("+") { return (1, nil) }
        if take("?") { return (0, 1) }
        guard unit == 0x7B else { return nil }
        let start = position
        position += 1
        guard let least = number() else {
            position = start
            return nil
        }
        var most: Int? = least
        if take(",") { most = unit == 0x7D ? nil : number() ?? -1 }
        guard most != -1, take("}") else {
            position = start
            return nil
        }
        if let most, most < least { throw RegexError(message: "numbers out of order in {} quantifier") }
        if least > Self.maximumRepetition || (most ?? 0) > Self.maximumRepetition {
            throw RegexError(message: "Regular expression too large")
        }
        return (least, most)
    }

    private mutating func number() -> Int? {
        var value: Int?
        while let next = unit, next >= 0x30, next <= 0x39 {
            value = min((value ?? 0) * 10 + Int(next - 0x30), 1_000_000)
            position += 1
        }
        return value
    }

    private mutating func group() throws(RegexError) -> (RegexTree, isRepeatable: Bool) {
        var index: Int?
        var look: (isBehind: Bool, isNegative: Bool)?
        if take("?") {
            if take(":") {
            } else if take("=") {
                look = (false, false)
            } else if take("!") {
                look = (false, true)
            } else if take("<") {
                if take("=") {
                    look = (true, false)
                } else if take("!") {
                    look = (true, true)
                } else {
                    groupCount += 1
                    index = groupCount
                    let name = try groupName()
                    if names[name] != nil { throw RegexError(message: "Duplicate capture group name") }
                    names[name] = groupCount
                }
            } else {
                throw RegexError(message: "Invalid group")
            }
        } else {
            groupCount += 1
            index = groupCount
        }
        let body = try alternatives()
        guard take(")") else { throw RegexError(message: "Unterminated group") }
        if let look { return (.look(body, isBehind: look.isBehind, isNegative: look.isNegative), !look.isBehind) }
        return (.group(body, index: index), true)
    }

    private mutating func groupName() throws(RegexError) -> String {
        let start = position
        while let next = unit, next != 0x3E {
            _ = next
            position += 1
        }
        let name = String(decoding: units[start..<position], as: UTF16.self)
        guard take(">"), !name.isEmpty else { throw RegexError(message: "Invalid capture group name") }
        return name
    }

    // MARK: Escapes

    private mutating func escape() throws(RegexError) -> RegexTree {
        guard let next = unit else { throw RegexError(message: "\\ at end of pattern") }
        switch next {
        case 0x62:
            position += 1
            return .wordBoundary(true)
        case 0x42:
            position += 1
            return .wordBoundary(false)
        case 0x31...0x39:
            let start = position
            if let index = number(), index <= totalGroups { return .backReference(index) }
            position = start
        case 0x6B where unit(1) == 0x3C && hasNamedGroups:
            position += 2
            return .namedReference(try groupName())
        default: break
        }
        if let set = classEscape() { return .set(set) }
        return .character(try characterEscape())
    }

    private var hasNamedGroups: Bool {
        for index in units.indices.dropLast(3)
        where units[index] == 0x28 && units[index + 1] == 0x3F && units[index + 2] == 0x3C
            && units[index + 3] != 0x3D && units[index + 3] != 0x21
        { return true }
        return false
    }

    private mutating func classEscape() -> CharacterSet? {
        let set: CharacterSet
        switch unit {
        case 0x64: set = .digits
        case 0x44: set = CharacterSet.digits.negated
        case 0x77: set = .word
        case 0x57: set = CharacterSet.word.negated
        case 0x73: set = .space
        case 0x53: set = CharacterSet.space.negated
        default: return nil
        }
        position += 1
        return set
    }

    private mutating func characterEscape() throws(RegexError) -> UInt16 {
        guard let next = unit else { throw RegexError(message: "\\ at end of pattern") }
        position += 1
        switch next {
        case 0x74: return 0x09
        case 0x6E: return 0x0A
        case 0x76: return 0x0B
        case 0x66: return 0x0C
        case 0x72: return 0x0D
        case 0x63:
            if let letter = unit, (letter >= 0x41 && letter <= 0x5A) || (letter >= 0x61 && letter <= 0x7A) {
                position += 1
                return letter % 32
            }
            position -= 1
            return 0x5C
        case 0x78: return hexadecimal(2) ?? next
        case 0x75: return hexadecimal(4) ?? next
        case 0x30...0x37:
            var value = next - 0x30
            while let digit = unit, digit >= 0x30, digit <= 0x37, value * 8 + (digit - 0x30) <= 0xFF {
                value = value * 8 + (digit - 0x30)
                position += 1
            }
            return value
        default: return next
        }
    }

    private mutating func hexadecimal(_ count: Int) -> UInt16? {
        var value: UInt16 = 0
        for offset in 0..<count {
            switch unit(offset) {
            case .some(let digit) where digit >= 0x30 && digit <= 0x39: value = value << 4 | (digit - 0x30)
            case .some(let digit) where digit >= 0x41 && digit <= 0x46: value = value << 4 | (digit - 0x41 + 10)
            case .some(let digit) where digit >= 0x61 && digit <= 0x66: value = value << 4 | (digit - 0x61 + 10)
            default: return nil
            }
        }
        position += count
        return value
    }

    // MARK: Classes

    private mutating func characterClass() throws(RegexError) -> CharacterSet {
        var set = CharacterSet()
        let isNegated = take("^")
        while let next = unit, next != 0x5D {
            let first = try classAtom(next)
            guard unit == 0x2D, let after = unit(1), after != 0x5D else {
                Self.insert(first, into: &set)
                continue
            }
            position += 1
            let last = try classAtom(after)
            if case .character(let low) = first, case .character(let high) = last {
                if low > high { throw RegexError(message: "Range out of order in character class") }
                set.insert(low...high)
            } else {
                Self.insert(first, into: &set)
                set.insert(0x2D...0x2D)
                Self.insert(last, into: &set)
            }
        }
        guard take("]") else { throw RegexError(message: "Unterminated character class") }
        set.isNegated = isNegated
        return set
    }

    private enum ClassAtom {
        case character(UInt16)
        case set(CharacterSet)
    }

    private static func insert(_ atom: ClassAtom, into set: inout CharacterSet) {
        switch atom {
        case .character(let unit): set.insert(unit...unit)
        case .set(let other): set.insert(other)
        }
    }

    private mutating func classAtom(_ next: UInt16) throws(RegexError) -> ClassAtom {
        position += 1
        guard next == 0x5C else { return .character(next) }
        if unit == 0x62 {
            position += 1
            return .character(0x08)
        }
        if let set = classEscape() { return .set(set) }
        return .character(try characterEscape())
    }
}
