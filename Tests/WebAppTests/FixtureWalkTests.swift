import FoundationEssentials
import Testing

@testable import WebApp

/// The miniature web app of the tests, read from its page on.
@Suite struct FixtureWalkTests {
    private static let app = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "WebApp/app")

    private static func content(_ path: AssetPath) -> [UInt8]? {
        (try? Data(contentsOf: app.appending(path: path.text))).map { Array($0) }
    }

    @Test func findsAllFilesButThoseNamedAtRunTime() throws {
        var found: Set<AssetPath> = [.index]
        var pending: [AssetPath] = [.index]
        var missing: Set<AssetPath> = []
        while let path = pending.popLast() {
            guard let content = Self.content(path) else {
                missing.insert(path)
                continue
            }
            for reference in AssetReferences.find(in: content, of: path)
            where found.insert(reference).inserted {
                pending.append(reference)
            }
        }
        let all = Set(
            try FileManager.default.subpathsOfDirectory(atPath: Self.app.path)
                .compactMap { AssetPath($0) }.filter { Self.content($0) != nil }
        )
        #expect(all.count > 30)
        #expect(
            all.subtracting(found).map(\.text).sorted()
                == ["assets/js/rendering/palettes/summer.js", "assets/notes/note-42.json"]
        )
        #expect(missing.isEmpty)
    }

    @Test func servesThePage() throws {
        let page = Page(html: try #require(Self.content(.index)))
        #expect(page.buildID == "fixture-1")
        let served = String(
            decoding: page.rewritten(id: "0123456789abcdef", exportsBaseURL: ""),
            as: UTF8.self
        )
        #expect(
            served.contains(
                "<script type=\"module\" src=\"@0123456789abcdef/assets/js/app/main.js\"></script>"
            )
        )
        #expect(served.contains("<!-- <script src=\"assets/js/never-html-comment.js\"></script> -->"))
        #expect(served.contains("<meta name=\"cellucid-exports-base-url\" content=\"\">"))
        #expect(served.contains("content=\"default-src 'self';"))
    }
}
