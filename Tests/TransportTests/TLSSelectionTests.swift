import Testing

@testable import Transport

struct TLSSelectionTests {
    @Test(
        arguments: [
            ("one.example", 0), ("ONE.example", 0), ("two.example", 1), ("b.two.example", 1),
            ("a.two.example", 2),
            ("b.a.two.example", nil), ("example", nil), ("", nil), (".two.example", nil),
            ("*.two.example", 1),
            ("127.0.0.1", 0),
        ] as [(String, Int?)]
    )
    func certificateByName(name: String, expected: Int?) throws {
        let contexts = [try TLSContextHandle(), try TLSContextHandle(), try TLSContextHandle()]
        let selection = TLSSelection(
            contexts: contexts,
            names: [
                ["one.example", "127.0.0.1"], ["two.example", "*.two.example"],
                ["a.two.example", "one.example"],
            ],
            applicationProtocols: []
        )
        let chosen = selection.context(for: name)
        #expect(contexts.firstIndex { $0 === chosen } == expected)
    }

    @Test(
        arguments: [
            ("\u{2}h2\u{8}http/1.1", "h2"), ("\u{8}http/1.1\u{2}h2", "h2"), ("\u{8}http/1.1", "http/1.1"),
            ("\u{2}h3", nil), ("", nil), ("\u{3}h2", nil), ("\u{9}http/1.1", nil), ("\u{0}\u{2}h2", "h2"),
        ] as [(String, String?)]
    )
    func applicationProtocol(offered: String, expected: String?) {
        let selection = TLSSelection(contexts: [], names: [], applicationProtocols: ["h2", "http/1.1"])
        let bytes = Array(offered.utf8)
        let range = bytes.withUnsafeBufferPointer { selection.applicationProtocol(in: $0) }
        #expect(range.map { String(decoding: bytes[$0], as: UTF8.self) } == expected)
    }
}
