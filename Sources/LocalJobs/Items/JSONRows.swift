import JSON

/// One JSON value a line.
struct JSONLineRows: ItemRows {
    let stream: ByteStream
    private var number = 0

    init(stream: ByteStream) { self.stream = stream }

    mutating func next() throws(JobFailure) -> JSONValue? {
        while let line = stream.line() {
            number += 1
            if line.allSatisfy({ $0 == 0x20 || $0 == 0x09 }) { continue }
            do { return try JSONValue(parsing: line) } catch {
                throw JobFailure(ItemReader.failed, "\(stream.name): line \(number) is not JSON: \(error.message)")
            }
        }
        return nil
    }
}

/// The elements of one array of a JSON file, found without reading the file as a whole.
struct JSONArrayRows: ItemRows {
    private let stream: ByteStream
    private var isFirst = true
    private var hasEnded = false

    /// `pointer`: which array; nil or "": the file is the array.
    init(_ stream: ByteStream, pointer: String?) throws(JobFailure) {
        self.stream = stream
        for token in JSONPointer.tokens(pointer ?? "") { try descend(token, pointer ?? "") }
        skipSpace()
        guard stream.peek() == UInt8(ascii: "[") else {
            throw JobFailure(ItemReader.failed, "Attempting to map over non-iterable node.")
        }
        _ = stream.next()
    }

    mutating func next() throws(JobFailure) -> JSONValue? {
        if hasEnded { return nil }
        skipSpace()
        if stream.peek() == UInt8(ascii: "]") {
            hasEnded = true
            return nil
        }
        if !isFirst {
            guard stream.next() == UInt8(ascii: ",") else { throw broken() }
            skipSpace()
        }
        isFirst = false
        return try parsed(value())
    }

    // MARK: finding the array

    private func descend(_ token: String, _ pointer: String) throws(JobFailure) {
        skipSpace()
        let open = stream.next()
        guard open == UInt8(ascii: "{") || open == UInt8(ascii: "[") else { throw missing(pointer) }
        var index = 0
        skipSpace()
        while let byte = stream.peek(), byte != UInt8(ascii: "}"), byte != UInt8(ascii: "]") {
            if index > 0 {
                guard stream.next() == UInt8(ascii: ",") else { throw broken() }
                skipSpace()
            }
            if open == UInt8(ascii: "{") {
                let key = try parsed(value()).string ?? ""
                skipSpace()
                guard stream.next() == UInt8(ascii: ":") else { throw broken() }
                skipSpace()
                if key.isSameText(as: token) { return }
            } else if Int(token) == index {
                return
            }
            _ = try value()
            skipSpace()
            index += 1
        }
        throw missing(pointer)
    }

    private func missing(_ pointer: String) -> JobFailure {
        JobFailure(ItemReader.failed, "The ItemsPointer '\(pointer)' does not match anything in \(stream.name)")
    }

    private func broken() -> JobFailure { JobFailure(ItemReader.failed, "\(stream.name) is not JSON") }

    private func parsed(_ bytes: [UInt8]) throws(JobFailure) -> JSONValue {
        do { return try JSONValue(parsing: bytes) } catch {
            throw JobFailure(ItemReader.failed, "\(stream.name) is not JSON: \(error.message)")
        }
    }

    private func skipSpace() {
        while let byte = stream.peek(), byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { _ = stream.next() }
    }

    /// The bytes of the value that starts here, found by its brackets and quotes; the parser judges them.
    private func value() throws(JobFailure) -> [UInt8] {
        var bytes: [UInt8] = []
        var depth = 0
        while let byte = stream.peek() {
            switch byte {
            case UInt8(ascii: "\""):
                try text(&bytes)
                if depth == 0 { return bytes }
                continue
            case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                if depth == 0 { return bytes }
                depth -= 1
                bytes.append(byte)
                _ = stream.next()
                if depth == 0 { return bytes }
                continue
            case UInt8(ascii: ","), UInt8(ascii: ":"), 0x20, 0x0A, 0x0D, 0x09:
                if depth == 0 { return bytes }
            default: break
            }
            bytes.append(byte)
            _ = stream.next()
        }
        if depth > 0 { throw broken() }
        return bytes
    }

    private func text(_ bytes: inout [UInt8]) throws(JobFailure) {
        bytes.append(UInt8(ascii: "\""))
        _ = stream.next()
        while let byte = stream.next() {
            bytes.append(byte)
            if byte == UInt8(ascii: "\"") { return }
            if byte == UInt8(ascii: "\\"), let escaped = stream.next() { bytes.append(escaped) }
        }
        throw broken()
    }
}
