import JSON
import JSONPath

/// What the fields of one state see while they are evaluated.
public struct EvaluationScope: DataScope {
    /// `$` in JSONPath (which field it is depends on the field: raw input, effective input, result, error output).
    public var input: JSONValue
    /// `$states.input`: the state's raw input.
    public var stateInput: JSONValue
    /// `$states.result`
    public var result: JSONValue?
    /// `$states.errorOutput`
    public var errorOutput: JSONValue?
    public let variables: Variables
    /// What `$now()`, `$millis()` and every clock in an expression say; recorded, so that a replay says the same.
    public let now: Timestamp
    /// What `$random`, `$uuid`, `States.MathRandom`, `States.UUID` start from.
    public let seed: UInt64
    private let makeContext: () -> JSONValue

    public init(
        input: JSONValue, stateInput: JSONValue? = nil, result: JSONValue? = nil, errorOutput: JSONValue? = nil,
        variables: Variables = Variables(), now: Timestamp = Timestamp(milliseconds: 0), seed: UInt64 = 0,
        context: @escaping () -> JSONValue = { .object(JSONObject()) }
    ) {
        self.input = input
        self.stateInput = stateInput ?? input
        self.result = result
        self.errorOutput = errorOutput
        self.variables = variables
        self.now = now
        self.seed = seed
        makeContext = context
    }

    /// `$$`, `$states.context`
    public var context: JSONValue { makeContext() }
    public func variable(_ name: String) -> JSONValue? { variables[name] }

    public func with(input: JSONValue) -> EvaluationScope {
        var copy = self
        copy.input = input
        return copy
    }
}

/// The variables that a state sees: those of its own scope and of the scopes around it, the innermost first.
public struct Variables: Sendable {
    /// Innermost first.
    public var scopes: [JSONObject]
    public init(_ scopes: [JSONObject] = []) { self.scopes = scopes }

    public subscript(name: String) -> JSONValue? {
        for scope in scopes {
            if let value = scope[name] { return value }
        }
        return nil
    }

    /// All that are visible, the outermost first, inner ones winning.
    public var visible: JSONObject {
        guard scopes.count > 1 else { return scopes.first ?? JSONObject() }
        var all = JSONObject()
        for scope in scopes.reversed() {
            for (name, value) in scope { all[name] = value }
        }
        return all
    }
}

/// Milliseconds since 1970, UTC.
public struct Timestamp: Hashable, Comparable, Sendable {
    public var milliseconds: Int64
    public init(milliseconds: Int64) { self.milliseconds = milliseconds }
    public static func < (left: Timestamp, right: Timestamp) -> Bool { left.milliseconds < right.milliseconds }
}
