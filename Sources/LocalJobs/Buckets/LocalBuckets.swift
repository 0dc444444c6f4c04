import Digest
import Glibc
import JSON

/// S3 buckets that are folders: `s3://bucket/a/b.csv` is `<data>/buckets/bucket/a/b.csv`, or lies in the folder that
/// `buckets` of the configuration names. A key cannot leave its bucket's folder: a part of a key that is no file name
/// (`..`, nothing, 300 characters) is stored under a name made of its bytes.
package struct LocalBuckets: Sendable {
    private let root: String
    private let mapped: [String: String]

    package init(root: String, mapped: [String: String] = [:]) {
        self.root = root
        self.mapped = mapped
    }

    package init(_ configuration: Configuration) {
        self.init(root: "\(configuration.dataDirectory)/buckets", mapped: configuration.buckets)
    }

    // MARK: places

    /// The bucket's folder; nil where the name is no bucket's.
    package func folder(of bucket: String) -> String? {
        if let path = mapped[bucket] { return path }
        let allowed = bucket.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
                UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"):
                true
            default: false
            }
        }
        guard allowed, !bucket.isEmpty, bucket.utf8.count <= 255, !bucket.hasPrefix(".") else { return nil }
        return "\(root)/\(bucket)"
    }

    /// Where the object or prefix lies; nil where the bucket's name is none.
    package func path(_ location: S3Location) -> String? {
        guard let folder = folder(of: location.bucket) else { return nil }
        if location.key.isEmpty { return folder }
        var key = location.key
        if key.hasSuffix("/") { key.removeLast() }
        let parts = key.split(separator: "/", omittingEmptySubsequences: false).map { Self.fileName(String($0)) }
        return folder + "/" + parts.joined(separator: "/")
    }

    private static let escape = "%~"

    private static func fileName(_ part: String) -> String {
        let isPlain =
            !part.isEmpty && part != "." && part != ".." && part.utf8.count <= 255 && !part.utf8.contains(0) && !part.hasPrefix(escape)
            && !part.hasSuffix(".part")
        if isPlain { return part }
        let hex = Digest.hexText(Array(part.utf8))
        // A name longer than a file's can be is kept by its hash: it can be read by its key, not be told by a listing.
        return escape + (hex.utf8.count <= 250 ? hex : Digest.hex(part, algorithm: .sha256))
    }

    private static func keyPart(_ name: String) -> String {
        guard name.hasPrefix(escape) else { return name }
        let digits = Array(name.utf8.dropFirst(2))
        var bytes: [UInt8] = []
        var index = 0
        while index + 1 < digits.count {
            guard let byte = UInt8(String(decoding: digits[index...index + 1], as: UTF8.self), radix: 16) else { return name }
            bytes.append(byte)
            index += 2
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    // MARK: objects

    package func exists(_ location: S3Location) -> Bool { path(location).map(Files.isFile) ?? false }

    package func bucketExists(_ bucket: String) -> Bool { folder(of: bucket).map(Files.isFolder) ?? false }

    package func makeBucket(_ bucket: String) throws(JobFailure) {
        guard let folder = folder(of: bucket) else { throw invalid(bucket) }
        try wrapping { () throws(FileError) in try Files.makeFolder(folder) }
    }

    package func get(_ location: S3Location) throws(JobFailure) -> [UInt8] {
        let path = try objectPath(location)
        return try wrapping { () throws(FileError) in try Files.read(path) }
    }

    /// The file of an object that is there.
    package func objectPath(_ location: S3Location) throws(JobFailure) -> String {
        guard let path = path(location) else { throw invalid(location.bucket) }
        guard Files.isFile(path) else {
            if !bucketExists(location.bucket) {
                throw JobFailure("S3.NoSuchBucketException", "The specified bucket does not exist: \(location.bucket)")
            }
            throw JobFailure("S3.NoSuchKeyException", "The specified key does not exist: \(location)")
        }
        return path
    }

    @discardableResult
    package func put(_ bytes: [UInt8], to location: S3Location) throws(JobFailure) -> S3Object {
        guard let path = path(location), !location.key.isEmpty else { throw invalid(location.bucket) }
        if location.key.hasSuffix("/") {
            try wrapping { () throws(FileError) in try Files.makeFolder(path) }
            return S3Object(key: location.key, size: 0, changed: Timestamps.milliseconds(), etag: Digest.hex([UInt8](), algorithm: .md5))
        }
        try wrapping { () throws(FileError) in try Files.write(bytes, to: path) }
        return object(key: location.key, path: path)
            ?? S3Object(key: location.key, size: Int64(bytes.count), changed: Timestamps.milliseconds(), etag: "")
    }

    package func head(_ location: S3Location) -> S3Object? {
        guard let path = path(location), Files.isFile(path) else { return nil }
        return object(key: location.key, path: path)
    }

    /// Deletes an object and the folders that this leaves empty. Deleting what is not there is no error, as on S3.
    package func delete(_ location: S3Location) {
        guard let path = path(location), let top = folder(of: location.bucket), Files.isFile(path) else { return }
        unlink(path)
        var upper = Files.parent(path)
        while upper.utf8.count > top.utf8.count, rmdir(upper) == 0 { upper = Files.parent(upper) }
    }

    /// Every object below a prefix, copied to a folder under what follows the prefix's last `/`; a prefix that is an object
    /// is that one file. The number of files.
    @discardableResult
    package func download(_ location: S3Location, to folder: String) throws(JobFailure) -> Int {
        if let path = path(location), !location.key.isEmpty, Files.isFile(path) {
            try wrapping { () throws(FileError) in try Files.copy(path, to: "\(folder)/\(Files.name(location.key))") }
            return 1
        }
        // SageMaker drops the prefix itself where it ends at a `/` of the keys, else the part up to the last `/`.
        let isFolder = location.key.isEmpty || location.key.hasSuffix("/") || (path(location).map(Files.isFolder) ?? false)
        let base = isFolder ? location.key + (location.key.isEmpty || location.key.hasSuffix("/") ? "" : "/") : Files.parent(location.key) + "/"
        let cut = base == "./" ? "" : base
        var count = 0
        var objects = objects(in: location.bucket, prefix: isFolder ? cut : location.key)
        while let object = objects.next() {
            guard let from = path(S3Location(bucket: location.bucket, key: object.key)) else { continue }
            let relative = String(object.key.dropFirst(cut.count))
            try wrapping { () throws(FileError) in try Files.copy(from, to: "\(folder)/\(relative)") }
            count += 1
        }
        return count
    }

    /// Every file below a folder, put under a prefix. The number of files.
    @discardableResult
    package func upload(_ folder: String, to location: S3Location) throws(JobFailure) -> Int {
        var count = 0
        for relative in Files.tree(folder) {
            guard let target = path(location.appending(relative)) else { throw invalid(location.bucket) }
            try wrapping { () throws(FileError) in try Files.copy("\(folder)/\(relative)", to: target) }
            count += 1
        }
        return count
    }

    private func wrapping<R>(_ body: () throws(FileError) -> R) throws(JobFailure) -> R {
        do { return try body() } catch { throw JobFailure("S3.S3Exception", error.description) }
    }

    private func invalid(_ bucket: String) -> JobFailure {
        JobFailure("S3.InvalidBucketNameException", "The specified bucket is not valid: \(bucket)")
    }

    // MARK: listing

    /// The objects whose keys start with `prefix`, in the order of their keys' bytes, found as they are asked for.
    package func objects(in bucket: String, prefix: String = "", after: String? = nil) -> S3ObjectIterator {
        S3ObjectIterator(self, bucket: bucket, prefix: prefix, after: after)
    }

    func object(key: String, path: String) -> S3Object? {
        guard let facts = Files.facts(path) else { return nil }
        return S3Object(key: key, size: facts.size, changed: facts.changed / 1_000_000, etag: Self.etag(path, facts))
    }

    /// MD5 as S3 has it; a large file gets the form of a multipart upload, made of its size and time.
    private static func etag(_ path: String, _ facts: (size: Int64, changed: Int64)) -> String {
        if facts.size <= 1 << 20, let bytes = try? Files.read(path) { return Digest.hex(bytes, algorithm: .md5) }
        return Digest.hex("\(path) \(facts.size) \(facts.changed)", algorithm: .md5) + "-2"
    }

    fileprivate func entries(of folder: String) -> [(name: String, key: String, isFolder: Bool)] {
        Files.names(folder).filter { !$0.hasSuffix(".part") }.map { name in
            (name, Self.keyPart(name), Files.isFolder("\(folder)/\(name)"))
        }.sorted { Self.order($0.key, $0.isFolder).lexicographicallyPrecedes(Self.order($1.key, $1.isFolder)) }
    }

    private static func order(_ key: String, _ isFolder: Bool) -> [UInt8] { Array(key.utf8) + (isFolder ? [UInt8(ascii: "/")] : []) }
}

/// What S3 tells of an object.
package struct S3Object: Sendable, Equatable {
    package let key: String
    package let size: Int64
    /// Milliseconds since 1970.
    package let changed: Int64
    /// Without quotes.
    package let etag: String

    /// An item of a Map whose ItemReader is `arn:aws:states:::s3:listObjectsV2`.
    package var item: JSONValue {
        [
            "Etag": .string("\"\(etag)\""), "Key": .string(key), "LastModified": .integer(changed / 1000), "Size": .integer(size),
            "StorageClass": "STANDARD",
        ]
    }
}

/// Walks a bucket's folders in the order of keys, holding one folder of each level.
package struct S3ObjectIterator: IteratorProtocol, Sendable {
    private struct Level {
        let folder: String
        let key: String
        var entries: ArraySlice<(name: String, key: String, isFolder: Bool)>
    }
    private let buckets: LocalBuckets
    private let prefix: [UInt8]
    private let after: [UInt8]?
    private var levels: [Level] = []

    fileprivate init(_ buckets: LocalBuckets, bucket: String, prefix: String, after: String?) {
        self.buckets = buckets
        self.prefix = Array(prefix.utf8)
        self.after = after.map { Array($0.utf8) }
        if let folder = buckets.folder(of: bucket) { levels = [Level(folder: folder, key: "", entries: buckets.entries(of: folder)[...])] }
    }

    package mutating func next() -> S3Object? {
        while var level = levels.popLast() {
            guard let entry = level.entries.popFirst() else { continue }
            levels.append(level)
            let key = level.key + entry.key
            let path = "\(level.folder)/\(entry.name)"
            if entry.isFolder {
                let inner = Array((key + "/").utf8)
                // Only a folder that the prefix leads into, or that lies below it.
                if levels.count < 512, inner.starts(with: prefix) || prefix.starts(with: inner) {
                    levels.append(Level(folder: path, key: key + "/", entries: buckets.entries(of: path)[...]))
                }
            } else {
                let bytes = Array(key.utf8)
                guard bytes.starts(with: prefix) else { continue }
                if let after, !after.lexicographicallyPrecedes(bytes) { continue }
                if let object = buckets.object(key: key, path: path) { return object }
            }
        }
        return nil
    }
}
