import Testing

@testable import Codecs

@Suite struct SHA256Tests {
    /// Examples of FIPS 180 (NIST, "Cryptographic Standards and Guidelines: Example Values").
    @Test(
        arguments: [
            ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
            ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
            (
                "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
                "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
            ),
        ]
    )
    func examples(text: String, digest: String) {
        #expect(SHA256.hexDigest(of: Array(text.utf8)) == digest)
    }

    /// An example of the same.
    @Test func aMillionLetters() {
        let digest = SHA256.hexDigest(of: [UInt8](repeating: 0x61, count: 1_000_000))
        #expect(digest == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0")
    }

    @Test(arguments: [1, 63, 64, 65, 1000]) func inPieces(count: Int) {
        let bytes = (0..<1000).map { UInt8(truncatingIfNeeded: $0 &* 7) }
        var hash = SHA256()
        for start in stride(from: 0, to: bytes.count, by: count) {
            hash.update(bytes.span.extracting(start..<min(bytes.count, start + count)))
        }
        #expect(hash.hexDigest() == SHA256.hexDigest(of: bytes))
    }
}
