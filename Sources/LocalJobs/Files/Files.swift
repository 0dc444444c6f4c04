import Glibc

/// What went wrong with a file, in one sentence.
package struct FileError: Error, Sendable, CustomStringConvertible {
    package let path: String
    package let code: Int32

    package init(path: String, code: Int32) {
        self.path = path
        self.code = code
    }

    package var description: String { "\(path): \(errorText(code))" }
}

/// Files and folders, on Glibc alone.
package enum Files {
    /// `EFBIG` where it is longer than `limit` bytes.
    package static func read(_ path: String, upTo limit: Int = .max) throws(FileError) -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw FileError(path: path, code: errno) }
        defer { close(descriptor) }
        return try readAll(descriptor, named: path, upTo: limit)
    }

    /// What is left to be read.
    package static func readAll(_ descriptor: Int32, named path: String, upTo limit: Int = .max) throws(FileError) -> [UInt8] {
        var info = stat()
        guard fstat(descriptor, &info) == 0 else { throw FileError(path: path, code: errno) }
        guard info.st_mode & S_IFMT != S_IFDIR else { throw FileError(path: path, code: EISDIR) }
        guard info.st_size <= limit else { throw FileError(path: path, code: EFBIG) }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(max(0, Int(info.st_size)))
        var chunk = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = Glibc.read(descriptor, &chunk, chunk.count)
            if count > 0 {
                guard bytes.count + count <= limit else { throw FileError(path: path, code: EFBIG) }
                bytes.append(contentsOf: chunk[..<count])
            } else if count == 0 {
                return bytes
            } else if errno != EINTR {
                throw FileError(path: path, code: errno)
            }
        }
    }

    /// Writes the whole file or leaves the old one: a new file is written beside it and takes its place.
    package static func write(_ bytes: [UInt8], to path: String, mode: mode_t = 0o644) throws(FileError) {
        try makeFolder(parent(path))
        let temporary = "\(path).\(getpid())-\(UInt32.random(in: 0 ... .max)).part"
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode)
        guard descriptor >= 0 else { throw FileError(path: path, code: errno) }
        let code = writeAll(bytes, to: descriptor)
        close(descriptor)
        if code == 0, rename(temporary, path) == 0 { return }
        let failure = code == 0 ? errno : code
        unlink(temporary)
        throw FileError(path: path, code: failure)
    }

    package static func write(_ text: String, to path: String, mode: mode_t = 0o644) throws(FileError) {
        try write(Array(text.utf8), to: path, mode: mode)
    }

    /// Writes behind what is there: for pipes and devices.
    package static func append(_ bytes: [UInt8], to path: String) throws(FileError) {
        let descriptor = open(path, O_WRONLY | O_APPEND | O_CLOEXEC)
        guard descriptor >= 0 else { throw FileError(path: path, code: errno) }
        defer { close(descriptor) }
        let code = writeAll(bytes, to: descriptor)
        if code != 0 { throw FileError(path: path, code: code) }
    }

    /// 0 or an errno: the other end has gone, or the disk is full.
    @discardableResult
    package static func writeAll(_ bytes: [UInt8], to descriptor: Int32) -> Int32 {
        var offset = 0
        while offset < bytes.count {
            let count = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress.map { $0 + offset }, $0.count - offset) }
            if count > 0 {
                offset += count
            } else if errno != EINTR {
                return errno
            }
        }
        return 0
    }

    package static func makeFolder(_ path: String) throws(FileError) {
        if path.isEmpty || isFolder(path) { return }
        let upper = parent(path)
        if upper != path { try makeFolder(upper) }
        if mkdir(path, 0o755) != 0, errno != EEXIST { throw FileError(path: path, code: errno) }
    }

    package static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

    package static func isFile(_ path: String) -> Bool { kind(path) == S_IFREG }

    package static func isFolder(_ path: String) -> Bool { kind(path) == S_IFDIR }

    private static func kind(_ path: String) -> mode_t? {
        var info = stat()
        guard stat(path, &info) == 0 else { return nil }
        return info.st_mode & S_IFMT
    }

    /// Size in bytes and time of the last change in nanoseconds since 1970; nil where there is no such file.
    package static func facts(_ path: String) -> (size: Int64, changed: Int64)? {
        var info = stat()
        guard stat(path, &info) == 0 else { return nil }
        return (Int64(info.st_size), Int64(info.st_mtim.tv_sec) &* 1_000_000_000 &+ Int64(info.st_mtim.tv_nsec))
    }

    /// The names in a folder, sorted by bytes, without `.` and `..`; empty where there is no folder.
    package static func names(_ path: String) -> [String] {
        guard let folder = opendir(path) else { return [] }
        defer { closedir(folder) }
        var names: [String] = []
        while let entry = readdir(folder) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }

    /// Removes a file, or a folder with all that is in it. Does not follow links.
    package static func remove(_ path: String) {
        var info = stat()
        guard lstat(path, &info) == 0 else { return }
        if info.st_mode & S_IFMT == S_IFDIR {
            for name in names(path) { remove("\(path)/\(name)") }
            rmdir(path)
        } else {
            unlink(path)
        }
    }

    package static func parent(_ path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    package static func name(_ path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return path }
        return String(path[path.index(after: slash)...])
    }

    /// `path` seen from `folder`: an absolute path and `~/…` stay what they are. `.` and `..` are resolved by their text.
    package static func resolve(_ path: String, in folder: String) -> String {
        var whole = path
        if path == "~" || path.hasPrefix("~/"), let home = Executable.environment["HOME"] {
            whole = home + path.dropFirst()
        } else if !path.hasPrefix("/") {
            whole = "\(folder)/\(path)"
        }
        var parts: [Substring] = []
        for part in whole.split(separator: "/") where part != "." {
            if part == "..", parts.last != "..", !parts.isEmpty || whole.hasPrefix("/") { _ = parts.popLast() } else { parts.append(part) }
        }
        let joined = parts.joined(separator: "/")
        return whole.hasPrefix("/") ? "/" + joined : (joined.isEmpty ? "." : joined)
    }

    /// What a link leads to; anything else, and a link that leads nowhere, is the path itself.
    package static func withoutLinks(_ path: String) -> String {
        guard let text = realpath(path, nil) else { return path }
        defer { free(text) }
        return String(cString: text)
    }

    package static var currentFolder: String {
        guard let text = getcwd(nil, 0) else { return "." }
        defer { free(text) }
        return String(cString: text)
    }
}

extension Files {
    /// Copies a file; the new one takes its place whole.
    package static func copy(_ from: String, to path: String) throws(FileError) {
        let source = open(from, O_RDONLY | O_CLOEXEC)
        guard source >= 0 else { throw FileError(path: from, code: errno) }
        defer { close(source) }
        try makeFolder(parent(path))
        var info = stat()
        fstat(source, &info)
        let temporary = "\(path).\(getpid())-\(UInt32.random(in: 0 ... .max)).part"
        let target = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, info.st_mode & 0o777)
        guard target >= 0 else { throw FileError(path: path, code: errno) }
        var chunk = [UInt8](repeating: 0, count: 1 << 17)
        var code: Int32 = 0
        copying: while code == 0 {
            let count = Glibc.read(source, &chunk, chunk.count)
            if count == 0 { break copying }
            if count < 0 {
                if errno != EINTR { code = errno }
                continue
            }
            code = writeAll(Array(chunk[..<count]), to: target)
        }
        close(target)
        if code == 0, rename(temporary, path) == 0 { return }
        let failure = code == 0 ? errno : code
        unlink(temporary)
        throw FileError(path: path, code: failure)
    }

    /// The paths of all files below a folder, seen from it, sorted; links to folders are not followed.
    package static func tree(_ folder: String) -> [String] {
        var files: [String] = []
        var pending = [""]
        while let relative = pending.popLast() {
            for name in names(relative.isEmpty ? folder : "\(folder)/\(relative)") {
                let path = relative.isEmpty ? name : "\(relative)/\(name)"
                var info = stat()
                guard lstat("\(folder)/\(path)", &info) == 0 else { continue }
                let kind = info.st_mode & S_IFMT
                if kind == S_IFDIR {
                    pending.append(path)
                } else if kind == S_IFREG || (kind == S_IFLNK && isFile("\(folder)/\(path)")) {
                    files.append(path)
                }
            }
        }
        return files.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }
}
