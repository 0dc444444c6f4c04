import JSON
import JSONata
import Testing

@Suite struct LanguageTests {
    let order: JSONValue = [
        "id": 7,
        "lines": [
            ["sku": "a", "qty": 2, "price": 1.5, "tags": ["x", "y"]], ["sku": "b", "qty": 1, "price": 20, "tags": ["x"]],
            ["sku": "c", "qty": 5, "price": 3],
        ],
    ]

    @Test func aSingleValueStandsForItself() {
        check("lines[qty = 5].sku", order, gives: "c")
        check("lines[qty = 5].sku[]", order, gives: ["c"])
        check("lines[qty > 9].sku", order, gives: nil)
        check("lines.tags", order, gives: ["x", "y", "x"])
        check("lines[0].tags", order, gives: ["x", "y"])
        check("lines[1].tags", order, gives: ["x"])
        check("lines.[sku, qty]", order, gives: [["a", 2], ["b", 1], ["c", 5]])
    }

    @Test func aPredicateThatIsANumberPicks() {
        check("lines[-1].sku", order, gives: "c")
        check("lines[[0..1]].sku", order, gives: ["a", "b"])
        check("lines.tags[0]", order, gives: ["x", "x"])
        check("(lines.tags)[0]", order, gives: "x")
        check("[1,2,3][5]", gives: nil)
    }

    @Test func pathsKnowTheirParents() {
        check("lines.tags.{'t': $, 'sku': %.sku}", order, gives: [["t": "x", "sku": "a"], ["t": "y", "sku": "a"], ["t": "x", "sku": "b"]])
        check("lines.tags.(%.%.id)", order, gives: [7, 7, 7])
        check("% + 1", fails: "S0217")
    }

    @Test func joinsBindVariablesAlongThePath() {
        let library: JSONValue = [
            "books": [["isbn": "1", "title": "T"], ["isbn": "2", "title": "U"]],
            "loans": [["isbn": "2", "to": "Ann"], ["isbn": "1", "to": "Bob"]],
        ]
        check(
            "loans@$l.books@$b[$l.isbn = $b.isbn].{'title': $b.title, 'to': $l.to}", library,
            gives: [["title": "U", "to": "Ann"], ["title": "T", "to": "Bob"]])
        check("books#$i[$i = 1].title", library, gives: "U")
        check("books#$i.($i & title)", library, gives: ["0T", "1U"])
    }

    @Test func aPredicateOnAConstructedArrayEndsItsPath() {
        check("[1,2][0].a", gives: nil)
        check("[{'a': 1}]{'k': 2}.a", gives: nil)
        check("[3,4,5][1[0]]", gives: 4)
        check("[].a", gives: [])
    }

    @Test func sortIsStableAndPutsTheUndefinedLast() {
        check("lines^(>price).sku", order, gives: ["b", "c", "a"])
        check("lines^(tags[1], >qty).sku", order, gives: ["a", "c", "b"])
        check("[{'a': 1}, {'a': 'x'}]^(a)", fails: "T2007")
        check("[{'a': 1}, {'a': true}]^(a)", fails: "T2008")
    }

    @Test func groupsCollectWhatHasTheSameKey() {
        check("lines{tags[0]: $sum(qty)}", order, gives: ["x": 3])
        check("lines{sku: qty}", order, gives: ["a": 2, "b": 1, "c": 5])
        check("lines{sku: 1, 'a': 2}", order, fails: "D1009")
        check("lines{qty: 1}", order, fails: "T1003")
    }

    @Test func aTransformChangesACopy() {
        let changed: JSONValue = [
            "id": 7,
            "lines": [
                ["sku": "a", "qty": 2, "price": 1.5, "sum": 3], ["sku": "b", "qty": 1, "price": 20, "sum": 20],
                ["sku": "c", "qty": 5, "price": 3, "sum": 15],
            ],
        ]
        check("$ ~> |lines|{'sum': qty * price}, 'tags'|", order, gives: changed)
        check("$ ~> |lines|{'sum': qty * price}, ['tags', sku]|", order, gives: changed)
        check("($ ~> |lines[qty=1]|{'tags': [tags, 'z']}|).lines.tags", order, gives: ["x", "y", "x", "z"])
        check("($ ~> |**|{'n': 1}|).lines.n", order, gives: [1, 1, 1])
        check("$ ~> |id|{'n': 1}|", ["id": 7], gives: ["id": 7])
        check("$ ~> |lines|5|", order, fails: "T2011")
        check("$ ~> |lines|{}, 5|", order, fails: "T2012")
    }

    @Test func functionsCloseOverVariables() {
        check("($n := 3; $add := function($x){$x + $n}; $n := 4; $add(1))", gives: 5)
        check("($x := 1; ($y := $x; $x := 2; [$y, $x]))", gives: [1, 2])
        check("($compose := $uppercase ~> $trim; $compose(' a  b '))", gives: "A B")
        check("($first := $substring(?, 0, 2); $first('hello'))", gives: "he")
        check("$map([1,2,3], function($v, $i, $a){$v * $i + $count($a)})", gives: [3, 5, 9])
        check("$reduce([1,2,3], function($a, $b){$a & $b})", gives: "123")
        check("function($x, $y)<n-n?:n>{$x + $y}(1, 2)", gives: 3)
        check("function($x)<n:n>{$x}('a')", fails: "T0410")
    }

    @Test func tailCallsDoNotGrowTheStack() {
        check("($f := function($n){$n = 0 ? 'done' : $f($n - 1)}; $f(200000))", gives: "done")
        check("($even := function($n){$n = 0 ? true : $odd($n - 1)}; $odd := function($n){$n = 0 ? false : $even($n - 1)}; $even(10001))", gives: false)
    }

    @Test func regularExpressionsAreJavaScripts() {
        check("$match('ab12cd345', /[a-z]+(\\d+)/).groups[0]", gives: ["12", "345"])
        check("$replace('John Smith', /(\\w+)\\s(\\w+)/, '$2, $1')", gives: "Smith, John")
        check("$contains('HELLO', /hello/i)", gives: true)
        check("$split('a1b22c', /\\d+/)", gives: ["a", "b", "c"])
        check("$contains('aab', /^(?=a)(?!b)a+?(?<=a)b$/)", gives: true)
        check("$match('x=1;y=2', /(?<k>\\w)=(\\d)/).match", gives: ["x=1", "y=2"])
        check("$replace('abc', /b*/, 'x')", fails: "D1004")
        check("/a)|[b/", fails: nil, message: "Invalid regular expression: /a)|[b/: Unmatched ')'")
        check("//", fails: "S0301")
    }

    @Test func hostilePatternsEnd() {
        let text = String(repeating: "a", count: 40) + "b"
        check("$contains('\(text)', /(a+)+$/)", fails: "U1001")
        check("$contains('\(text)', /(a|aa)+$/)", fails: nil, options: stepFunctions)
        check("$contains('\(text)', /(x+x+)+y/)", gives: false)
    }

    @Test func parseErrorsSayWhere() {
        check("[1,2", fails: "S0203", message: "Expected \"]\" before end of expression", position: 4)
        check("1 +", fails: "S0207", message: "Unexpected end of expression")
        check("a ?? 1", fails: "S0211")
        check("\"a", fails: "S0101")
        check("$x.5", fails: "S0213")
        check("1 := 2", fails: "S0212")
        check("a.b]", fails: "S0201", message: "Syntax error: \"]\"", position: 4)
    }

    @Test func runtimeErrorsCarryTokenAndPosition() throws {
        let error = #expect(throws: JSONataError.self) { try JSONataExpression("1 + 'a'").evaluate(nil) }
        #expect(error?.code == "T2002")
        #expect(error?.token == "+")
        #expect(error?.position == 3)
        #expect(error?.value == "a")
        #expect(error?.description == "T2002: The right side of the \"+\" operator must evaluate to a number")
        check("$sum('a')", fails: "T0412", message: "Argument 1 of function \"sum\" must be an array of \"numbers\"")
        check("sum([1])", fails: "T1005", message: "Attempted to invoke a non-function. Did you mean $sum?")
        check("1/0 + 1", fails: "D1001")
    }

    @Test func numbersKeepWhatTheySay() {
        check("$", 9_007_199_254_740_993, gives: 9_007_199_254_740_993)
        check("$string($)", 9_007_199_254_740_993, gives: "9007199254740993", options: stepFunctions)
        check("$string(0.1 + 0.2)", gives: "0.3")
        check("0.1 + 0.2", gives: 0.30000000000000004)
        check("$string(1e21)", gives: "1e+21")
        check("$string(0.000001) & ' ' & $string(1e-7)", gives: "0.000001 1e-7")
        check("$round(2.5) & $round(3.5) & $round(-2.5)", gives: "24-2")
        check("[$round(1.005, 2), $round(1.015, 2), $round(12345, -2), $round(0.285, 2)]", gives: [1, 1.02, 12300, 0.28])
        check("4 / 2", gives: 2)
    }

    @Test func undefinedAndNullAreKeptApart() {
        check("{'a': null, 'b': nothing}", .object(JSONObject()), gives: ["a": nil])
        check("[null, nothing]", .object(JSONObject()), gives: [nil])
        check("$count(null)", gives: 1)
        check("nothing = nothing", .object(JSONObject()), gives: false)
        check("null = null", gives: true)
    }

    @Test func anArrayAsInputIsOneValue() {
        check("$", [1, 2], gives: [1, 2])
        check("$[0]", [1, 2], gives: 1)
        check("$count($)", [1, 2], gives: 2)
        check("$$", [1, 2], gives: [1, 2])
        check("a", [["a": 1], ["a": 2]], gives: [1, 2])
    }

    @Test func textIsCountedInCodePoints() {
        check("$length('e\u{301}😀')", gives: 3)
        check("$substring('😀ab', 1, 1)", gives: "a")
        check("'é' = 'e\u{301}'", gives: false)
        check("'😀' < '\u{FFFD}'", gives: true)
        check("$match('😀a', /a/).index", gives: 2)
    }

    @Test func aFunctionIsNoValue() throws {
        guard case .function = try JSONataExpression("$sum").evaluate(nil) else {
            Issue.record("not a function")
            return
        }
        check("[$sum]", gives: [""])
        check("$string($sum)", gives: "")
    }
}
