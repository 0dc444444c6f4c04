import JSON
import JSONPath
import JSONata

/// A string `{% … %}` of a JSONata state, compiled.
struct QueryExpression: Sendable {
    /// What stands between the marks, trimmed.
    let source: String
    /// Where it stands, as messages and `EvaluationFailed.location` name it: `Output/a/b[0]`.
    let field: String
    private let expression: JSONataExpression
    private let salt: UInt64
    /// The variables of the machine that it may read; `states` is not among them.
    private let variables: [String]
    private let usesStates: Bool
    /// The context object is costly to make, and most expressions do not look at it.
    private let usesContext: Bool
    /// Whether it can give a number that is not finite, which no input holds.
    private let isPlainPath: Bool

    init(source: String, field: String, expression: JSONataExpression) {
        self.source = source
        self.field = field
        self.expression = expression
        salt = StatesLanguage.salt(of: field)
        let names = expression.references.variables
        usesStates = names.contains("states")
        variables = names.filter { $0 != "states" }
        usesContext = usesStates && !Self.readsNamedFieldsAlone(source)
        isPlainPath = source.utf8.allSatisfy { byte in
            (byte >= 48 && byte <= 57) || (byte | 32 >= 97 && byte | 32 <= 122) || "$._[]".utf8.contains(byte)
        }
    }

    /// The value; undefined is a failure.
    func value(_ scope: EvaluationScope) throws(Failure) -> JSONValue {
        let value = try raw(scope)
        return isPlainPath ? value : Self.finite(value)
    }

    /// The value, which must be of the type that `expected` names.
    func value(_ scope: EvaluationScope, expected: String, orObject: Bool = false) throws(Failure) -> JSONValue {
        let value = try raw(scope)
        guard value.typeName == expected || orObject && value.object != nil else {
            throw failure(
                "returned an unexpected result type. Expected '\(expected)', but was '\(value.typeName)' for value: \(Self.finite(value).text())"
            )
        }
        return value
    }

    private func raw(_ scope: EvaluationScope) throws(Failure) -> JSONValue {
        var bindings: [String: JSONValue] = [:]
        for name in variables {
            if let value = scope.variable(name) { bindings[name] = value }
        }
        if usesStates { bindings["states"] = states(scope) }
        let options = JSONataOptions(profile: .stepFunctions, nowMilliseconds: scope.now.milliseconds, randomSeed: scope.seed ^ salt)
        let result: JSONataResult
        do {
            result = try expression.evaluate(nil, bindings: bindings, options: options)
        } catch {
            if error.isInternal {
                var dice = Dice(seed: scope.seed ^ salt)
                throw failure("threw an internal error during evaluation. \(dice.uuid())")
            }
            throw failure("threw an error during evaluation" + (error.code.map { ". \($0): " } ?? ": ") + error.message)
        }
        switch result {
        case .value(let value): return value
        case .undefined: throw failure("returned nothing (undefined).")
        case .function: throw failure("returned an unsupported result type.")
        }
    }

    private func states(_ scope: EvaluationScope) -> JSONValue {
        var states = JSONObject()
        states["input"] = scope.stateInput
        if let result = scope.result { states["result"] = result }
        if let error = scope.errorOutput { states["errorOutput"] = error }
        if usesContext { states["context"] = scope.context }
        return .object(states)
    }

    /// `States.QueryEvaluationError` at this field.
    func failure(_ rest: String) -> Failure {
        Failure(
            ErrorName.queryEvaluationError, "The JSONata expression '\(source)' specified for the field '\(field)' \(rest)",
            evaluationLocation: field, isPrefixed: true)
    }

    /// AWS writes numbers that JSON has no word for as texts: `"Infinity"`, `"NaN"`.
    private static func finite(_ value: JSONValue) -> JSONValue {
        switch value {
        case .double(let number) where number.isNaN: return "NaN"
        case .double(let number) where number.isInfinite: return number < 0 ? "-Infinity" : "Infinity"
        case .array(let array): return hasNonFinite(value) ? .array(array.map(finite)) : value
        case .object(let object): return hasNonFinite(value) ? .object(object.mapValues(finite)) : value
        default: return value
        }
    }

    private static func hasNonFinite(_ value: JSONValue) -> Bool {
        switch value {
        case .double(let number): !number.isFinite
        case .array(let array): array.contains(where: hasNonFinite)
        case .object(let object): object.values.contains(where: hasNonFinite)
        default: false
        }
    }

    /// Whether every `$states` in the text is followed by `.input`, `.result` or `.errorOutput`.
    private static func readsNamedFieldsAlone(_ source: String) -> Bool {
        let parts = Array(source.utf8)
        let mark = Array("$states".utf8)
        let fields = [".input", ".result", ".errorOutput"].map { Array($0.utf8) }
        var index = 0
        while index + mark.count <= parts.count {
            guard parts[index..<index + mark.count].elementsEqual(mark) else {
                index += 1
                continue
            }
            index += mark.count
            let rest = parts[index...]
            let isNamed = fields.contains { field in
                guard rest.starts(with: field) else { return false }
                guard let next = rest.dropFirst(field.count).first else { return true }
                return !((next >= 48 && next <= 57) || (next | 32 >= 97 && next | 32 <= 122) || next == UInt8(ascii: "_") || next >= 128)
            }
            if !isNamed { return false }
        }
        return true
    }

    /// What stands between `{%` and `%}`, or nil: a literal. The marks must be the very first and last characters.
    static func source(of text: String) -> String? {
        guard text.hasPrefix("{%"), text.hasSuffix("%}"), text.utf8.count >= 4 else { return nil }
        let inner = text.utf8.dropFirst(2).dropLast(2)
        let isSpace = { (byte: UInt8) in byte == 0x20 || (byte >= 9 && byte <= 13) }
        let start = inner.firstIndex { !isSpace($0) } ?? inner.endIndex
        let end = inner.lastIndex { !isSpace($0) }.map { inner.index(after: $0) } ?? start
        return String(inner[start..<end]) ?? ""
    }
}
