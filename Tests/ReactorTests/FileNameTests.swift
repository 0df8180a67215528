import Testing

@testable import Reactor

@Suite struct FileNameTests {
    @Test(
        arguments: [
            ("", [] as [UInt8]), ("a", [0x61]), ("ä", [0xC3, 0xA4]), ("a/b c", Array("a/b c".utf8)),
        ]
    )
    func textBecomesBytes(text: String, bytes: [UInt8]) {
        let name = FileName(text)
        #expect(Array(name.bytes) == bytes)
        #expect(name.characters.last == 0 && name.characters.count == bytes.count + 1)
        #expect(name.text == text)
        #expect(name.isEmpty == text.isEmpty)
    }

    @Test func bytesThatAreNoText() {
        let name = FileName(characters: [0x61, CChar(bitPattern: 0xFF), 0x62, 0])
        #expect(Array(name.bytes) == [0x61, 0xFF, 0x62])
        #expect(name.text == "a\u{FFFD}b")
    }

    @Test(arguments: [(".", true), ("..", true), (".git", true), ("a.b", false), ("", false)])
    func hiddenOnes(text: String, isHidden: Bool) {
        #expect(FileName(text).isHidden == isHidden)
    }

    @Test(arguments: [("", "a", "a"), ("a", "b", "a/b"), ("a/b", "c/d", "a/b/c/d")])
    func appending(parent: String, child: String, path: String) {
        #expect(FileName(parent).appending(FileName(child)) == FileName(path))
    }

    @Test(arguments: [
        ("a", "b", true), ("b", "a", false), ("a", "a", false), ("a", "aa", true), ("Z", "ä", true),
    ])
    func order(left: String, right: String, precedes: Bool) {
        #expect(FileName.precedes(FileName(left), FileName(right)) == precedes)
    }
}
