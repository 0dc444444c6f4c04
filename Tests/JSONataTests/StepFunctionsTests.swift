import JSON
import JSONata
import Testing

/// What AWS Step Functions adds and forbids; asl-brief section 12.
@Suite struct StepFunctionsTests {
    private func aws(_ source: String, _ input: JSONValue? = nil, gives json: JSONValue?, _ location: SourceLocation = #_sourceLocation) {
        check(source, input, gives: json, options: stepFunctions, sourceLocation: location)
    }

    private func aws(
        _ source: String, fails code: String?, message: String? = nil, _ location: SourceLocation = #_sourceLocation
    ) {
        check(source, fails: code, message: message, options: stepFunctions, sourceLocation: location)
    }

    @Test func itsFunctionsAnswerAsAWSMeasured() {
        aws("$partition([1,2,3,4,5], 2.9)", gives: [[1, 2], [3, 4], [5]])
        aws("$partition([1,2])", gives: [[1, 2]])
        aws("$partition([1,2,3], 0)", gives: nil)
        aws("$partition([1,2,3], -1)", fails: "D3137", message: "Second argument must be zero or greater")
        aws("$range(10, 0, -2)", gives: [10, 8, 6, 4, 2, 0])
        aws("$range(-2.9, 0, 1)", gives: [-2, -1, 0])
        aws("$range(1, 9, 9)", gives: 1)
        aws("$range(5, 1, 1)", gives: nil)
        aws("$range(1)", fails: "T0410")
        aws("$hash('input', 'SHA-1')", gives: "140f86aae51ab9e1cda9b4254fe98a74eb54c1a1")
        let array = "Argument 1 of function \"partition\" must be an array of undefined"
        for value in ["'x'", "null", "{}", "1"] { aws("$partition(\(value), 2)", fails: "T0412", message: array) }
        aws("$partition([1], '2')", fails: "T0410")
        aws("$partition([])", gives: [[]])
        aws("$partition([], 1)", gives: nil)
        aws("$hash('x', 'sha-1')", fails: "D3137", message: "Hash algorithm 'sha-1' must be one of SHA-1, SHA-384, SHA-256, SHA-512, MD5")
        aws("$hash('x')", gives: nil)
        aws("$random(42)", gives: 0.7275636800328681)
        aws("$random(0.9)", gives: 0.730967787376657)
        aws("$parse('{\"b\":1.0,\"a\":9223372036854775807}')", gives: ["b": 1, "a": 9_223_372_036_854_775_807])
        aws("$string($parse('{\"n\":9223372036854775808}').n)", gives: "9223372036854776000")
        aws("$parse('')", fails: "D3137", message: "Invalid JSON")
        aws("$parse('{bad json}')", fails: "D3137", message: "Invalid JSON")
        aws("$parse('1e999')", fails: "D3137", message: "Invalid JSON")
        aws("$parse('{\"a\":1,\"a\":2}')", fails: "D3137")
        aws("$parse(null)", fails: "T0410")
        aws("$parse()", gives: nil)
        aws("$map(['1','2'], $parse)", gives: [1, 2])
        aws("$eval('1')", fails: "T1006", message: "Attempted to invoke a non-function")
        check("$eval('1 + 1')", gives: 2)
        check("$hash('x', 'MD5')", fails: "T1006")
    }

    @Test func textsAreReadAsAWSMeasured() {
        aws("$fromMillis(0, '[Y]-[M]', 'utc')", gives: "1970-1")
        aws("$fromMillis(0, '[H]', '+0200')", gives: "2")
        aws("$now('[Y]', 'nowhere')", gives: "2023")
        aws("$decodeUrlComponent('a+b%20c%2B')", gives: "a b c+")
        aws("$replace('aaa', 'a', 'b', 2.5)", gives: "bba")
        check("$replace('aaa', 'a', 'b', 2.5)", gives: "bbb")
        aws("$decodeUrlComponent('%ff')", gives: "\u{FFFD}")
        aws("$decodeUrlComponent('%zz')", fails: "D3140")
        check("$decodeUrlComponent('a+b')", gives: "a+b")
        check("$decodeUrlComponent('%ff')", fails: "D3140")
    }

    @Test func numbersAreWrittenAsAWSMeasured() {
        for (number, text) in [
            ("0.6666666666666666", "0.666666666666666"), ("-0.6666666666666666", "-0.666666666666667"), ("0.1+0.2", "0.3"),
            ("0.00000015", "1.5e-7"), ("1234567890123456.7", "1.23456789012345e+15"), ("1.5e16", "15000000000000000"), ("1.5", "1.5"),
            ("-0.99999999999999994", "-1"), ("30.000000000000004", "3e+1"),
        ] {
            aws("$string(\(number))", gives: .string(text))
        }
        check("$string(0.6666666666666666)", gives: "0.666666666666667")
    }

    @Test func timeAndChanceRepeat() throws {
        aws("$now()", gives: "2023-11-14T22:13:20.123Z")
        aws("$millis()", gives: 1_700_000_000_123)
        let source = try JSONataExpression("[$uuid(), $random(), $shuffle([1..20])]")
        let first = try source.evaluate(nil, options: stepFunctions)
        let second = try source.evaluate(nil, options: stepFunctions)
        guard case .value(let a) = first, case .value(let b) = second else {
            Issue.record("no value")
            return
        }
        #expect(a == b)
        let uuid = try #require(a[0]?.string)
        #expect(uuid.count == 36 && Array(uuid)[14] == "4")
    }

    @Test func depthIsLimitedAsAWSMeasured() {
        let depth = "Stack overflow error: Check for non-terminating recursive function. Consider rewriting as tail-recursive. Depth=101 max=100"
        let sum = { (count: Int) in [String](repeating: "1", count: count).joined(separator: "+") }
        aws(sum(100), gives: 100)
        aws(sum(101), fails: nil, message: depth)
        aws(String(repeating: "(", count: 99) + "1" + String(repeating: ")", count: 99), gives: 1)
        aws(String(repeating: "(", count: 100) + "1" + String(repeating: ")", count: 100), fails: nil, message: depth)
        let recursion = { (count: Int) in "($f := function($n){$n = 0 ? 0 : 1 + $f($n - 1)}; $f(\(count)))" }
        aws(recursion(31), gives: 31)
        aws(recursion(40), fails: nil, message: depth)
    }

    @Test func memoryIsLimitedAsAWSMeasured() {
        let memory = "Expression evaluation memory limit exceeded: Check for excessive memory usage"
        aws("$count([1..873782])", gives: 873_782)
        aws("$count([1..873783])", fails: nil, message: memory)
        aws("$length($pad('', 4194304, 'x'))", gives: 4_194_304)
        aws("$length($pad('', 8388608, 'x'))", fails: nil, message: memory)
        aws("$count($range(1, 360145, 1))", gives: 360_145)
        aws("$range(1, 360146, 1)", fails: nil, message: memory)
        check("$count([1..1000000])", gives: 1_000_000)
    }

    @Test func endlessLoopsEnd() {
        var options = stepFunctions
        options.timeLimitMilliseconds = 50
        check(
            "($f := function(){$f()}; $f())", fails: nil,
            message: "Expression evaluation timeout: Check for infinite loop", options: options)
        check("$sum($map([1..800000], function($x){$sum($map([1..100], function($y){$x * $y}))}))", fails: nil, options: options)
    }

    @Test func referencesTellWhatADefinitionCheckNeeds() throws {
        func references(_ source: String) throws -> JSONataReferences { try JSONataExpression(source).references }
        #expect(try references("phone.number").topLevelNames == ["phone"])
        #expect(try references("$states.input.phone[kind = 'x'].number").topLevelNames.isEmpty)
        #expect(try references("$states.input.phone{kind: number}^(kind)").topLevelNames.isEmpty)
        #expect(try references("$map($a, function($x){ total + $x })").topLevelNames == ["total"])
        #expect(try references("$$.a").usesRoot)
        #expect(try references("$").usesTopLevelContext)
        #expect(try !references("$a.($)").usesTopLevelContext)
        #expect(try references("$states.result.a + $states.errorOutput.b").statesFields == ["result", "errorOutput"])
        #expect(try references("($x := 1; $x + $y)").variables == ["y"])
        #expect(try references("{'a': b, 'c': [d]}").topLevelNames == ["b", "d"])
    }

    @Test func base64IsDecodedStrictly() {
        for (text, decoded) in [("YQ==", "a"), ("YQ", "a"), ("", ""), ("YWJj", "abc"), ("YWI=", "ab")] {
            aws("$base64decode('\(text)')", gives: .string(decoded))
        }
        for text in ["!!!", "Y", "YQ=", "YWJj=", "YQ==YQ==", "Y Q=", "=", "Y-_Y"] {
            let error = #expect(throws: JSONataError.self) { try JSONataExpression("$base64decode('\(text)')").evaluate(nil, options: stepFunctions) }
            #expect(error?.isInternal == true && error?.code == nil)
        }
        // JavaScript's is not: what is no digit is left out.
        check("$base64decode('!!!')", gives: "")
    }
}
