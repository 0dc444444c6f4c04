/// Runs a program over UTF-16 units; ASCII text is read as it is, byte by byte.
struct RegexMatcher<Unit: FixedWidthInteger & UnsignedInteger> {
    private let program: RegexProgram
    private let input: UnsafeBufferPointer<Unit>
    private var captures: [Int]
    private var marks: [Int]
    private var trail: [Undo] = []
    private var choices: [Choice] = []
    private var budget: Int

    private static var maximumChoices: Int { 2_000_000 }

    private struct Choice {
        let step: Int
        let place: Int
        let trail: Int
    }

    private struct Undo {
        /// Captures first, marks behind them.
        let index: Int
        let value: Int
    }

    init(_ program: RegexProgram, _ input: UnsafeBufferPointer<Unit>, budget: Int) {
        self.program = program
        self.input = input
        self.budget = budget
        captures = [Int](repeating: -1, count: (program.groupCount + 1) * 2)
        marks = [Int](repeating: -1, count: program.markCount)
    }

    /// The first match at or behind `start`: the places of all groups in pairs, -1 for none.
    mutating func search(from start: Int) throws(RegexBudgetError) -> [Int]? {
        var place = start
        while place <= input.count {
            if let first = program.firstUnit {
                while place < input.count, UInt16(truncatingIfNeeded: input[place]) != first { place += 1 }
                if place == input.count { return nil }
            }
            if try run(from: 0, at: place) { return captures }
            for index in captures.indices { captures[index] = -1 }
            place += 1
        }
        return nil
    }

    @inline(__always)
    private func unit(_ place: Int) -> UInt16 { UInt16(truncatingIfNeeded: input[place]) }

    private mutating func set(_ index: Int, _ value: Int) {
        if index < captures.count {
            trail.append(Undo(index: index, value: captures[index]))
            captures[index] = value
        } else {
            trail.append(Undo(index: index, value: marks[index - captures.count]))
            marks[index - captures.count] = value
        }
    }

    private mutating func undo(to count: Int) {
        while trail.count > count, let last = trail.popLast() {
            if last.index < captures.count {
                captures[last.index] = last.value
            } else {
                marks[last.index - captures.count] = last.value
            }
        }
    }

    /// Whether the instructions from `first` up to their `accept` match at `start`. Looking around calls this again,
    /// once for every level of nesting in the pattern.
    private mutating func run(from first: Int, at start: Int) throws(RegexBudgetError) -> Bool {
        let bottom = choices.count
        let trailStart = trail.count
        var step = first
        var place = start
        while true {
            budget -= 1
            if budget < 0 { throw RegexBudgetError() }
            let next = program.steps[step]
            var matches = true
            switch next.instruction {
            case .character(let expected):
                matches = read(next.isBackward, &place) { unit in
                    unit == expected
                        || (program.ignoresCase && CaseFolding.upper(unit) == CaseFolding.upper(expected))
                }
                step += 1
            case .any:
                matches = read(next.isBackward, &place) { !Self.isLineEnd($0) }
                step += 1
            case .set(let set):
                matches = read(next.isBackward, &place) { set.contains($0, ignoringCase: program.ignoresCase) }
                step += 1
            case .split(let first, let second):
                if choices.count > Self.maximumChoices { throw RegexBudgetError() }
                choices.append(Choice(step: second, place: place, trail: trail.count))
                step = first
            case .jump(let target): step = target
            case .save(let index):
                set(index, place)
                step += 1
            case .clear(let from, let to):
                for group in from..<to where captures[group * 2] >= 0 || captures[group * 2 + 1] >= 0 {
                    set(group * 2, -1)
                    set(group * 2 + 1, -1)
                }
                step += 1
            case .start:
                matches = place == 0 || (program.isMultiline && Self.isLineEnd(unit(place - 1)))
                step += 1
            case .end:
                matches = place == input.count || (program.isMultiline && Self.isLineEnd(unit(place)))
                step += 1
            case .wordBoundary(let expected):
                let before = place > 0 && CharacterSet.word.contains(unit(place - 1), ignoringCase: false)
                let after = place < input.count && CharacterSet.word.contains(unit(place), ignoringCase: false)
                matches = (before != after) == expected
                step += 1
            case .backReference(let group):
                matches = reference(group, next.isBackward, &place)
                step += 1
            case .look(let isNegative, let target):
                let saved = trail.count
                let found = try run(from: step + 1, at: place)
                matches = found != isNegative
                if isNegative { undo(to: saved) }
                step = target
            case .mark(let mark):
                set(captures.count + mark, place)
                step += 1
            case .progress(let mark):
                matches = marks[mark] != place
                step += 1
            case .accept:
                choices.removeSubrange(bottom...)
                return true
            }
            if matches { continue }
            guard choices.count > bottom, let choice = choices.popLast() else {
                undo(to: trailStart)
                return false
            }
            undo(to: choice.trail)
            step = choice.step
            place = choice.place
        }
    }

    @inline(__always)
    private func read(_ isBackward: Bool, _ place: inout Int, _ fits: (UInt16) -> Bool) -> Bool {
        if isBackward {
            guard place > 0, fits(unit(place - 1)) else { return false }
            place -= 1
        } else {
            guard place < input.count, fits(unit(place)) else { return false }
            place += 1
        }
        return true
    }

    private func reference(_ group: Int, _ isBackward: Bool, _ place: inout Int) -> Bool {
        let (from, to) = (captures[group * 2], captures[group * 2 + 1])
        guard from >= 0, to >= from else { return true }
        let length = to - from
        let start = isBackward ? place - length : place
        guard start >= 0, start + length <= input.count else { return false }
        for offset in 0..<length {
            let (a, b) = (unit(from + offset), unit(start + offset))
            if a != b, !(program.ignoresCase && CaseFolding.upper(a) == CaseFolding.upper(b)) { return false }
        }
        place = isBackward ? start : start + length
        return true
    }

    private static func isLineEnd(_ unit: UInt16) -> Bool {
        unit == 0x0A || unit == 0x0D || unit == 0x2028 || unit == 0x2029
    }
}

/// The budget of steps is used up.
struct RegexBudgetError: Error {}

/// A text ready to be matched many times, with places in UTF-16 units.
struct RegexText {
    private let text: String
    /// nil: the text is ASCII, so that its bytes are its units.
    private let units: [UInt16]?

    init(_ text: String) {
        var text = text
        text.makeContiguousUTF8()
        self.text = text
        units = text.utf8.allSatisfy { $0 < 0x80 } ? nil : Array(text.utf16)
    }

    var count: Int { units?.count ?? text.utf8.count }

    /// The groups' places of the first match at or behind `start`.
    func search(_ program: RegexProgram, from start: Int, _ run: Run) throws(Failure) -> [Int]? {
        do throws(RegexBudgetError) {
            if let units {
                return try units.withUnsafeBufferPointer { (buffer) throws(RegexBudgetError) in
                    try Self.search(program, buffer, start)
                }
            }
            var copy = text
            let result = copy.withUTF8 { buffer in
                Result { () throws(RegexBudgetError) in try Self.search(program, buffer, start) }
            }
            return try result.get()
        } catch {
            throw run.limits.timeFailure
        }
    }

    private static func search<Unit: FixedWidthInteger & UnsignedInteger>(
        _ program: RegexProgram, _ buffer: UnsafeBufferPointer<Unit>, _ start: Int
    ) throws(RegexBudgetError) -> [Int]? {
        // Enough for any pattern that is linear in the text, far too little for an exponential one.
        var matcher = RegexMatcher(program, buffer, budget: 1_000_000 + 200 * buffer.count)
        return try matcher.search(from: start)
    }

    func slice(_ from: Int, _ to: Int) -> String {
        guard from < to else { return "" }
        if let units { return LoneSurrogates.string(Array(units[from..<to])) }
        let utf8 = text.utf8
        let start = utf8.index(utf8.startIndex, offsetBy: from)
        return String(text[start..<utf8.index(start, offsetBy: to - from)])
    }
}

/// The match objects of JSONata: `match`, `start`, `end`, `groups` and the function `next`.
enum Matches {
    static func first(_ program: RegexProgram, in value: Value, position: Int, _ run: Run) throws(Failure) -> Value {
        guard let text = value.string else { return .undefined }
        return try match(program, RegexText(text), from: 0, position: position, isNext: false, run)
    }

    private static func match(
        _ program: RegexProgram, _ text: RegexText, from start: Int, position: Int, isNext: Bool, _ run: Run
    ) throws(Failure) -> Value {
        guard let places = try text.search(program, from: start, run) else { return .undefined }
        if isNext, places[0] == places[1] {
            throw Failure("D1004", position: position, value: .text(program.pattern))
        }
        let object = ObjectRef()
        object.set("match", .text(text.slice(places[0], places[1])))
        object.set("start", .integer(places[0]))
        object.set("end", .integer(places[1]))
        object.set("groups", groups(places, text))
        let end = places[1]
        object.set(
            "next",
            .function(
                Function(
                    .native(arity: 0, signature: nil) { (run, _) throws(Failure) in
                        if end >= text.count { return .undefined }
                        return try match(program, text, from: end, position: position, isNext: true, run)
                    })))
        return .object(object)
    }

    static func groups(_ places: [Int], _ text: RegexText) -> Value {
        var values: [Value] = []
        for group in 1..<max(1, places.count / 2) {
            let (from, to) = (places[group * 2], places[group * 2 + 1])
            values.append(from >= 0 ? .text(text.slice(from, to)) : .undefined)
        }
        return .list(List(flat: values, []))
    }
}
