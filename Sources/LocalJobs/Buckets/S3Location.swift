/// `s3://bucket/key`
package struct S3Location: Sendable, Equatable, Hashable, CustomStringConvertible {
    package var bucket: String
    /// Without a leading slash; may be empty.
    package var key: String

    package init(bucket: String, key: String) {
        self.bucket = bucket
        self.key = key
    }

    /// nil: not an S3 URI.
    package init?(_ uri: String) {
        for scheme in ["s3://", "s3a://", "s3n://"] where uri.hasPrefix(scheme) {
            let rest = uri.dropFirst(scheme.count)
            let slash = rest.firstIndex(of: "/") ?? rest.endIndex
            bucket = String(rest[..<slash])
            key = slash < rest.endIndex ? String(rest[rest.index(after: slash)...]) : ""
            if bucket.isEmpty { return nil }
            return
        }
        return nil
    }

    package var description: String { key.isEmpty ? "s3://\(bucket)" : "s3://\(bucket)/\(key)" }

    package func appending(_ path: String) -> S3Location {
        let joined = key.isEmpty || key.hasSuffix("/") ? key + path : "\(key)/\(path)"
        return S3Location(bucket: bucket, key: joined)
    }
}
