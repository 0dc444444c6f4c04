/// What has arrived of an answer, within its bounds. Whoever drives the transfer only collects; the caller takes it apart.
struct CollectedResponse {
    var maximumBodyBytes = Int.max
    var maximumHeaderBytes = Int.max
    /// The status line and the header lines of the last answer, as they came.
    private var lines: [UInt8] = []
    private(set) var body: [UInt8] = []
    private var headerBytes = 0
    /// Set when a bound was passed, which ends the transfer.
    private(set) var excess: HTTPFailure?

    /// A header line with its line end. A status line begins a new answer (after 100, after a redirect).
    mutating func take(line bytes: UnsafeRawBufferPointer) -> Bool {
        headerBytes += bytes.count
        guard headerBytes <= maximumHeaderBytes else {
            excess = HTTPFailure(.headersTooLarge, "more than \(maximumHeaderBytes) bytes of headers")
            return false
        }
        if bytes.starts(with: "HTTP/".utf8) {
            if lines.isEmpty { lines.reserveCapacity(512) }
            lines.removeAll(keepingCapacity: true)
            body = []
        }
        lines.append(contentsOf: bytes)
        return true
    }

    mutating func take(body bytes: UnsafeRawBufferPointer) -> Bool {
        guard bytes.count <= maximumBodyBytes - body.count else {
            excess = HTTPFailure(.bodyTooLarge, "more than \(maximumBodyBytes) bytes of body")
            return false
        }
        body.append(contentsOf: bytes)
        return true
    }

    func head() -> (reason: String, headers: [HTTPHeader]) {
        var reason = ""
        var headers: [HTTPHeader] = []
        headers.reserveCapacity(8)
        for line in lines.split(separator: UInt8(ascii: "\n")) {
            if line.starts(with: "HTTP/".utf8) {
                let parts = line.split(separator: UInt8(ascii: " "), maxSplits: 2, omittingEmptySubsequences: false)
                reason = parts.count > 2 ? text(parts[2]) : ""
            } else if let colon = line.firstIndex(of: UInt8(ascii: ":")) {
                headers.append(HTTPHeader(text(line[..<colon]), text(line[(colon + 1)...])))
            }
        }
        return (reason, headers)
    }

    /// Without blanks and line ends around it.
    private func text(_ bytes: ArraySlice<UInt8>) -> String {
        var (start, end) = (bytes.startIndex, bytes.endIndex)
        func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 || byte == 0x0D }
        while start < end, isBlank(bytes[start]) { start += 1 }
        while end > start, isBlank(bytes[end - 1]) { end -= 1 }
        return String(decoding: bytes[start..<end], as: UTF8.self)
    }
}
