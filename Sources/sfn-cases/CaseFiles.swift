import Glibc
import JSON

/// The folder with the cases: `SFN_CASES`, else `../shared/cases`.
struct CaseFiles {
    let folder: String
    let isVerbose: Bool

    init(isVerbose: Bool) {
        folder = getenv("SFN_CASES").map { String(cString: $0) } ?? "../shared/cases"
        self.isVerbose = isVerbose
    }

    func text(_ path: String) -> String? {
        guard let file = fopen(folder + "/" + path, "r") else { return nil }
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

    /// The rows of a JSON lines file; an unreadable line is left out, and said.
    func rows(_ path: String) -> [JSONValue] {
        guard let text = text(path) else {
            print("\(folder)/\(path) cannot be read")
            return []
        }
        return text.utf8.split(separator: 10).enumerated().compactMap { index, line in
            do {
                return try JSONValue(parsing: Array(line))
            } catch {
                print("\(path) line \(index + 1): \(error)")
                return nil
            }
        }
    }
}

/// How many cases of a group hold.
struct CaseResult {
    var passed = 0
    var total = 0

    /// Counts one case; `difference` is nil where it holds.
    mutating func count(_ name: String, _ difference: String?, _ files: CaseFiles) {
        total += 1
        guard let difference else {
            passed += 1
            return
        }
        if files.isVerbose { print("  \(name)\n      \(difference)") }
    }
}
