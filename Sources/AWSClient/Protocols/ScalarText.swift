import Curl
import JSON

/// How scalars are written on the wire.
enum ScalarText {
    /// The bytes that a value means for a blob: a text as it is, anything else as JSON.
    static func blob(_ value: JSONValue) -> [UInt8] {
        if case .string(let text) = value { return Array(text.utf8) }
        return value.bytes()
    }

    /// A blob as JSON: its text, or Base64 where it is none.
    static func value(ofBlob bytes: [UInt8]) -> JSONValue {
        .string(String(validating: bytes, as: UTF8.self) ?? Base64.encode(bytes))
    }

    /// A text parameter may be given as any JSON, which is then written as JSON: `Input`, `MessageBody`, `Detail`.
    static func string(_ value: JSONValue) -> String {
        if case .string(let text) = value { return text }
        return value.text()
    }

    /// For headers, paths, queries and XML. nil: the value does not fit the type.
    static func text(_ value: JSONValue, _ type: ScalarType, timestampFormat: String) -> String? {
        switch type {
        case .string, .document: return string(value)
        case .boolean:
            if let flag = value.bool { return flag ? "true" : "false" }
            return value.string.flatMap { ["true", "false"].contains($0.lowercased()) ? $0.lowercased() : nil }
        case .integer:
            if let whole = value.wholeNumber { return String(whole) }
            return value.string.flatMap { Int64($0) == nil ? nil : $0 }
        case .float:
            if value.isNumber { return value.text() }
            return value.string.flatMap { Double($0) == nil ? nil : $0 }
        case .blob: return Base64.encode(blob(value))
        case .timestamp:
            guard let time = timestamp(value) else { return nil }
            return text(time, timestampFormat)
        }
    }

    static func timestamp(_ value: JSONValue) -> AWSTimestamp? {
        switch value {
        case .string(let text): AWSTimestamp(text)
        default: value.number.map(AWSTimestamp.init(seconds:))
        }
    }

    static func text(_ time: AWSTimestamp, _ format: String) -> String {
        switch format {
        case "iso8601": time.iso8601
        case "rfc822": time.httpDate
        default: number(time).text()
        }
    }

    /// Seconds, whole where they are.
    static func number(_ time: AWSTimestamp) -> JSONValue {
        time.milliseconds % 1000 == 0 ? .integer(time.milliseconds / 1000) : .double(time.seconds)
    }
}
