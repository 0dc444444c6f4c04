import Digest

/// A token names its execution and attempt and proves that the engine made it, so no table of tokens is needed:
/// `hex(execution ARN) "." scheduled event id "." HMAC-SHA256`, of the execution's own secret key.
public enum TaskToken {
    public static func make(_ header: ExecutionHeader, scheduled: Int64) -> String {
        let message = Array("\(header.arn)#\(scheduled)".utf8)
        let proof = Digest.hmacSHA256(key: header.tokenKey, message: message)
        return hex(Array(header.arn.utf8)) + "." + String(scheduled) + "." + hex(proof)
    }

    /// The execution and the attempt that a token names; whether it is genuine, `isGenuine` says.
    public static func parse(_ token: String) -> (executionARN: String, scheduled: Int64)? {
        guard token.utf8.count <= 2048 else { return nil }
        let parts = token.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 3, let scheduled = Int64(parts[1]), let arn = bytes(parts[0]),
            let text = String(validating: arn, as: UTF8.self)
        else { return nil }
        return (text, scheduled)
    }

    public static func isGenuine(_ token: String, _ header: ExecutionHeader) -> Bool {
        guard let (arn, scheduled) = parse(token), arn == header.arn else { return false }
        let expected = Array(make(header, scheduled: scheduled).utf8)
        let given = Array(token.utf8)
        guard expected.count == given.count else { return false }
        return zip(expected, given).reduce(0) { $0 | ($1.0 ^ $1.1) } == 0
    }

    private static let digits = Array("0123456789abcdef".utf8)

    private static func hex(_ bytes: [UInt8]) -> String {
        String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }

    private static func bytes(_ hex: Substring) -> [UInt8]? {
        let digits = hex.utf8.map { Character(Unicode.Scalar($0)).hexDigitValue }
        guard digits.count % 2 == 0 else { return nil }
        var result: [UInt8] = []
        for index in stride(from: 0, to: digits.count, by: 2) {
            guard let high = digits[index], let low = digits[index + 1] else { return nil }
            result.append(UInt8(high * 16 + low))
        }
        return result
    }
}
