import Glibc
import StatesLanguage
import Synchronization

package enum EngineClock {
    package static let now: @Sendable () -> Timestamp = {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Timestamp(milliseconds: Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000)
    }
}

/// Random bytes that nobody can guess, from the kernel, which is asked for many at once: a call for each byte was a fifth of what
/// it takes to start an execution.
package enum SecureRandom {
    private struct Stock {
        var bytes = [UInt8](repeating: 0, count: 2048)
        var used = 2048
    }
    private static let stock = Mutex(Stock())

    package static func bytes(_ count: Int) -> [UInt8] {
        guard count <= 256 else { return (0..<count / 256).flatMap { _ in bytes(256) } + bytes(count % 256) }
        return stock.withLock { stock in
            if stock.used + count > stock.bytes.count {
                // At most 256 bytes a call never fail (getentropy(3)).
                for start in stride(from: 0, to: stock.bytes.count, by: 256) {
                    let code = stock.bytes.withUnsafeMutableBytes { buffer in
                        // The buffer is never empty.
                        getentropy(buffer.baseAddress! + start, 256)
                    }
                    precondition(code == 0, "the kernel gives no random bytes")
                }
                stock.used = 0
            }
            defer {
                for index in stock.used..<stock.used + count { stock.bytes[index] = 0 }
                stock.used += count
            }
            return Array(stock.bytes[stock.used..<stock.used + count])
        }
    }

    package static func uuid() -> String { uuid(of: bytes(16)) }

    /// Of hexadecimal numbers.
    static let digits = Array("0123456789abcdef".utf8)

    /// A version 4 UUID of 16 bytes.
    static func uuid(of given: [UInt8]) -> String {
        var bytes = given
        bytes[6] = bytes[6] & 0x0F | 0x40
        bytes[8] = bytes[8] & 0x3F | 0x80
        var out: [UInt8] = []
        for (index, byte) in bytes.enumerated() {
            if [4, 6, 8, 10].contains(index) { out.append(UInt8(ascii: "-")) }
            out.append(digits[Int(byte >> 4)])
            out.append(digits[Int(byte & 15)])
        }
        return String(decoding: out, as: UTF8.self)
    }
}
