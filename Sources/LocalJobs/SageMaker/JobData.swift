import Glibc
import JSON

/// Moves data between a job's folder and where its request says: S3 URIs (local buckets), `file://` URIs, absolute paths.
struct JobData: Sendable {
    let buckets: LocalBuckets

    /// The file or folder on this machine that a URI names; nil where it is none that this machine has.
    func place(_ uri: String) -> String? {
        if let location = S3Location(uri) { return buckets.path(location) }
        if uri.hasPrefix("file://") { return String(uri.dropFirst(7)) }
        return uri.hasPrefix("/") ? uri : nil
    }

    /// Copies what a URI names into a folder. The number of files.
    func download(_ uri: String, to folder: String, what: String) throws(JobFailure) -> Int {
        let count: Int
        do {
            try Files.makeFolder(folder)
            if let location = S3Location(uri) {
                count = try buckets.download(location, to: folder)
            } else if let path = place(uri) {
                if Files.isFile(path) {
                    try Files.copy(path, to: "\(folder)/\(Files.name(path))")
                    count = 1
                } else {
                    let files = Files.tree(path)
                    for file in files { try Files.copy("\(path)/\(file)", to: "\(folder)/\(file)") }
                    count = files.count
                }
            } else {
                throw JobFailure("ClientError", "\(what): \(uri) is no S3 URI")
            }
        } catch let error as JobFailure {
            throw error
        } catch {
            throw .internalError("\(error)")
        }
        if count == 0 {
            throw JobFailure(
                "ClientError",
                "ClientError: Data download failed: no object matches \(uri) (\(what)). Locally it would lie in \(place(uri) ?? "no bucket").")
        }
        return count
    }

    /// Shell lines that put a folder's files where the URI says.
    func upload(_ folder: String, to uri: String) throws(JobFailure) -> [String] {
        guard let target = place(uri) else { throw .validation("\(uri) is no place for results") }
        let (from, to) = (folder, JobScript.quoted(target))
        return ["if [ -d \(from) ]; then mkdir -p \(to); cp -R \(from)/. \(to)/; fi"]
    }

    /// Shell lines that pack a folder as a tar.gz that depends on its contents alone, and put it in its place.
    func pack(_ folder: String, to uri: String, onlyIfAny: Bool = false) throws(JobFailure) -> [String] {
        guard let target = place(uri) else { throw .validation("\(uri) is no place for results") }
        let (part, whole) = (JobScript.quoted(target + ".part"), JobScript.quoted(target))
        var lines = [
            "mkdir -p \(JobScript.quoted(Files.parent(target)))",
            "tar --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner -C \(folder) -cf - . | gzip -n > \(part)",
            "mv \(part) \(whole)",
        ]
        if onlyIfAny { lines = ["if [ -n \"$(ls -A \(folder) 2>/dev/null)\" ]; then"] + lines + ["fi"] }
        return lines
    }

    /// Unpacks a tar.gz that lies on this machine.
    func unpack(_ archive: String, to folder: String) async throws(JobFailure) {
        do { try Files.makeFolder(folder) } catch { throw .internalError(error.description) }
        let output = await CommandRun.run(
            ["tar", "-xzf", archive, "-C", folder, "--no-same-owner"], environment: Executable.environment, directory: "/", log: { _ in })
        guard output.exit == .exited(0) else {
            throw JobFailure(
                "ClientError", "ClientError: \(archive) cannot be unpacked: \(CommandFunction.trimmed(String(decoding: output.errorTail, as: UTF8.self)))")
        }
    }
}
