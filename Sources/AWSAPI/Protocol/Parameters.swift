import JSON

/// The members of a request that has been checked against the model.
package struct Parameters: Sendable {
    package let value: JSONValue

    func text(_ name: String) -> String? { value[name]?.string }
    func required(_ name: String) -> String { value[name]?.string ?? "" }
    func bool(_ name: String) -> Bool? { value[name]?.bool }
    func int(_ name: String) -> Int? { value[name]?.wholeNumber.map(Int.init(clamping:)) }
    func number(_ name: String) -> Double? { value[name]?.number }
    subscript(_ name: String) -> JSONValue? { value[name].flatMap { $0.isNull ? nil : $0 } }
}

extension JSONObject {
    mutating func set(_ name: String, _ text: String?) {
        if let text { self[name] = .string(text) }
    }
    /// Seconds since 1970, with milliseconds, as AWS JSON 1.0 has times.
    mutating func set(_ name: String, time milliseconds: Int64?) {
        if let milliseconds { self[name] = .double(Double(milliseconds) / 1000) }
    }
    mutating func set(_ name: String, json text: String?) {
        if let text, let value = try? JSONValue(parsing: text) { self[name] = value }
    }
}
