import Testing

@testable import Viewers

/// Identifiers and secrets.
@Suite struct ViewerIdentityTests {
    @Test(arguments: ["a", "0123456789abcdef", "ü☃😀", "a/b?c=d&e", "%20", String(repeating: "x", count: 128)])
    func identifiers(text: String) {
        #expect(ViewerID(text)?.text == text)
    }

    @Test(arguments: [
        "", " ", "a b", "a\u{a0}b", "a\tb", "a\n", "a\0b", "\u{7f}", "\u{85}", "\u{2028}",
        String(repeating: "x", count: 129), String(repeating: "ü", count: 65),
    ])
    func noIdentifiers(text: String) {
        #expect(ViewerID(text) == nil)
    }

    /// The same letters composed in two ways, which `String` takes for equal.
    @Test func identifiersAreBytes() {
        let composed = ViewerID("\u{e9}")
        let decomposed = ViewerID("e\u{301}")
        #expect(composed != nil && composed != decomposed && composed?.text == decomposed?.text)
        #expect(Set([composed, decomposed]).count == 2)
    }

    /// Identifiers of any length are equal only if every byte is, and are found by any of them.
    @Test func identifiersOfAnyLength() throws {
        var all: Set<ViewerID> = []
        for length in 1...40 {
            let text = [UInt8](repeating: UInt8(ascii: "a"), count: length)
            let id = try #require(ViewerID(utf8: text))
            #expect(id == ViewerID(utf8: text) && id.hashValue == ViewerID(utf8: text)?.hashValue)
            #expect(all.insert(id).inserted && all.contains(id))
            for place in 0..<length {
                var changed = text
                changed[place] = UInt8(ascii: "b")
                let other = try #require(ViewerID(utf8: changed))
                #expect(other != id && other.text.utf8.elementsEqual(changed))
                #expect(all.insert(other).inserted)
            }
        }
        #expect(all.count == 40 + 40 * 41 / 2)
    }

    @Test func secrets() {
        let secrets = (0..<50).map { _ in ViewerSecret.make() }
        #expect(Set(secrets).count == 50)
        for secret in secrets {
            let hash = SecretHash(of: secret)
            #expect(secret.utf8.count == 64 && hash.matches(secret) && hash.hexDigest != secret)
            #expect(!hash.matches(secret.uppercased() + "0") && !hash.matches(""))
            #expect(SecretHash(hexDigest: hash.hexDigest) == hash)
        }
    }

    @Test(arguments: [
        "", "ab", String(repeating: "A", count: 64), String(repeating: "g", count: 64),
        String(repeating: "a", count: 63), String(repeating: "a", count: 65),
    ])
    func noHashes(text: String) {
        #expect(SecretHash(hexDigest: text) == nil)
    }
}
