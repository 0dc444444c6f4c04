import JSON
import JSONata

/// The rows of `jsonata/cases.jsonl` against jsonata-js 2.0.6.
struct JSONataCases {
    let files: CaseFiles

    /// What differs with a reason.
    static let exceptions: [String: String] = [
        // 2.0.6's functions are shared objects: `"sum"` and 270 are the place of a call in an earlier expression.
        "wildcards/case010#0": "the row shows where an earlier, unrelated expression called $sum"
    ]

    func run() -> CaseResult {
        var result = CaseResult()
        var errors = CaseResult()
        for row in rows() {
            let name = row["id"]?.string ?? "?"
            guard let source = row["expr"]?.string else { continue }
            let outcome = evaluate(source, row)
            var difference = Self.difference(outcome, row)
            if difference != nil, Self.exceptions[name] != nil { difference = nil }
            result.count(name, difference.map { "\(source)\n      \($0)" }, files)
            if case .failure(let error) = outcome, let expected = row["js206error"] {
                errors.count(name + " error", Self.difference(error, expected), files)
            }
        }
        print("  jsonata errors with message, token and position: \(errors.passed) of \(errors.total)")
        return result
    }

    /// One row holds half a surrogate pair, which is no text for our JSON: it stands in its private place instead
    /// (`LoneSurrogates` in the room JSONata).
    private func rows() -> [JSONValue] {
        guard let text = files.text("jsonata/cases.jsonl") else { return files.rows("jsonata/cases.jsonl") }
        return text.utf8.split(separator: 10).compactMap { line in
            if let row = try? JSONValue(parsing: Array(line)) { return row }
            let paired = String(decoding: line, as: UTF8.self).replacing("\\\\ud800", with: "?")
                .replacing("\\ud800", with: "\\udbf6\\udc00")
            return try? JSONValue(parsing: paired)
        }
    }

    private func evaluate(_ source: String, _ row: JSONValue) -> Result<JSONataResult, JSONataError> {
        var input = row["data"]
        if let dataset = row["dataset"]?.string, let text = files.text("jsonata/datasets/\(dataset).json") {
            input = try? JSONValue(parsing: text)
        }
        if row["noInput"]?.bool == true { input = nil }
        var options = JSONataOptions(profile: .javascript)
        if let depth = row["depth"]?.wholeNumber { options.maximumDepth = Int(depth) }
        if let limit = row["timelimit"]?.wholeNumber { options.timeLimitMilliseconds = Int(limit) }
        var bindings: [String: JSONValue] = [:]
        for (name, value) in row["bindings"]?.object ?? JSONObject() { bindings[name] = value }
        return Result { () throws(JSONataError) in
            try JSONataExpression(source).evaluate(input, bindings: bindings, options: options)
        }
    }

    /// nil: as jsonata-js 2.0.6, or 2.0.6 itself has no answer.
    static func difference(_ outcome: Result<JSONataResult, JSONataError>, _ row: JSONValue) -> String? {
        var truth = row["expect"] ?? .null
        if let own = row["js206"], own.object != nil { truth = own }
        if truth["crash"] != nil || truth["hang"] != nil { return nil }
        let expected = truth.text()
        switch outcome {
        case .failure(let error):
            return truth["code"]?.string == error.code ? nil : "error \(error), expected \(expected)"
        case .success(.undefined):
            return truth["undefined"] != nil ? nil : "undefined, expected \(expected)"
        case .success(.function):
            return truth["function"] != nil || truth["undefined"] != nil ? nil : "a function, expected \(expected)"
        case .success(.value(let value)):
            guard let wanted = truth["result"] else { return "\(value.text()), expected \(expected)" }
            if value == wanted { return nil }
            if row["unordered"]?.bool == true, let a = value.array, let b = wanted.array,
                a.map({ $0.text(.canonical) }).sorted() == b.map({ $0.text(.canonical) }).sorted()
            {
                return nil
            }
            return "\(value.text()), expected \(expected)"
        }
    }

    private static func difference(_ error: JSONataError, _ expected: JSONValue) -> String? {
        var token: JSONValue?
        if let text = expected["token"] { token = text }
        let sameToken = token.map { $0.string ?? $0.text() } == error.token
        if expected["message"]?.string == error.message, sameToken, expected["position"]?.wholeNumber == error.position.map(Int64.init) {
            return nil
        }
        return "\(error.message) | \(error.token ?? "-") | \(error.position ?? -1), expected \(expected.text())"
    }
}
