/// A compiled regular expression of JavaScript's syntax (ECMAScript 2018 without the `u` flag).
///
/// The engine is our own: JavaScript's grammar and its leftmost-first semantics are what JSONata's users rely on, and
/// neither Swift's `Regex` nor the system's offers both with a bound on time. It is a backtracking machine over a flat
/// list of instructions with an explicit stack (no recursion on the input), and every search has a budget of steps:
/// a hostile pattern such as `/(a+)+$/` ends in an error after a fraction of a second instead of hanging.
final class RegexProgram: Sendable {
    enum Instruction: Sendable {
        case character(UInt16)
        case any
        case set(CharacterSet)
        /// Tries `first`, then, on the way back, `second`.
        case split(first: Int, second: Int)
        case jump(Int)
        case save(Int)
        case clear(from: Int, to: Int)
        case start
        case end
        case wordBoundary(Bool)
        case backReference(Int)
        /// Looks around from here: the body follows, up to `accept`; then goes on at `next`.
        case look(isNegative: Bool, next: Int)
        /// Remembers where a loop's turn began, and refuses an empty one.
        case mark(Int)
        case progress(Int)
        case accept
    }

    struct Step: Sendable {
        var instruction: Instruction
        /// Reads the unit before the place instead of the one at it (inside a look-behind).
        var isBackward = false
    }

    let pattern: String
    let steps: [Step]
    let groupCount: Int
    let markCount: Int
    let ignoresCase: Bool
    let isMultiline: Bool
    /// The unit every match starts with, if there is one: other places are skipped at once.
    let firstUnit: UInt16?

    fileprivate init(pattern: String, compiler: RegexCompiler, ignoresCase: Bool, isMultiline: Bool) {
        self.pattern = pattern
        steps = compiler.steps
        groupCount = compiler.groupCount
        markCount = compiler.markCount
        self.ignoresCase = ignoresCase
        self.isMultiline = isMultiline
        if !ignoresCase, steps.count > 1, case .character(let unit) = steps[1].instruction {
            firstUnit = unit
        } else {
            firstUnit = nil
        }
    }

    static func compile(_ pattern: String, flags: String, position: Int) throws(Failure) -> RegexProgram {
        do throws(RegexError) {
            var parser = RegexParser(Array(pattern.utf16))
            let tree = try parser.parse()
            var compiler = RegexCompiler(groupCount: parser.groupCount, names: parser.names)
            try compiler.compile(tree)
            return RegexProgram(
                pattern: pattern, compiler: compiler, ignoresCase: flags.contains("i"), isMultiline: flags.contains("m"))
        } catch {
            throw Failure(
                nil, position: position, message: "Invalid regular expression: /\(pattern)/: \(error.message)")
        }
    }
}

struct RegexError: Error {
    let message: String
}

/// A set of UTF-16 units: a bitmap for ASCII, ranges for the rest.
struct CharacterSet: Sendable {
    private var low: UInt64 = 0
    private var high: UInt64 = 0
    private(set) var ranges: [ClosedRange<UInt16>] = []
    var isNegated = false

    init() {}

    init(_ ranges: [ClosedRange<UInt16>], isNegated: Bool = false) {
        for range in ranges { insert(range) }
        self.isNegated = isNegated
    }

    mutating func insert(_ range: ClosedRange<UInt16>) {
        var unit = UInt32(range.lowerBound)
        while unit < 128, unit <= range.upperBound {
            if unit < 64 { low |= 1 << UInt64(unit) } else { high |= 1 << UInt64(unit - 64) }
            unit += 1
        }
        if range.upperBound >= 128 { ranges.append(max(range.lowerBound, 128)...range.upperBound) }
    }

    mutating func insert(_ other: CharacterSet) {
        if other.isNegated {
            // The complement, range by range.
            var next: UInt32 = 0
            for range in other.sortedRanges {
                if UInt32(range.lowerBound) > next { insert(UInt16(next)...UInt16(UInt32(range.lowerBound) - 1)) }
                next = max(next, UInt32(range.upperBound) + 1)
            }
            if next <= 0xFFFF { insert(UInt16(next)...0xFFFF) }
        } else {
            low |= other.low
            high |= other.high
            ranges += other.ranges
        }
    }

    private var sortedRanges: [ClosedRange<UInt16>] {
        var result = ranges
        for unit in UInt16(0)..<128 where holds(unit) { result.append(unit...unit) }
        return result.sorted { $0.lowerBound < $1.lowerBound }
    }

    @inline(__always)
    private func holds(_ unit: UInt16) -> Bool {
        if unit < 64 { return low >> UInt64(unit) & 1 == 1 }
        if unit < 128 { return high >> UInt64(unit - 64) & 1 == 1 }
        return ranges.contains { $0.contains(unit) }
    }

    @inline(__always)
    func contains(_ unit: UInt16, ignoringCase: Bool) -> Bool {
        if holds(unit) { return !isNegated }
        if ignoringCase, holds(CaseFolding.upper(unit)) || holds(CaseFolding.lower(unit)) { return !isNegated }
        return isNegated
    }

    static let digits = CharacterSet([0x30...0x39])
    static let word = CharacterSet([0x30...0x39, 0x41...0x5A, 0x5F...0x5F, 0x61...0x7A])
    static let space = CharacterSet([
        0x09...0x0D, 0x20...0x20, 0xA0...0xA0, 0x1680...0x1680, 0x2000...0x200A, 0x2028...0x2029, 0x202F...0x202F,
        0x205F...0x205F, 0x3000...0x3000, 0xFEFF...0xFEFF,
    ])

    var negated: CharacterSet {
        var copy = self
        copy.isNegated.toggle()
        return copy
    }
}

/// Case of single UTF-16 units, as the `i` flag compares them.
enum CaseFolding {
    static func upper(_ unit: UInt16) -> UInt16 {
        if unit < 128 { return unit >= 0x61 && unit <= 0x7A ? unit - 32 : unit }
        return mapped(unit) { $0.properties.uppercaseMapping }
    }

    static func lower(_ unit: UInt16) -> UInt16 {
        if unit < 128 { return unit >= 0x41 && unit <= 0x5A ? unit + 32 : unit }
        return mapped(unit) { $0.properties.lowercaseMapping }
    }

    private static func mapped(_ unit: UInt16, _ mapping: (Unicode.Scalar) -> String) -> UInt16 {
        guard let scalar = Unicode.Scalar(unit) else { return unit }
        let text = mapping(scalar).utf16
        // A mapping to more units, or from outside ASCII into it, does not count.
        guard text.count == 1, let first = text.first, first >= 128 else { return unit }
        return first
    }
}

/// The tree of a pattern.
indirect enum RegexTree {
    case empty
    case character(UInt16)
    case any
    case set(CharacterSet)
    case sequence([RegexTree])
    case alternatives([RegexTree])
    case group(RegexTree, index: Int?)
    case start, end
    case wordBoundary(Bool)
    case backReference(Int)
    case namedReference(String)
    case look(RegexTree, isBehind: Bool, isNegative: Bool)
    case loop(RegexTree, least: Int, most: Int?, isGreedy: Bool, groups: Range<Int>)
}

/// Turns the tree into instructions.
struct RegexCompiler {
    private(set) var steps: [RegexProgram.Step] = []
    let groupCount: Int
    private(set) var markCount = 0
    private let names: [String: Int]
    private var isBackward = false
    private static let maximumSteps = 20_000

    init(groupCount: Int, names: [String: Int]) {
        self.groupCount = groupCount
        self.names = names
    }

    mutating func compile(_ tree: RegexTree) throws(RegexError) {
        emit(.save(0))
        try add(tree)
        emit(.save(1))
        emit(.accept)
    }

    private mutating func emit(_ instruction: RegexProgram.Instruction) {
        steps.append(RegexProgram.Step(instruction: instruction, isBackward: isBackward))
    }

    private mutating func add(_ tree: RegexTree) throws(RegexError) {
        if steps.count > Self.maximumSteps { throw RegexError(message: "Regular expression too large") }
        switch tree {
        case .empty: break
        case .character(let unit): emit(.character(unit))
        case .any: emit(.any)
        case .set(let set): emit(.set(set))
        case .sequence(let parts):
            for part in isBackward ? parts.reversed() : parts { try add(part) }
        case .alternatives(let choices): try add(choices: choices)
        case .group(let body, let index):
            guard let index else {
                try add(body)
                return
            }
            emit(.save(isBackward ? index * 2 + 1 : index * 2))
            try add(body)
            emit(.save(isBackward ? index * 2 : index * 2 + 1))
        case .start: emit(.start)
        case .end: emit(.end)
        case .wordBoundary(let expected): emit(.wordBoundary(expected))
        case .backReference(let index): emit(.backReference(index))
        case .namedReference(let name):
            guard let index = names[name] else { throw RegexError(message: "Invalid named capture referenced") }
            emit(.backReference(index))
        case .look(let body, let isBehind, let isNegative):
            let place = steps.count
            emit(.accept)
            let outer = isBackward
            isBackward = isBehind
            try add(body)
            emit(.accept)
            isBackward = outer
            steps[place] = RegexProgram.Step(
                instruction: .look(isNegative: isNegative, next: steps.count), isBackward: outer)
        case .loop(let body, let least, let most, let isGreedy, let groups):
            try add(loop: body, least: least, most: most, isGreedy: isGreedy, groups: groups)
        }
    }

    private mutating func add(choices: [RegexTree]) throws(RegexError) {
        var ends: [Int] = []
        for (index, choice) in choices.enumerated() {
            if index == choices.count - 1 {
                try add(choice)
                break
            }
            let split = steps.count
            emit(.accept)
            try add(choice)
            ends.append(steps.count)
            emit(.accept)
            steps[split].instruction = .split(first: split + 1, second: steps.count)
        }
        for end in ends { steps[end].instruction = .jump(steps.count) }
    }

    private mutating func add(
        loop body: RegexTree, least: Int, most: Int?, isGreedy: Bool, groups: Range<Int>
    ) throws(RegexError) {
        func split(_ body: Int, _ after: Int) -> RegexProgram.Instruction {
            isGreedy ? .split(first: body, second: after) : .split(first: after, second: body)
        }
        for _ in 0..<least { try add(turn: body, groups) }
        guard let most else {
            let mark = markCount
            markCount += 1
            let start = steps.count
            emit(.accept)
            emit(.mark(mark))
            try add(turn: body, groups)
            emit(.progress(mark))
            emit(.jump(start))
            steps[start].instruction = split(start + 1, steps.count)
            return
        }
        var splits: [Int] = []
        for _ in least..<max(least, most) {
            let mark = markCount
            markCount += 1
            splits.append(steps.count)
            emit(.accept)
            emit(.mark(mark))
            try add(turn: body, groups)
            emit(.progress(mark))
        }
        for place in splits { steps[place].instruction = split(place + 1, steps.count) }
    }

    private mutating func add(turn body: RegexTree, _ groups: Range<Int>) throws(RegexError) {
        if !groups.isEmpty { emit(.clear(from: groups.lowerBound, to: groups.upperBound)) }
        try add(body)
    }
}
