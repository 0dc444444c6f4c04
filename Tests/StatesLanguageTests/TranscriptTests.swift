import Glibc
import StatesLanguage
import Testing

/// `UPDATE_TRANSCRIPTS=1 swift test --filter TranscriptTests` writes them anew; read the difference.
struct TranscriptTests {
    @Test(arguments: names) func anExecutionBehavesAsItsTranscriptSays(name: String) throws {
        let path = Self.folder + "/" + name
        let text = try #require(Self.read(path))
        let replayed = try Transcript.replayed(text)
        if getenv("UPDATE_TRANSCRIPTS") != nil {
            Self.write(replayed, path)
        } else {
            #expect(replayed == text, "\(name)")
        }
    }

    private static let folder = #filePath.split(separator: "/").dropLast().reduce("") { $0 + "/" + $1 } + "/Transcripts"

    static var names: [String] {
        guard let directory = opendir(folder) else { return [] }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name.hasSuffix(".txt") { names.append(name) }
        }
        return names.sorted()
    }

    private static func read(_ path: String) -> String? {
        guard let file = fopen(path, "r") else { return nil }
        defer { fclose(file) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = fread(&buffer, 1, buffer.count, file)
            guard count > 0 else { break }
            bytes.append(contentsOf: buffer[..<count])
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func write(_ text: String, _ path: String) {
        guard let file = fopen(path, "w") else { return }
        defer { fclose(file) }
        _ = fwrite(text, 1, text.utf8.count, file)
    }
}
