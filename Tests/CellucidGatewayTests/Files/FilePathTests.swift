import Testing

@testable import CellucidGateway

@Suite struct FilePathTests {
    @Test(arguments: ["a", "a.b", "a/b/c.json", "obs/x.values.f32", "a..b", "a./b", "a b/ü", "a/b."])
    func served(path: String) {
        let bytes = Array("/m/\(path)".utf8)
        #expect(FilePath.isServed(bytes, 3..<bytes.count))
    }

    @Test(arguments: [
        "", "/", "/a", "a/", "a//b", ".", "..", ".git/config", "a/.hidden", "a/../b", "a/./b", ".a", "a/b/",
    ])
    func notServed(path: String) {
        let bytes = Array("/m/\(path)".utf8)
        #expect(!FilePath.isServed(bytes, 3..<bytes.count))
    }
}
