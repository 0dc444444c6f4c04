import Testing

@testable import Digest

@Suite struct DigestTests {
    /// The check value of CRC-32/ISO-HDLC.
    @Test func theChecksumIsZlibs() {
        #expect(CRC32.of("123456789".utf8) == 0xCBF4_3926)
        #expect(CRC32.bytes("123456789".utf8) == [0xCB, 0xF4, 0x39, 0x26])
        #expect(CRC32.of([]) == 0)
    }

    /// The empty message and "abc", from RFC 1321, FIPS 180-4.
    @Test(arguments: [
        (Digest.Algorithm.md5, "", "d41d8cd98f00b204e9800998ecf8427e"),
        (.md5, "abc", "900150983cd24fb0d6963f7d28e17f72"),
        (.sha1, "abc", "a9993e364706816aba3e25717850c26c9cd0d89d"),
        (.sha256, "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        (.sha256, "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        (
            .sha384, "abc",
            "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7"
        ),
        (
            .sha512, "abc",
            "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f"
        ),
    ])
    func aDigestIsTheStandards(algorithm: Digest.Algorithm, text: String, expected: String) {
        #expect(Digest.hex(text, algorithm: algorithm) == expected)
    }

    @Test func hmacIsThatOfRFC4231() {
        let key = [UInt8](repeating: 0x0b, count: 20)
        #expect(
            Digest.hexText(Digest.hmacSHA256(key: key, message: Array("Hi There".utf8)))
                == "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7")
        // An empty key and an empty message are allowed.
        #expect(
            Digest.hexText(Digest.hmacSHA256(key: [], message: []))
                == "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad")
    }

    @Test func manyThreadsMayHashAtOnce() async {
        await withTaskGroup(of: String.self) { group in
            for _ in 0..<32 { group.addTask { Digest.hex("abc", algorithm: .md5) } }
            for await text in group { #expect(text == "900150983cd24fb0d6963f7d28e17f72") }
        }
    }
}
