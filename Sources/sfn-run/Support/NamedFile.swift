import Glibc
import LocalJobs

/// The files that a command line names.
enum NamedFile {
    /// What is longer than this is no definition, input or history, but a device or a mistake.
    private static let largest = 256 << 20

    /// The whole file; `-` is standard input.
    static func read(_ path: String) throws(Refusal) -> [UInt8] {
        do {
            guard path == "-" else { return try Files.read(path, upTo: largest) }
            return try Files.readAll(STDIN_FILENO, named: "standard input", upTo: largest)
        } catch  where error.code == EFBIG {
            throw Refusal("cannot read \(error.path): it is longer than \(largest >> 20) MiB", .invalidDefinition)
        } catch {
            throw Refusal("cannot read \(error)", .invalidDefinition)
        }
    }

    /// Replaces the file as a whole: who reads it meanwhile sees the old or the new one. A link keeps its place, and a pipe or a
    /// device is written to. The folder must be there: a mistyped one is not made.
    static func write(_ bytes: [UInt8], to path: String) throws(Refusal) {
        do {
            guard Files.isFolder(Files.parent(path)) else { throw FileError(path: path, code: ENOENT) }
            if Files.exists(path), !Files.isFile(path), !Files.isFolder(path) {
                try Files.append(bytes, to: path)
            } else {
                try Files.write(bytes, to: Files.withoutLinks(path))
            }
        } catch {
            throw Refusal("cannot write \(error)", .executionFailed)
        }
    }

    /// The file that `path` names from where the program was started, links left as they are.
    static func absolute(_ path: String) -> String { Files.resolve(path, in: Files.currentFolder) }
}
