import JSON

/// Something wrong with `sfn-run.json`.
package struct ConfigurationDiagnostic: Sendable, Equatable, CustomStringConvertible {
    /// JSON Pointer.
    package let pointer: String
    package let message: String
    /// An unknown member is a warning: the file may be a newer version's.
    package let isWarning: Bool

    package var description: String { "\(pointer.isEmpty ? "/" : pointer): \(message)" }
}

/// Reads members of a JSON value and notes all that is wrong with them.
struct ConfigurationReader {
    let value: JSONValue
    let pointer: String
    let notes: Notes

    final class Notes {
        var diagnostics: [ConfigurationDiagnostic] = []
    }

    init(_ value: JSONValue, pointer: String = "", notes: Notes = Notes()) {
        self.value = value
        self.pointer = pointer
        self.notes = notes
    }

    func expected(_ what: String) {
        notes.diagnostics.append(
            ConfigurationDiagnostic(
                pointer: pointer, message: "found \(Self.shown(value)), expected \(what)", isWarning: false))
    }

    func wrong(_ message: String) {
        notes.diagnostics.append(ConfigurationDiagnostic(pointer: pointer, message: message, isWarning: false))
    }

    /// What a message shows of a value: its text, cut.
    static func shown(_ value: JSONValue) -> String {
        switch value {
        case .object: return "an object"
        case .array: return "an array"
        default:
            let text = value.text()
            return text.unicodeScalars.count > 60 ? String(String.UnicodeScalarView(text.unicodeScalars.prefix(57))) + "…" : text
        }
    }

    /// The member `name`, nil when absent or null.
    func member(_ name: String) -> ConfigurationReader? {
        guard let member = value[name], !member.isNull else { return nil }
        return ConfigurationReader(member, pointer: "\(pointer)/\(JSONPointer.escape(name))", notes: notes)
    }

    /// The members of an object with their names.
    func members() -> [(name: String, reader: ConfigurationReader)] {
        guard let object = value.object else {
            expected("an object")
            return []
        }
        return object.map { ($0.key, ConfigurationReader($0.value, pointer: "\(pointer)/\(JSONPointer.escape($0.key))", notes: notes)) }
    }

    func elements() -> [ConfigurationReader] {
        guard let array = value.array else {
            expected("an array")
            return []
        }
        return array.enumerated().map { ConfigurationReader($0.element, pointer: "\(pointer)/\($0.offset)", notes: notes) }
    }

    func onlyKnows(_ names: String...) {
        guard let object = value.object else { return }
        for (key, _) in object where !names.contains(key) && !key.hasPrefix("$") && key != "comment" {
            notes.diagnostics.append(
                ConfigurationDiagnostic(
                    pointer: "\(pointer)/\(JSONPointer.escape(key))",
                    message: "unknown member, expected one of \(names.joined(separator: ", "))", isWarning: true))
        }
    }

    // MARK: typed members

    func string(_ name: String) -> String? {
        guard let member = member(name) else { return nil }
        guard let text = member.value.string, !text.isEmpty else {
            member.expected("a text")
            return nil
        }
        return text
    }

    func whole(_ name: String, from least: Int64, to most: Int64) -> Int? {
        guard let member = member(name) else { return nil }
        guard let number = member.value.wholeNumber, number >= least, number <= most else {
            member.expected("an integer from \(least) to \(most)")
            return nil
        }
        return Int(number)
    }

    func seconds(_ name: String) -> Double? {
        guard let member = member(name) else { return nil }
        guard let number = member.value.number, number > 0, number <= 604_800 else {
            member.expected("seconds, above 0 and at most 604800")
            return nil
        }
        return number
    }

    /// A list of texts, not empty.
    func strings() -> [String]? {
        guard let array = value.array, !array.isEmpty else {
            expected("a list of texts that is not empty")
            return nil
        }
        var result: [String] = []
        for element in elements() {
            guard let text = element.value.string else {
                element.expected("a text")
                return nil
            }
            result.append(text)
        }
        return result
    }

    /// An object of texts; numbers and booleans are taken as their text.
    func texts(_ name: String) -> [String: String] {
        guard let member = member(name) else { return [:] }
        var result: [String: String] = [:]
        for (key, entry) in member.members() {
            switch entry.value {
            case .string(let text): result[key] = text
            case .integer, .double, .decimal, .bool: result[key] = entry.value.text()
            default: entry.expected("a text")
            }
        }
        return result
    }
}
