import Glibc

/// The few things that the verbs ask of the file system.
enum Files {
    /// The whole file; `-` is standard input.
    static func read(_ path: String) throws(Refusal) -> [UInt8] {
        if path == "-" { return try readAll(STDIN_FILENO, name: "standard input") }
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw Refusal("cannot read \(path): \(errorText())", .invalidDefinition) }
        defer { close(descriptor) }
        return try readAll(descriptor, name: path)
    }

    /// What is longer than this is no definition, input or history, but a device or a mistake.
    private static let largest = 256 << 20

    private static func readAll(_ descriptor: Int32, name: String) throws(Refusal) -> [UInt8] {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = Glibc.read(descriptor, &buffer, buffer.count)
            if count == 0 { return bytes }
            guard bytes.count + count <= largest else {
                throw Refusal("cannot read \(name): it is longer than \(largest >> 20) MiB", .invalidDefinition)
            }
            if count < 0 {
                if errno == EINTR { continue }
                throw Refusal("cannot read \(name): \(errorText())", .invalidDefinition)
            }
            bytes.append(contentsOf: buffer[0..<count])
        }
    }

    /// Replaces the file as a whole: who reads it meanwhile sees the old or the new one.
    static func write(_ bytes: [UInt8], to path: String) throws(Refusal) {
        let draft = path + ".sfn-run-\(getpid())"
        let descriptor = open(draft, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw Refusal("cannot write \(path): \(errorText())", .executionFailed) }
        let isWritten = writeAll(bytes, to: descriptor)
        let problem = errorText()
        close(descriptor)
        guard isWritten, rename(draft, path) == 0 else {
            let why = isWritten ? errorText() : problem
            unlink(draft)
            throw Refusal("cannot write \(path): \(why)", .executionFailed)
        }
    }

    /// False when the other end has gone or the disk is full.
    @discardableResult
    static func writeAll(_ bytes: [UInt8], to descriptor: Int32) -> Bool {
        var written = 0
        while written < bytes.count {
            let count = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress! + written, bytes.count - written) }
            if count < 0 {
                if errno == EINTR { continue }
                return false
            }
            written += count
        }
        return true
    }

    static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

    static func isFolder(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }

    /// The file that `path` names from where the program was started, links left as they are.
    static func absolute(_ path: String) -> String {
        if path.hasPrefix("/") { return normalized(path) }
        return normalized(currentFolder + "/" + path)
    }

    static var currentFolder: String {
        guard let text = getcwd(nil, 0) else { return "/" }
        defer { free(text) }
        return String(cString: text)
    }

    /// `/a/./b/../c` → `/a/c`
    private static func normalized(_ path: String) -> String {
        var parts: [Substring] = []
        for part in path.split(separator: "/") {
            if part == "." { continue }
            if part == ".." { _ = parts.popLast() } else { parts.append(part) }
        }
        return "/" + parts.joined(separator: "/")
    }

    /// `/a/b.json` → `/a`; `b.json` → `.`
    static func folder(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    /// `/a/b.json` → `b.json`
    static func name(of path: String) -> String {
        path.lastIndex(of: "/").map { String(path[path.index(after: $0)...]) } ?? path
    }

    /// Makes a folder and those above it.
    static func makeFolder(_ path: String) throws(Refusal) {
        if isFolder(path) { return }
        let parent = folder(of: path)
        if parent != path, parent != "." { try makeFolder(parent) }
        guard mkdir(path, 0o755) == 0 || errno == EEXIST else { throw Refusal("cannot make \(path): \(errorText())", .executionFailed) }
    }

    static func errorText() -> String { String(cString: strerror(errno)) }
}
