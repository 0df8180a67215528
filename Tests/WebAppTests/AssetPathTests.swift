import Testing

@testable import WebApp

@Suite struct AssetPathTests {
    @Test(arguments: [
        "index.html", "assets/js/app/main.js", "assets/.gitkeep", "assets/a:b@c+d,e;f=g&h$i.js",
        "assets/..a/...",
        "assets/caf\u{e9}.js", String(repeating: "a", count: 255), "assets/@x/a.js", "a'b\"c<d>.txt",
    ])
    func takesSafePaths(text: String) {
        #expect(AssetPath(text)?.text == text)
    }

    @Test(arguments: [
        "", "/", "/index.html", "assets/", "a//b", ".", "..", "./a", "a/./b", "a/..", "a/../b", "a b", "a\tb",
        "a\nb",
        "a*b", "a`b", "a\\b", "a%b", "a%2eb", "a?b", "a#b", "a\0b", "a\u{7f}b", "a\u{85}b", "a\u{a0}b",
        "a\u{2028}b",
        String(repeating: "a", count: 256), String(repeating: "a/", count: 512) + "a",
    ])
    func refusesUnsafePaths(text: String) {
        #expect(AssetPath(text) == nil)
    }

    @Test func isAsLongAsAllowed() {
        let longest = String(repeating: "a/", count: 511) + "ab"
        #expect(longest.utf8.count == AssetPath.longest)
        #expect(AssetPath(longest) != nil)
        #expect(AssetPath(longest + "c") == nil)
    }

    @Test(arguments: [
        ("main.js", "assets/js/main.js"),
        ("./main.js", "assets/js/main.js"),
        ("../css/main.css", "assets/css/main.css"),
        ("../../index.html", "index.html"),
        (".././../index.html", "index.html"),
        ("/assets/a.js", "assets/a.js"),
        ("/index.html?x=1#y", "index.html"),
        ("a.js?v=//x/..", "assets/js/a.js"),
        ("a.js#?", "assets/js/a.js"),
        ("  a.js\n", "assets/js/a.js"),
        ("%61%2Ejs", "assets/js/a.js"),
        ("%2e%2E/a.js", "assets/a.js"),
        ("caf%C3%A9.js", "assets/js/caf\u{e9}.js"),
        ("x/../a.js", "assets/js/a.js"),
        ("1:2.js", "assets/js/1:2.js"),
        ("./a:b.js", "assets/js/a:b.js"),
        ("b/c:d.js", "assets/js/b/c:d.js"),
    ])
    func resolves(url: String, path: String) throws {
        let base = try #require(AssetPath("assets/js/app.js"))
        #expect(AssetPath(url: url, base: base)?.text == path)
    }

    @Test(arguments: [
        "", " ", "?x", "#x", ".", "..", "./", "../", "/", "x/", "https://h/assets/a.js", "HTTPS:assets/a.js",
        "//h/assets/a.js", "data:text/css,a", "blob:https://h/1", "javascript:0", "mailto:a@b",
        "../../../a.js",
        "/../a.js", "%2e%2e/%2e%2e/%2e%2e/a.js", "a%2fb.js", "a%5cb.js", "a\\b.js", "\\\\h\\a.js", "a%00.js",
        "a%.js",
        "a%2", "a%zz.js", "%ff.js", "a%2520.js", "a b.js", "a%20b.js", "a%0ab.js", "x//a.js", "///a.js",
        "/\\h/a.js",
        "a`.js", "${x}/a%.js", "*.js", "./.", "%2e", "x/..",
    ])
    func refuses(url: String) throws {
        let base = try #require(AssetPath("assets/js/app.js"))
        #expect(AssetPath(url: url, base: base) == nil)
    }

    @Test(arguments: ["/", "../", "a/", "%2e%2e/", " "])
    func refusesMegabytes(of part: String) throws {
        let base = try #require(AssetPath("assets/js/app.js"))
        #expect(
            AssetPath(url: String(repeating: part, count: 1 << 20) + "a.js", base: base)
                == (part == " " ? AssetPath("assets/js/a.js") : nil)
        )
    }

    @Test(arguments: [
        ("index.html", true), ("favicon.ico", true), ("site.webmanifest", true), ("browserconfig.xml", true),
        ("apple-touch-icon.png", true), ("apple-touch-icon-120x120.png", true), ("favicon-16x16.png", true),
        ("android-chrome-512x512.png", true), ("mstile-150x150.png", true), ("assets/a", true),
        ("assets/x/y.js", true),
        ("assets", false), ("assets2/a", false), ("assets/@x", true), ("@x/assets/a.js", false),
        ("INDEX.HTML", false),
        ("favicon.png", false), ("icons/favicon-16x16.png", false), ("favicon-16x16.svg", false),
        ("sw.js", false),
        ("apple-touch-icon/a.png", false), ("_cellucid/health", false), ("cellucid-web-assets.json", false),
    ])
    func knowsTheWebApp(text: String, isPart: Bool) throws {
        #expect(try #require(AssetPath(text)).isPartOfWebApp == isPart)
    }

    @Test(arguments: [
        ("index.html", "html"), ("a/b.tar.GZ", "gz"), ("a/.gitkeep", "gitkeep"), ("a.b/c", nil),
        ("a/b.", nil), ("a", nil),
    ])
    func tellsTheExtension(text: String, ending: String?) throws {
        #expect(try #require(AssetPath(text)).fileExtension == ending)
    }

    @Test func differsByBytes() throws {
        let composed = try #require(AssetPath("assets/\u{e9}.js"))
        let decomposed = try #require(AssetPath("assets/e\u{301}.js"))
        #expect(composed != decomposed)
        #expect(Set([composed, decomposed]).count == 2)
        #expect(decomposed < composed)
        let sorted = ["b", "a/b", "a-b", "B"].compactMap { AssetPath($0) }.sorted().map(\.text)
        #expect(sorted == ["B", "a-b", "a/b", "b"])
    }
}
