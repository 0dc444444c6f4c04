import Glibc
import JSON
import Simulator

/// A machine and its input in one file: `{"input": …, "definition": …}`.
enum MachineFile {
    static func read(_ path: String) throws -> SimulatedMachine {
        guard let file = fopen(path, "r") else {
            print("sfn-simulate: \(path) cannot be read")
            exit(2)
        }
        defer { fclose(file) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = fread(&buffer, 1, buffer.count, file)
            guard count > 0 else { break }
            bytes += buffer[..<count]
        }
        let value = try JSONValue(parsing: bytes)
        return SimulatedMachine(name: path, definition: value["definition"] ?? .null, input: value["input"] ?? .null)
    }

    static func write(_ machine: SimulatedMachine, _ seed: UInt64) -> String? {
        // One of the corpus is answered by its own answers: its seed replays it.
        guard machine.name == "generated" else { return nil }
        let path = "/tmp/sfn-simulate-\(seed).json"
        guard let file = fopen(path, "w") else { return nil }
        defer { fclose(file) }
        fputs(JSONValue.object(JSONObject([("input", machine.input), ("definition", machine.definition)])).text(), file)
        return path
    }
}
