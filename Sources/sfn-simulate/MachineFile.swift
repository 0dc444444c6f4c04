import Glibc
import JSON
import LocalJobs
import Simulator

/// A machine and its input in one file: `{"input": …, "definition": …}`.
enum MachineFile {
    static func read(_ path: String) throws -> SimulatedMachine {
        guard let bytes = try? Files.read(path) else {
            print("sfn-simulate: \(path) cannot be read")
            exit(2)
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
