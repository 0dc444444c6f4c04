import Digest

/// What the files behind a URI hold, as one hash: the part of a cache key that the service leaves out.
package struct ContentFingerprint: Sendable {
    private let data: JobData

    package init(_ configuration: Configuration) { data = JobData(buckets: LocalBuckets(configuration)) }

    /// SHA-256 over the names and contents of every file that an `s3://` or `file://` URI or an absolute path names;
    /// nil where this machine has none.
    package func of(_ uri: String) -> String? {
        guard let path = data.place(uri) else { return nil }
        var lines: [String] = []
        if Files.isFile(path) {
            guard let hash = Self.hash(path) else { return nil }
            lines.append("\(hash) \(Files.name(path))")
        } else {
            for name in Files.tree(path) {
                guard let hash = Self.hash("\(path)/\(name)") else { continue }
                lines.append("\(hash) \(name)")
            }
        }
        return lines.isEmpty ? nil : Digest.hex(lines.joined(separator: "\n"), algorithm: .sha256)
    }

    private static func hash(_ path: String) -> String? {
        (try? Files.read(path)).map { Digest.hex($0, algorithm: .sha256) }
    }
}
