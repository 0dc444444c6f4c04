import JSON
import LocalJobs

/// What `--input` takes: JSON, a file, or `-` for standard input.
enum InputArgument {
    static func read(_ text: String, name: String) throws -> JSONValue {
        if text == "-" { return try parse(try NamedFile.read("-"), from: "standard input") }
        if looksLikeJSON(text) { return try parse(Array(text.utf8), from: name) }
        guard Files.exists(text) else {
            // `true`, `42` and the like are JSON too, where no file has that name.
            if let value = try? JSONValue(parsing: text) { return value }
            throw Refusal("\(name): \(text) is neither JSON nor a file", .wrongUsage)
        }
        return try parse(try NamedFile.read(text), from: text)
    }

    private static func looksLikeJSON(_ text: String) -> Bool {
        guard let first = text.utf8.first(where: { $0 != 0x20 && $0 != 0x0A && $0 != 0x09 && $0 != 0x0D }) else { return false }
        return first == UInt8(ascii: "{") || first == UInt8(ascii: "[") || first == UInt8(ascii: "\"")
    }

    private static func parse(_ bytes: [UInt8], from name: String) throws -> JSONValue {
        do {
            return try JSONValue(parsing: bytes)
        } catch {
            throw Refusal("\(name) is not JSON: line \(error.line), column \(error.column): \(error.message)", .wrongUsage)
        }
    }
}
