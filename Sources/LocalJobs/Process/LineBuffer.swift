/// Cuts a stream of bytes into lines, each with its newline.
struct LineBuffer: Sendable {
    private var rest: [UInt8] = []
    /// A line longer than this is handed over in pieces.
    private static let longest = 64 * 1024

    mutating func add(_ bytes: [UInt8], _ line: ([UInt8]) -> Void) {
        var start = 0
        for (index, byte) in bytes.enumerated() where byte == UInt8(ascii: "\n") {
            line(rest + bytes[start...index])
            rest.removeAll(keepingCapacity: true)
            start = index + 1
        }
        rest.append(contentsOf: bytes[start...])
        if rest.count > Self.longest { flush(line) }
    }

    /// Hands over what stands after the last newline.
    mutating func flush(_ line: ([UInt8]) -> Void) {
        guard !rest.isEmpty else { return }
        line(rest)
        rest.removeAll(keepingCapacity: true)
    }
}
