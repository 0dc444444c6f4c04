import CCrypto

/// Message digests and HMAC of the system's libcrypto, which is loaded at the first use.
///
/// Without libcrypto.so.3 every digest is empty: `isAvailable` tells before, and callers that must not
/// go on with an empty digest (signing, content hashes) ask it.
package enum Digest {
    /// The algorithms of `States.Hash` and `$hash`, spelled as AWS spells them.
    package enum Algorithm: String, Sendable, CaseIterable {
        case md5 = "MD5"
        case sha1 = "SHA-1"
        case sha256 = "SHA-256"
        case sha384 = "SHA-384"
        case sha512 = "SHA-512"

        /// OpenSSL's name.
        var libraryName: String {
            switch self {
            case .md5: "MD5"
            case .sha1: "SHA1"
            case .sha256: "SHA256"
            case .sha384: "SHA384"
            case .sha512: "SHA512"
            }
        }
    }

    /// Whether libcrypto was found on this machine.
    package static var isAvailable: Bool { ccrypto_available() == 1 }

    /// The digest of `bytes`.
    package static func hash(_ bytes: some Sequence<UInt8>, algorithm: Algorithm) -> [UInt8] {
        let data = Array(bytes)
        // EVP_MAX_MD_SIZE is 64.
        var out = [UInt8](repeating: 0, count: 64)
        var length: UInt32 = 0
        guard ccrypto_digest(algorithm.libraryName, data, data.count, &out, &length) == 1 else { return [] }
        return Array(out.prefix(Int(length)))
    }

    /// The digest of the text's UTF-8 bytes.
    package static func hash(_ text: String, algorithm: Algorithm) -> [UInt8] {
        hash(text.utf8, algorithm: algorithm)
    }

    /// The digest in lower-case hexadecimal digits.
    package static func hex(_ bytes: some Sequence<UInt8>, algorithm: Algorithm) -> String {
        hexText(hash(bytes, algorithm: algorithm))
    }

    /// The digest of the text's UTF-8 bytes in lower-case hexadecimal digits.
    package static func hex(_ text: String, algorithm: Algorithm) -> String {
        hexText(hash(text.utf8, algorithm: algorithm))
    }

    /// HMAC-SHA-256, 32 bytes.
    package static func hmacSHA256(key: [UInt8], message: [UInt8]) -> [UInt8] {
        var out = [UInt8](repeating: 0, count: 32)
        guard ccrypto_hmac_sha256(key, key.count, message, message.count, &out) == 1 else { return [] }
        return out
    }

    /// Bytes in lower-case hexadecimal digits.
    package static func hexText(_ bytes: some Sequence<UInt8>) -> String {
        let digits = Array("0123456789abcdef".utf8)
        var text: [UInt8] = []
        for byte in bytes {
            text.append(digits[Int(byte >> 4)])
            text.append(digits[Int(byte & 15)])
        }
        return String(decoding: text, as: UTF8.self)
    }
}
