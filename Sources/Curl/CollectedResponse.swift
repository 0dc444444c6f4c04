/// What has arrived of an answer, within its bounds.
struct CollectedResponse {
    var maximumBodyBytes = Int.max
    var maximumHeaderBytes = Int.max
    private(set) var reason = ""
    private(set) var headers: [HTTPHeader] = []
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
        let line = String(decoding: bytes, as: UTF8.self).trimmedLine
        if line.hasPrefix("HTTP/") {
            headers = []
            body = []
            let parts = line.split(separator: " ", maxSplits: 2, omittingEmptySubsequences: false)
            reason = parts.count > 2 ? String(parts[2]) : ""
        } else if let colon = line.utf8.firstIndex(of: UInt8(ascii: ":")) {
            let value = line[line.utf8.index(after: colon)...]
            headers.append(HTTPHeader(String(line[..<colon]), String(value).trimmedLine))
        }
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
}

extension String {
    /// Without blanks and line ends around it.
    var trimmedLine: String {
        let blanks: (UInt8) -> Bool = { $0 == 0x20 || $0 == 0x09 || $0 == 0x0D || $0 == 0x0A }
        guard let start = utf8.firstIndex(where: { !blanks($0) }), let end = utf8.lastIndex(where: { !blanks($0) })
        else { return "" }
        return String(self[start...end])
    }
}
