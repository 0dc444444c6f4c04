import JSON
import JSONata
import Testing

/// `json`: the expected result; nil: undefined.
func check(
    _ source: String, _ input: JSONValue? = nil, gives json: JSONValue?, bindings: [String: JSONValue] = [:],
    options: JSONataOptions = JSONataOptions(), sourceLocation: SourceLocation = #_sourceLocation
) {
    do {
        let result = try JSONataExpression(source).evaluate(input, bindings: bindings, options: options)
        switch (result, json) {
        case (.value(let value), let expected?):
            #expect(value == expected, "\(source) gives \(value.text())", sourceLocation: sourceLocation)
        case (.undefined, nil): break
        default: Issue.record("\(source) gives \(result)", sourceLocation: sourceLocation)
        }
    } catch {
        Issue.record("\(source): \(error)", sourceLocation: sourceLocation)
    }
}

func check(
    _ source: String, _ input: JSONValue? = nil, fails code: String?, message: String? = nil, position: Int? = nil,
    options: JSONataOptions = JSONataOptions(), sourceLocation: SourceLocation = #_sourceLocation
) {
    do {
        let result = try JSONataExpression(source).evaluate(input, options: options)
        Issue.record("\(source) gives \(result)", sourceLocation: sourceLocation)
    } catch {
        #expect(error.code == code, "\(source): \(error)", sourceLocation: sourceLocation)
        if let message { #expect(error.message == message, sourceLocation: sourceLocation) }
        if let position { #expect(error.position == position, sourceLocation: sourceLocation) }
    }
}

/// Runs on a stack of half a megabyte, as Swift's cooperative threads have.
let stepFunctions = JSONataOptions(profile: .stepFunctions, nowMilliseconds: 1_700_000_000_123, randomSeed: 7)
