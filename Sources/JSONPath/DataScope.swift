import JSON

/// What a path or an intrinsic function may look at.
public protocol DataScope {
    /// `$`
    var input: JSONValue { get }
    /// `$$`; made only when somebody asks.
    var context: JSONValue { get }
    /// `$name`; nil: no such variable.
    func variable(_ name: String) -> JSONValue?
}
