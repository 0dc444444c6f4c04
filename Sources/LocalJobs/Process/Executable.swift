import Glibc

/// Finding programs, and the environment that children get.
package enum Executable {
    /// The file that a shell in `directory` would run for `program`.
    static func path(of program: String, searchPath: String? = nil, directory: String? = nil) -> String? {
        guard !program.isEmpty else { return nil }
        if program.utf8.contains(UInt8(ascii: "/")) {
            let path = program.hasPrefix("/") || directory == nil ? program : "\(directory ?? ".")/\(program)"
            return path
        }
        let search = searchPath ?? environment["PATH"] ?? "/usr/local/bin:/usr/bin:/bin"
        for folder in search.split(separator: ":") {
            let candidate = "\(folder)/\(program)"
            if Files.isFile(candidate), access(candidate, X_OK) == 0 { return candidate }
        }
        return nil
    }

    /// This process's environment.
    package static var environment: [String: String] {
        var result: [String: String] = [:]
        var entry = environ
        while let text = entry.pointee {
            let line = String(cString: text)
            if let separator = line.firstIndex(of: "=") {
                result[String(line[..<separator])] = String(line[line.index(after: separator)...])
            }
            entry += 1
        }
        return result
    }
}
