import TestSupport
import Testing

@testable import WebApp

/// Small web apps for the tests of builds.
enum SampleApp {
    static let fetchedSeconds: Int64 = 1_767_225_599  // 2025-12-31T23:59:59Z

    /// The files of an app that says `name` in its page and a script.
    static func files(_ name: String) -> [(path: String, content: [UInt8])] {
        [
            (
                "index.html",
                Array(
                    """
                    <meta name="cellucid-web-build-id" content="\(name)">
                    <script type="module" src="assets/js/app/main.js"></script>
                    """.utf8
                )
            ),
            ("assets/js/app/main.js", Array(String(repeating: "show(\"\(name)\");\n", count: 300).utf8)),
            ("assets/js/app/same.js", Array(String(repeating: "export const same = 1;\n", count: 300).utf8)),
            ("assets/css/main.css", Array("body{}".utf8)),
            ("assets/img/logo.png", (0..<2000).map { UInt8(truncatingIfNeeded: $0 &* $0 &* 7) }),
            ("favicon.ico", []),
        ]
    }

    /// Commits the app `name`.
    @discardableResult
    static func commit(_ name: String, into store: BuildStore) throws -> Build {
        let staged = try store.stage()
        for file in files(name) {
            try staged.add(try path(file.path), file.content)
        }
        return try staged.commit(
            origin: "https://example.org",
            buildID: name,
            isInventoried: true,
            fetchedSeconds: fetchedSeconds
        )
    }

    static func path(_ text: String) throws -> AssetPath { try #require(AssetPath(text)) }

    /// Checks that a build has exactly the files of the app `name`, and those that were added.
    static func expect(_ build: Build, is name: String, added: [String] = []) throws {
        #expect(build.manifest.files.map(\.path) == (files(name).map(\.path) + added).sorted())
        for file in files(name) {
            let content = try build.read(try path(file.path))
            #expect(content == file.content, "\(file.path)")
        }
        for path in added { _ = try build.read(try self.path(path)) }
    }
}
