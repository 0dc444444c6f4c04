import JSON
import LocalJobs
import StatesLanguage

/// A file that holds a state machine or a pipeline, with the line of each of its values.
struct DefinitionFile {
    let path: String
    let bytes: [UInt8]
    let definition: JSONValue
    /// By JSON Pointer.
    let lines: [String: Int]

    enum Content { case machine, pipeline }

    /// A definition that SageMaker's SDK wrote names a schema version and its steps.
    var content: Content {
        definition["Steps"] != nil && definition["States"] == nil ? .pipeline : .machine
    }

    /// The file's name without `.asl.json`: what the machine is called where nobody says otherwise.
    var name: String {
        if path == "-" { return "machine" }
        var base = Files.name(path)
        for suffix in [".asl.json", ".json", ".asl"] where base.hasSuffix(suffix) && base.utf8.count > suffix.utf8.count {
            base = String(base.dropLast(suffix.count))
            break
        }
        // `statemachines/train-model/machine.asl.json` is called by its folder.
        if base == "machine" || base == "pipeline" || base == "statemachine" {
            let folder = Files.name(Files.parent(NamedFile.absolute(path)))
            if !folder.isEmpty { base = folder }
        }
        return base
    }

    /// The line of the value, or of the nearest one around it.
    func line(of pointer: String) -> Int {
        var pointer = pointer
        while true {
            if let line = lines[pointer] { return line }
            guard let slash = pointer.lastIndex(of: "/") else { return 1 }
            pointer = String(pointer[..<slash])
        }
    }

    static func read(_ path: String) throws -> DefinitionFile {
        let bytes = try NamedFile.read(path)
        do {
            let (definition, lines) = try JSONValue.parseWithLines(bytes)
            return DefinitionFile(path: path, bytes: bytes, definition: definition, lines: lines)
        } catch {
            throw UnreadableDefinition(path: path, error: error)
        }
    }
}

/// The file is not JSON.
struct UnreadableDefinition: Error {
    let path: String
    let error: JSONError
}
