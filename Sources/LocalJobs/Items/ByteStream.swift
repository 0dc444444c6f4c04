import Glibc

/// Bytes read in pieces: a file, or what a program writes.
final class ByteStream {
    private var file: UnsafeMutablePointer<FILE>?
    private let isProgram: Bool
    private var buffer: [UInt8]
    private var start = 0
    private var end = 0
    /// What is said when the file cannot be read to its end.
    let name: String

    init(path: String) throws(JobFailure) {
        name = path
        buffer = [UInt8](repeating: 0, count: 1 << 16)
        isProgram = false
        file = fopen(path, "re")
        guard file != nil else { throw JobFailure(ItemReader.failed, "cannot read \(path): \(errorText(errno))") }
    }

    /// What the shell command writes to its standard output.
    init(command: String, name: String) throws(JobFailure) {
        self.name = name
        buffer = [UInt8](repeating: 0, count: 1 << 16)
        isProgram = true
        file = popen(command, "re")
        guard file != nil else { throw JobFailure(ItemReader.failed, "cannot read \(name): \(errorText(errno))") }
    }

    deinit {
        guard let file else { return }
        if isProgram { pclose(file) } else { fclose(file) }
    }

    /// The next byte, without taking it; nil at the end.
    func peek() -> UInt8? {
        if start == end {
            guard let file else { return nil }
            start = 0
            end = fread(&buffer, 1, buffer.count, file)
            if end == 0 { return nil }
        }
        return buffer[start]
    }

    func next() -> UInt8? {
        guard let byte = peek() else { return nil }
        start += 1
        return byte
    }

    /// Drops a UTF-8 byte order mark at the start of the stream.
    func skipMark() {
        guard peek() == 0xEF, end - start >= 3, buffer[start + 1] == 0xBB, buffer[start + 2] == 0xBF else { return }
        start += 3
    }

    /// The next line without its end; nil at the end of the stream.
    func line() -> [UInt8]? {
        guard peek() != nil else { return nil }
        var line: [UInt8] = []
        while let byte = next() {
            if byte == UInt8(ascii: "\n") { break }
            line.append(byte)
        }
        if line.last == UInt8(ascii: "\r") { line.removeLast() }
        return line
    }
}
