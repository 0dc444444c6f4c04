import JSON
import JSONata
import Synchronization
import Testing

/// Nothing traps, hangs or needs a deep stack.
@Suite struct RobustnessTests {
    @Test func deepExpressionsAreRefusedNotFatal() {
        for count in [500, 5_000, 200_000] {
            let open = String(repeating: "(", count: count) + "1" + String(repeating: ")", count: count)
            let arrays = String(repeating: "[", count: count) + String(repeating: "]", count: count)
            let sum = [String](repeating: "1", count: count).joined(separator: "+")
            let minus = String(repeating: "-", count: count) + "1"
            for source in [open, arrays, sum, minus] { _ = try? JSONataExpression(source).evaluate(nil) }
        }
    }

    @Test func recursionWithoutEndIsAnError() {
        check("($f := function($n){1 + $f($n + 1)}; $f(0))", fails: "U1001")
        check("($f := function($n){$map([$n], $f)}; $f(0))", fails: "U1001")
        check("($f := function($n){$string($eval('1 + $f(1)'))}; $f(0))", fails: "U1001")
    }

    @Test func valuesNestedWithoutEndAreAnError() {
        check("($f := function($x, $n){$n = 0 ? $x : $f([[$x]], $n - 1)}; $f(1, 100000))", fails: "U1001")
        check("($f := function($x, $n){$n = 0 ? $x : $f({'a': $x}, $n - 1)}; $f(1, 100000))", fails: "U1001")
        check("($f := function($x, $n){$n = 0 ? $x : $f($x ~> |$|{'a': $x}|, $n - 1)}; $f({'b': 1}, 100000))", fails: "U1001")
    }

    @Test func aTransformThatPutsAnObjectIntoItselfEnds() {
        check("$ ~> |$|{'b': $}|", ["a": 1], gives: ["a": 1, "b": ["a": 1]])
        check("$count(($ ~> |**|{'b': $, 'c': [$]}|).**) > 3", ["a": ["x": ["y": 1]]], gives: true)
    }

    @Test func manyThreadsMayShareAnExpression() async throws {
        let expression = try JSONataExpression("$sum(items.(a * b)) & $join(items.c)")
        let input: JSONValue = ["items": [["a": 2, "b": 3, "c": "x"], ["b": 1, "a": 5, "c": "y"]]]
        await withTaskGroup(of: Bool.self) { group in
            for _ in 0..<64 {
                group.addTask {
                    for _ in 0..<20 {
                        guard case .value("11xy")? = try? expression.evaluate(input) else { return false }
                    }
                    return true
                }
            }
            for await isRight in group { #expect(isRight) }
        }
    }

    /// Expressions made from pieces and by mutation, by a seed: each ends, with a value or an error.
    @Test(arguments: UInt64(1)...8)
    func randomExpressionsEnd(seed: UInt64) {
        var dice = Dice(state: seed &* 0x9E37_79B9_7F4A_7C15)
        var options = JSONataOptions(nowMilliseconds: 0)
        options.timeLimitMilliseconds = 200
        options.maximumValueBytes = 1 << 22
        let input: JSONValue = [
            "a": [["b": 1, "c": "x"], ["b": 2.5, "c": nil], ["b": [1, [2, 3]], "d": true]], "e": ["f": "text"], "g": [],
        ]
        for round in 0..<300 {
            let source = round % 3 == 0 ? dice.mutation(of: Self.seeds[dice.below(Self.seeds.count)]) : dice.expression(4)
            options.profile = dice.below(2) == 0 ? .javascript : .stepFunctions
            guard let expression = try? JSONataExpression(source) else { continue }
            _ = expression.references.variables
            _ = try? expression.evaluate(input, options: options)
        }
    }

    /// What once went wrong, and what is worth mutating.
    static let seeds = [
        "$ ~> |a|{\"t\": b*2},[\"c\"]|", "a[b > 1].c", "a^(>b).c", "a@$x.e@$y.{'k': $x.b, 'v': $y.f}", "a#$i[$i<2].%.e",
        "$formatNumber(1234.5, '#,##0.00;(0)')", "$formatInteger(1999, 'Ww;o')", "$fromMillis(0, '[Y0001]-[M01,2-2] [FNn,3-3] [z]')",
        "$toMillis('2018-02-05', '[Y]-[M]-[D]')", "$replace('abc', /(b)|c/i, '$1$$')", "function($x)<a<n>?s-:b>{$x}([1],'a')",
        "a{c: $sum(b)}", "($f := λ($n){$n<2?1:$n*$f($n-1)}; $f(5))", "**[b].*", "$map(a, $lookup(?, 'b'))", "$pad('a', -5, 'xy') & 'é😀'",
        "`a b`.\"q\"[]", "a.b[[0..1]]", "$sift(e, function($v, $k){$k = 'f'})", "/* c */ $partition([1..9], 4)", "$formatBase(255, 16)",
    ]
}

/// A generator of expressions.
struct Dice {
    var state: UInt64

    mutating func below(_ count: Int) -> Int {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return Int((state >> 33) % UInt64(max(1, count)))
    }

    private mutating func pick(_ choices: [String]) -> String { choices[below(choices.count)] }

    mutating func mutation(of source: String) -> String {
        var scalars = Array(source.unicodeScalars)
        let pieces = Array("()[]{}.,;:?%@#^~>|&\"'`/\\$*+-=<0a9é\u{0}\u{10FFFF} ".unicodeScalars)
        for _ in 0...below(4) {
            let place = below(scalars.count + 1)
            switch below(4) {
            case 0: scalars.insert(pieces[below(pieces.count)], at: place)
            case 1: if place < scalars.count { scalars.remove(at: place) }
            case 2: if place < scalars.count { scalars[place] = pieces[below(pieces.count)] }
            default:
                let end = min(scalars.count, place + below(8))
                scalars.insert(contentsOf: scalars[place..<end], at: below(scalars.count + 1))
            }
        }
        return String(String.UnicodeScalarView(scalars))
    }

    private static let functions = [
        "sum", "count", "max", "min", "average", "string", "substring", "substringBefore", "substringAfter", "lowercase",
        "uppercase", "length", "trim", "pad", "match", "contains", "replace", "split", "join", "formatNumber", "formatBase",
        "formatInteger", "parseInteger", "number", "floor", "ceil", "round", "abs", "sqrt", "power", "random", "boolean", "not",
        "map", "zip", "filter", "single", "reduce", "sift", "keys", "lookup", "append", "exists", "spread", "merge", "reverse",
        "each", "error", "assert", "type", "sort", "shuffle", "distinct", "base64encode", "base64decode", "encodeUrlComponent",
        "decodeUrl", "eval", "toMillis", "fromMillis", "clone", "now", "partition", "range", "hash", "uuid", "parse",
    ]

    mutating func expression(_ depth: Int) -> String {
        if depth == 0 {
            return pick([
                "1", "-2.5", "0", "1e300", "1e-300", "'x'", "\"\"", "null", "true", "a", "b", "c", "e.f", "$", "$$", "$v", "%", "*", "**",
                "[]", "{}", "/x/", "$sum", "'[Y0001]-[M01]'", "'#,##0.0'", "1e15", "9007199254740993", "nothing", "'Ww'", "function($x){$x}",
            ])
        }
        switch below(16) {
        case 0, 1: return expression(depth - 1) + "." + expression(depth - 1)
        case 2: return expression(depth - 1) + "[" + expression(depth - 1) + "]"
        case 3, 4:
            let operators = ["+", "-", "*", "/", "%", "=", "!=", "<", ">=", "&", " and ", " or ", " in ", "~>"]
            return "(" + expression(depth - 1) + pick(operators) + expression(depth - 1) + ")"
        case 5: return "[" + expression(depth - 1) + "," + expression(depth - 1) + "]"
        case 6: return "[" + expression(0) + ".." + expression(0) + "]"
        case 7: return "{" + expression(depth - 1) + ":" + expression(depth - 1) + "}"
        case 8: return expression(depth - 1) + "{" + expression(depth - 1) + ":" + expression(depth - 1) + "}"
        case 9: return expression(depth - 1) + "^(" + pick(["<", ">", ""]) + expression(depth - 1) + ")"
        case 10: return "(" + expression(depth - 1) + "?" + expression(depth - 1) + ":" + expression(depth - 1) + ")"
        case 11: return "($v := " + expression(depth - 1) + ";" + expression(depth - 1) + ")"
        case 12: return "function($v,$w){" + expression(depth - 1) + "}"
        case 13: return expression(depth - 1) + pick(["@$v.", "#$v."]) + expression(depth - 1)
        case 14: return "(" + expression(depth - 1) + " ~> |" + expression(depth - 1) + "|" + expression(depth - 1) + "|)"
        default:
            let count = below(4)
            let arguments = (0..<count).map { _ in below(12) == 0 ? "?" : expression(depth - 1) }
            return "$" + pick(Self.functions) + "(" + arguments.joined(separator: ",") + ")"
        }
    }
}
