import Testing

@testable import CellucidGateway

@Suite struct WebAppPathTests {
    @Test(
        arguments: [
            ("", "page"), ("index.html", "page"),
            ("assets/js/app/main.js", "file assets/js/app/main.js"), ("favicon.ico", "file favicon.ico"),
            ("points_2d.bin", "file points_2d.bin"), ("assets", "file assets"), ("assets/", "none"),
            ("@0123456789abcdef/assets/a.js", "pinned 0123456789abcdef assets/a.js"),
            ("@x/favicon.ico", "pinned x favicon.ico"), ("@x/", "pinned x "), ("@x", "file @x"),
            ("@/a", "pinned  a"),
            ("var/G.f32", "none"), ("assetsx/a.js", "none"), ("index.html/", "none"), ("/", "none"),
        ]
    )
    func paths(rest: String, meaning: String) {
        for mount in ["/", "/pbmc/", "/cells/pbmc/"] {
            let path = Array((mount + rest).utf8)
            func text(_ range: Range<Int>) -> String { String(decoding: path[range], as: UTF8.self) }
            let found =
                switch WebAppPath(path, mount.utf8.count..<path.count) {
                case .page: "page"
                case .pinned(let build, let file): "pinned \(text(build)) \(text(file))"
                case .file(let file): "file \(text(file))"
                case nil: "none"
                }
            #expect(found == meaning)
        }
    }
}
