import JSON
import JSONPath
import StatesLanguage
import Testing

/// Texts mutated by a seeded generator: no trap, no hang. `seeds` that found something stay.
@Suite struct FuzzTests {
    struct Dice {
        var state: UInt64
        mutating func next(_ bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int((state >> 33) % UInt64(max(1, bound)))
        }
    }

    static let texts = [
        "$.a.b[0]['c d'][-1:]..x[?(@.a == 'x' && !(@.b =~ /^a*b+[c-z]$/i) || $.c in [1,'2'])].length()", "$$.Execution.Id", "$v.a[*]",
        "$..[?(@.a)]..*[0,1,-1]['a','b']",
        "States.Format('a {} \\{\\} {}', $.a, States.MathAdd(1, -2.5))", "States.ArrayGetItem(States.ArrayRange(1, 9, 2), $.i)",
        "States.StringSplit($.s, ',')", "States.JsonMerge($.a, $$.b, false)", "States.MathRandom(1, 99999999999, 3)",
        "States.Hash(States.Base64Encode($.s), 'MD5')", "States.ArrayPartition($.l, 9223372036854775807)",
        "States.ArrayRange(9223372036854775807, -9223372036854775808, -9223372036854775808)", "{% $states.input.a %}",
        "2016-12-05T21:29:29.123456789+02:30",
    ]
    static let alphabet = Array("$.[]()?*'\"\\@{}%,:-0 9States!=&|/é~".utf8)
    static let definition =
        #"{"StartAt":"C","States":{"C":{"Type":"Choice","Choices":[{"And":[{"Variable":"$.a","NumericGreaterThanPath":"$.b"},{"Not":{"Variable":"$.c","StringMatches":"*a\\*"}}],"Next":"M","Assign":{"x.$":"$.a"}}],"Default":"T"},"M":{"Type":"Map","ItemsPath":"$.l","MaxConcurrencyPath":"$.n","ItemSelector":{"i.$":"$$.Map.Item.Value"},"ItemProcessor":{"ProcessorConfig":{"Mode":"DISTRIBUTED","ExecutionType":"EXPRESS"},"StartAt":"P","States":{"P":{"Type":"Pass","Parameters":{"r.$":"States.Array($.i)"},"ResultPath":"$.o[0].p","End":true}}},"Next":"W"},"W":{"Type":"Wait","TimestampPath":"$.t","Next":"T"},"T":{"Type":"Task","Resource":"arn:aws:lambda:r:1:function:f","TimeoutSecondsPath":"$.n","Retry":[{"ErrorEquals":["States.ALL"],"MaxDelaySeconds":5}],"Catch":[{"ErrorEquals":["a"],"Next":"F","ResultPath":"$.e"}],"ResultSelector":{"x.$":"$.y"},"Next":"L"},"L":{"Type":"Parallel","Branches":[{"Name":"a","StartAt":"Z","States":{"Z":{"Type":"Succeed"}}},{"DependsOn":["a"],"StartAt":"Y","States":{"Y":{"Type":"Fail","ErrorPath":"States.Format('{}',$.e)"}}}],"End":true},"F":{"Type":"Fail","Error":"e"}}}"#
    static let query =
        #"{"QueryLanguage":"JSONata","StartAt":"P","States":{"P":{"Type":"Pass","Assign":{"x":"{% $states.input.l[a>1].a ~> $sum() %}"},"Output":{"y":["{% $map($states.input.l, function($v,$i){ $i & '-' & $string($v) }) %}",1]},"Next":"C"},"C":{"Type":"Choice","Choices":[{"Condition":"{% $x > 1 and $exists($states.context.Execution) %}","Next":"W","Output":"{% $states.input^(>a){a: b} %}"}],"Default":"W"},"W":{"Type":"Wait","Seconds":"{% $states.input.n %}","Next":"M"},"M":{"Type":"Map","Items":"{% [1..3] %}","MaxConcurrency":"{% 2 %}","ItemSelector":{"a":"{% $states.context.Map.Item.Value %}"},"ItemProcessor":{"StartAt":"S","States":{"S":{"Type":"Succeed","Output":"{% $replace($states.input.s, /a(b)?/, '$1') %}"}}},"End":true}}}"#
    static var scope: EvaluationScope {
        EvaluationScope(
            input: [
                "a": 1, "b": [1, 2, ["a": "xabz"]], "c d": nil, "i": 2, "s": "a,b", "l": [1, ["a": 2], "x"], "n": 5,
                "t": "2016-12-05T21:29:29Z",
                "e": ["x": 1.5],
            ], context: { ["Execution": ["Id": "x"], "b": [:]] })
    }

    func mutated(_ text: String, _ dice: inout Dice, with pieces: [String]) -> String {
        var bytes = Array(text.utf8)
        for _ in 0..<(1 + dice.next(4)) {
            let at = dice.next(bytes.count + 1)
            switch dice.next(5) {
            case 0: if at < bytes.count { bytes.remove(at: at) }
            case 1: bytes.insert(Self.alphabet[dice.next(Self.alphabet.count)], at: at)
            case 2:
                let other = Array(pieces[dice.next(pieces.count)].utf8)
                let from = dice.next(other.count + 1)
                bytes.insert(contentsOf: other[from..<min(other.count, from + dice.next(12))], at: at)
            case 3: bytes = Array(bytes.prefix(at))
            default:
                let end = min(bytes.count, at + dice.next(20))
                if at < end { bytes.insert(contentsOf: bytes[at..<end], at: at) }
            }
        }
        return String(decoding: bytes.prefix(4000), as: UTF8.self)
    }

    @Test(arguments: 0..<8) func pathsAndCallsNeverTrap(_ seed: UInt64) {
        var dice = Dice(state: seed &* 7919 &+ 1)
        for _ in 0..<1500 {
            let text = mutated(Self.texts[dice.next(Self.texts.count)], &dice, with: Self.texts)
            if let path = try? PathExpression(text) {
                _ = path.value(Self.scope)
                _ = path.explanation(Self.scope)
            }
            if let path = try? ReferencePath(text) { _ = try? path.inserting(1, into: Self.scope.input) }
            if let call = try? Intrinsic(text) { _ = try? call.evaluate(Self.scope, seed: seed) }
            _ = Timestamp(iso8601: text)?.iso8601
        }
    }

    @Test(arguments: 0..<8) func definitionsNeverTrap(_ seed: UInt64) {
        var dice = Dice(state: seed &* 104_729 &+ 5)
        for round in 0..<120 {
            let origin = round % 2 == 0 ? Self.definition : Self.query
            var text = origin
            for _ in 0..<(1 + dice.next(3)) { text = mutated(text, &dice, with: Self.texts + [Self.definition, Self.query]) }
            if let machine = StateMachine.read(text: text).machine { evaluate(machine) }
            if let value = try? JSONValue(parsing: origin), let machine = StateMachine.read(shuffled(value, &dice)).machine {
                evaluate(machine)
            }
        }
    }

    /// Members exchanged for others of the same document.
    func shuffled(_ value: JSONValue, _ dice: inout Dice) -> JSONValue {
        var parts: [JSONValue] = []
        func collect(_ value: JSONValue) {
            parts.append(value)
            value.array?.forEach(collect)
            value.object?.values.forEach(collect)
        }
        collect(value)
        func change(_ value: JSONValue) -> JSONValue {
            if dice.next(30) == 0 { return parts[dice.next(parts.count)] }
            switch value {
            case .array(let array): return .array(array.map(change))
            case .object(let object): return .object(object.mapValues(change))
            default: return value
            }
        }
        return change(value)
    }

    func evaluate(_ machine: StateMachine) {
        _ = machine.lints()
        for state in machine.states {
            _ = try? state.inputPath.apply(Self.scope, field: "InputPath")
            _ = try? state.assign?.evaluate(Self.scope)
            _ = try? state.output?.evaluate(Self.scope)
            switch state.kind {
            case .pass(let pass):
                _ = try? pass.parameters?.evaluate(Self.scope)
                _ = try? pass.resultPath.apply(1, to: Self.scope.input)
            case .choice(let choice): for rule in choice.rules { _ = try? rule.condition.evaluate(Self.scope) }
            case .wait(let wait): _ = try? wait.end(Self.scope, enteredAt: Timestamp(milliseconds: .max))
            case .map(let map):
                _ = try? map.itemList(Self.scope)
                _ = try? map.maxConcurrency?.integer(Self.scope)
            case .task(let task): _ = try? task.timeoutSeconds?.integer(Self.scope)
            case .fail(let fail): _ = try? fail.error?.evaluate(Self.scope)
            case .succeed, .parallel: break
            }
        }
    }
}
